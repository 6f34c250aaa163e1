"""ScanImage's number of each page's frame, and its times, which tell pages that are missing, and pauses.

Sources of the names: ScanImage's own reader and writer. Channels of a frame have the same number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.io.movies.tiff.headers import begin_of_description

#: Names of the number, from 1: in its acquisition, which begins with a whole volume, else since ever.
_NUMBERS = [
    re.compile(rf"{name}\"?\s*[=:]\s*(\d+)")
    for name in ("frameNumberAcquisition", "frameNumbers", "Frame Number")
]
#: Seconds since ScanImage's acquisition mode began, and its date: year, month, day, hour, minute, second.
_TIMES = [
    re.compile(rf"{name}\"?\s*[=:]\s*(\d+\.?\d*)")
    for name in ("frameTimestamps_sec", r"Frame Timestamp\(s\)")
]
_EPOCH = re.compile(r"epoch\"?\s*[=:]\s*\[([\d., ]+)\]")
#: Pages that are looked at, spread over a file, where no number is missing.
_LOOKS = 16


def frame_numbers(
    tif: tifffile.TiffFile, offsets: Sequence[int], n_channels: int
) -> NDArray[np.int64] | None:
    """Return the number of the frame that each page of a file belongs to; None if pages have none.

    Only a few pages are read, unless their numbers show that others are missing between them.

    Parameters
    ----------
    tif
        The open file.
    offsets
        Where the header of each page begins.
    n_channels
        How many pages in succession share a number, if channels do.
    """
    first, shared = _number(tif, offsets[0]), 1
    if first is None:
        return None
    if 1 < n_channels <= len(offsets) and _number(tif, offsets[n_channels - 1]) == first:
        shared = n_channels
    if len(offsets) > shared:
        step = (_number(tif, offsets[shared]) or 0) - first
        expected = first + step * (np.arange(len(offsets)) // shared)
        looks = np.linspace(0, len(offsets) - 1, _LOOKS).astype(int).tolist()
        looks += [i for i in range(len(offsets) - shared - 1, len(offsets)) if i >= 0]
        if step >= 0 and all(_number(tif, offsets[i]) == expected[i] for i in looks):
            return expected if step else None
    numbers = [_number(tif, offset) for offset in offsets]
    return None if None in numbers else np.array(numbers, dtype=np.int64)


def span_s(tif: tifffile.TiffFile, offsets: Sequence[int]) -> tuple[float, float] | None:
    """Return when the first and the last page of a file were recorded, in seconds; None if pages don't say.

    Times are counted from the start of ScanImage's acquisition mode, which may span several acquisitions, and
    from the date of that start, where it is given.
    """
    first, last = (_time(begin_of_description(tif, offsets[i])) for i in (0, -1))
    return None if first is None or last is None else (first, last)


def _time(text: str) -> float | None:
    found = next((match for pattern in _TIMES if (match := pattern.search(text))), None)
    epoch = _EPOCH.search(text)
    if found is None:
        return None
    try:
        *date, second = map(float, epoch[1].replace(",", " ").split() if epoch else ())
        year, month, day, hour, minute = map(int, date)
        start = datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() + second
    except ValueError:  # no date, or none that can be
        start = 0.0
    return start + float(found[1])


def _number(tif: tifffile.TiffFile, offset: int) -> int | None:
    text = begin_of_description(tif, offset)
    found = next((match for pattern in _NUMBERS if (match := pattern.search(text))), None)
    return int(found[1]) if found else None
