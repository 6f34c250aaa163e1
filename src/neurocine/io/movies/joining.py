"""The files of a movie joined: the frames of one channel and plane, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.core import FrameSource, InputError, Selection
from neurocine.core.movie import Validity, joined_validity
from neurocine.io.movies.frames import Concatenated, Native, OpenedMovie, Picked, Selected
from neurocine.io.movies.layout import Layout, chosen_channel, chosen_plane, chosen_times
from neurocine.io.movies.missing_frames import Gap
from neurocine.io.movies.names import gaps
from neurocine.io.movies.volumes import Volumes, volumes_by_numbers, volumes_by_slots, warn_of_left_out

#: Longer pauses between files than a day are those of other clocks.
_LONGEST_PAUSE_S = 86_400


def joined(
    name: str, files: Sequence[Path], parts: Sequence[OpenedMovie], layout: Layout, selection: Selection
) -> tuple[FrameSource, Validity | None, range, list[Gap]]:
    """Return the frames of all files, their validity, which are of the selected channel and plane, and gaps.

    Gaps are those between the frames of this channel and plane, by the files' own numbers.

    Raises
    ------
    InputError
        If files don't fit together, or nothing of the selected channel and plane is there.
    """
    # What the user counts, counts.
    counted = selection.n_channels is not None or selection.n_planes is not None
    sources = [part.frames for part in parts]
    _check_alike(files, sources)
    if layout.goes_on:
        frames = _concatenated(sources)
        volumes = None if counted else _whole_volumes(name, parts, layout)
        if volumes is not None:
            positions = _positions(name, volumes, layout, selection)
            return _picked(sources, positions), None, range(len(positions)), volumes.gaps
        if counted or any(part.numbers is None for part in parts):
            _check_phase(files, sources, layout)
        validity = joined_validity([(part.frames.shape[0], part.validity) for part in parts])
        return frames, validity, chosen_times(name, layout, selection, frames.shape[0]), []
    picture = range(sources[0].shape[1]), range(sources[0].shape[2])
    times = [
        chosen_times(str(file), layout, selection, source.shape[0])
        for file, source in zip(files, sources, strict=True)
    ]
    frames = _concatenated([Selected(s, t, *picture) for s, t in zip(sources, times, strict=True)])
    return frames, None, range(frames.shape[0]), []


def _whole_volumes(name: str, parts: Sequence[OpenedMovie], layout: Layout) -> Volumes | None:
    """Return the whole volumes by the files' own numbers.

    None where files have no numbers, or no page is missing: then frames alternate all the way.

    Raises
    ------
    InputError
        If most volumes aren't whole.
    """
    volumes = _volumes(parts, layout)
    if volumes is not None and volumes.n_broken > max(2, len(volumes.pages)):
        n = len(volumes.pages)
        raise InputError(
            name,
            "channels and planes",
            f"are {layout}, but by the files' own numbers of frames only {n} of {n + volumes.n_broken} "
            "volumes are whole: the header may be that of another recording",
            "Say how many channels and planes alternate: channel 1/2, plane 0/4 and the like (or 1/1, 0/1).",
        )
    return None if volumes is None or volumes.is_regular else volumes


def _positions(name: str, volumes: Volumes, layout: Layout, selection: Selection) -> NDArray[np.int64]:
    """Return the positions of the selected channel and plane in whole volumes."""
    channel = chosen_channel(name, layout.channels, selection.channel)
    plane = chosen_plane(name, range(layout.n_planes), selection.plane)
    warn_of_left_out(name, volumes)
    return volumes.pages[:, plane * len(layout.channels) + layout.channels.index(channel)]


def _volumes(parts: Sequence[OpenedMovie], layout: Layout) -> Volumes | None:
    slots = [part.slots for part in parts if part.slots is not None]
    if len(slots) == len(parts):
        return volumes_by_slots(slots, layout)
    numbers = [part.numbers for part in parts if part.numbers is not None]
    if len(numbers) < len(parts) or layout.n_times is not None:
        return None
    volumes = volumes_by_numbers(np.concatenate(numbers), layout)
    if volumes is None:
        return None
    starts = np.cumsum([0, *map(len, numbers[:-1])])
    paused = np.cumsum([0, *(_pause(*pair, layout) for pair in pairwise(parts))])
    held = np.searchsorted(starts, volumes.pages[:, 0], side="right") - 1
    return replace(volumes, paused=paused[held])


def _pause(before: OpenedMovie, after: OpenedMovie, layout: Layout) -> int:
    """Return how many volumes would have been recorded between two files of successive acquisitions.

    0 if the file goes on with the acquisition, or times tell nothing.
    """
    rate = before.frame_rate_hz
    if before.span_s is None or after.span_s is None or rate is None:
        return 0
    seconds = after.span_s[0] - before.span_s[1]
    goes_on = (
        before.numbers is not None and after.numbers is not None and after.numbers[0] > before.numbers[-1]
    )
    if goes_on or not 0 < seconds < _LONGEST_PAUSE_S:
        return 0
    return max(0, round(seconds * rate - 1 / (layout.n_planes + layout.n_flyback)))


def _picked(sources: Sequence[FrameSource], positions: NDArray[np.int64]) -> FrameSource:
    """Return the frames at `positions` in all files together."""
    ends = np.cumsum([source.shape[0] for source in sources])
    own = np.split(positions, np.searchsorted(positions, ends[:-1]))
    picked = [
        Picked(source, places - (end - source.shape[0]))
        for source, places, end in zip(sources, own, ends, strict=True)
    ]
    return _concatenated(picked)


def _check_phase(files: Sequence[Path], parts: Sequence[FrameSource], layout: Layout) -> None:
    """Raise `InputError` if a file is missing in the middle, and others don't end with a whole volume."""
    lengths = {file: part.shape[0] for file, part in zip(files, parts, strict=True)}
    for before, after, _ in gaps(files):
        if layout.n_times is None and lengths[before] % layout.per_volume:
            raise InputError(
                after,
                "channels and planes",
                f"files between it and {before.name} are missing, which has {lengths[before]} frames and "
                f"doesn't end with a whole volume of {layout.per_volume}: nothing tells which frame is which",
                "Copy what is missing, or make a recording of the files before it.",
            )


def _check_alike(files: Sequence[Path], parts: Sequence[FrameSource]) -> None:
    """Raise `InputError` if files differ in the size or the type of their frames."""
    first = parts[0]
    for file, part in zip(files[1:], parts[1:], strict=True):
        native = [np.dtype(one.dtype).newbyteorder("=") for one in (part, first)]
        if part.shape[1:] != first.shape[1:] or native[0] != native[1]:
            raise InputError(
                file,
                "frames",
                f"are {part.shape[1:]} {part.dtype}, but "
                f"those of {files[0]} are {first.shape[1:]} {first.dtype}",
                "Give files of one recording.",
            )


def _concatenated(parts: Sequence[FrameSource]) -> FrameSource:
    frames = Concatenated(parts) if len(parts) > 1 else parts[0]
    return frames if np.dtype(frames.dtype).isnative else Native(frames)
