"""Files of which each holds one channel or one plane, by their names or by OME-XML.

| program | names |
|---|---|
| PrairieView (Bruker) | ``NAME_Cycle00001_Ch2_000001.ome.tif``: cycle, channel, and frame or plane |
| Micro-Manager | ``NAME_MMStack_Pos0_1.ome.tif``: position, and number of the file after the first |
| ThorImage | ``ChanA_001_001_001_0001.tif``: channel, two places of a mosaic, plane, time |
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import TypeVar

from neurocine.core import InputError
from neurocine.io.movies.layout import FileSet, Place, channel_name, channel_names
from neurocine.io.movies.tiff import ome
from neurocine.io.movies.tiff.headers import opened
from neurocine.io.movies.tiff.page_places import several_positions, xml_of_set
from neurocine.io.movies.vendors import prairie, thorimage

logger = logging.getLogger(__name__)

_Settings = TypeVar("_Settings", prairie.Settings, thorimage.Settings)

_PRAIRIE = re.compile(
    r"(?P<name>.+)_Cycle(?P<cycle>\d+)_(?:\w+_)?Ch(?P<channel>\d+)_(?P<number>\d+)(?:\.ome)?\.tiff?", re.I
)
_THOR = re.compile(r"Chan(?P<channel>[A-D])_\d+_\d+_(?P<plane>\d+)_\d+\.tiff?", re.I)
#: Micro-Manager numbers the files of a position, after the first.
_MICRO_MANAGER = re.compile(r"(?P<stack>.*_MMStack_(?P<position>.+?))(?:_[1-9]\d*)?\.ome\.tif", re.I)
#: Files of a set that a message lists.
_MAX_NAMED = 3
#: Pictures that ThorImage stores beside a movie.
_PREVIEW = re.compile(r"Chan[A-D]_Preview\.tiff?", re.I)


def is_preview(path: Path) -> bool:
    """Return whether a file is the preview of a channel, beside the movie."""
    return _PREVIEW.fullmatch(path.name) is not None


def is_file_set(files: Sequence[Path]) -> bool:
    """Return whether `files`, previews left out, are one recording of PrairieView or ThorImage."""
    names = [path.name for path in files if not is_preview(path)]
    prefixes = {match["name"] if (match := _PRAIRIE.fullmatch(name)) else None for name in names}
    one_series = len(prefixes) == 1 and None not in prefixes
    return len(names) > 1 and (one_series or all(_THOR.fullmatch(name) for name in names))


def stacks(paths: Sequence[Path]) -> list[list[Path]]:
    """Return the files among `paths` that Micro-Manager wrote, a list for each position, in order of time."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        if match := _MICRO_MANAGER.fullmatch(path.name):
            found[match["stack"]].append(path)
    return [sorted(files, key=lambda path: (len(path.name), path.name)) for files in found.values()]


def stack_glob(path: Path) -> tuple[str, str]:
    """Return a glob of the names of all files of a position that Micro-Manager wrote, and how these begin."""
    match = _MICRO_MANAGER.fullmatch(path.name)
    name = match["stack"] if match else path.name
    return f"{escape(name)}[_.]*", name


def file_set(files: Sequence[Path]) -> FileSet | None:
    """Return channel and plane of each file, and what settings beside the files say; None if unknown."""
    return _prairie(files) or _thor(files) or _by_ome(files)


def _prairie(files: Sequence[Path]) -> FileSet | None:
    found = [_PRAIRIE.fullmatch(path.name) for path in files]
    matches = [match for match in found if match]
    if len(matches) < len(found):
        return None
    first_ones = {(path.parent, m["name"]): path for path, m in zip(files[::-1], matches[::-1], strict=True)}
    beside = [prairie.settings_of(path) for path in reversed(first_ones.values())]
    found_settings = {path: prairie.read_settings(path) for path in beside if path}
    settings = _common(found_settings)
    lists_files = settings is not None and bool(settings.channels)
    volumes = settings.n_planes > 1 if settings and lists_files else _are_planes(files, matches)
    in_pages = settings is not None and volumes and settings.has_pages
    names = settings.channels if settings else {}
    places = [
        Place(
            channel_name(int(m["channel"]), names.get(int(m["channel"]), "")),
            int(m["number"]) - 1 if volumes and not in_pages else None,
        )
        for m in matches
    ]
    if settings is None:
        return FileSet(places)
    n_planes = len({m["number"] for m in matches}) if volumes and not lists_files else 1
    rate = settings.frame_rate_hz and settings.frame_rate_hz / n_planes
    # Of several folders, each has its own times.
    numbers = settings.numbers if len(found_settings) == n_planes == 1 else ()
    return FileSet(places, rate, settings.pixel_size_um, settings.n_planes if in_pages else 1, numbers)


