"""A short clip of the time with most activity; the outlines of active cells light up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from neurocine.drawing.pictures import COLOURS, Picture, encode, grey, outlines
from neurocine.io.results import RecordingResults
from neurocine.progress import Progress, silent
from neurocine.report.stats import busiest

MAX_FPS = 10.0
MAX_EDGE = 400
#: The clip takes the best quality that keeps it under this, in characters of the page.
MAX_CHARACTERS = 2_500_000
QUALITIES = (60, 40, 20, 5)


@dataclass(frozen=True)
class Clip:
    """The animation, a still of its busiest moment, and when it begins and ends in seconds."""

    moving: Picture
    still: Picture
    start_s: float
    stop_s: float


def make_clip(results: RecordingResults, length_s: float, progress: Progress = silent) -> Clip:
    """Return a clip of the `length_s` seconds in which most cells are active.

    Only its frames are read, a few at a time: those that fall together at 10 pictures a second are averaged.
    """
    rate = results.movie.frame_rate_hz
    start, stop = busiest(results, length_s)
    group = min(stop - start, math.ceil(rate / MAX_FPS))
    starts = range(start, stop - group + 1, group)
    scale = MAX_EDGE / max(results.movie.fov_shape)
    scale = math.floor(scale) if scale > 1 else scale
    height, width = (max(1, round(edge * scale)) for edge in results.movie.fov_shape)
    pictures = np.empty((len(starts), height, width), dtype=np.float32)
    for k, first in enumerate(starts):
        mean = results.movie.read(first, first + group).mean(axis=0, dtype=np.float64)
        small = Image.fromarray(mean.astype(np.float32))
        method = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX
        pictures[k] = np.asarray(small.resize((width, height), method))
        progress("clip", k + 1, len(starts))
    painter = _Painter(results, scale)
    grey_pictures = grey(pictures, 1, 99.8, 0.85)
    frames = [
        painter.paint(picture, first, first + group)
        for picture, first in zip(grey_pictures, starts, strict=True)
    ]
    active = results.raster.active[results.is_cell].sum(axis=0) if len(results.rois) else np.zeros(stop)
    brightest = int(np.argmax([active[first : first + group].max() for first in starts]))
    return Clip(
        moving=_fitting(frames, round(1000 * group / rate)),
        still=encode([frames[brightest]], quality=80),
        start_s=start / rate,
        stop_s=stop / rate,
    )


def _fitting(frames: list[Image.Image], duration_ms: int) -> Picture:
    for quality in QUALITIES:
        picture = encode(frames, duration_ms=duration_ms, quality=quality)
        if len(picture.uri) <= MAX_CHARACTERS:
            break
    return picture


class _Painter:
    """Draws contours and the time onto grey pictures."""

    def __init__(self, results: RecordingResults, scale: float) -> None:
        self._active = results.raster.active
        self._rate = results.movie.frame_rate_hz
        self._lines = [
            [[(float(x * scale), float(y * scale)) for x, y in line] for line in lines]
            for lines in outlines(results.rois)
        ]
        self._colours = [COLOURS["picture"][cell_type] for cell_type in results.types]
        self._font = ImageFont.load_default(size=14)

    def paint(self, picture: NDArray[np.uint8], start: int, stop: int) -> Image.Image:
        """Return `picture` (Y, X) with the ROIs that are active in frames ``start:stop`` lit up."""
        image = Image.fromarray(picture).convert("RGB")
        active = np.asarray(self._active[:, start:stop].any(axis=1))
        overlay = Image.new("RGBA", image.size)
        draw = ImageDraw.Draw(overlay)
        for lines, colour, is_active in zip(self._lines, self._colours, active, strict=True):
            for line in lines:
                if is_active:
                    draw.polygon(line, fill=colour + "40")
                draw.line(
                    line,
                    fill=colour + ("ff" if is_active else "90"),
                    width=2 if is_active else 1,
                    joint="curve",
                )
        image.paste(overlay, mask=overlay.getchannel("A"))
        label = f"{start / self._rate:.1f} s"
        ImageDraw.Draw(image).text(
            (8, 6), label, fill="white", font=self._font, stroke_width=2, stroke_fill="black"
        )
        return image
