"""How much memory a worker has taken over its jobs: one that has taken too much is begun anew.

TensorFlow and oneDNN keep what they compile for every new shape, up to 1,024 of each kind, and
nothing empties these caches: about 3 MB per training of another architecture.
"""

import psutil

MOST_BYTES = 400_000_000
"""More than after its first job: half comes with the next ten, half with some fifty after these."""

_at_first: int | None = None


def is_worn() -> bool:
    """On a worker, after each job: whether it has grown by more than MOST_BYTES since its first."""
    global _at_first
    now = psutil.Process().memory_info().rss
    if _at_first is None:
        _at_first = now
    return now - _at_first > MOST_BYTES
