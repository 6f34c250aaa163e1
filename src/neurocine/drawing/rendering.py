"""Figures of matplotlib: as PNG, or for a light and a dark page."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from neurocine.core import RoiSet
from neurocine.drawing.pictures import COLOURS, Themed, encode, outlines

DPI = 150
WIDTH_IN = 10.0
#: Points drawn of a line and columns of a raster: more wouldn't be visible at this width.
MAX_COLUMNS = 1400
#: Colours of the methods, the main one first (Okabe and Ito; colour-blind readers can tell them apart).
METHOD_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
#: Exponent of grey values; below 1 it brightens dim parts of an image.
GAMMA = 0.6

Draw = Callable[[Figure], None]


def png(draw: Draw, size_in: tuple[float, float]) -> bytes:
    """Return the figure that `draw` makes, of a size in inches, as PNG."""
    style: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.titlesize": 9.5,
        "axes.titlepad": 16,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size_in, dpi=DPI, facecolor="white", layout="constrained")
        draw(figure)
        return png_bytes(figure)


def png_bytes(figure: Figure) -> bytes:
    """Return `figure` as PNG: the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


@dataclass(frozen=True)
class Theme:
    """Colours of a plot: ink for text and axes, faint for rules, accent for lines, alert for flags."""

    ink: str
    faint: str
    accent: str
    second: str
    alert: str
    types: dict[str, str]


THEMES = {
    "light": Theme("#33404d", "#d5dbe1", "#0f6a73", "#7b5ea7", "#c0392b", COLOURS["light"]),
    "dark": Theme("#c4ced8", "#3a444f", "#5fc4cd", "#b79be0", "#ff7b6b", COLOURS["dark"]),
}

DrawThemed = Callable[[Figure, Theme], None]


def themed(draw: DrawThemed, height_in: float) -> Themed:
    """Return the figure that `draw` makes, in both themes."""
    light, dark = (_render(draw, theme, height_in) for theme in (THEMES["light"], THEMES["dark"]))
    return Themed(encode([light]), encode([dark]))


def _render(draw: DrawThemed, theme: Theme, height_in: float) -> Image.Image:
    style: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.edgecolor": theme.ink,
        "axes.linewidth": 0.6,
        "axes.facecolor": "none",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "legend.frameon": False,
        "path.simplify": True,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="none", layout="constrained")
        draw(figure, theme)
        pixels = io.BytesIO()
        figure.savefig(pixels, format="rgba", dpi=DPI)
        return Image.frombytes("RGBA", figure.canvas.get_width_height(), pixels.getvalue())


def envelope(
    x: NDArray[np.floating], y: NDArray[np.floating], columns: int = MAX_COLUMNS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a line that looks like ``x, y``: lowest and highest value of each of `columns` bins."""
    if len(x) <= 2 * columns:
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    starts = np.linspace(0, len(x), columns + 1).astype(int)[:-1]
    extremes = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)], axis=1)
    return np.repeat(x[starts], 2).astype(np.float64), extremes.ravel().astype(np.float64)


def grey_image(axes: Axes, image: NDArray[np.float32]) -> None:
    """Draw an image (Y, X) in grey, without axes; dim parts are brightened to show faint neurons."""
    low, high = np.percentile(image, [1, 99.5])
    bright = np.clip((image - low) / max(high - low, 1e-6), 0, 1) ** GAMMA
    axes.imshow(bright, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def outline_lines(rois: RoiSet) -> list[NDArray[np.float64]]:
    """Return the outlines of all ROIs as lines (K, 2) of (x, y), the centre of pixel (0, 0) at (0, 0)."""
    return [line - 0.5 for lines in outlines(rois, tolerance=0) for line in lines]
