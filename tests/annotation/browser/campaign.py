"""A person labels while the server is killed again and again, the network fails and tabs are closed.

What each key must write into the journal is worked out here, beside the page, so that an action that is lost,
written twice or out of order is found.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browsing import PATIENCE, Server, saved
from playwright.sync_api import BrowserContext, Page, expect

from neurocine.annotation.actions import Edit
from neurocine.annotation.journal import read_journal

#: What the keys set.
TYPES = {"1": "pyramidal", "2": "interneuron", "3": "noise", "0": ""}
#: Seconds between two keys, at most.
HASTE_S = 0.25


@dataclass
class Person:
    """Somebody at the page, and what the journal must hold of it.

    Attributes
    ----------
    page
        The tab.
    cells
        ROI ids in the order of the page.
    rng
        Decides what is done, and when.
    done
        ROI id and what was set, of each action.
    place, frame
        The cell and the frame at hand.
    """

    page: Page
    cells: list[int]
    rng: random.Random
    done: list[tuple[int, Any]] = field(default_factory=list)
    place: int = 0
    frame: int = 0

    def act(self, n: int) -> None:
        """Do `n` things: name a type, or mark a frame as moved; now and then in the next cell."""
        for _ in range(n):
            if self.place + 1 < len(self.cells) and self.rng.random() < 0.1:
                self.page.keyboard.press("PageDown")
                self.place += 1
            if self.rng.random() < 0.3:
                self.page.keyboard.press("ArrowRight")
                self.frame += 1
                self.page.keyboard.press("m")
                self.done.append((self.cells[self.place], (self.frame, self.frame)))
            else:
                key = self.rng.choice(list(TYPES))
                self.page.keyboard.press(key)
                self.done.append((self.cells[self.place], TYPES[key]))
            self.page.wait_for_timeout(1000 * self.rng.uniform(0, HASTE_S))

    def open(self, page: Page, address: str) -> None:
        """Go on in another tab, which begins with the first cell and frame."""
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        expect(page.locator(".cells li").first).to_be_visible(timeout=PATIENCE)
        self.page, self.place = page, 0
        # Frames that were marked before would be unmarked.
        for _ in range(self.frame):
            page.keyboard.press("ArrowRight")


@dataclass
class Counts:
    """What was done to the person."""

    kills: int = 0
    closed: int = 0
    offline_s: float = 0.0


def campaign(
    server: Server,
    context: BrowserContext,
    cells: list[int],
    *,
    kills: int,
    actions_a_kill: int,
    offline_s: float,
    seed: int,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Person, Counts]:
    """Label through kills, a network that fails and closed tabs, until all is saved.

    Parameters
    ----------
    server
        Not started yet.
    context
        The browser's, which keeps what tabs leave.
    cells
        ROI ids of the recording.
    kills
        How often the server is killed (SIGKILL), at a random moment, and started again a little later; every
        second time all was saved before.
    actions_a_kill
        Actions meanwhile. Every fifth time the tab is closed while some of them aren't saved.
    offline_s
        Seconds without network, in which as many actions are done.
    seed
        Of the random moments and actions.
    say
        Called with what happens.
    """
    rng, counts = random.Random(seed), Counts()
    address = server.start()
    person = Person(context.new_page(), cells, rng)
    person.open(person.page, address)
    for kill in range(1, kills + 1):
        at, back = rng.uniform(0, actions_a_kill * HASTE_S / 2), rng.uniform(0, 2)
        closes = kill % 5 == 0
        if kill % 2:
            saved(person.page)  # else what the browser kept is on its way, too
        killer = threading.Thread(target=_kill, args=(server, at, None if closes else back))
        killer.start()
        person.act(actions_a_kill)
        killer.join()
        counts.kills += 1
        if closes:
            person.act(1)  # the server is gone: this one stays in the browser
            expect(person.page.get_by_role("status")).to_contain_text("not saved")
            person.page.close(run_before_unload=False)
            counts.closed += 1
            person.open(context.new_page(), server.start())
        say(f"kill {kill}: {len(person.done)} actions, {_lines(server.journal)} in the journal")
    saved(person.page)
    context.set_offline(True)
    until = time.monotonic() + offline_s
    person.act(actions_a_kill)
    expect(person.page.get_by_role("status")).to_contain_text("not saved")
    while time.monotonic() < until:
        person.page.wait_for_timeout(100)
    counts.offline_s = offline_s
    context.set_offline(False)
    saved(person.page)
    return person, counts


def written(journal: Path) -> list[tuple[int, Any]]:
    """Return ROI id and what was set, of each action of a journal."""
    made = []
    for action in read_journal(journal)[1]:
        assert isinstance(action, Edit)
        value = action.cell_type if action.cell_type is not None else next(iter(action.movement.values()))
        made.append((action.cell, value))
    return made


def _kill(server: Server, at: float, back: float | None) -> None:
    """Kill the server after `at` seconds, and start it again `back` seconds later, if at all."""
    time.sleep(at)
    server.stop(signal.SIGKILL)
    if back is not None:
        time.sleep(back)
        server.start()


def _lines(journal: Path) -> int:
    return max(len(journal.read_bytes().split(b"\n")) - 2, 0) if journal.is_file() else 0
