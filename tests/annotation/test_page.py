"""The page in a real browser: by keyboard alone, nothing lost, and readable by everybody."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from neurocine.annotation.journal import read_journal
from neurocine.annotation.labels import labels_of
from neurocine.io.result_files import read_rois, read_truth

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to show the page"),
]
#: Milliseconds: a page may take long where tests share the processor.
PATIENCE = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Server:
    """`neurocine annotate`, as a person starts it."""

    def __init__(self, results: Path) -> None:
        self._command = [sys.executable, "-c", "from neurocine.cli import main; main()"]
        self._command += ["annotate", str(results), "--as", "ana"]
        self.journal = results.parents[1] / "annotations" / results.name / "ana.jsonl"

    def start(self) -> str:
        """Start the server, and return the address that it says."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = re.search(r"http://\S+", self._process.stdout.readline())
        assert found is not None
        return found[0]

    def stop(self, how: int = signal.SIGINT) -> int:
        """End the server, and return its exit code."""
        self._process.send_signal(how)
        return self._process.wait()


@pytest.fixture
def server(results_folder: Path) -> Iterator[Server]:
    made = Server(results_folder)
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def opened(server: Server, browser: Browser) -> Iterator[Page]:
    """The page, once it shows the first cell."""
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
    expect(page.get_by_role("status")).to_have_text("All saved", timeout=PATIENCE)


def ready(page: Page) -> None:
    """Wait until the cell can be judged."""
    expect(page.locator("main[aria-busy=false]")).to_be_visible(timeout=PATIENCE)


def undecided(page: Page) -> int:
    return int(page.locator(".segment .bar b").first.inner_text())


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    assert condition()


def test_transients_by_keyboard_alone_one_key_each(opened: Page, server: Server) -> None:
    n = undecided(opened)
    assert n >= 3
    opened.keyboard.press("Enter")  # too early: nothing is finished in silence
    expect(opened.locator(".message")).to_contain_text("undecided in this segment")
    for i in range(n):
        opened.keyboard.press("f" if i == 1 else "t")
    assert undecided(opened) == 0
    opened.keyboard.press("Enter")
    opened.keyboard.press("2")
    saved(opened)
    (labels,) = labels_of(read_journal(server.journal)[1]).cells.values()
    assert (len(labels.transients), len(labels.rejected)) == (n - 1, 1)
    assert list(labels.looked.values()) == [(0, 299)]
    assert labels.cell_type == "interneuron"

    opened.get_by_role("button", name="Write truth").click()
    expect(opened.locator(".message")).to_contain_text("Truth is in", timeout=PATIENCE)
    folder = server.journal.parent / "ana"
    truth = read_truth(folder / "truth.h5")
    assert truth.ids.tolist() == read_rois(folder / "rois.h5").ids[:1].tolist()
    assert len(truth.transients(0)[0]) == n - 1


def test_onset_and_peak_by_single_frames_split_and_undo(opened: Page, server: Server) -> None:
    def transients() -> list[tuple[int, int]]:
        saved(opened)
        cells = labels_of(read_journal(server.journal)[1]).cells
        return sorted(mark for cell in cells.values() for mark in cell.transients.values())

    opened.keyboard.press("t")
    ((onset, peak),) = transients()
    opened.keyboard.press("w")  # back to it
    opened.keyboard.press("a")
    opened.keyboard.press("l")
    opened.keyboard.press("l")
    assert transients() == [(onset - 1, peak + 2)]
    opened.keyboard.press("ArrowLeft")  # the cursor stood at the peak
    opened.keyboard.press("c")
    assert transients() == [(onset - 1, peak - 1), (peak + 1, peak + 2)]  # apart, also in the truth
    for _ in range(4):
        opened.keyboard.press("u")
    assert transients() == [(onset, peak)]
    for _ in range(4):
        opened.keyboard.press("U")
    assert transients() == [(onset - 1, peak - 1), (peak + 1, peak + 2)]


def test_a_killed_server_and_a_closed_tab_lose_nothing(
    opened: Page, server: Server, browser: Browser
) -> None:
    cells = opened.locator("nav li").count()
    opened.keyboard.press("1")
    saved(opened)
    server.stop(signal.SIGKILL)
    for _ in range(cells - 1):
        opened.keyboard.press("PageDown")
        opened.keyboard.press("3")
    expect(opened.get_by_role("status")).to_contain_text(f"{cells - 1} not saved")
    tab = opened.context.new_page()  # the tab is closed; the browser keeps what wasn't sent
    opened.close(run_before_unload=False)
    tab.set_default_timeout(PATIENCE)
    tab.goto(server.start())
    expect(tab.locator("nav li")).to_have_count(cells, timeout=PATIENCE)
    saved(tab)
    actions = read_journal(server.journal)[1]
    assert len(actions) == len({action.id for action in actions}) == cells
    types = [cell.cell_type for cell in labels_of(actions).cells.values()]
    assert types == ["pyramidal", *["noise"] * (cells - 1)]
    tab.keyboard.press("u")
    wait_for(lambda: len(read_journal(server.journal)[1]) == cells + 1)


