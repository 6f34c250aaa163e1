"""The files of a movie joined: the frames of one channel and plane, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.core import FrameSource, InputError, Selection
from neurocine.core.movie import Validity, joined_validity
from neurocine.io.movies.frames import Concatenated, Native, OpenedMovie, Picked, Selected
from neurocine.io.movies.layout import Layout, chosen_channel, chosen_plane, chosen_times
from neurocine.io.movies.names import gaps
from neurocine.io.movies.volumes import Volumes, volumes_by_numbers, volumes_by_slots, warn_of_gaps


def joined(
    name: str, files: Sequence[Path], parts: Sequence[OpenedMovie], layout: Layout, selection: Selection
) -> tuple[FrameSource, Validity | None, range]:
    """Return the frames of all files, their validity, and which are of the selected channel and plane.

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
        positions = None if counted else _numbered(name, parts, layout, selection)
        if positions is not None:
            return _picked(sources, positions)
        if counted or any(part.numbers is None for part in parts):
            _check_phase(files, sources, layout)
        validity = joined_validity([(part.frames.shape[0], part.validity) for part in parts])
        return frames, validity, chosen_times(name, layout, selection, frames.shape[0])
    picture = range(sources[0].shape[1]), range(sources[0].shape[2])
    times = [
        chosen_times(str(file), layout, selection, source.shape[0])
        for file, source in zip(files, sources, strict=True)
    ]
    frames = _concatenated([Selected(s, t, *picture) for s, t in zip(sources, times, strict=True)])
    return frames, None, range(frames.shape[0])


def _numbered(
    name: str, parts: Sequence[OpenedMovie], layout: Layout, selection: Selection
) -> NDArray[np.int64] | None:
    """Return the positions of the selected channel and plane in whole volumes, by the files' own numbers.

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
    if volumes is None or volumes.is_regular:
        return None
    channel = chosen_channel(name, layout.channels, selection.channel)
    plane = chosen_plane(name, range(layout.n_planes), selection.plane)
    warn_of_gaps(name, volumes, selection.frames)
    return volumes.pages[:, plane * len(layout.channels) + layout.channels.index(channel)]


def _volumes(parts: Sequence[OpenedMovie], layout: Layout) -> Volumes | None:
    slots = [part.slots for part in parts if part.slots is not None]
    if len(slots) == len(parts):
        return volumes_by_slots(slots, layout)
    numbers = [part.numbers for part in parts if part.numbers is not None]
    if len(numbers) < len(parts) or layout.n_times is not None:
        return None
    return volumes_by_numbers(np.concatenate(numbers), layout)


def _picked(sources: Sequence[FrameSource], positions: NDArray[np.int64]) -> tuple[FrameSource, None, range]:
    """Return the frames at `positions` in all files together."""
    ends = np.cumsum([source.shape[0] for source in sources])
    own = np.split(positions, np.searchsorted(positions, ends[:-1]))
    picked = [
        Picked(source, places - (end - source.shape[0]))
        for source, places, end in zip(sources, own, ends, strict=True)
    ]
    return _concatenated(picked), None, range(len(positions))


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
