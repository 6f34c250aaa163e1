"""The page in a real browser: by keyboard alone, nothing lost, and readable by everybody."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browsing import IN_BROWSER, PATIENCE, Server, check_accessible, chromium, ready, saved, shown, wait_for
from campaign import campaign, written
from playwright.sync_api import Browser, Page, expect

from neurocine.annotation.journal import read_journal
from neurocine.annotation.labels import labels_of
from neurocine.io.result_files import read_rois, read_truth

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def server(results_folder: Path) -> Iterator[Server]:
    made = Server(results_folder)
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def opened(server: Server, browser: Browser) -> Iterator[Page]:
    """The page, once it shows the first cell."""
    with shown(server, browser) as page:
        yield page


def undecided(page: Page) -> int:
    return int(page.locator(".segment .bar b").first.inner_text())


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


def test_kills_at_random_moments_lose_and_double_nothing(
    server: Server, browser: Browser, results_folder: Path
) -> None:
    cells = read_rois(results_folder / "active" / "rois.h5").ids.tolist()
    person, counts = campaign(
        server, browser.new_context(), cells, kills=5, actions_a_kill=6, offline_s=3, seed=1
    )
    assert (counts.kills, counts.closed) == (5, 1)
    assert len(person.done) == 37
    assert written(server.journal) == person.done
    ids = [action.id for action in read_journal(server.journal)[1]]
    assert len(ids) == len(set(ids))


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


def test_training_is_offered_and_needs_a_finished_segment(opened: Page, server: Server) -> None:
    opened.get_by_role("button", name="Train …").click()
    dialog = opened.get_by_role("dialog", name="Train on these labels")
    expect(dialog.locator("code")).to_contain_text("neurocine models fine-tune ")
    expect(dialog.get_by_role("checkbox")).to_be_disabled()  # there are no simulated movies
    check_accessible(opened)
    opened.keyboard.press("t")  # the keys of the page rest meanwhile
    dialog.get_by_role("button", name="Start here").click()
    expect(dialog.get_by_role("alert")).to_contain_text("none is finished", timeout=PATIENCE)
    dialog.get_by_role("button", name="Close").click()
    saved(opened)
    assert read_journal(server.journal)[1] == []
    opened.keyboard.press("t")
    wait_for(lambda: len(read_journal(server.journal)[1]) == 1)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits the files of another process")
def test_a_full_disk_is_said_and_the_browser_keeps_what_isnt_saved(opened: Page, server: Server) -> None:
    opened.keyboard.press("1")
    saved(opened)
    before = server.journal.read_bytes()
    # As a full disk does: a part of the line is written, and then no more.
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (len(before) + 10, resource.RLIM_INFINITY))
    for key in "232":
        opened.keyboard.press(key)
    status = opened.get_by_role("status")
    expect(status).to_contain_text("3 not saved: the server can't write (File too large)", timeout=PATIENCE)
    expect(opened.locator("header")).to_contain_text("They stay in this browser")
    assert server.journal.read_bytes() == before
    url = opened.url
    tab = opened.context.new_page()
    opened.close(run_before_unload=False)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    tab.goto(url)
    expect(tab.locator(".cells li").first).to_be_visible(timeout=PATIENCE)
    saved(tab)
    types = [action.cell_type for action in read_journal(server.journal)[1]]  # type: ignore[union-attr]
    assert types == ["pyramidal", "interneuron", "noise", "interneuron"]
    assert server.journal.read_bytes().startswith(before)


def test_a_clock_that_is_set_back_changes_no_order(opened: Page, server: Server) -> None:
    opened.clock.set_system_time("2031-05-05T12:00:00Z")
    opened.keyboard.press("1")
    opened.clock.set_system_time("2029-01-01T00:00:00Z")
    opened.keyboard.press("2")
    opened.keyboard.press("3")
    opened.keyboard.press("u")
    saved(opened)
    actions = read_journal(server.journal)[1]
    assert [action.at[:4] for action in actions[:3]] == ["2031", "2029", "2029"]
    assert all(action.took_ms >= 0 for action in actions)
    (labels,) = labels_of(actions).cells.values()
    assert labels.cell_type == "interneuron"
    opened.reload()
    ready(opened)
    expect(opened.locator(".segment select")).to_have_value("interneuron")


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
    check_accessible(opened)
    opened.keyboard.press("?")
    expect(opened.locator("dialog[open]")).to_be_visible()
    check_accessible(opened)


def picture(page: Page) -> np.ndarray:
    values = page.evaluate(
        "() => { const c = document.querySelector('.movie canvas');"
        " return Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data) }"
    )
    return np.asarray(values).reshape(300, 300, 4)


def test_the_movie_is_drawn_and_by_jpeg_nearly_the_same(
    opened: Page, browser: Browser, server: Server, results_folder: Path
) -> None:
    wait_for(lambda: float(picture(opened)[..., :3].std()) > 5)
    before = picture(opened)
    opened.keyboard.press("ArrowRight")
    wait_for(lambda: not np.array_equal(picture(opened), before))
    drawn = picture(opened)
    server.stop()
    small = Server(results_folder, "annotate", "ana", "--jpeg")
    try:
        with shown(small, browser) as page:
            wait_for(lambda: float(picture(page)[..., :3].std()) > 5)
            page.keyboard.press("ArrowRight")
            wait_for(lambda: np.abs(picture(page).astype(float) - drawn).mean() < 8)
    finally:
        small.stop(signal.SIGKILL)
