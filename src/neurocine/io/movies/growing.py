"""Movies that are still being written: the frames that are complete so far.

Files that grow at their end can be followed: a TIFF file with a header for each page, a folder of numbered
TIFF files (of one page or more; also a data set of Neurofinder), and suite2p's ``data.bin``. Formats whose
size is fixed beforehand, or whose index is written last, can't: NumPy, HDF5, NWB, Zarr, ImageJ's stacks.
"""

from __future__ import annotations

import logging
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from neurocine.core import FileMissing, InputError, Movie, UnknownFormat
from neurocine.core.movie import BLOCK_BYTES
from neurocine.core.validate import check_fov
from neurocine.io.movies import neurofinder, suite2p_bin, tiff
from neurocine.io.movies.frames import LazyFrames, Mapped
from neurocine.io.movies.metadata import number, resolve_indicator, resolve_metadata, text
from neurocine.io.movies.tiff import scanimage
from neurocine.io.movies.tiff.headers import check_page, damaged
from neurocine.io.movies.tiff.metadata import header_of
from neurocine.io.safe.damage import reraise_as_input_error

logger = logging.getLogger(__name__)

#: Seconds between two looks at a file.
POLL_S = 0.2


class Growing(LazyFrames, ABC):
    """A movie that another program writes; its frames are those that were whole at the last `look`.

    Attributes
    ----------
    source
        The file or folder.
    metadata
        Frames per second, µm per pixel and indicator of the file; None for values that it lacks.
    """

    def __init__(
        self,
        source: Path,
        fov_shape: tuple[int, int],
        dtype: Any,
        metadata: tuple[float | None, float | None, str | None],
    ) -> None:
        check_fov(fov_shape, str(source))
        super().__init__((0, *fov_shape), np.dtype(dtype).newbyteorder("="))
        self.source = source
        self.metadata = metadata

    @abstractmethod
    def _whole(self, *, ended: bool) -> int:
        """Return how many whole frames there are; the last file is closed if `ended`."""

    def look(self, *, ended: bool = False) -> int:
        """Return how many whole frames there are now; once writing has `ended`, the newest is one of them.

        Raises
        ------
        InputError
            If what was there before is gone or changed.
        """
        n_frames = self._whole(ended=ended)
        if n_frames < len(self):
            raise InputError(
                self.source,
                "frames",
                f"were {len(self)}, now are {n_frames}",
                "Is the file being overwritten? Start again.",
            )
        self._shape = (n_frames, *self._shape[1:])
        return n_frames

    def movie(
        self,
        frame_rate_hz: float | None = None,
        pixel_size_um: float | None = None,
        indicator: str | None = None,
    ) -> Movie:
        """Return what is there so far as a movie, with the metadata of the caller and the file.

        Raises
        ------
        InputError
            If there are fewer than 2 frames, or rate or pixel size are unknown or contradict the file.
        """
        where = str(self.source)
        rate, size, file_indicator = self.metadata
        return Movie(
            self,
            resolve_metadata(where, "frame_rate_hz", "--frame-rate", frame_rate_hz, [rate]),
            resolve_metadata(where, "pixel_size_um", "--pixel-size", pixel_size_um, [size]),
            resolve_indicator(where, indicator, [file_indicator]),
            where,
        )

    def blocks(
        self, patience_s: float, poll_s: float = POLL_S, block_bytes: int = BLOCK_BYTES
    ) -> Iterator[NDArray[Any]]:
        """Yield successive frames (n, Y, X) as they come, until none came for `patience_s` seconds.

        Parameters
        ----------
        patience_s
            Seconds without a new frame after which nobody writes any more; those that the caller spends on a
            block don't count.
        poll_s
            Seconds between two looks.
        block_bytes
            Most of a block.

        Raises
        ------
        InputError
            If the file is damaged, or changes other than by growing.
        """
        step = max(1, block_bytes // (self._shape[1] * self._shape[2] * self.dtype.itemsize))
        done, since, ended = 0, time.monotonic(), False
        while True:
            n_frames = self.look(ended=ended)
            for start in range(done, n_frames, step):
                yield self[start : min(start + step, n_frames)]
            if ended:
                return
            if n_frames > done:
                done, since = n_frames, time.monotonic()
            elif time.monotonic() - since >= patience_s:
                ended = True
            else:
                time.sleep(poll_s)


class GrowingBinary(Growing):
    """suite2p's ``data.bin``, with ``ops.npy`` beside it for the size of its frames.

    Raises
    ------
    InputError
        If no settings beside it give the size of the picture.
    """

    def __init__(self, path: Path) -> None:
        settings = suite2p_bin.read_settings(path.parent)
        height, width = number(settings, "Ly"), number(settings, "Lx")
        if not height or not width:
            raise InputError(
                path, "Ly, Lx", "no settings beside it give the size of the picture", "Write ops.npy first."
            )
        fov_shape = int(height), int(width)
        super().__init__(path, fov_shape, np.int16, (number(settings, "fs"), None, None))

    def _whole(self, *, ended: bool) -> int:
        whole, over = divmod(self.source.stat().st_size, 2 * self._shape[1] * self._shape[2])
        if ended and over:
            logger.warning("%s: its last frame is cut short and left out", self.source)
        return whole

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.array(Mapped(self.source, np.int16, 0, self.shape)[start:stop])


class GrowingTiff(Growing):
    """Pages of one TIFF file, or of the numbered ones of a folder, one after the other.

    A page is whole once another follows it, in its file or in the next: its header or its pixels may be
    written last. A folder is read up to the first number that is missing.

    Raises
    ------
    InputError
        If the first page isn't there yet, or isn't one grey picture.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.is_dir()
        is_dataset = self._folder and neurofinder.is_dataset(path)
        self._path = path / neurofinder.IMAGES if is_dataset else path
        self._files: list[Path] = []
        self._at = 0  # the file whose pages are being counted
        self._newest: int | None = None  # where its newest header is
        self._pages: list[tuple[Path, int]] = []
        files = self._listed(ended=False)
        if not files:
            raise InputError(path, "images", "there are no numbered TIFF files", "Use the folder of a movie.")
        with tiff.opened(files[0]) as tif:
            page = _one_picture(files[0], tif)
            header = header_of(files[0], tif, page.axes, page.shape)
            rate, size = header.frame_rate_hz, header.pixel_size_um
            indicator = None
            if is_dataset:
                info = neurofinder.read_info(path / neurofinder.INFO)
                (rate, size), indicator = neurofinder.rate_and_size(info), text(info, "indicator")
            height, width = (int(n) for n in page.shape[:2])
            super().__init__(path, (height, width), page.dtype, (rate, size, indicator))

    def _listed(self, *, ended: bool) -> list[Path]:
        """Return the files in order, up to the first number that is missing."""
        if not self._folder:
            return [self._path]
        by_number = neurofinder.numbered(self._path)
        row = [file for i, (n, file) in enumerate(by_number.items(), next(iter(by_number), 0)) if i == n]
        if row[: len(self._files)] != self._files:
            raise InputError(self._path, "files", "came in before others that were read", "Start again.")
        if ended and len(row) < len(by_number):
            last = row[-1].name
            raise InputError(self._path, "files", f"the one after {last} is missing", "Copy it again.")
        return row

    def _whole(self, *, ended: bool) -> int:
        self._files = self._listed(ended=ended)
        while True:
            file, is_last = self._files[self._at], self._at + 1 == len(self._files)
            self._follow(file)
            if is_last and not ended:
                return len(self._pages)
            if self._newest is None and not is_last:
                raise damaged(file, "isn't a whole TIFF file")
            if self._newest is not None and (not is_last or self._has_pixels(file, self._newest)):
                self._add(file, self._newest)
            if is_last:
                return len(self._pages)
            self._at, self._newest = self._at + 1, None

    def _follow(self, file: Path) -> None:
        """Add the pages of `file` that another page of it follows."""
        if self._newest is None:
            self._newest = _first_header(file)
        if self._newest is None:
            return
        with tiff.opened(file) as tif:
            following = _next_header(tif, self._newest)
            while following and _next_header(tif, following) is not None:
                if following <= self._newest:
                    raise damaged(file, "page headers point backwards")
                self._add(file, self._newest)
                self._newest, following = following, _next_header(tif, following)

    def _add(self, file: Path, offset: int) -> None:
        if self._pages[-1:] != [(file, offset)]:
            self._pages.append((file, offset))

    def _has_pixels(self, file: Path, offset: int) -> bool:
        """Return whether all pixels of the last page lie in the file."""
        try:
            self._picture_at(file, [offset])
        except InputError as error:
            logger.warning("%s: its last frame is cut short and left out (%s)", file, error.problem)
            return False
        return True

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        parts = [
            self._picture_at(file, [offset for _, offset in pages])
            for file, pages in groupby(self._pages[start:stop], key=lambda page: page[0])
        ]
        return np.concatenate(parts) if parts else np.empty((0, *self._shape[1:]), dtype=self.dtype)

    def _picture_at(self, file: Path, offsets: list[int]) -> NDArray[Any]:
        """Return the pictures (n, Y, X) of the pages whose headers are at `offsets`."""
        frames = np.empty((len(offsets), *self._shape[1:]), dtype=self.dtype)
        with tiff.opened(file) as tif:
            for frame, offset in zip(frames, offsets, strict=True):
                tif.filehandle.seek(offset)
                page = tifffile.TiffPage(tif, index=0)
                check_page(file, page)
                dtype = np.dtype(page.dtype).newbyteorder("=")
                if tuple(page.shape[:2]) != self._shape[1:] or dtype != self.dtype:
                    expected = f"expected {self._shape[1:]} {self.dtype}"
                    raise InputError(
                        file, "pages", f"one is {page.shape} {dtype}, {expected}", "Write one movie per file."
                    )
                if any(
                    a + n > tif.filehandle.size
                    for a, n in zip(page.dataoffsets, page.databytecounts, strict=True)
                ):
                    raise damaged(file, "is cut short: pixels lie past its end")
                frame[:] = page.asarray().reshape(frame.shape)
        return frames


def open_growing(path: Path, patience_s: float, poll_s: float = POLL_S) -> Growing:
    """Return a movie that is being written, once it has 2 frames.

    Parameters
    ----------
    path
        File or folder, which need not be there yet.
    patience_s
        How long to wait for its first frames, seconds.
    poll_s
        Seconds between two looks.

    Raises
    ------
    InputError
        If it is of another format, or there are no 2 frames in time.
    """
    if not path.is_dir() and path.suffix.lower() not in (*tiff.SUFFIXES, ".bin", ""):
        raise UnknownFormat(
            path,
            "format",
            "can't be followed while it is written",
            "Give TIFF, a folder of numbered TIFF files, or suite2p's data.bin; or wait until it is whole.",
        )
    began = time.monotonic()
    while True:
        late = time.monotonic() - began >= patience_s
        try:
            with reraise_as_input_error(path, "a movie that is being written"):
                growing = _begun(path)
            if growing.look(ended=late) >= 2:
                return growing
            problem = InputError(
                path, "frames", f"there are {len(growing)} of at least 2", "Is it recording?"
            )
        except InputError as error:
            problem = error
        if late:
            raise problem
        time.sleep(poll_s)


def _begun(path: Path) -> Growing:
    if not path.exists():
        raise FileMissing(path, "file", "doesn't exist", "Check the path, or start writing.")
    if path.is_dir() and (path / "data.bin").is_file():
        return GrowingBinary(path / "data.bin")
    if path.suffix.lower() == ".bin":
        return GrowingBinary(path)
    return GrowingTiff(path)


def _one_picture(file: Path, tif: tifffile.TiffFile) -> tifffile.TiffPage:
    """Return the first page, checked to be one grey picture of a movie."""
    page = tif.pages.first
    check_page(file, page)
    if page.dtype is None:
        raise InputError(file, "dtype", "isn't one that can be read", "Save it as 8 or 16 bit grey values.")
    sizes = dict(zip(page.axes, page.shape, strict=True))
    if settings := scanimage.settings_of(tif):
        layout = scanimage.layout(file, settings)
        sizes |= {"C": len(layout.channels), "Z": layout.n_planes}
    others = {axis: size for axis, size in sizes.items() if axis not in "YX" and size > 1}
    if others:
        named = ", ".join(f"{axis}={size}" for axis, size in others.items())
        raise InputError(
            file,
            "axes",
            f"there is more than rows and columns: {named} (S: colour, C: channel, Z: plane)",
            "Save one channel of one plane per file.",
        )
    if (
        tif.is_imagej
        and (tif.imagej_metadata or {}).get("images", 1) > 1
        and not _next_header(tif, page.offset)
    ):
        raise InputError(
            file,
            "format",
            "is ImageJ's, with one header for all frames",
            "It can't be followed: wait until it is whole, or write a header for each frame.",
        )
    return page


def _first_header(file: Path) -> int | None:
    """Return where the first page header of `file` is, None if it isn't whole yet."""
    try:
        with tiff.opened(file) as tif:
            offset = int(tif.pages.first.offset)
            return None if _next_header(tif, offset) is None else offset
    except InputError as error:
        logger.debug("%s", error)
        return None


def _next_header(tif: tifffile.TiffFile, offset: int) -> int | None:
    """Return the offset of the header after that at `offset`, 0 for none; None if it isn't whole."""
    layout, file = tif.tiff, tif.filehandle
    file.seek(offset)
    count = file.read(layout.tagnosize)
    if len(count) < layout.tagnosize:
        return None
    size = struct.unpack(layout.tagnoformat, count)[0] * layout.tagsize
    rest = file.read(size + layout.offsetsize)
    if not size or len(rest) < size + layout.offsetsize:
        return None
    return int(struct.unpack(layout.offsetformat, rest[size:])[0])
