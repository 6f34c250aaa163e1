"""The page of masks in a real browser: drawn and judged by keys alone, and by the mouse."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import IN_BROWSER, PATIENCE, Server, check_accessible, chromium, saved, shown
from drawing import draw
from playwright.sync_api import Browser, Page, expect

from neurocine.annotation.actions import Begin, Close
from neurocine.annotation.journal import read_journal
from neurocine.annotation.masks.fold import Mask, masks_of
from neurocine.annotation.masks.session import MaskSession, RegisteredMovie
from neurocine.io.result_files import read_masks
from neurocine.io.results import files_in

pytestmark = IN_BROWSER
EDGE = 64


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page_of(results_folder: Path, browser: Browser) -> Iterator[Callable[..., tuple[Page, Path]]]:
    """Open the page, from nothing or from a file; the page and its journal."""
    made: list[Server] = []
    contexts = []

    def opened(*options: str) -> tuple[Page, Path]:
        server = Server(results_folder, "annotate", "ana", "--masks", *options)
        made.append(server)
        contexts.append(shown(server, browser))
        return contexts[-1].__enter__(), server.folder / "masks" / "ana.jsonl"

    yield opened
    for context in contexts:
        context.__exit__(None, None, None)
    for server in made:
        server.stop(signal.SIGKILL)


def masks_in(page: Page, journal: Path) -> list[Mask]:
    saved(page)
    return list(masks_of(read_journal(journal)[1]).masks.values())


def drag(page: Page, *points: tuple[float, float]) -> None:
    """Draw a line through pixels (column, row) of the movie on the first panel."""
    box = page.locator(".panel").first.bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / EDGE
    for i, (x, y) in enumerate(points):
        left = box["x"] + box["width"] / 2 + (x - EDGE / 2) * scale
        top = box["y"] + box["height"] / 2 + (y - EDGE / 2) * scale
        page.mouse.move(left, top, steps=4)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_mask_is_drawn_and_judged_by_keys_alone(page_of: Callable[..., tuple[Page, Path]]) -> None:
    page, journal = page_of()
    expect(page.locator("header")).to_contain_text("from nothing")
    page.keyboard.press("o")
    for keys in ("", "ArrowRight", "ArrowDown", "ArrowLeft"):  # a square of ten pixels from the middle
        if keys:
            page.keyboard.press(f"Shift+{keys}")
        page.keyboard.press(" ")
    page.keyboard.press("Enter")
    (mask,) = masks_in(page, journal)
    assert mask.runs == tuple((y, 32, 41) for y in range(32, 42))
    expect(page.locator(".traces h2")).to_contain_text("spikes", timeout=PATIENCE)
    page.keyboard.press("e")
    page.keyboard.press(" ")  # the cursor stands at the last corner: the eraser takes pixels there
    (erased,) = masks_in(page, journal)
    assert set(erased.runs) != set(mask.runs)
    page.keyboard.press("u")
    assert masks_in(page, journal)[0].runs == mask.runs
    page.keyboard.press("2")
    expect(page.locator(".judge")).to_contain_text("a bright ring with a dark centre")
    page.keyboard.press("k")
    page.get_by_role("button", name="Write masks").click()
    expect(page.locator(".message")).to_contain_text("Masks are in", timeout=PATIENCE)
    marked = read_masks(journal.parents[1] / "ana" / "masks.h5")
    assert (marked.states, marked.start) == (("keep",), "")


def test_outline_brush_cut_merge_lasso_and_delete_by_mouse(
    page_of: Callable[..., tuple[Page, Path]],
) -> None:
    page, journal = page_of()
    page.keyboard.press("o")
    drag(page, (10, 10), (20, 10), (20, 20), (10, 20), (10, 11))
    (mask,) = masks_in(page, journal)
    area = sum(last - first + 1 for _, first, last in mask.runs)
    assert 80 <= area <= 120
    page.keyboard.press("b")
    drag(page, (20, 15), (26, 15))
    (wider,) = masks_in(page, journal)
    assert (wider.id, max(last for _, _, last in wider.runs) >= 26) == (0, True)
    page.keyboard.press("c")
    drag(page, (15, 5), (15, 25))
    parts = masks_in(page, journal)
    assert [part.id for part in parts] == [1, 2]
    page.keyboard.press("g")
    (merged,) = masks_in(page, journal)
    assert (merged.id, merged.runs) == (3, wider.runs)
    page.keyboard.press("l")
    drag(page, (2, 2), (40, 2), (40, 40), (2, 40))
    page.keyboard.press("x")
    assert masks_in(page, journal) == []
    page.keyboard.press("u")
    assert [one.id for one in masks_in(page, journal)] == [3]


def test_active_places_without_a_mask_are_proposed(page_of: Callable[..., tuple[Page, Path]]) -> None:
    page, journal = page_of()
    page.keyboard.press("n")
    expect(page.locator(".message")).to_contain_text("Proposal 1 of", timeout=PATIENCE)
    page.keyboard.press("a")
    page.keyboard.press("z")
    taken, rejected = masks_in(page, journal)
    assert (taken.state, rejected.state) == ("", "dismiss")
    assert taken.engine == rejected.engine == "proposed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    page_of: Callable[..., tuple[Page, Path]], results_folder: Path, scheme: str
) -> None:
    page, _ = page_of("--start", str(results_folder / "active" / "rois.h5"))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.keyboard.press("n")
    check_accessible(page)
    page.keyboard.press("2")
    for key in ("PageDown", "k", "f", "d"):
        page.keyboard.press(key)
    check_accessible(page)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    check_accessible(page)


def test_a_referee_judges_disputed_masks_and_draws_none(results_folder: Path, browser: Browser) -> None:
    server = Server(results_folder, "referee", "dora", "--masks")
    files = files_in(results_folder, "report")
    registered = RegisteredMovie.read(results_folder.name, files["movie"], files["source"])
    both = tuple((y, 10, 19) for y in range(10, 20))
    alone = tuple((y, 40, 49) for y in range(40, 50))
    for by, drawn in (("ana", {"a": both}), ("bo", {"b": both, "c": alone})):
        with MaskSession(registered, server.folder, by, Begin(kind="begin", id="begin")) as session:
            session.add([draw("1", added=drawn, decided=dict.fromkeys(drawn, "keep"))])
            session.add([Close(kind="close", id="c")])
    try:
        with shown(server, browser) as page:
            expect(page.locator("header")).to_contain_text("referee dora")
            expect(page.locator("nav li")).to_have_count(1)
            expect(page.get_by_role("button", name="Brush (b)")).to_have_count(0)
            for key in ("o", "k"):
                page.keyboard.press(key)
            saved(page)
            page.get_by_role("button", name="Write masks").click()
            expect(page.locator(".message")).to_contain_text("Masks are in", timeout=PATIENCE)
    finally:
        server.stop(signal.SIGKILL)
    marked = read_masks(server.folder / "consensus" / "masks.h5")
    assert (marked.states, marked.marked_by) == (("keep", "keep"), ("ana", "bo", "dora"))
