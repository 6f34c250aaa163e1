"""The page in a real browser: what tests of it share."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
IN_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to show the page"),
]
#: Milliseconds: a page may take long where tests share the processor.
PATIENCE = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Server:
    """`neurocine annotate` or another command that shows the page, as a person starts it."""

    def __init__(
        self,
        results: Path,
        command: str = "annotate",
        by: str = "ana",
        *options: str,
        out: Path | None = None,
    ) -> None:
        self._command = [sys.executable, "-c", "from neurocine.cli import main; main()"]
        self._command += [command, str(results), "--as", by, *options]
        self._command += [] if out is None else ["--out", str(out)]
        self.folder = out or results.parents[1] / "annotations" / results.name
        self.journal = self.folder / f"{by}.jsonl"

    def start(self) -> str:
        """Start the server, and return the address that it says."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = re.search(r"http://\S+", self._process.stdout.readline())
        assert found is not None
        return found[0]

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def stop(self, how: int = signal.SIGINT) -> int:
        """End the server, and return its exit code."""
        self._process.send_signal(how)
        return self._process.wait()


@contextmanager
def shown(server: Server, browser: Browser) -> Iterator[Page]:
    """Open the page, and wait until it shows a cell; errors of its scripts fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(server.start())
    ready(page)
    yield page
    context.close()
    assert problems == []


def saved(page: Page) -> None:
    """Wait until all is saved."""
    expect(page.get_by_role("status")).to_have_text("All saved", timeout=PATIENCE)


def ready(page: Page) -> None:
    """Wait until the cell can be judged."""
    expect(page.locator("main[aria-busy=false]")).to_be_visible(timeout=PATIENCE)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    until = time.monotonic() + PATIENCE / 1000
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    assert condition()


def check_accessible(page: Page) -> None:
    """Fail if axe-core finds a violation of WCAG 2 AA."""
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=rules)
    assert found.violations_count == 0, found.generate_report()
