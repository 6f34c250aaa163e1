"""ROIs in any known format, read as one `RoiSet` and written back.

A new format is one module with ``read(path, fov_shape)``, perhaps ``write(path, rois)``, and one line of
`FORMATS`; where formats share a suffix, ``matches(path)`` looks inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import DamagedFile, FileMissing, InputError, RoiSet, UnknownFormat
from neurocine.io.rois import caiman, cinac, labels, masks, native, neurofinder, nwb, suite2p
from neurocine.io.rois.fov import FovShape
from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.safe.damage import check_regular, reraise_as_input_error

__all__ = ["FORMATS", "Format", "convert", "open_rois", "save_rois", "write_suite2p"]


def _always(path: Path) -> bool:
    return True


@dataclass(frozen=True)
class Format:
    """An ROI format: its name, the suffixes of its files (none: a folder), its reader and its writer."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, FovShape | None], RoiSet]
    write: Callable[[Path, RoiSet], None] | None = None
    matches: Callable[[Path], bool] = _always


#: Where formats share a suffix, the first that matches reads and the first that can write writes.
FORMATS = (
    Format("rois.h5", (".h5", ".hdf5"), native.read, native.write, native.matches),
    Format("caiman", (".h5", ".hdf5"), caiman.read, matches=caiman.matches),
    Format("cinac", (".cinac", ".h5"), cinac.read, cinac.write, cinac.matches),
    Format("nwb", (".nwb",), nwb.read),
    Format("neurofinder", (".json", ""), neurofinder.read, neurofinder.write, neurofinder.matches),
    Format("suite2p", ("", ".npy"), suite2p.read, suite2p.write, suite2p.matches),
    Format("labels", (".tif", ".tiff", ".npy"), labels.read, labels.write, labels.matches),
    Format("masks", (".npy", ".npz"), masks.read, matches=masks.matches),
)


def open_rois(path: str | Path, *, fov_shape: FovShape | None = None) -> RoiSet:
    """Read ROIs from a file, from suite2p's folder, or from a data set of Neurofinder.

    Parameters
    ----------
    path
        The file or folder.
    fov_shape
        Height and width (Y, X) of the field of view in pixels: needed where the file doesn't tell, checked
        where it does.

    Raises
    ------
    InputError
        If the file is missing, damaged or of an unknown format; if the field of view is unknown or differs;
        if a pixel lies outside it.
    """
    path = Path(path)
    if fov_shape is not None:
        height, width = (int(n) for n in fov_shape)
        fov_shape = height, width
    if not path.exists():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    check_regular(path)
    if path.is_file() and path.stat().st_size == 0:
        raise DamagedFile(path, "file", "is empty (0 bytes)", "Copy it again.")
    kind = _reader(path)
    with reraise_as_input_error(path, f"ROIs in the format {kind.name}"):
        return kind.read(path, fov_shape)


def save_rois(path: Path, rois: RoiSet, *, fmt: str | None = None) -> None:
    """Write ROIs, atomically, in the format named `fmt` or told by the suffix.

    ``.h5`` is neurocine's own, ``.npy`` and ``.tif`` are label images, ``stat.npy`` and names without suffix
    are suite2p's folder.

    Raises
    ------
    InputError
        If the format is unknown or can only be read, or can't hold these ROIs.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if fmt is None and path.name == "stat.npy":
        fmt = "suite2p"
    for kind in FORMATS:
        wanted = kind.name == fmt if fmt is not None else suffix in kind.suffixes and kind.name != "suite2p"
        if fmt is None and suffix == "":
            wanted = kind.name == "suite2p"
        if wanted and kind.write is not None:
            kind.write(path, rois)
            return
    writable = "; ".join(f"{kind.name} ({_suffixes(kind)})" for kind in FORMATS if kind.write)
    raise UnknownFormat(
        path, "format", f"{fmt or suffix!r} can't be written", f"Formats to write: {writable}."
    )


def convert(src: Path, dst: Path, *, fov_shape: FovShape | None = None) -> None:
    """Read the ROIs of `src` and write them to `dst`, in the format that its suffix tells.

    Raises
    ------
    InputError
        For all that `open_rois` and `save_rois` refuse.
    """
    save_rois(dst, open_rois(src, fov_shape=fov_shape))


def _reader(path: Path) -> Format:
    suffix = "" if path.is_dir() else path.suffix.lower()
    possible = [kind for kind in FORMATS if suffix in kind.suffixes]
    try:
        for kind in possible:
            if len(possible) == 1 or kind.matches(path):
                return kind
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            path, "file", f"isn't a readable {suffix} file ({error})", "Copy or save it again."
        ) from error
    if path.is_dir():
        raise InputError(
            path,
            "folder",
            f"holds neither suite2p's stat.npy nor Neurofinder's {neurofinder.REGIONS}",
            "Give the file that holds the ROIs, or such a folder.",
        )
    if possible:
        names = ", ".join(kind.name for kind in possible)
        raise UnknownFormat(path, "content", f"is none of {names}", "Give a file of one of these formats.")
    known = "; ".join(f"{kind.name} ({_suffixes(kind)})" for kind in FORMATS)
    raise UnknownFormat(path, "suffix", f"{suffix!r} isn't a known ROI format", f"Known are {known}.")


def _suffixes(kind: Format) -> str:
    return ", ".join(suffix or "folder" for suffix in kind.suffixes)
