"""Channels and planes of a movie's files: what there is, and which frames belong to what is chosen."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neurocine.core import InputError, Selection
from neurocine.io.movies.times import gaps_of

logger = logging.getLogger(__name__)

_CHANNEL = "column channel of the recordings table, or --channel"
_PLANE = "column plane of the recordings table, or --plane"


@dataclass(frozen=True)
class Region:
    """A part of each picture that is a recording of its own.

    Attributes
    ----------
    name
        Its name, which the user chooses as dataset.
    rows, columns
        Where it is in the pictures of each plane; None in planes that it isn't in.
    pixel_size_um
        µm per pixel; None if unknown.
    """

    name: str
    rows: tuple[range | None, ...]
    columns: tuple[range | None, ...]
    pixel_size_um: float | None = None


@dataclass(frozen=True)
class Layout:
    """How the frames of channels and planes follow one another in files.

    Attributes
    ----------
    channels
        Their names, in the order in which they are stored; one without a name is ``""``. A number and a name,
        as in ``2 (green)``, both stand for the channel.
    n_planes
        Planes of a volume.
    n_flyback
        Frames per volume and channel, after the planes, in which the objective goes back: they are left out.
    order
        Channel (C), plane (Z) and time (T), the one that changes fastest first.
    n_times
        Frames of each plane, for a stack that records one plane after the other; None: all that there are.
    regions
        Parts of each picture that are recordings of their own; empty if there is only one.
    """

    channels: tuple[str, ...] = ("",)
    n_planes: int = 1
    n_flyback: int = 0
    order: str = "CZT"
    n_times: int | None = None
    regions: tuple[Region, ...] = ()

    def __str__(self) -> str:
        """Return the channels and planes in words; empty if there is one of each."""
        channels = f"{len(self.channels)} channels ({', '.join(self.channels)})"
        planes = f"{self.n_planes} planes (0 to {self.n_planes - 1})"
        return ", ".join([channels] * (len(self.channels) > 1) + [planes] * (self.n_planes > 1))

    @property
    def goes_on(self) -> bool:
        """Whether the next file of a recording goes on where this one ends, even within a volume."""
        return self.order.endswith("T") or self.n_times is not None

    @property
    def per_volume(self) -> int:
        """Frames of all channels and planes at one time."""
        return len(self.channels) * (self.n_planes + self.n_flyback)

    def times(self, n_frames: int, channel: int, plane: int) -> range:
        """Return which of `n_frames` stored frames belong to a channel and a plane, both from 0."""
        sizes = {"C": len(self.channels), "Z": self.n_planes + self.n_flyback}
        # Flyback frames after the last plane needn't be there.
        n_flyback = self.n_flyback * len(self.channels)
        sizes["T"] = self.n_times or (n_frames + n_flyback) // self.per_volume
        steps, step = {}, 1
        for axis in self.order:
            steps[axis] = step
            step *= sizes[axis]
        start = channel * steps["C"] + plane * steps["Z"]
        stop = min(n_frames, start + sizes["T"] * steps["T"])
        return range(start, stop, steps["T"])


@dataclass(frozen=True)
class Place:
    """The channel and the plane that a file holds; None for what its files don't differ in."""

    channel: str | None = None
    plane: int | None = None


@dataclass(frozen=True)
class FileSet:
    """Files of one movie of which each holds one channel or one plane.

    Attributes
    ----------
    places
        What each file holds.
    frame_rate_hz, pixel_size_um
        Frames per second of one plane, and µm per pixel, from settings beside the files; None if unknown.
    n_planes
        Planes whose frames alternate in each file, by settings beside the files.
    numbers
        The number of each frame of a plane, from 1, by its time in settings beside the files, where frames
        that are missing count; empty if unknown.
    """

    places: Sequence[Place]
    frame_rate_hz: float | None = None
    pixel_size_um: float | None = None
    n_planes: int = 1
    numbers: Sequence[int] = ()

    def gaps(self, name: str, n_frames: int) -> list[tuple[int, int]]:
        """Return the frame before each gap in the times, and how many are missing.

        None, with a warning, if the settings are of another number of frames than the files.
        """
        gaps = gaps_of(np.array(self.numbers, dtype=np.int64))
        if gaps and len(self.numbers) != n_frames:
            logger.warning(
                "%s: the settings beside the files list %d frames, %d are given: where frames are missing, "
                "by the times of frames, isn't known (%d gaps)",
                name, len(self.numbers), n_frames, len(gaps),
            )  # fmt: skip
            return []
        return gaps

    def layout_in_files(self, stored: Layout | None) -> Layout | None:
        """Return the layout of each file: as it says itself, with the planes that settings beside it name."""
        if self.n_planes == 1 or (stored is not None and stored.n_planes > 1):
            return stored
        return replace(stored or Layout(), n_planes=self.n_planes)


