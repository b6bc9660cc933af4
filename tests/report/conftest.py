"""One browser for all tests of the report that a test process does in a row."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import browser


# Not of the session: while Playwright runs, its event loop is that of the thread, for all tests.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with browser() as started:
        yield started
