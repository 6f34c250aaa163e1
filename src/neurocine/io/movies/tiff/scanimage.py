"""What ScanImage writes into TIFF files: channels, planes, flyback, rates and the size of pixels.

Versions 3 to 2024 name the same things differently; `KEYS` lists the names. ScanImage stores channels
fastest, then planes, then time; a slow stack stores all frames of a plane before the next plane. Sources: the
headers and readers of ScanImage itself, of scanreader and of roiextractors.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import dist, isfinite
from pathlib import Path

import tifffile

from neurocine.core import InputError
from neurocine.io.movies.layout import Layout, channel_name

logger = logging.getLogger(__name__)

Settings = Mapping[str, str]

#: Names of each quantity, without the prefix ``scanimage.``; the first that is there counts.
KEYS: dict[str, tuple[str, ...]] = {
    "channels": ("SI.hChannels.channelSave", "SI5.channelsSave", "SI4.channelsSave"),
    "channel names": ("SI.hChannels.channelName",),
    "n channels": ("state.acq.numberOfChannelsSave",),
    "fast": ("SI.hFastZ.enable", "SI5.fastZEnable", "SI4.fastZEnable"),
    "stack": ("SI.hStackManager.enable",),
    "stack mode": ("SI.hStackManager.stackMode",),
    "planes": (
        "SI.hStackManager.actualNumSlices",
        "SI.hStackManager.slicesPerAcq",
        "SI.hStackManager.numSlices",
        "SI5.stackNumSlices",
        "SI4.stackNumSlices",
        "state.acq.numberOfZSlices",
    ),
    "depths": ("SI.hStackManager.zs", "SI.hFastZ.userZs"),
    "frames per plane": (
        "SI.hStackManager.framesPerSlice",
        "SI5.acqNumFrames",
        "SI4.acqNumFrames",
        "state.acq.numberOfFrames",
    ),
    "frames per volume": ("SI.hStackManager.numFramesPerVolume",),
    "frames with flyback": (
        "SI.hStackManager.numFramesPerVolumeWithFlyback",
        "SI.hFastZ.numFramesPerVolume",
    ),
    "flyback": (
        "SI.hFastZ.numDiscardFlybackFrames",
        "SI5.fastZNumDiscardFrames",
        "SI4.fastZNumDiscardFrames",
    ),
    "flyback is left out": (
        "SI.hFastZ.discardFlybackFrames",
        "SI5.fastZDiscardFlybackFrames",
        "SI4.fastZDiscardFlybackFrames",
    ),
    "volumes": ("SI.hStackManager.actualNumVolumes", "SI.hStackManager.numVolumes", "SI.hFastZ.numVolumes"),
    "frame rate": (
        "SI.hRoiManager.scanFrameRate",
        "SI5.scanFrameRate",
        "SI4.scanFrameRate",
        "state.acq.frameRate",
    ),
    "frame period": ("SI.hRoiManager.scanFramePeriod", "SI5.scanFramePeriod", "SI4.scanFramePeriod"),
    "volume rate": ("SI.hRoiManager.scanVolumeRate",),
    "volume period": ("SI5.fastZPeriod", "SI4.fastZPeriod"),
    "averaging": ("state.acq.averaging",),
    "averaged": (
        "SI.hScan2D.logAverageFactor",
        "SI5.acqNumAveragedFrames",
        "SI4.acqNumAveragedFrames",
        "state.acq.numAvgFramesSave",
    ),
    "objective": ("SI.objectiveResolution",),
    "corners": ("SI.hRoiManager.imagingFovUm",),
    "columns": ("SI.hRoiManager.pixelsPerLine",),
    "rows": ("SI.hRoiManager.linesPerFrame",),
}  # fmt: skip

#: More than any microscope has.
MOST_CHANNELS, MOST_PLANES = 256, 10_000
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
#: Any of these is in ScanImage's headers.
_MARKS = ("SI.hChannels.", "scanimage.SI", "state.acq.")
#: Numbers that give the corners of the field of view: x and y of four.
_CORNERS = 8
#: Channels of ScanImage 3, whose header has a switch for each.
_SWITCHES = range(1, 5)


@dataclass(frozen=True)
class Stack:
    """The planes of a volume.

    Attributes
    ----------
    n_planes
        Planes; 1 if there is no volume.
    n_flyback
        Frames after each volume while the objective goes back.
    is_fast
        Whether a volume is scanned again and again; else each plane is recorded for some time, then the next.
    frames_per_plane
        Frames in succession at each plane.
    """

    n_planes: int = 1
    n_flyback: int = 0
    is_fast: bool = False
    frames_per_plane: int = 1


def settings_of(tif: tifffile.TiffFile) -> dict[str, str]:
    """Return ScanImage's settings by their names without ``scanimage.``; empty if there are none."""
    tags = tif.pages.first.tags
    written = "\n".join(str(tags[name].value) for name in ("Software", "ImageDescription") if name in tags)
    return parse(written) if any(mark in written for mark in _MARKS) else {}


