"""ROIs in any known format, read as one `RoiSet` and written back.

A new format is one module in this folder with a function ``read(path, fov_shape, dataset) -> RoiSet``,
perhaps one ``write(path, rois)``, that registers itself in `ROI_FORMATS`; nothing else changes.
"""

from __future__ import annotations

from pathlib import Path

from neurocine.core import DamagedFile, FileMissing, InputError, OtherFieldOfView, RoiSet
from neurocine.core.recording import Crop
from neurocine.io.rois.datasets import MARK, split_dataset
from neurocine.io.rois.doubts import warn_of_doubts
from neurocine.io.rois.fov import FovShape, cropped
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat
from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.safe.damage import check_regular, reraise_as_input_error

__all__ = [
    "ROI_FORMATS",
    "RoiFormat",
    "convert",
    "open_cropped",
    "open_rois",
    "rois_format",
    "save_rois",
    "split_dataset",
    "write_suite2p",
]


def open_rois(path: str | Path, *, fov_shape: FovShape | None = None) -> RoiSet:
    """Read ROIs from a file, from suite2p's folder, or from a data set of Neurofinder.

    Parameters
    ----------
    path
        The file or folder; ``file#name`` for one of several sets of ROIs in a file.
    fov_shape
        Height and width (Y, X) of the field of view in pixels: needed where the file doesn't give them,
        checked where it does.

    Raises
    ------
    FileMissing, DamagedFile, UnknownFormat
        If the file is missing, damaged or of an unknown format.
    FieldOfViewUnknown
        If neither the file nor the caller gives the field of view.
    InputError
        If the two differ, a pixel lies outside the field of view, or the file holds several sets of ROIs and
        none is named, or not the named one.
    """
    file, dataset = split_dataset(path)
    if fov_shape is not None:
        height, width = (int(n) for n in fov_shape)
        fov_shape = height, width
    roi_format = rois_format(file)
    if dataset is not None and not roi_format.has_datasets:
        raise InputError(
            file,
            f"{MARK}{dataset}",
            f"the format {roi_format.name} holds a single set of ROIs",
            f"Leave out what follows the {MARK}.",
        )
    with reraise_as_input_error(file, f"ROIs in the format {roi_format.name}"):
        rois = roi_format.read(file, fov_shape, dataset)
    return rois if dataset is None else rois.with_source(str(path))


def open_cropped(path: str | Path, *, fov_shape: FovShape, crop: Crop | None) -> RoiSet:
    """Read the ROIs of a movie of which only a part is used.

    Parameters
    ----------
    path
        As in `open_rois`.
    fov_shape
        Height and width (Y, X) of the part that is used.
    crop
        Which part of the whole picture it is; None: all is used.

    Returns
    -------
    RoiSet
        Counted from the corner of the part. ROIs whose file gives the size of the part as the field of view
        are taken as they are; all others are those of the whole picture.

    Raises
    ------
    InputError
        As `open_rois`; if no ROI lies in the part.
    """
    rois, part = _whole_or_part(path, fov_shape, crop)
    warn_of_doubts(path, rois)
    return rois if part is None else cropped(rois, part)


def _whole_or_part(path: str | Path, fov_shape: FovShape, crop: Crop | None) -> tuple[RoiSet, Crop | None]:
    """Return the ROIs of the whole picture, and the crop; or those of the part, and None."""
    if crop is None:
        return open_rois(path, fov_shape=fov_shape), None
    try:
        return open_rois(path, fov_shape=crop.whole), crop
    except OtherFieldOfView as whole:
        try:
            return open_rois(path, fov_shape=fov_shape), None
        except OtherFieldOfView:
            raise whole from None


def rois_format(path: Path) -> RoiFormat:
    """Return the format of a file or folder of ROIs.

    Raises
    ------
    FileMissing, DamagedFile, UnknownFormat
        If the file is missing, empty or of an unknown format.
    """
    if not path.exists():
        raise FileMissing(path, "file", "doesn't exist", "Check the path.")
    check_regular(path)
    if path.is_dir():
        return ROI_FORMATS.of_folder(path)[0]
    if path.stat().st_size == 0:
        raise DamagedFile(path, "file", "is empty (0 bytes)", "Copy it again.")
    return ROI_FORMATS.of_file(path)


def save_rois(path: Path, rois: RoiSet, *, fmt: str | None = None) -> None:
    """Write ROIs, atomically, in the format named `fmt` or else in that of the suffix.

    ``.h5`` is neurocine's own, ``.npy`` and ``.tif`` are label images, ``stat.npy`` and names without suffix
    are suite2p's folder.

    Raises
    ------
    UnknownFormat
        If the format is unknown or can only be read.
    InputError
        If it can't hold these ROIs.
    """
    path = Path(path)
    ROI_FORMATS.writer(path, fmt)(path, rois)


def convert(src: Path, dst: Path, *, fov_shape: FovShape | None = None) -> None:
    """Read the ROIs of `src` and write them to `dst`, in the format of its suffix.

    Raises
    ------
    InputError
        For all that `open_rois` and `save_rois` refuse.
    """
    rois = open_rois(src, fov_shape=fov_shape)
    warn_of_doubts(src, rois)
    save_rois(dst, rois)