def test_a_page_that_stays_open_goes_on_with_a_new_server(opened: Page, server: Server) -> None:
    first = opened.url
    opened.keyboard.press("t")
    saved(opened)
    server.stop(signal.SIGKILL)
    opened.keyboard.press("t")
    expect(opened.get_by_role("status")).to_contain_text("1 not saved")
    assert server.start() == first
    saved(opened)
    assert [action.kind for action in read_journal(server.journal)[1]] == ["edit", "edit"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_and_leaves_no_lock(server: Server, how: int) -> None:
    server.start()
    assert server.journal.with_name("ana.jsonl.lock").is_file()
    assert server.stop(how) == 128 + how
    assert not server.journal.with_name("ana.jsonl.lock").exists()


def test_keys_wait_for_the_cell_that_is_shown(opened: Page, server: Server) -> None:
    opened.route("**/candidates*", lambda route: None)  # never answered
    opened.keyboard.press("PageDown")
    for key in ("t", "n", "Enter"):
        opened.keyboard.press(key)
        expect(opened.locator(".message")).to_contain_text("still loading")
    saved(opened)
    assert read_journal(server.journal)[1] == []


def test_an_action_that_is_refused_holds_nothing_up(opened: Page, server: Server) -> None:
    opened.keyboard.press("t")
    saved(opened)
    server.stop(signal.SIGKILL)
    opened.keyboard.press("t")
    place = opened.evaluate("() => Object.keys(localStorage).find((k) => k.startsWith('neurocine-outbox'))")
    bad = '{"kind": "edit", "id": "bad", "cell": 999}'
    opened.evaluate(
        "([place, bad]) => localStorage.setItem(place.replace(/:[^:]*$/, ':earlier'), `[${bad}]`)",
        [place, bad],
    )
    server.start()
    opened.reload()
    saved(opened)
    expect(opened.locator(".message")).to_contain_text("refused")
    assert len(read_journal(server.journal)[1]) == 2


def test_two_tabs_agree_and_lose_nothing(opened: Page, server: Server) -> None:
    other = opened.context.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(opened.url)
    ready(other)
    opened.keyboard.press("t")
    expect(other.locator(".marks .true")).to_have_count(1, timeout=PATIENCE)
    saved(opened)
    server.stop(signal.SIGKILL)
    opened.keyboard.press("t")
    other.keyboard.press("2")
    opened.close()
    other.close()
    server.start()
    again = opened.context.new_page()
    again.goto(opened.url)
    expect(again.locator("nav li").first).to_be_visible(timeout=PATIENCE)
    saved(again)
    assert len(read_journal(server.journal)[1]) == 3


def test_predictions_come_only_when_asked_for(opened: Page, server: Server) -> None:
    expect(opened.locator("header")).to_contain_text("blind")
    expect(opened.locator(".traces .bar")).not_to_contain_text("probability")
    opened.on("dialog", lambda dialog: dialog.accept())
    opened.get_by_role("button", name="Show predictions").click()
    expect(opened.locator(".traces .bar")).to_contain_text("probability", timeout=PATIENCE)
    saved(opened)
    assert [action.kind for action in read_journal(server.journal)[1]] == ["reveal"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Page, scheme: str) -> None:
    opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened.keyboard.press("t")
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    for shown in ("page", "keys"):
        if shown == "keys":
            opened.keyboard.press("?")
            expect(opened.locator("dialog")).to_be_visible()
        found = Axe().run(opened, options=rules)
        assert found.violations_count == 0, found.generate_report()


def test_the_movie_is_drawn(opened: Page) -> None:
    def picture() -> np.ndarray:
        values = opened.evaluate(
            "() => { const c = document.querySelector('.movie canvas');"
            " return Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data) }"
        )
        return np.asarray(values).reshape(300, 300, 4)

    wait_for(lambda: float(picture()[..., :3].std()) > 5)
    before = picture()
    opened.keyboard.press("ArrowRight")
    wait_for(lambda: not np.array_equal(picture(), before))
