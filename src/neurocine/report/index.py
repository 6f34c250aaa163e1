"""The index over all recordings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import numpy as np
from PIL import Image, ImageDraw

from neurocine.config.engines import STNEURONET
from neurocine.core import InputError
from neurocine.drawing.pictures import COLOURS, Picture, encode, grey, outlines
from neurocine.io.atomic import write_text
from neurocine.io.results import RecordingResults, collect
from neurocine.report import stats
from neurocine.report.page import environment

THUMBNAIL_EDGE = 480


@dataclass(frozen=True)
class Card:
    """One recording that has a report; `active` is None where nobody looked for active neurons."""

    name: str
    link: str
    thumbnail: Picture
    cells: int
    active: int | None
    pyramidal: int
    interneurons: int
    transients: int
    median_rate: float | None
    duration_s: float


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
    cards, failures = [], []
    for folder in folders:
        if folder.name in unfinished:
            failures.append(Failure(folder.name, unfinished[folder.name]))
            continue
        try:
            cards.append(_card(folder, out.parent))
        except InputError as error:
            failures.append(Failure(folder.name, str(error)))
    write_text(out, environment().get_template("index.html.j2").render(cards=cards, failures=failures))


def _card(folder: Path, start: Path) -> Card:
    report = folder / "report" / "report.html"
    if not report.is_file():
        raise InputError(report, "file", "doesn't exist", "Run the step report.")
    results = collect(folder)
    cells = [cell for cell in stats.cell_rows(results) if cell.kind != "noise"]
    return Card(
        name=results.name,
        link=quote(Path(os.path.relpath(report.resolve(), start.resolve())).as_posix()),
        thumbnail=_thumbnail(results),
        cells=len(cells),
        active=int(results.rois.found_by(STNEURONET).sum()) if stats.looked_for_active(results) else None,
        pyramidal=sum(cell.kind == "pyramidal" for cell in cells),
        interneurons=sum(cell.kind == "interneuron" for cell in cells),
        transients=sum(cell.transients for cell in cells),
        median_rate=stats.median([cell.rate_per_min for cell in cells]),
        duration_s=results.duration_s,
    )


def _thumbnail(results: RecordingResults) -> Picture:
    scale = THUMBNAIL_EDGE / max(results.movie.fov_shape)
    height, width = (max(1, round(edge * scale)) for edge in results.movie.fov_shape)
    picture = Image.fromarray(grey(results.summary.mean, gamma=0.8))
    image = picture.resize((width, height), Image.Resampling.BICUBIC).convert("RGB")
    draw = ImageDraw.Draw(image)
    for lines, kind in zip(outlines(results.rois), results.types, strict=True):
        if kind != "noise":
            for line in lines:
                points = [(float(x), float(y)) for x, y in np.asarray(line) * scale]
                draw.line(points, fill=COLOURS["picture"][kind], width=2, joint="curve")
    return encode([image], quality=75)
