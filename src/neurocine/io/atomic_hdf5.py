"""HDF5 files that appear whole or not at all, even on a full disk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from neurocine.io.atomic import atomic_path


class _Sink(io.FileIO):
    """The file under HDF5, which crashes Python where a write fails: so failures are kept, not raised."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        left = memoryview(data)
        try:
            while len(left):
                left = left[super().write(left) :]
        except OSError as error:
            self.failure = self.failure or error
        return len(data)

    def truncate(self, size: int | None = None, /) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0


class NewFile(h5py.File):  # type: ignore[misc]
    """An HDF5 file being written."""

    def __init__(self, sink: _Sink) -> None:
        super().__init__(sink, "w")
        self._sink = sink

    def check(self) -> None:
        """Raise the `OSError` of the first write that failed, if one did."""
        if self._sink.failure is not None:
            raise self._sink.failure


@contextmanager
def atomic_hdf5(path: Path) -> Iterator[NewFile]:
    """Yield a new HDF5 file, which appears at `path` only once it is whole.

    Long writers call `NewFile.check` now and then, so as not to write on after a failure.

    Raises
    ------
    OSError
        If it can't be written, such as on a full disk; `path` stays as it was.
    """
    with atomic_path(path) as part, _Sink(part, "w+") as sink:
        try:
            with NewFile(sink) as file:
                yield file
        except (OSError, RuntimeError):
            if sink.failure is None:
                raise
            # HDF5 fails again after a failed write, for want of what wasn't written: raise the cause.
            raise sink.failure from None
        file.check()