def chosen_layout(name: str, layout: Layout | None, selection: Selection) -> Layout:
    """Return the layout of a file, with the numbers of channels and planes that the user gives.

    Where they contradict the file's, which may be left from another file, the user's count, with a warning.
    """
    layout = layout or Layout()
    for field, given, known in (
        ("channel", selection.n_channels, len(layout.channels)),
        ("plane", selection.n_planes, layout.n_planes),
    ):
        if given is not None and known not in (1, given):
            logger.warning("%s: %s is one of %d, as given; the file says %s", name, field, given, layout)
    if selection.n_channels is not None:
        channels = tuple(str(i + 1) for i in range(selection.n_channels or 1))
        order = _just_before_time("C", layout.order) if len(layout.channels) == 1 else layout.order
        layout = replace(layout, channels=channels, order=order)
    if selection.n_planes is not None and (selection.n_planes, 0) != (layout.n_planes, layout.n_flyback):
        order = _just_before_time("Z", layout.order) if layout.n_planes == 1 else layout.order
        layout = replace(layout, n_planes=selection.n_planes or 1, n_flyback=0, order=order)
    return layout


def chosen_times(name: str, layout: Layout, selection: Selection, n_frames: int) -> range:
    """Return which of `n_frames` stored frames belong to the channel and the plane that are selected.

    Raises
    ------
    InputError
        If there are several and none is selected, or one that isn't there.
    """
    channel = chosen_channel(name, layout.channels, selection.channel)
    plane = chosen_plane(name, range(layout.n_planes), selection.plane)
    times = layout.times(n_frames, layout.channels.index(channel), plane)
    over = n_frames % layout.per_volume
    if over and not layout.goes_on:
        raise InputError(
            name, "frames", f"there are {n_frames}, which aren't whole volumes ({layout})", "Copy it again."
        )
    if layout.n_times is None and over < layout.per_volume - layout.n_flyback * len(layout.channels):
        _warn_of_last(name, layout, over)
    if layout.n_flyback:
        verb = "is flyback and is" if layout.n_flyback == 1 else "are flyback and are"
        whole = layout.n_planes + layout.n_flyback
        logger.info("%s: %d of %d frames in each volume %s left out", name, layout.n_flyback, whole, verb)
    if not times:
        raise InputError(
            name, "frames", f"there are {n_frames}, less than one volume ({layout})", "Check the file."
        )
    return times


def chosen_region(name: str, layout: Layout, selection: Selection) -> Region | None:
    """Return the region that is selected as dataset, or the only one; None if pictures have no regions.

    Raises
    ------
    InputError
        If there are several and none is selected, or one that isn't there, or isn't in the selected plane.
    """
    names = [region.name for region in layout.regions]
    if not names or (len(names) == 1 and selection.dataset is None):
        return layout.regions[0] if names else None
    if selection.dataset not in names:
        problem = "there are" if selection.dataset is None else f"{selection.dataset!r} isn't there, but"
        raise InputError(
            name,
            "dataset",
            f"{problem} {len(names)} regions in each picture: {', '.join(names)}",
            "Choose one by its name: column dataset of the recordings table, or --dataset.",
        )
    region = layout.regions[names.index(selection.dataset)]
    plane = selection.plane or 0
    if plane < len(region.rows) and region.rows[plane] is None:
        planes = [str(i) for i, rows in enumerate(region.rows) if rows is not None]
        raise InputError(
            name, "plane", f"{region.name!r} isn't in plane {plane}", f"It is in: {', '.join(planes)}."
        )
    return region


def whole_volumes(path: Path, layout: Layout, n_frames: int) -> int:
    """Return how many of the stored frames of a file are those of whole volumes; a warning names the rest.

    For files that begin with the first plane, as those of a recording that was stopped.
    """
    over = n_frames % layout.per_volume
    _warn_of_last(path, layout, over)
    return n_frames - over


def _warn_of_last(name: str | Path, layout: Layout, n_frames: int) -> None:
    if n_frames:
        logger.warning(
            "%s: the last volume is incomplete and left out: %d of %d frames",
            name, n_frames, layout.per_volume,
        )  # fmt: skip