def parse(text: str) -> dict[str, str]:
    """Return the lines ``key = value`` of a header."""
    lines = (line.partition("=") for line in text.splitlines())
    return {key.strip().removeprefix("scanimage."): value.strip() for key, _, value in lines if value.strip()}


def value(settings: Settings, quantity: str) -> str | None:
    """Return the text of the first key of `quantity` that is there."""
    return next((settings[key] for key in KEYS[quantity] if key in settings), None)


def numbers(text: str) -> list[float]:
    """Return all numbers in `text`, such as MATLAB's ``[1;2]``."""
    return [float(number) for number in _NUMBER.findall(text)]


def number(settings: Settings, quantity: str) -> float | None:
    """Return the number of the first key of `quantity` that holds a positive one, or None."""
    for key in KEYS[quantity]:
        found = numbers(settings.get(key, ""))
        if len(found) == 1 and found[0] > 0 and isfinite(found[0]):
            return found[0]
    return None


def channels(settings: Settings) -> tuple[str, ...]:
    """Return the names of the channels that are saved: their numbers, with the user's names if there are."""
    saved = [int(n) for n in numbers(value(settings, "channels") or "")]
    saved = saved or [n for n in _SWITCHES if settings.get(f"state.acq.savingChannel{n}") == "1"]
    n_saved = _count(settings, "n channels", MOST_CHANNELS) or len(saved) or 1
    if len(saved) != n_saved:
        saved = list(range(1, n_saved + 1))
    given = re.findall(r"'([^']*)'", value(settings, "channel names") or "")
    return tuple(channel_name(n, given[n - 1] if 0 < n <= len(given) else "") for n in saved)


