"""plotly.js as it lies in the page: packed, inert until a chart is scrolled to."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class PlotlyJs:
    """The library's source, as text that costs nothing while nobody unpacks it."""

    packed: str
    """gzip, as base64."""
    digest: str
    """SHA-256 of the source as base64: what a Content-Security-Policy calls it by."""


@cache
def plotly_js() -> PlotlyJs:
    """The one that comes with the Python package: 4.8 MB, 2.0 MB packed."""
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs().encode()
    return PlotlyJs(
        packed=base64.b64encode(gzip.compress(source, mtime=0)).decode("ascii"),
        digest=base64.b64encode(hashlib.sha256(source).digest()).decode("ascii"),
    )
