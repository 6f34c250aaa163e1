"""Provenance in every result file, and the shared way to open one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocine.core import DamagedFile, FileMissing, InputError
from neurocine.io.atomic_hdf5 import NewFile, atomic_hdf5
from neurocine.io.safe.damage import reraise_as_input_error
from neurocine.io.safe.hdf5 import open_hdf5, whole

#: Version of the file layouts in this package; raised when a layout changes.
SCHEMA_VERSION = 1


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of `settings` as canonical JSON."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Stamp:
    """Provenance written into every file.

    Attributes
    ----------
    config_hash
        Hash of the settings of the step that made the file (`settings_hash`).
    source_sha256
        Checksum of the movie that everything comes from.
    schema_version
        Version of the layout.
    """

    config_hash: str = ""
    source_sha256: str = ""
    schema_version: int = SCHEMA_VERSION

    def write(self, attrs: h5py.AttributeManager, kind: str) -> None:
        """Write the stamp and the file's `kind` into HDF5 attributes."""
        attrs["kind"] = kind
        attrs["schema_version"] = self.schema_version
        attrs["config_hash"] = self.config_hash
        attrs["source_sha256"] = self.source_sha256


@contextmanager
def create(path: Path, kind: str, stamp: Stamp) -> Iterator[NewFile]:
    """Yield a stamped HDF5 file of `kind`, which appears at `path` only once it is whole."""
    with atomic_hdf5(path) as file:
        stamp.write(file.attrs, kind)
        yield file


@contextmanager
def opened(path: str | Path, kind: str) -> Iterator[h5py.File]:
    """Yield the HDF5 file at `path`, checked to be of `kind`.

    Raises
    ------
    InputError
        If it is missing, isn't HDF5, names other files, is of another kind or of a newer layout; if what is
        read of it isn't what it should be.
    """
    path = Path(path)
    with reraise_as_input_error(path, f"a whole {kind} file"), open_checked(path, kind) as file:
        yield file


def open_checked(path: str | Path, kind: str) -> h5py.File:
    """Open as `opened` does, for callers that keep the file open."""
    path = Path(path)
    file = _open(path)
    with reraise_as_input_error(path, f"a whole {kind} file"):
        stored = file.attrs.get("kind")
        version = int(file.attrs.get("schema_version", 0))
        fits = isinstance(stored, str) and stored == kind and version <= SCHEMA_VERSION
    if not fits:
        file.close()
        raise InputError(
            path,
            "kind",
            f"is {stored!r} with layout {version}, expected {kind!r} with layout {SCHEMA_VERSION} or older",
            f"Give a {kind} file made by this version of neurocine.",
        )
    return file


def _open(path: Path) -> h5py.File:
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", f"Run the step that makes {path.name}.")
    return open_hdf5(path, "Make it again.")


def dataset(file: h5py.File, name: str, kinds: str = "biuf") -> NDArray[Any]:
    """Return the whole dataset `name`, or raise `InputError` if the file lacks it or it isn't of `kinds`."""
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        raise DamagedFile(file.filename, name, "is missing", "The file is damaged: make it again.")
    return whole(item, kinds)


def attribute(file: h5py.File, name: str) -> Any:
    """Return the attribute `name` of the file, or raise `InputError` if it lacks it."""
    if name not in file.attrs:
        raise DamagedFile(file.filename, name, "is missing", "The file is damaged: make it again.")
    return file.attrs[name]


def write_valid(file: NewFile, valid: NDArray[np.bool_] | None, n_frames: int) -> None:
    """Write which of `n_frames` frames hold data, (T,) bool; None: all."""
    file["valid"] = np.ones(n_frames, dtype=bool) if valid is None else valid


def read_valid(file: h5py.File) -> NDArray[np.bool_] | None:
    """Return what `write_valid` wrote; None if all frames hold data, or the file is older."""
    valid = dataset(file, "valid", "b") if "valid" in file else np.ones(1, dtype=bool)
    return None if valid.all() else valid


def strings(file: h5py.File, name: str) -> tuple[str, ...]:
    """Return the dataset of strings `name`."""
    return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in dataset(file, name, "SO"))


def as_strings(values: Iterable[str]) -> NDArray[np.bytes_]:
    """Return `values` as `strings` reads them; of none, too, where h5py would store numbers."""
    return np.array([value.encode() for value in values], dtype="S")


def read_stamp(path: str | Path) -> Stamp:
    """Return the stamp of any HDF5 file of the workflow.

    Raises
    ------
    InputError
        If the file is missing, isn't HDF5 or has no stamp.
    """
    path = Path(path)
    with reraise_as_input_error(path, "a file of neurocine"), _open(path) as file:
        return Stamp(
            config_hash=str(attribute(file, "config_hash")),
            source_sha256=str(attribute(file, "source_sha256")),
            schema_version=int(attribute(file, "schema_version")),
        )
