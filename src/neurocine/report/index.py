"""The index over all recordings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from neurocine.core import InputError
from neurocine.io.atomic import write_text
from neurocine.report.card import Card, read_card
from neurocine.report.page import environment
from neurocine.steps import result_path


@dataclass(frozen=True)
class Entry:
    """A recording's card, and the link to its report."""

    card: Card
    link: str


@dataclass(frozen=True)
class Failure:
    """One recording without a report, and why."""

    name: str
    reason: str


def write_index(
    folders: Sequence[Path], out: Path, unfinished: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write a page that links to the report of every recording and names those that have none.

    Parameters
    ----------
    folders
        ``results/<recording>`` of each, in the order in which they are shown.
    out
        The HTML file; links are relative to its folder.
    unfinished
        Names of recordings whose report, if there is one, is of another run, and why.
    """
    entries, failures = [], []
    for folder in folders:
        if folder.name in unfinished:
            failures.append(Failure(folder.name, unfinished[folder.name]))
            continue
        try:
            card = read_card(folder / result_path("card"))
            report = folder / result_path("report")
            link = quote(Path(os.path.relpath(report.resolve(), out.parent.resolve())).as_posix())
            entries.append(Entry(card, link))
        except InputError as error:
            failures.append(Failure(folder.name, str(error)))
    write_text(out, environment().get_template("index.html.j2").render(entries=entries, failures=failures))
