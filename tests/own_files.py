"""A search space as a user would write it, outside of the repository."""

CIRCLE = '''"""Circles: round or not."""

DATA = "lines"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = {"units": 8}


def build(hp, signature, budget):
    import keras
    from keras import layers

    units = hp.Choice("units", [4, 8, 16], default=8)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(units, 3, strides=2, activation="relu", name="conv1"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(96, activation="softmax", name="class", dtype="float32"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model
'''
"""Source of circle.py: line images, whatever its name says."""
