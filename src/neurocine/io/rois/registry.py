"""The registry of ROI formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import RoiSet, UnknownFormat
from neurocine.io.formats import FileFormat, FormatRegistry
from neurocine.io.rois.fov import FovShape


@dataclass(frozen=True, kw_only=True)
class RoiFormat(FileFormat):
    """An ROI format.

    Attributes
    ----------
    read
        Reads a file: takes its path, the field of view (Y, X), None if the caller doesn't know it, and the
        name of a set of ROIs in it, None for the only one.
    write
        Writes a file; None if the format can only be read.
    written_as
        Names of files, or suffixes, that are written in this format unless another is asked for by name; an
        empty suffix is a folder.
    has_datasets
        Whether a file may hold several sets of ROIs to choose from.
    """

    read: Callable[[Path, FovShape | None, str | None], RoiSet]
    write: Callable[[Path, RoiSet], None] | None = None
    written_as: tuple[str, ...] = ()
    has_datasets: bool = False


class RoiFormats(FormatRegistry[RoiFormat]):
    """The ROI formats, to read and to write."""

    def writer(self, path: Path, name: str | None = None) -> Callable[[Path, RoiSet], None]:
        """Return what writes the format `name`, or that of the file name or suffix of `path`.

        Raises
        ------
        UnknownFormat
            If there is no such format, or it can only be read.
        """
        suffix = path.suffix.lower()
        for key in (path.name, suffix):
            for one in self:
                chosen = one.name == name if name is not None else key in one.written_as
                if chosen and one.write is not None:
                    return one.write
        writable = "; ".join(str(one) for one in self if one.write)
        raise UnknownFormat(
            path, "format", f"{name or suffix!r} can't be written", f"Formats to write: {writable}."
        )

    def register(self, new: RoiFormat) -> RoiFormat:
        """Add a format; see `FormatRegistry.register`."""
        for other in self._formats.values():
            if shared := set(new.written_as) & set(other.written_as):
                raise ValueError(f"{new.name} and {other.name} are both written as {shared}")
        return super().register(new)


ROI_FORMATS = RoiFormats("neurocine.io.rois", "ROI")
