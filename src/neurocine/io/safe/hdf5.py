"""HDF5 files from anywhere, checked before anything in them is read.

An HDF5 file can refer to other files, which are then read in its place (external links, external storage,
virtual datasets), and can declare arrays of any size that it doesn't hold. All of this is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError
from neurocine.io.safe.damage import (
    DEFLATE_RATIO,
    FREE_BYTES,
    MAX_RATIO,
    check_unpacked,
    reraise_as_input_error,
)

#: Bytes of one attribute.
MOST_ATTRIBUTE = 16 * 1024**2
#: HDF5's own compression filters. Two on top of each other would multiply the size to unpack to.
_UNPACKING = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SZIP, h5py.h5z.FILTER_LZF)
#: A chunk that can't be compressed is stored as it is, or slightly longer.
_LONGER = 1.1
_COPY = "Copy what it needs into one file, as with h5repack or h5copy."


def open_hdf5(path: str | Path, remedy: str = "Copy or save it again.", *, beside: bool = False) -> h5py.File:
    """Open `path` for reading, after checking that it is whole and needs no other file.

    Parameters
    ----------
    path
        The file.
    remedy
        What to do if it isn't HDF5.
    beside
        Whether it may link to HDF5 files that lie in its folder or in one beside it, as the NWB files that
        neurocine writes do.

    Raises
    ------
    InputError
        If it isn't a whole HDF5 file; if it names other files; if a dataset or an attribute declares more
        than the file can hold.
    """
    path = Path(path)
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", remedy)
    with reraise_as_input_error(path, "a whole HDF5 file", remedy):
        file = h5py.File(path, "r")
        try:
            _look_through(file, beside)
        except BaseException:
            file.close()
            raise
    return file


@contextmanager
def reading_hdf5(path: str | Path, remedy: str = "Copy or save it again.") -> Iterator[h5py.File]:
    """Yield what `open_hdf5` returns; errors in the block become `DamagedFile`."""
    path = Path(path)
    with (
        reraise_as_input_error(path, "a file with the expected content", remedy),
        open_hdf5(path, remedy) as file,
    ):
        yield file


def _look_through(file: h5py.File, beside: bool) -> None:
    _check_attributes(file, "/", file)
    links: list[tuple[str, Any]] = []
    # Collected first: an exception in a callback of HDF5 would be lost.
    file.visititems_links(lambda name, link: links.append((name, link)))
    for name, link in links:
        if isinstance(link, h5py.ExternalLink):
            _check_external(file, name, link, beside)
        elif isinstance(link, h5py.HardLink):
            item = file[name]
            _check_attributes(file, name, item)
            if isinstance(item, h5py.Dataset):
                check_dataset(file, name, item)
        # Soft links stay within the file; their targets are checked under their own names.


def _check_external(file: h5py.File, name: str, link: h5py.ExternalLink, beside: bool) -> None:
    near = Path(file.filename).resolve().parent
    target = (near / link.filename).resolve()
    if not (beside and target.is_relative_to(near.parent) and target.is_file()):
        raise InputError(file.filename, name, "is a link to another file", _COPY)
    open_hdf5(target).close()


def _check_attributes(file: h5py.File, name: str, item: Any) -> None:
    for key in item.attrs:
        kept = item.attrs.get_id(key)
        if prod(kept.shape) * kept.dtype.itemsize > MOST_ATTRIBUTE:
            raise InputError(
                file.filename, f"{name}: attribute {key}", f"has shape {kept.shape}", "Save the file again."
            )


def check_dataset(file: h5py.File, name: str, item: h5py.Dataset) -> None:
    """Raise `InputError` if a dataset lies in other files, or declares more than it can hold."""
    if item.is_virtual or item.external is not None:
        raise InputError(file.filename, name, "lies in other files", _COPY)
    if item.shape is None:
        return
    stored = _stored(item)
    check_unpacked(file.filename, name, _n_bytes(item), stored, DEFLATE_RATIO)
    if item.chunks is None:
        return
    chunk = prod(item.chunks) * item.dtype.itemsize
    check_unpacked(file.filename, f"{name}: chunks", chunk, stored, DEFLATE_RATIO)
    plist = item.id.get_create_plist()
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if sum(code in _UNPACKING for code in filters) > 1:
        raise InputError(file.filename, name, "is compressed twice", "Save it with one compression.")
    if filters:
        _check_chunks(file, name, item, int(_LONGER * chunk) + 1024)


def whole(item: Any, kinds: str = "biuf") -> NDArray[Any]:
    """Return all of a dataset of numbers, or of other types by NumPy's letters `kinds`.

    Raises
    ------
    InputError
        If it is of another type, or out of proportion to what is stored.
    """
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in kinds:
        dtype = getattr(item, "dtype", "a group")
        raise InputError(
            item.file.filename, str(item.name), f"is {dtype}, not numbers", "Make the file again."
        )
    check_unpacked(item.file.filename, str(item.name), _n_bytes(item), _stored(item))
    return np.asarray(item[...])


def ragged(item: h5py.Dataset) -> NDArray[np.object_]:
    """Return all of a dataset of lists of numbers, as objects.

    Raises
    ------
    InputError
        If it is of another type, or its lists together are out of proportion to the file: many may be stored
        as one and the same.
    """
    where, base = item.file.filename, h5py.check_vlen_dtype(item.dtype)
    if base is None or np.dtype(base).kind not in "iuf":
        raise InputError(
            where, str(item.name), f"is of type {item.dtype}, not lists of numbers", "Save it again."
        )
    lists = np.empty(item.shape, dtype=object)
    left = FREE_BYTES + MAX_RATIO * Path(where).stat().st_size
    for index in np.ndindex(item.shape):
        lists[index] = np.asarray(item[index])
        left -= lists[index].nbytes
        if left < 0:
            raise DamagedFile(where, str(item.name), "lists more than the file can hold", "Save it again.")
    return lists


def _n_bytes(item: h5py.Dataset) -> int:
    return prod(item.shape or ()) * int(item.dtype.itemsize)


def _stored(item: h5py.Dataset) -> int:
    """Return how many bytes of a dataset are stored; never more than the file has, whatever it declares."""
    return min(int(item.id.get_storage_size()), Path(item.file.filename).stat().st_size)


def _check_chunks(file: h5py.File, name: str, item: h5py.Dataset, most: int) -> None:
    """Raise `InputError` if a chunk is stored in more bytes than it has: unpacking it wouldn't end there."""
    largest = 0

    def look(chunk: Any) -> None:
        nonlocal largest
        largest = max(largest, int(chunk.size))

    item.id.chunk_iter(look)
    if largest > most:
        raise InputError(
            file.filename, name, f"has a chunk of {largest:,} bytes for {most:,}", "Save the file again."
        )
