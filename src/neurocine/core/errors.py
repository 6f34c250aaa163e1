"""The errors that neurocine raises on purpose.

Callers tell them apart by class, never by their text.
"""

from __future__ import annotations

from pathlib import Path


class NeurocineError(Exception):
    """Base of every error that neurocine raises on purpose; its text is meant for the user."""


class InputError(NeurocineError):
    """An input can't be used: a file, a table, a setting or an array.

    Parameters
    ----------
    where
        The file, table row or array at fault.
    field
        The part of it at fault: a dataset, a column, a config key.
    problem
        What is wrong, with the values that were read.
    remedy
        What the user can do about it.
    """

    def __init__(self, where: str | Path, field: str, problem: str, remedy: str) -> None:
        self.where = str(where)
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{where}: {field}: {problem}. {remedy}")


class NoValidFrame(InputError):
    """No frame of a movie holds data."""

    def at(self, where: str | Path) -> NoValidFrame:
        """Return the same error, which names `where`: the file that only a caller knows."""
        return NoValidFrame(where, self.field, self.problem, self.remedy)


class FileMissing(InputError):
    """A file or folder doesn't exist."""


class DamagedFile(InputError):
    """A file is empty, cut short or can't be parsed."""


class UnknownFormat(InputError):
    """A file is in none of the known formats, or in one that can't be used for the task."""


class MetadataMissing(InputError):
    """Neither the file nor the user gives a value that is needed, such as the frame rate."""


class SeveralDatasets(InputError):
    """A file holds several movies, and the user named none.

    Attributes
    ----------
    names
        Of the datasets.
    """

    def __init__(
        self, where: str | Path, field: str, problem: str, remedy: str, names: tuple[str, ...] = ()
    ) -> None:
        super().__init__(where, field, problem, remedy)
        self.names = names


class FieldOfViewUnknown(MetadataMissing):
    """Neither the ROI file nor the caller gives the size of the field of view."""


class OtherFieldOfView(InputError):
    """ROIs are those of a field of view of another size."""


class EngineMissing(InputError):
    """An engine isn't installed or can't be loaded.

    Attributes
    ----------
    package
        The Python package that isn't installed; None if the engine can't be loaded for another reason.
    """

    def __init__(
        self, where: str | Path, field: str, problem: str, remedy: str, package: str | None = None
    ) -> None:
        super().__init__(where, field, problem, remedy)
        self.package = package


class ReaderMissing(InputError):
    """The package that reads a file's format isn't installed."""
