"""plotly.js as it is embedded in the page: packed, and inert until a chart is scrolled to."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class PlotlyJs:
    """The library's source, as text that costs nothing until it is unpacked."""

    packed: str
    """The source, compressed with gzip, as base64."""
    digest: str
    """SHA-256 of the source as base64, by which a Content-Security-Policy names it."""


@cache
def plotly_js() -> PlotlyJs:
    """The copy that comes with the Python package: 4.8 MB, 2.0 MB packed."""
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs().encode()
    return PlotlyJs(
        packed=base64.b64encode(gzip.compress(source, mtime=0)).decode("ascii"),
        digest=base64.b64encode(hashlib.sha256(source).digest()).decode("ascii"),
    )
