"""`make bench`: one part after the other on a quiet machine; writes results.json and README.md.

python -m benchmarks [--seeds 3] [PART ...]    # parts that are not named keep their last results
"""

import argparse
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console

from benchmarks import (
    good_network,
    growth,
    matrix_peak,
    overhead,
    ranking,
    readme,
    rungs,
    throughput,
)
from benchmarks.results import PARTS, Measured, Results
from study.machine.files import write_text
from study.plan import provenance
from study.records.base import now
from study.workers.local import core_count

FOLDER = Path(__file__).parent


def main() -> None:
    """Measure the parts named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seeds", type=int, default=3, help="searches of each contestant")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {unknown.pop()!r}; there are: {', '.join(PARTS)}")
    console, measured = Console(), Measured(date=now(), commit=provenance.git_commit())
    results = _last_here()
    if given.parts and "races" in given.parts and not ("ranking" in given.parts or results.ranking):
        parser.error("the races need the targets of the ranking: measure that, too")
    for part in PARTS:
        if not given.parts or part in given.parts:
            console.print(f"benchmark: {part}")
            found: list[BaseModel] = []
            for one in _measure(part, results, given.seeds):
                console.print(str(one), highlight=False)
                found.append(one)
                results = results.model_copy(
                    update={part: found, "measured": results.measured | {part: measured}}
                )
                _keep(results)
    console.print(f"{FOLDER / 'README.md'} is written")


def _last_here() -> Results:
    """What was measured last, if it was on this machine and with these packages."""
    path, here = FOLDER / "results.json", Results.model_validate(_here())
    last = Results.model_validate_json(path.read_bytes()) if path.exists() else here
    same = (last.hardware, last.versions) == (here.hardware, here.versions)
    return last if same else here


def _keep(results: Results) -> None:
    write_text(FOLDER / "results.json", results.model_dump_json(indent=1) + "\n")
    write_text(FOLDER / "README.md", readme.render(results))


def _here() -> dict[str, Any]:
    versions = provenance.versions() | {"optuna": metadata.version("optuna")}
    return {"hardware": provenance.hardware(core_count()), "versions": versions}


def _measure(part: str, results: Results, seeds: int) -> Iterable[BaseModel]:
    if part == "ranking":
        return ranking.rankings()
    if part == "rungs":
        return rungs.rung_ranks()
    if part == "races":
        targets = {one.task: one.target for one in results.ranking}
        return good_network.races(targets, seeds)
    if part == "throughput":
        return throughput.throughputs(seeds)
    if part == "overhead":
        return overhead.overheads()
    if part == "growth":
        return growth.growths()
    return matrix_peak.shares()


if __name__ == "__main__":
    main()
