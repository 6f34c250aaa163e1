"""The queue on the page: segment after segment, and one that comes again shows nothing of the first time."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import IN_BROWSER, Server, check_accessible, chromium, ready, saved, shown
from playwright.sync_api import Page, expect

from neurocine.annotation.journal import read_journal
from neurocine.annotation.labels import labels_of
from neurocine.annotation.queue.files import QUEUE, SCHEMA_VERSION
from neurocine.io.result_files import read_rois
from neurocine.io.results import read_source_record
from neurocine.networks.registry import sha256

pytestmark = IN_BROWSER


@pytest.fixture
def server(results_folder: Path) -> Iterator[Server]:
    """Three stops: a segment of the third cell, one of the first, and the first of all again."""
    made = Server(results_folder)
    rois = results_folder / "active" / "rois.h5"
    ids = read_rois(rois).ids.tolist()
    common = {"doubts": 1, "reasons": {}, "seconds": 9}
    stops = [
        {"cell": ids[2], "first": 100, "last": 199, "kind": "ranked", **common},
        {"cell": ids[0], "first": 0, "last": 99, "kind": "control", **common},
        {"cell": ids[2], "first": 100, "last": 199, "kind": "again", **common},
    ]
    made.folder.mkdir(parents=True)
    (made.folder / QUEUE).write_text(
        json.dumps(
            {
                "schema_version": SCHEMA_VERSION,
                "recording": results_folder.name,
                "movie_sha256": read_source_record(results_folder / "ingest" / "source.json")["sha256"],
                "rois_sha256": sha256(rois),
                "seconds_per_decision": 4,
                "stops": stops,
            }
        )
    )
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def opened(server: Server) -> Iterator[Page]:
    with chromium() as browser, shown(server, browser) as page:
        yield page


def decide_all(page: Page, key: str) -> int:
    """Decide all candidates of the segment alike, and return how many there were."""
    ready(page)
    n = int(page.locator(".segment .bar b").first.inner_text())
    for _ in range(n):
        page.keyboard.press(key)
    return n


def test_segments_come_one_after_the_other_and_some_again(opened: Page, server: Server) -> None:
    queue = opened.locator(".queue")
    expect(queue.locator("h2")).to_have_text("Queue: 3 of 3 left")
    expect(queue.locator("[aria-current=true]")).to_contain_text("100–199")
    check_accessible(opened)
    n = decide_all(opened, "t")
    assert n > 0
    opened.keyboard.press("Enter")
    expect(queue.locator("[aria-current=true]")).to_contain_text("0–99")
    expect(queue.locator("h2")).to_have_text("Queue: 2 of 3 left")
    decide_all(opened, "f")
    opened.keyboard.press("Enter")
    # The first again: nothing is decided, and nothing shows what was.
    expect(opened.locator(".message")).to_contain_text("a second time")
    ready(opened)
    expect(opened.locator(".marks .true")).to_have_count(0)
    assert decide_all(opened, "d") == n
    opened.keyboard.press("Enter")
    expect(opened.locator(".message")).to_contain_text("The queue is done")
    saved(opened)
    labels = labels_of(read_journal(server.journal)[1])
    ((cell, again),) = labels.again.items()
    assert (len(again.doubtful), len(again.transients)) == (n, 0)
    assert (len(labels.cells[cell].transients), len(labels.cells[cell].doubtful)) == (n, 0)
    assert list(labels.cells[cell].looked.values()) == list(again.looked.values()) == [(100, 199)]


def test_other_segments_can_be_labelled_between(opened: Page, server: Server) -> None:
    ready(opened)
    opened.keyboard.press("PageUp")
    decide_all(opened, "f")
    opened.keyboard.press("Enter")
    expect(opened.locator(".queue h2")).to_have_text("Queue: 3 of 3 left")
    opened.keyboard.press("q")
    expect(opened.locator(".queue [aria-current=true]")).to_contain_text("0–99")
    saved(opened)
    assert labels_of(read_journal(server.journal)[1]).again == {}