def _common(settings: Mapping[Path, _Settings]) -> _Settings | None:
    """Return the settings of all folders of a movie, by the files that hold them; None if there are none.

    Raises
    ------
    InputError
        If rate, pixel size or the number of planes differ.
    """
    if not settings:
        return None
    (first, one), *others = settings.items()
    for path, other in others:
        for field in ("frame_rate_hz", "pixel_size_um", "n_planes"):
            values = getattr(one, field), getattr(other, field)
            if None not in values and abs(values[0] - values[1]) > 0.01 * values[0]:
                problem = f"is {values[1]:.4g}, but {values[0]:.4g} in {first}"
                raise InputError(path, field, problem, "Make a recording of the files of each.")
    return one


def _are_planes(files: Sequence[Path], matches: Sequence[re.Match[str]]) -> bool:
    """Return whether the last number of PrairieView's names counts planes, and each cycle is a volume."""
    in_cycle = Counter(m["cycle"] for m in matches if m["channel"] == matches[0]["channel"])
    xml = _ome_of(files[0])
    pixels = ome.pixels_of(xml) if xml else None
    if pixels is not None and len(ome.files_of(xml)) > 1:
        return len({plane for _, plane in ome.files_of(xml).values()}) > 1
    *whole, _last = in_cycle.values()
    likely = len(whole) > 1 and len(set(whole)) == 1 and 1 < whole[0] < len(in_cycle)
    if likely:
        logger.warning(
            "%s: its %d cycles are taken for volumes of %d planes. If they aren't, copy the .xml of the "
            "recording beside its files",
            files[0], len(in_cycle), whole[0],
        )  # fmt: skip
    return likely


def _thor(files: Sequence[Path]) -> FileSet | None:
    names = [_THOR.fullmatch(path.name) for path in files]
    matches = [match for match in names if match]
    if len(matches) < len(names):
        return None
    volumes = len({m["plane"] for m in matches}) > 1
    places = [Place(m["channel"].upper(), int(m["plane"]) - 1 if volumes else None) for m in matches]
    beside = [folder / thorimage.SETTINGS for folder in dict.fromkeys(path.parent for path in files)]
    settings = _common({path: thorimage.read_settings(path) for path in beside if path.is_file()})
    if settings is None:
        return FileSet(places)
    rate = settings.frame_rate_hz
    if rate and volumes:
        rate /= settings.n_planes + settings.n_flyback
    return FileSet(places, rate, settings.pixel_size_um)


def _by_ome(files: Sequence[Path]) -> FileSet | None:
    """Return the places that the OME-XML of the first file gives, if it names all files.

    Files of the set that aren't among `files` are named in a warning.

    Raises
    ------
    InputError
        If they are of several fields of view.
    """
    xml = xml_of_set(files[0], _ome_of(files[0]))
    pages = ome.pages_of(xml) if "FileName" in xml else {}
    images = {image for path in files for image, *_ in pages.get(path.name, {}).values()}
    stacks = [_MICRO_MANAGER.fullmatch(path.name) for path in files]
    if len(images) > 1 or len({match["position"] for match in stacks if match}) > 1:
        raise several_positions(files[0])
    _warn_of_others(
        files, [name for name, own in pages.items() if {place[0] for place in own.values()} == images]
    )
    if len(files) == 1:
        return None
    held = ome.files_of(xml) if "FileName" in xml else {}
    if any(path.name not in held for path in files):
        return None
    places = [held[path.name] for path in files]
    pixels = ome.pixels_of(xml)
    names = pixels.channels if pixels else ()
    n_channels, n_planes = (len(set(one)) for one in zip(*places, strict=True))
    if n_channels == n_planes == 1:
        return None
    return FileSet(
        [
            Place(
                channel_names(names, n_channels)[channel] if n_channels > 1 else None,
                plane if n_planes > 1 else None,
            )
            for channel, plane in places
        ]
    )


def _warn_of_others(files: Sequence[Path], named: Sequence[str]) -> None:
    """Warn of files of the same set that aren't among `files`: those `named` by it, or beside them."""
    beside = next((stack for stack in stacks(list(files[0].parent.iterdir())) if files[0] in stack), [])
    given = {path.name for path in files}
    others = [name for name in dict.fromkeys([*named, *(path.name for path in beside)]) if name not in given]
    if not others:
        return
    more = f" and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
    logger.warning(
        "%s: its set has other files, too, which aren't read: %s%s. Give all of them, as their folder or by "
        "a glob; copy those that aren't there",
        files[0], ", ".join(others[:_MAX_NAMED]), more,
    )  # fmt: skip


def _ome_of(path: Path) -> str:
    """Return the OME-XML of a file; empty if there is none."""
    with opened(path) as tif:
        return (tif.ome_metadata or "") if tif.is_ome else ""
