"""Class names that fit where a figure has room for them."""

from collections.abc import Sequence

from matplotlib.axes import Axes


def shortened(name: str, most: int) -> str:
    """At most so many characters, the middle left out of longer names: "golden re…iever"."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"


def label_sides(axes: Axes, names: Sequence[str], most: int, upright: int) -> None:
    """Write class names along both sides of a square of cells, which begin at 0.

    Args:
        axes: Of the cells, one unit each.
        names: Of the classes.
        most: Characters that there is room for beside and below.
        upright: From so many characters on the names below stand upright.
    """
    shown = [shortened(name, most) for name in names]
    longest = max(map(len, shown))
    places = [number + 0.5 for number in range(len(shown))]
    axes.set_yticks(places, shown, rotation=0)
    axes.set_xticks(places, shown, rotation=90 if longest >= upright else 0)
