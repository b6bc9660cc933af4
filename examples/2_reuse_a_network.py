# %% [markdown]
# # 2. Reuse the best network: predict and explain images of your own
#
# Run this in the project's folder. The network is the tuned one of the committed run.

# %%
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import study  # before TensorFlow: it sets environment variables that TensorFlow reads

network = study.open_run("results/example").network("mnist")
print(network)

# %% [markdown]
# Two pictures as somebody might have them: dark digits on white paper, of any size.

# %%
folder = Path("my-digits")
folder.mkdir(exist_ok=True)
for digit in "37":
    paper = Image.new("L", (120, 160), 255)
    ImageDraw.Draw(paper).text((60, 80), digit, fill=20, font_size=110, anchor="mm")
    paper.save(folder / f"{digit}.png")
files = sorted(folder.glob("*.png"))

# %% [markdown]
# The network knows light digits on black, in 28 x 28 pixels: `invert` and `resize` see to that.

# %%
predictions = network.predict(files, resize=True, invert=True)
print(predictions.classes())
print(predictions.table(top=3))

# %% [markdown]
# Arrays are taken as they are: raw pixels from 0 to 255.

# %%
noise = np.random.default_rng(1).integers(0, 256, (3, *network.image_shape), np.uint8)
print(network.predict(noise).probabilities["class"].max(axis=1))

# %% [markdown]
# Where does the network look? And what in the picture would speak for a 7?

# %%
explained = network.explain(files, method="scorecam", resize=True, invert=True)
print(explained, explained.layers, explained.maps["class"].shape)
print(explained.save("my-digits/evidence.png"))  # in a notebook, `explained` alone shows it

# %%
seven = network.explain(files, target="7", resize=True, invert=True)
print(seven.classes)

# %% [markdown]
# It is a plain Keras model, free for any other use.

# %%
print(network.layers)
print(f"{network.model.count_params():,} weights")
