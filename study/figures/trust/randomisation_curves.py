"""Do heatmaps change when the network forgets? Cascading randomisation."""

from pathlib import Path

from matplotlib.figure import Figure

from study.figures.palette import METHOD_LOOK, PALETTE
from study.figures.style import new_figure, save, styled
from study.records.base import NetworkName
from study.records.finding import (
    FEWEST_DRAWS,
    METHOD_NAMES,
    METHODS,
    Method,
    Sanity,
    SanityVerdict,
)
from study.records.picture import Picture
from study.wording import several

READING = (
    "From left to right the layers are given new random weights, one after the other, from the "
    "output layer down to the input (Adebayo et al. 2018). A heatmap that explains the network "
    "must change, because what it explained is gone. The vertical axis is the rank correlation of "
    "the new maps with the original ones: 1 means no change, 0 nothing in common. A method that "
    "ends above the dashed line shows the image as much as the network: more than a quarter of "
    "the variance of its pixels' ranks does not come from the weights. Weights are drawn several "
    "times, because a different draw can give a different answer; bars are 95% intervals over "
    "draws and images. A method whose bar crosses the line is undecided. A new map that is the "
    "same everywhere has not reacted but vanished: it counts as 0 in the picture, and as "
    "unchanged for the verdict that a method reacts."
)
UNDECIDED = (
    "This check gives no verdict: a different draw can give a different answer, so a verdict needs "
    f"{FEWEST_DRAWS} draws."
)
"""Said of a check with fewer draws, as older versions made it."""


def draw_sanity(found: Sanity) -> Figure:
    """One panel per network: similarity of each method's maps, stage by stage."""
    figure = new_figure(4.2 * len(found.networks), 3.2)
    with styled():
        panels = figure.subplots(1, len(found.networks), sharey=True, squeeze=False)[0]
        for axes, (network, one) in zip(panels, found.networks.items(), strict=True):
            axes.axhline(found.limit, color=PALETTE["muted"], linestyle="--", linewidth=1)
            axes.axhline(0, color=PALETTE["grid"], linewidth=1)
            for number, (method, ends) in enumerate(one.similarity.items()):
                color, marker = METHOD_LOOK[method]
                means = [1.0, *(end.mean for end in ends)]
                lower = [0.0, *(max(0, end.mean - end.ci95[0]) for end in ends)]
                upper = [0.0, *(max(0, end.ci95[1] - end.mean) for end in ends)]
                axes.errorbar(
                    [place + 0.06 * (number - 1.5) for place in range(len(means))],
                    means,
                    yerr=[lower, upper],
                    color=color,
                    marker=marker,
                    markersize=4,
                    elinewidth=1,
                    label=METHOD_NAMES[method],
                )
            stages = ["as\ntrained", *(f"+ {stage}" for stage in one.stages)]
            axes.set_xticks(range(len(stages)), stages, rotation=30)
            axes.set_title(f"{network} network")
            axes.set_ylim(
                min([-0.25, *(e.ci95[0] for s in one.similarity.values() for e in s)]), 1.05
            )
        panels[0].set_ylabel("similarity to the original maps")
        drawn = [axes.get_legend_handles_labels() for axes in panels]
        looks = {label: handle for pair in drawn for handle, label in zip(*pair, strict=True)}
        if looks:
            figure.legend(looks.values(), looks.keys(), loc="outside lower center", ncols=4)
    return figure


SAID: dict[SanityVerdict, str] = {
    "stays": "not to be trusted, because the maps still resemble the original ones",
    "vanishes": "no verdict, because too many new maps are the same everywhere",
    "undecided": "undecided",
    "reacts": "reacting to the weights",
}
"""Verdict -> words, in the order in which the caption gives them."""


def caption(found: Sanity) -> str:
    """Which methods react to the weights and which do not, in numbers."""
    images, draws = several(found.images, "test image"), several(found.draws, "draw")
    told = [
        f"Heatmaps of {images} as the networks' weights are replaced, with {draws} of random "
        "weights."
    ]
    if not found.decides:
        told.append(UNDECIDED)
    for network in found.networks:
        told.append(_verdict(found, network))
    return " ".join(told)


def _verdict(found: Sanity, network: NetworkName) -> str:
    ends = found.ends(network)
    mute = [method for method in METHODS if method not in ends]
    told = []
    if not found.decides:
        told = [f"similarity at the end: {_named(found, network, list(ends))}"] if ends else []
    elif len(found.methods(network, "reacts")) == len(METHODS):
        told = [f"all methods react to the weights: {_named(found, network, list(METHODS))}"]
    else:
        told = [
            f"{words}: {_named(found, network, who)}"
            for verdict, words in SAID.items()
            if (who := found.methods(network, verdict))
        ]
    if mute:
        names = ", ".join(METHOD_NAMES[method] for method in mute)
        told.append(f"no maps to compare, because at most one is not constant: {names}")
    return f"For the {network} network: {'; '.join(told)}."


def _named(found: Sanity, network: NetworkName, methods: list[Method]) -> str:
    """The methods, each with its final similarity and how many maps could not be compared."""
    return ", ".join(f"{METHOD_NAMES[one]} ({_numbers(found, network, one)})" for one in methods)


def _numbers(found: Sanity, network: NetworkName, method: Method) -> str:
    of = found.networks[network]
    told = f"{of.similarity[method][-1].mean:.2f}"
    if of.compared[method] < found.images:
        told += f" on {several(of.compared[method], 'image')}"
    vanished = of.vanished.get(method, 0)
    return f"{told}, {vanished:.0%} vanished" if vanished else told


def pictures(found: Sanity, directory: Path) -> list[Picture]:
    """Draw the check into sanity.png in the directory, which exists."""
    made = Picture(
        file="sanity.png",
        kind="sanity",
        section="trust",
        title="Do the heatmaps react to what the network learned?",
        caption=caption(found),
        alt="Similarity of each method's heatmaps to the original ones, layer by layer.",
        reading=READING,
    )
    save(draw_sanity(found), directory / made.file)
    return [made]