def stack(name: str | Path, settings: Settings) -> Stack:
    """Return the planes of a volume, and how they were scanned."""
    fast, switch = _is_on(settings, "fast"), value(settings, "stack")
    depths = len(numbers(value(settings, "depths") or ""))
    n_planes = _count(settings, "planes", MOST_PLANES) or 1
    if fast and depths > 1 and "SI.hStackManager.actualNumSlices" not in settings:
        n_planes = depths
    # Versions without a switch for stacks record one whenever there are several slices.
    if n_planes < 2 or not (fast or switch is None or _is_on(settings, "stack")):
        return Stack()
    in_succession = int((number(settings, "frames per plane") or 1) // _averaged(settings))
    mode = value(settings, "stack mode") or ""
    if "slow" in mode or not (fast or "fast" in mode or (switch is not None and in_succession <= 1)):
        return Stack(n_planes, frames_per_plane=max(1, in_succession))
    per_volume = _count(settings, "frames per volume", MOST_PLANES**2) or n_planes
    n_flyback = _flyback(name, settings, max(per_volume, n_planes))
    return Stack(n_planes, n_flyback, is_fast=True, frames_per_plane=max(1, per_volume // n_planes))


def layout(name: str | Path, settings: Settings) -> Layout:
    """Return how channels and planes follow one another.

    Raises
    ------
    InputError
        If each volume has several frames of a plane in succession: planes aren't sampled evenly in time.
    """
    names, planes = channels(settings), stack(name, settings)
    if planes.is_fast and planes.frames_per_plane > 1 and number(settings, "volumes") != 1:
        raise InputError(
            name,
            "frames per slice",
            f"each volume holds {planes.frames_per_plane} frames of a plane, then as many of the next: those "
            "of a plane aren't evenly spaced in time",
            "Save the mean of each such group as one frame, or one plane per file.",
        )
    if planes.n_planes > 1 and planes.frames_per_plane > 1:
        logger.warning(
            "%s: a stack of %d planes with %d frames each, one plane after the other",
            name, planes.n_planes, planes.frames_per_plane,
        )  # fmt: skip
        return Layout(names, planes.n_planes, order="CTZ", n_times=planes.frames_per_plane)
    return Layout(names, planes.n_planes, planes.n_flyback)


def rate(name: str | Path, settings: Settings) -> tuple[float | None, bool]:
    """Return frames per second of one plane, None if unknown, and whether that is a rate of volumes.

    A file of one plane whose header gives another rate for volumes was cut out of a recording of several.
    """
    planes, averaged = stack(name, settings), _averaged(settings)
    frames, volumes = _frequency(settings, "frame"), _frequency(settings, "volume")
    if planes.n_planes == 1 or planes.frames_per_plane > 1:
        if frames and volumes and planes.n_planes == 1 and frames > 1.5 * volumes:
            n_planes = round(frames / volumes)
            logger.warning(
                "%s: the header says one plane, but %g frames and %g volumes per second: it is taken for one "
                "of %d planes, at %g Hz. If planes alternate in it, give plane 0/%d and so on",
                name, frames, volumes, n_planes, volumes / averaged, n_planes,
            )  # fmt: skip
            return volumes / averaged, True
        return (frames / averaged if frames else None), False
    if not planes.is_fast:
        return None, True  # the stage moves between planes: nothing says for how long
    if volumes is None and frames:
        volumes = frames / (planes.n_planes + planes.n_flyback)
    return (volumes / averaged if volumes else None), True


def edges(name: str | Path, settings: Settings, picture: tuple[int, int]) -> list[float]:
    """Return width and height of a pixel in µm, empty if unknown; warn if the `picture` has another size."""
    corners = numbers(value(settings, "corners") or "")
    size = [number(settings, quantity) for quantity in ("rows", "columns")]
    rows, columns = size
    if len(corners) != _CORNERS or not rows or not columns:
        return []
    # The field may be turned: its first edge is that of the rows, the second that of the columns.
    first, second, third = zip(corners[0:6:2], corners[1:6:2], strict=True)
    found = [dist(first, second) / columns, dist(second, third) / rows]
    if picture != (rows, columns):
        logger.warning(
            "%s: the pictures have %d x %d pixels, but by the header %d x %d. If they were cut, a pixel has "
            "%.4g µm, as read; if pixels were joined, it has %.4g µm: give that, with override",
            name, *picture, rows, columns, found[0], found[0] * columns / picture[1],
        )  # fmt: skip
    return [edge for edge in found if edge > 0]


def _averaged(settings: Settings) -> float:
    """Return how many frames were averaged to one; version 3 keeps the number while that is switched off."""
    off = value(settings, "averaging") == "0"
    return 1 if off else number(settings, "averaged") or 1


def _flyback(name: str | Path, settings: Settings, n_frames: int) -> int:
    """Return how many frames follow the `n_frames` of a volume; warn if the rates contradict it."""
    total = _count(settings, "frames with flyback", MOST_PLANES**2)
    counted = "SI.hStackManager.numFramesPerVolumeWithFlyback" in settings or total > n_frames
    n_flyback = max(0, total - n_frames) if counted else _count(settings, "flyback", MOST_PLANES)
    if not counted and value(settings, "flyback is left out") and not _is_on(settings, "flyback is left out"):
        n_flyback = 0
    frames, volumes = _frequency(settings, "frame"), _frequency(settings, "volume")
    if frames and volumes and round(frames / volumes) != n_frames + n_flyback:
        logger.warning(
            "%s: the header says %d planes and %d flyback frames, but its rates say %d frames in each "
            "volume. Check the planes",
            name, n_frames, n_flyback, round(frames / volumes),
        )  # fmt: skip
    return n_flyback


def _frequency(settings: Settings, what: str) -> float | None:
    """Return frames or volumes per second, before averaging."""
    frequency = number(settings, f"{what} rate")
    # Version 4 keeps the period of volumes while they are switched off.
    period = number(settings, f"{what} period") if what == "frame" or _is_on(settings, "fast") else None
    return frequency or (1 / period if period else None)


def _count(settings: Settings, quantity: str, most: int) -> int:
    """Return a whole number, 0 if it isn't given.

    Raises
    ------
    ValueError
        If it is more than `most`, which no microscope reaches.
    """
    n = int(number(settings, quantity) or 0)
    if n > most:
        raise ValueError(f"ScanImage's header says {n} {quantity}")
    return n


def _is_on(settings: Settings, quantity: str) -> bool:
    return (value(settings, quantity) or "").lower() in ("true", "1")
