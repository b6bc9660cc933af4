"""A real headless Chromium for tests of pages: `with browser() as b, browser_page(b, file) as v`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(Exception):
    """There is no Chromium: a failure of the set-up, never a reason to skip."""


@dataclass
class Visit:
    """An open page and what it did so far."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Console errors and warnings, and exceptions no script caught."""
    requests: list[str] = field(default_factory=list)
    """Addresses asked for, other than the page itself and what lies inside it (data:)."""


def chromium_path() -> str:
    """The browser's executable: that of the variable CHROMIUM, or the first found on PATH.

    Raises:
        NoBrowser: there is none.
    """
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        looked = f"CHROMIUM={named}" if named else "PATH for " + ", ".join(NAMES)
        raise NoBrowser(
            f"expected a Chromium for the browser tests, found none in {looked}: "
            "install it (Debian: apt-get install chromium) or set CHROMIUM to its path"
        )
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium; starting it takes about a second, so share it between pages."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(ARGUMENTS), headless=True
        )
        try:
            yield started
        finally:
            started.close()


@contextmanager
def browser_page(
    started: Browser, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False
) -> Iterator[Visit]:
    """The file, loaded in a window of width x height CSS pixels."""
    page = started.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    address = file.resolve().as_uri()
    visit = Visit(page)
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and visit.complaints.append(f"{message.type}: {message.text}")
        ),
    )
    page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("data:", address)) or visit.requests.append(request.url)
        ),
    )
    try:
        page.goto(address, wait_until="load")
        yield visit
    finally:
        page.close()