def chosen_files(
    files: Sequence[Path], places: Sequence[Place], selection: Selection
) -> tuple[list[Path], Selection]:
    """Return the files of the selected channel and plane, and what is still to be selected within them.

    Parameters
    ----------
    files
        Files of one movie.
    places
        What each of them holds.
    selection
        The channel and the plane that are selected.

    Raises
    ------
    InputError
        As `chosen_times`.
    """
    kept, name = list(zip(files, places, strict=True)), str(files[0])
    if selection.n_channels is None and all(place.channel is not None for place in places):
        channels = _unique(str(place.channel) for place in places)
        channel = chosen_channel(name, channels, selection.channel)
        kept = [(file, place) for file, place in kept if place.channel == channel]
        selection = replace(selection, channel=None)
    if selection.n_planes is None and all(place.plane is not None for place in places):
        planes = sorted({int(place.plane or 0) for place in places})
        plane = chosen_plane(name, planes, selection.plane)
        kept = [(file, place) for file, place in kept if place.plane == plane]
        selection = replace(selection, plane=None)
    return [file for file, _ in kept], selection


def layout_of_files(places: Sequence[Place]) -> Layout:
    """Return the channels and planes that are files of their own."""
    channels = _unique(str(place.channel) for place in places if place.channel is not None)
    planes = {place.plane for place in places if place.plane is not None}
    return Layout(channels or ("",), max(1, len(planes)))


def chosen_channel(name: str, channels: Sequence[str], wanted: str | None) -> str:
    """Return the one of `channels` that is `wanted`, or the only one.

    Raises
    ------
    InputError
        If it isn't there, or none of several is chosen.
    """
    listed = ", ".join(channels)
    if wanted is None:
        if len(channels) > 1:
            raise InputError(
                name, "channel", f"there are {len(channels)}: {listed}", f"Choose one: {_CHANNEL}."
            )
        return channels[0]
    found = [channel for channel in channels if _plain(wanted) in _names(channel)]
    if not found and list(channels) == [""]:
        raise InputError(
            name,
            "channel",
            f"{wanted!r} isn't known: nothing says that there is more than one channel",
            "Leave it empty. If the frames of two channels alternate, give 1/2 for the first of the two.",
        )
    if not found:
        raise InputError(name, "channel", f"{wanted!r} isn't there, but {listed}", f"Choose one: {_CHANNEL}.")
    if len(found) > 1:
        raise InputError(
            name,
            "channel",
            f"{wanted!r} is the name of {', '.join(found)}",
            "Give the number of the channel.",
        )
    return found[0]


def chosen_plane(name: str, planes: Sequence[int], wanted: int | None) -> int:
    """Return `wanted` if it is one of `planes`, or the only one.

    Raises
    ------
    InputError
        If it isn't there, or none of several is chosen.
    """
    if wanted is None:
        if len(planes) > 1:
            raise InputError(
                name,
                "plane",
                f"there are {len(planes)}: {planes[0]} to {planes[-1]}",
                f"Choose one: {_PLANE}. Each plane is a recording.",
            )
        return planes[0]
    if wanted not in planes:
        among = f"{planes[0]} to {planes[-1]}" if len(planes) > 1 else f"only {planes[0]}"
        raise InputError(
            name,
            "plane",
            f"{wanted} isn't there, but {among}",
            f"Choose one of these ({_PLANE}). If the frames of planes alternate although the file doesn't "
            "say so, give 0/4 for the first of four.",
        )
    return wanted


def channel_names(channels: Sequence[str], n_channels: int) -> tuple[str, ...]:
    """Return the channels' numbers from 1, with the names that there are."""
    if n_channels == 1:
        return ("",)
    given = channels if len(channels) == n_channels else [""] * n_channels
    return tuple(channel_name(n, name) for n, name in enumerate(given, 1))


def channel_name(number: int, name: str) -> str:
    """Return a channel's number, with its name if that says more."""
    known = ("", str(number), f"ch{number}", f"channel {number}", f"channel{number}")
    return str(number) if name.strip().casefold() in known else f"{number} ({name.strip()})"


def _just_before_time(axis: str, order: str) -> str:
    """Return `order` with `axis` as the one that changes next faster than time, channels before planes."""
    rest = order.replace(axis, "")
    if axis == "C" and "ZT" in rest:
        return rest.replace("ZT", "CZT")
    return rest.replace("T", f"{axis}T")


def _plain(channel: str) -> str:
    """Return a channel's name without case and a word such as ``Ch``: ``Ch2`` and ``2`` are the same."""
    return re.sub(r"^(channel|chan|ch)[ _]?(?=\w)", "", channel.strip().casefold())


def _names(channel: str) -> set[str]:
    """Return all names of a channel: of ``2 (green)``, also ``2`` and ``green``."""
    match = re.fullmatch(r"(\S+) \((.+)\)", channel)
    return {_plain(name) for name in (channel, *(match.groups() if match else ()))}


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
