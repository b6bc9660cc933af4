"""A real headless Chromium: `with browser() as b, browser_page(b, file) as visit: ...`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

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

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visit.complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith(("data:", address)):
            visit.requests.append(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    page.on("request", asked)
    try:
        page.goto(address, wait_until="load")
        yield visit
    finally:
        page.close()


def page_problems(visit: Visit) -> list[str]:
    """All that is wrong with a page as it stands; nothing is wrong with a good one.

    Console errors, requests that leave the file, pictures missing or without alt text, and a
    page that scrolls sideways.
    """
    pictures = visit.page.evaluate(
        """() => [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt.trim()])"""
    )
    bad = [
        f"picture {n} is missing: {alt!r}" for n, (shown, alt) in enumerate(pictures) if not shown
    ]
    bad += [f"picture {n} has no alt text" for n, (_, alt) in enumerate(pictures) if not alt]
    wide, window = visit.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    if wide > window:
        bad.append(f"the page is {wide} px wide in a window of {window} px")
    return [*visit.complaints, *(f"request for {url}" for url in visit.requests), *bad]
