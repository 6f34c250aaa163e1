"""What the index shows of a recording, as a file beside its report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from neurocine.config.engines import STNEURONET
from neurocine.core import FileMissing, InputError
from neurocine.core.controls import sentence
from neurocine.drawing.pictures import COLOURS, Picture, encode_within, grey, outlines
from neurocine.export.tables import cells_table
from neurocine.io.atomic import write_text
from neurocine.io.results import RecordingResults
from neurocine.report import stats

#: Larger edge of a thumbnail in pixels.
THUMBNAIL_EDGE = 288
#: So that the index of 200 recordings stays under 2 MB.
THUMBNAIL_BYTES = 6500


@dataclass(frozen=True)
class Card:
    """One recording that has a report.

    Attributes
    ----------
    name, thumbnail
        The recording, and its field of view with the outlines of its cells.
    cells, pyramidal, interneurons, transients
        Numbers of each.
    active
        Active neurons that STNeuroNet found; None if it wasn't run.
    median_rate
        Transients per minute of the median cell; None without cells.
    duration_s
        Length of the movie in seconds.
    controls
        What planted cells and the mirrored movie say; None where nobody ran them.
    """

    name: str
    thumbnail: Picture
    cells: int
    active: int | None
    pyramidal: int
    interneurons: int
    transients: int
    median_rate: float | None
    duration_s: float
    controls: str | None = None


def card_of(results: RecordingResults) -> Card:
    """Return the card of a recording."""
    table = cells_table(results)
    cells = table[table["type"] != "noise"]
    return Card(
        name=results.name,
        thumbnail=_thumbnail(results),
        cells=len(cells),
        active=int(results.rois.found_by(STNEURONET).sum()) if stats.looked_for_active(results) else None,
        pyramidal=int((cells["type"] == "pyramidal").sum()),
        interneurons=int((cells["type"] == "interneuron").sum()),
        transients=int(cells["transients"].sum()),
        median_rate=stats.median(cells["rate_per_min"]),
        duration_s=results.duration_s,
        controls=None if results.controls is None else sentence(results.controls),
    )


def write_card(results: RecordingResults, out: Path) -> None:
    """Write the card of a recording as JSON, atomically."""
    write_text(out, json.dumps(asdict(card_of(results)), indent=1, ensure_ascii=False) + "\n")


def read_card(path: Path) -> Card:
    """Return the card that `write_card` wrote.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Card(**{**values, "thumbnail": Picture(**values["thumbnail"])})
    except FileNotFoundError as error:
        raise FileMissing(path, "file", "doesn't exist", "Run the step report.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(path, "file", f"is damaged ({error})", "Run the step report again.") from error


def _thumbnail(results: RecordingResults) -> Picture:
    scale = THUMBNAIL_EDGE / max(results.movie.fov_shape)
    height, width = (max(1, round(edge * scale)) for edge in results.movie.fov_shape)
    picture = Image.fromarray(grey(results.summary.mean, gamma=0.8))
    image = picture.resize((width, height), Image.Resampling.BICUBIC).convert("RGB")
    draw = ImageDraw.Draw(image)
    for lines, cell_type in zip(outlines(results.rois), results.types, strict=True):
        if cell_type != "noise":
            for line in lines:
                points = [(float(x), float(y)) for x, y in np.asarray(line) * scale]
                draw.line(points, fill=COLOURS["picture"][cell_type], width=2, joint="curve")
    return encode_within(image, THUMBNAIL_BYTES)
