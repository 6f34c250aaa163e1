"""Pictures as data URIs, so that the page needs no other file."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neurocine.core import RoiSet

#: Colours that colour-blind readers can tell apart (Okabe and Ito), for a light page, a dark page and on grey
#: pictures.
COLOURS = {
    "light": {"pyramidal": "#0072b2", "interneuron": "#d55e00", "unknown": "#009e73", "noise": "#8a8a8a"},
    "dark": {"pyramidal": "#56b4e9", "interneuron": "#e69f00", "unknown": "#2fd6a3", "noise": "#8f8f8f"},
    "picture": {"pyramidal": "#56b4e9", "interneuron": "#ffb000", "unknown": "#2fd6a3", "noise": "#c8c8c8"},
}

#: Colours of ROIs on grey pictures: found by an engine and STNeuroNet, by the engine alone, by STNeuroNet
#: alone.
FOUND_COLOURS = {"both": "#2fd6a3", "engine": "#ffb000", "stneuronet": "#e58fd0"}
#: Active probability 0, 1/4, ... 1, on grey pictures: dim to bright, so that it needs no colour.
ACTIVE_COLOURS = ("#5b6fd8", "#a45cc8", "#e0607e", "#f79044", "#fff26b")
UNKNOWN_COLOUR = "#c8c8c8"


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, with its size in pixels."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Themed:
    """The same figure for a light and for a dark page."""

    light: Picture
    dark: Picture


def encode(images: list[Image.Image], *, duration_ms: int = 0, quality: int | None = None) -> Picture:
    """Return `images` as one WebP: an animation if there are several, lossless unless a quality is given."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"lossless": True} if quality is None else {"quality": quality}
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:], "duration": duration_ms, "loop": 0}
    images[0].save(buffer, "WEBP", method=4, **options)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Picture(f"data:image/webp;base64,{text}", *images[0].size)


def encode_within(image: Image.Image, size_bytes: int) -> Picture:
    """Return `image` as one WebP of at most `size_bytes`, or as small as the lowest quality makes it."""
    for quality in (75, 60, 45, 30, 15, 5):
        picture = encode([image], quality=quality)
        if 3 * len(picture.uri) // 4 <= size_bytes:
            break
    return picture


def grey(
    image: NDArray[np.floating], low: float = 1, high: float = 99.5, gamma: float = 1.0
) -> NDArray[np.uint8]:
    """Return `image` stretched between two percentiles to 0-255."""
    finite = np.nan_to_num(np.asarray(image, dtype=np.float64))
    bottom, top = np.percentile(finite, [low, high])
    unit = np.clip((finite - bottom) / max(top - bottom, 1e-12), 0, 1)
    return np.asarray(np.rint(255 * unit**gamma), dtype=np.uint8)


def grey_picture(image: NDArray[np.floating], max_edge: int = 1024) -> Picture:
    """Return a summary image (Y, X) as a picture of at most `max_edge` pixels an edge."""
    picture = Image.fromarray(grey(image, gamma=0.8))
    picture.thumbnail((max_edge, max_edge), Image.Resampling.BOX)
    return encode([picture], quality=88)


def outlines(rois: RoiSet, tolerance: float = 0.25) -> list[list[NDArray[np.float64]]]:
    """Return the outlines of each ROI as closed lines (K, 2) of (x, y), pixel (0, 0) spanning 0 to 1.

    Points are left out that change a line by `tolerance` pixels at most.
    """
    from skimage.measure import approximate_polygon, find_contours

    lines_by_roi = []
    for i in range(len(rois)):
        y, x, _ = rois.pixels(i)
        top, left = int(y.min()), int(x.min())
        mask = np.zeros((int(y.max()) - top + 3, int(x.max()) - left + 3))
        mask[y - top + 1, x - left + 1] = 1
        lines = [
            approximate_polygon(line, tolerance)  # type: ignore[no-untyped-call]
            for line in find_contours(mask, 0.5)  # type: ignore[no-untyped-call]
        ]
        lines_by_roi.append([line[:, ::-1] + (left - 0.5, top - 0.5) for line in lines])
    return lines_by_roi


def active_colour(probability: float) -> str:
    """Return the colour of an active probability; grey for NaN."""
    if not np.isfinite(probability):
        return UNKNOWN_COLOUR
    channels = np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in ACTIVE_COLOURS])
    place = np.linspace(0, 1, len(channels))
    mixed = [round(float(np.interp(probability, place, channel))) for channel in channels.T]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def svg_path(lines: list[NDArray[np.float64]]) -> str:
    """Return closed `lines` as the ``d`` of an SVG path."""
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line[:-1]) + "Z" for line in lines)
