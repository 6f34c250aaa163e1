"""A referee's page in a real browser: questions answered by one key each, blind."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import IN_BROWSER, PATIENCE, Server, check_accessible, chromium, ready, saved, shown
from playwright.sync_api import Page, expect

from neurocine.annotation.consensus.verdicts import decisions
from neurocine.annotation.journal import read_journal
from neurocine.annotation.labels import labels_of
from neurocine.io.result_files import read_truth

pytestmark = IN_BROWSER


@pytest.fixture
def server(
    results_folder: Path, label: Callable[..., None], three_people: dict[str, tuple]
) -> Iterator[Server]:
    for name in three_people:
        label(name)
    made = Server(results_folder, "referee", "dora")
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def opened(server: Server) -> Iterator[Page]:
    with chromium() as browser, shown(server, browser) as page:
        yield page


def question(page: Page) -> str:
    return page.locator("nav [aria-current=true]").inner_text()


def test_disagreements_are_decided_by_one_key_each(opened: Page, server: Server) -> None:
    expect(opened.locator("nav li")).to_have_count(5)
    text = opened.locator("body").inner_text()
    assert not any(name in text for name in ("ana", "bo ", "cy"))
    check_accessible(opened)

    opened.keyboard.press("s")  # the onset of the first, one frame later
    opened.keyboard.press("t")
    first = question(opened)
    for key in ("f", "d", "t", "t"):
        ready(opened)
        before = question(opened)
        opened.keyboard.press(key)
        if key != "t":
            assert question(opened) != before
    expect(opened.locator("nav h2")).to_contain_text("0 open")
    expect(opened.locator(".message")).to_contain_text("All is decided")
    assert "2: ROI" in first
    opened.keyboard.press("u")
    expect(opened.locator("nav h2")).to_contain_text("1 open")
    opened.keyboard.press("U")
    saved(opened)

    journal = server.folder / "consensus" / "dora.jsonl"
    made = decisions(labels_of(read_journal(journal)[1]))
    assert sorted(one.kind for one in made.values()) == ["doubtful", "rejected", *["transients"] * 3]
    moved = [(asked[1], one.range) for asked, one in made.items() if asked[1] != one.range]
    assert [(a[0] + 1, a[1]) for a, _ in moved] == [b for _, b in moved]
    assert len(moved) == 1

    opened.get_by_role("button", name="Write truth").click()
    expect(opened.locator(".message")).to_contain_text("Truth is in", timeout=PATIENCE)
    truth = read_truth(server.folder / "consensus" / "truth.h5")
    true = sum(len(truth.transients(row)[0]) for row in range(2))
    assert true == 1 + 3  # agreed on by all, and decided


def test_an_answer_waits_for_the_cell_in_question(opened: Page, server: Server) -> None:
    box = opened.locator(".field canvas").bounding_box()
    assert box is not None
    cell = opened.locator(".segment strong").inner_text()
    for x, y in ((0.02, 0.02), (0.98, 0.98), (0.02, 0.98), (0.98, 0.02)):  # to another cell, by the map
        opened.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if opened.locator("section.traces").get_attribute("aria-label") != f"Traces of {cell}":
            break
    else:
        raise AssertionError("all corners have the same cell")
    opened.keyboard.press("t")
    expect(opened.locator("section.traces")).to_have_attribute("aria-label", f"Traces of {cell}")
    expect(opened.locator("nav h2")).to_contain_text("5 open")
    ready(opened)
    opened.keyboard.press("t")
    expect(opened.locator("nav h2")).to_contain_text("4 open")


def test_shifted_answers_stay_answers_to_their_question(opened: Page, server: Server) -> None:
    opened.keyboard.press("t")
    ready(opened)
    opened.keyboard.press("w")  # back to it
    ready(opened)
    opened.keyboard.press("a")
    opened.keyboard.press("l")
    expect(opened.locator("nav h2")).to_contain_text("4 open")
    saved(opened)
    ((asked, one),) = decisions(
        labels_of(read_journal(server.folder / "consensus" / "dora.jsonl")[1])
    ).items()
    assert one.range == (asked[1][0] - 1, asked[1][1] + 1)
