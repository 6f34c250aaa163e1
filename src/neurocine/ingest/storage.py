"""What a program stored wrongly: integers of the other sign, axes in another order, frames several times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core.movie import false_runs
from neurocine.io.movies.arrays.axes import other_time_axis

#: Pixels of a frame that are looked at.
_MOST_PIXELS = 4096
#: Values of 16 bits of the other sign: so many lie near each end of the range, and nothing in a stretch of
#: so many between them, in this share of the frames.
_NEAR, _LEAST_VALUES, _LEAST_GAP, _LEAST_FRAMES = 256, 4, 8192, 0.5
#: Sides of a picture that may be swapped, and how much neighbouring rows are alike, and more than otherwise.
_LEAST_SIDE, _ALIKE = 16, 0.4
#: Frames scaled each by itself: pixels at the upper end of the range, share of such frames, and how many
#: different pixels these are, of as many frames.
_MOST_AT_END, _SCALED_SHARE, _LEAST_PLACES = 3, 0.95, 0.1
#: As many frames as these that are copies of those before are doubtful; of a regular number, this share.
_DOUBTFUL_SHARE, _REGULAR_SHARE = 1 / 3, 0.9
#: A frame that stays for longer is no frame of a movie.
_MOST_COPIES = 20


def sign_doubt(frames: NDArray[Any]) -> str:
    """Return what to say of 16-bit values that are stored with, or without, sign by mistake; empty if none.

    Values around 0, stored without sign, lie near 0 and near 65,535. Those of such a frame are close to each
    other where the range is closed to a circle, and nothing lies between them.

    Parameters
    ----------
    frames
        Some frames as they are stored, (n, Y, X).
    """
    if frames.dtype.kind not in "ui" or frames.dtype.itemsize != 2:
        return ""
    # Counted from the lowest value that there can be: 0 or -32,768.
    lowest = int(np.iinfo(frames.dtype).min)
    counts, at_both = np.zeros(2**16, dtype=np.int64), []
    flat = frames.reshape(len(frames), -1)
    for stored in flat[:, :: max(1, flat.shape[1] // _MOST_PIXELS)]:
        pixels = stored.astype(np.int64) - lowest
        counts += np.bincount(pixels, minlength=2**16)
        at_both.append((pixels < _NEAR).any() and (pixels >= 2**16 - _NEAR).any())
    held = np.flatnonzero(counts)
    gap = int(np.diff(held).max(initial=0))
    ends = min((counts[:_NEAR] > 0).sum(), (counts[-_NEAR:] > 0).sum())
    if gap < _LEAST_GAP or ends < _LEAST_VALUES or np.mean(at_both) < _LEAST_FRAMES:
        return ""
    begin = int(held[np.argmax(np.diff(held)) + 1])
    if lowest:
        part, other, what = counts[:begin], "uint16", "are negative and belong above 32,767"
    else:
        part, other, what = counts[begin:], "int16", "lie near 65,535 and belong below 0"
    return (
        f"{part.sum() / counts.sum():.1%} of the pixels {what}: {other} values seem to be stored as "
        f"{frames.dtype.name}. If so, save the movie anew as {other} with the same bytes (in Python: "
        f"frames.view('{other}')); ROIs and ΔF/F are wrong otherwise"
    )


def scaling_doubt(frames: NDArray[Any]) -> str:
    """Return what to say of frames that were each scaled to the whole range of values; empty if they weren't.

    Each then reaches both ends of the range, the upper one in a pixel or two that are others each time: those
    of a movie that saturates are more, and a hot pixel is the same.

    Parameters
    ----------
    frames
        Some frames as they are stored, (n, Y, X).
    """
    if frames.dtype.kind != "u" or frames.dtype.itemsize > 2:
        return ""
    lowest, highest = 0, int(np.iinfo(frames.dtype).max)
    flat = frames.reshape(len(frames), -1)
    at_highest = (flat == highest).sum(axis=1)
    full = (at_highest > 0) & (at_highest <= _MOST_AT_END) & (flat.min(axis=1) == lowest)
    places = np.unique(flat.argmax(axis=1))
    if full.mean() < _SCALED_SHARE or len(places) < _LEAST_PLACES * len(frames):
        return ""
    return (
        f"each frame reaches from {lowest} to {highest}, in other pixels each time: each seems to be scaled "
        "by itself, as some programs do when they save 8-bit pictures. Brightness over time is lost: use the "
        "movie as it was recorded"
    )


def sides_doubt(frames: NDArray[Any]) -> str:
    """Return what to say of pictures whose height and width seem to be swapped; empty if they don't.

    Neighbouring rows of a picture are alike. Where its pixels are cut into rows of the other length, they
    aren't, until they are cut as they belong.

    Parameters
    ----------
    frames
        Some frames as they are stored, (n, Y, X).
    """
    height, width = frames.shape[1:]
    if height == width or min(height, width) < _LEAST_SIDE:
        return ""
    picture = np.where(np.isfinite(frames), frames, 0).mean(axis=0)
    as_read, swapped = _rows_correlate(picture), _rows_correlate(picture.reshape(width, height))
    if swapped < _ALIKE or as_read > swapped - _ALIKE:
        return ""
    return (
        f"height and width seem to be swapped: cut into {width} rows of {height} pixels, neighbouring rows "
        f"are alike (correlation {swapped:.2f}), and of {height} rows of {width} not ({as_read:.2f}). "
        "Check the size of the picture in the settings beside the file, or how the array was made"
    )


def _rows_correlate(picture: NDArray[np.floating]) -> float:
    """Return the correlation of the pixels of each row with those of the next."""
    upper, lower = picture[:-1].ravel(), picture[1:].ravel()
    return float(np.corrcoef(upper, lower)[0, 1]) if upper.std() > 0 and lower.std() > 0 else 0.0


def time_axis_doubt(frames: NDArray[Any]) -> str:
    """Return what to say of a movie whose frames seem to be slices of its pictures over time; empty if none.

    Frames show the same cells again and again; rows or columns over time don't.

    Parameters
    ----------
    frames
        Some frames as they are stored, (n, Y, X).
    """
    axis = other_time_axis(frames) if min(frames.shape) >= _LEAST_SIDE else None
    if axis is None:
        return ""
    height, width = frames.shape[1:]
    slices = "columns" if axis == 2 else "rows"
    return (
        f"the {slices} of its {height} x {width} pixels look like frames: pictures across them resemble each "
        "other, those over time don't. Check the order of axes in which it was saved; in Python, "
        f"numpy.moveaxis(array, {axis}, 0) puts time first"
    )


def copies_doubt(copied: NDArray[np.bool_], frame_rate_hz: float) -> str:
    """Return what to say of a movie in which frames are stored several times; empty if they aren't.

    Parameters
    ----------
    copied
        Which frames are exactly the frame before, (T,); frames that are blank aside.
    frame_rate_hz
        Frames per second as they are stored.
    """
    if len(copied) < 4 or copied.mean() < _DOUBTFUL_SHARE:
        return ""
    # Copies, and the frame before them.
    lengths = np.array([last - first + 2 for first, last in false_runs(~copied)])
    n = int(np.median(lengths))
    share = f"{copied.mean():.0%} of the frames are exact copies of the one before"
    if n > _MOST_COPIES:
        return f"{share}: it hardly changes. Check the channel and the plane"
    if lengths[lengths == n].sum() < _REGULAR_SHARE * len(copied):
        return (
            f"{share}: the movie was stored at a higher frame rate, {frame_rate_hz:g} Hz, than it was "
            "recorded at, or filled up. Use the movie as it was recorded"
        )
    return (
        f"{share}: each frame is stored {n} times, and {frame_rate_hz:g} Hz is {n} times the rate of the "
        f"recording. If so, give plane 0/{n}, which reads each once; a frame_rate_hz of your own must be "
        f"{frame_rate_hz / n:g}"
    )
