"""Class names that fit where a figure has room for them."""

from collections.abc import Sequence

from matplotlib.axes import Axes


def shortened(name: str, most: int) -> str:
    """The name in at most `most` characters; longer ones lose their middle: "golden re…iever"."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"


def label_sides(axes: Axes, names: Sequence[str], most: int, upright: int) -> None:
    """Write class names along both sides of a square of cells, which begin at 0.

    Args:
        axes: Axes on which each cell is one unit wide and high.
        names: Names of the classes.
        most: Number of characters there is room for, beside the cells and below them.
        upright: If the longest name has this many characters, the names below are turned upright.
    """
    shown = [shortened(name, most) for name in names]
    longest = max(map(len, shown))
    places = [number + 0.5 for number in range(len(shown))]
    axes.set_yticks(places, shown, rotation=0)
    axes.set_xticks(places, shown, rotation=90 if longest >= upright else 0)
