"""results.json: what the last `make bench` measured, and on what."""

from pydantic import BaseModel

from benchmarks.good_network import Race
from benchmarks.growth import Growth
from benchmarks.matrix_peak import Share
from benchmarks.overhead import Overhead
from benchmarks.ranking import Ranking
from benchmarks.rungs import RungRanks
from benchmarks.throughput import Throughput

PARTS = ("ranking", "rungs", "races", "overhead", "peak", "throughput", "growth")
"""In the order they are measured; the races run to the targets that the ranking sets."""


class Measured(BaseModel):
    """When a part was measured, and of which code."""

    date: str
    """ISO 8601 in UTC."""
    commit: str | None
    """None: not in a repository."""


class Results(BaseModel):
    """A part that was not measured is empty."""

    measured: dict[str, Measured] = {}
    """Part -> when it was."""
    hardware: dict[str, str | int | float] = {}
    versions: dict[str, str] = {}
    ranking: list[Ranking] = []
    rungs: list[RungRanks] = []
    races: list[Race] = []
    throughput: list[Throughput] = []
    overhead: list[Overhead] = []
    growth: list[Growth] = []
    peak: list[Share] = []
