"""Which channel, plane and time each page of a file is, where files of a set tell: OME-XML, Micro-Manager.

Micro-Manager begins a new file every 4 GB, even between the channels of one time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.movies.layout import Layout, channel_names
from neurocine.io.movies.tiff import ome
from neurocine.io.movies.tiff.headers import damaged, opened
from neurocine.io.movies.tiff.scanimage import MOST_CHANNELS, MOST_PLANES


@dataclass(frozen=True)
class PagePlaces:
    """The pages of a file in the order of time, then planes, then channels.

    Attributes
    ----------
    pages
        Their positions in the file, (pages,).
    slots
        Place of each in the recording, whose channels alternate fastest, then planes, (pages,).
    layout
        Channels and planes.
    """

    pages: NDArray[np.int64]
    slots: NDArray[np.int64]
    layout: Layout


def places_of_pages(path: Path, tif: tifffile.TiffFile, offsets: list[int]) -> PagePlaces | None:
    """Return the places of all pages of a file; None if it is no part of a set and not Micro-Manager's.

    Parameters
    ----------
    path, tif
        The file.
    offsets
        Where the header of each page begins.

    Raises
    ------
    InputError
        If it holds several positions, or the set doesn't tell what a page is.
    """
    return _by_index_map(path, tif, offsets) or _by_ome(path, tif, len(offsets))


def xml_of_set(path: Path, xml: str) -> str:
    """Return the XML of the set; of files that refer to another one for it, that one's.

    It is empty where PrairieView refers to a file that it doesn't write: then names tell.

    Raises
    ------
    DamagedFile
        If the file that the XML is in isn't there.
    """
    name = ome.metadata_file(xml)
    master = path.with_name(PurePath(name).name) if name else path
    if master == path:
        return xml
    if master.suffix == ".ome":
        return master.read_text(encoding="utf-8", errors="replace") if master.is_file() else ""
    if not master.is_file():
        raise damaged(path, f"lacks {master.name} beside it, which tells what its pages are")
    with opened(master) as tif:
        return (tif.ome_metadata or "") if tif.is_ome else ""


def several_positions(path: Path) -> InputError:
    """Return the error for files of several fields of view."""
    return InputError(
        path,
        "positions",
        "there are several: fields of view that were recorded in turn",
        "Make a recording of the files of each; where one file holds several, save each position by itself.",
    )


def _by_index_map(path: Path, tif: tifffile.TiffFile, offsets: list[int]) -> PagePlaces | None:
    """Return what Micro-Manager's list of pages in each file says."""
    settings = (tif.micromanager_metadata or {}) if tif.is_mmstack else {}
    rows = {int(row[4]): row[:4].astype(np.int64) for row in settings.get("IndexMap", ())}
    if not rows or any(offset not in rows for offset in offsets):
        return None
    channel, plane, time, position = np.array([rows[offset] for offset in offsets]).T
    if len(np.unique(position)) > 1:
        raise several_positions(path)
    summary = settings["Summary"] if isinstance(settings["Summary"], dict) else {}
    sizes = [max(int(summary.get(name, 1)), int(own.max()) + 1) for name, own in
             (("Channels", channel), ("Slices", plane))]  # fmt: skip
    names = summary.get("ChNames")
    given = [str(name) for name in names] if isinstance(names, list) else []
    return _sorted(channel, plane, time, _layout(path, given, *sizes))


def _by_ome(path: Path, tif: tifffile.TiffFile, n_pages: int) -> PagePlaces | None:
    """Return what the OME-XML of a set says, which may be in another file of it."""
    xml = xml_of_set(path, (tif.ome_metadata or "") if tif.is_ome else "")
    held = ome.pages_of(xml) if "FileName" in xml else {}
    pixels = ome.pixels_of(xml)
    if len(held) < 2 or pixels is None or len(ome.files_of(xml)) == len(held):
        return None
    own = held.get(path.name, {})
    if len({image for image, *_ in own.values()}) > 1:
        raise several_positions(path)
    if any(page not in own for page in range(n_pages)):
        raise InputError(
            path,
            "OME-XML",
            f"tells {len(own)} of its {n_pages} pages: nothing says which channel or plane the others are",
            "Give the file the name that the microscope gave it.",
        )
    _, channel, plane, time = np.array([own[page] for page in range(n_pages)]).T
    layout = _layout(path, pixels.channels, pixels.n_channels, pixels.n_planes)
    return _sorted(channel, plane, time, layout)


def _layout(path: Path, names: Sequence[str], n_channels: int, n_planes: int) -> Layout:
    if n_channels > MOST_CHANNELS or n_planes > MOST_PLANES:
        raise damaged(path, f"says that there are {n_channels:,} channels and {n_planes:,} planes")
    return Layout(channel_names(names, n_channels), n_planes)


def _sorted(
    channel: NDArray[np.int64], plane: NDArray[np.int64], time: NDArray[np.int64], layout: Layout
) -> PagePlaces:
    slots = (time * layout.n_planes + plane) * len(layout.channels) + channel
    order = np.argsort(slots, kind="stable")
    return PagePlaces(order, slots[order], layout)
