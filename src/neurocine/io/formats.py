"""File formats that register themselves.

Each folder of formats (`neurocine.io.movies`, `neurocine.io.rois`) has a registry. A format is one module in
that folder, or in one below it, which registers itself when it is imported; the registry imports all of them.
Which format reads a file never depends on the order of registration: formats that share a suffix look into
the file, and two that both recognise it are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Generic, TypeVar

from neurocine.core import InputError, UnknownFormat
from neurocine.io.safe.damage import reraise_as_input_error


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """What a format's files are called and how they are recognised.

    Attributes
    ----------
    name
        Unique name, for messages and records.
    suffixes
        Suffixes of its files, in lower case and with the dot.
    matches
        Whether a file whose suffix other formats share is in this format. None: it takes those that no other
        format recognises.
    files_in
        For a folder: the files that belong together, in order; ``[folder]`` if the format is a folder; empty
        if the folder isn't in this format. None: the format has no folders.
    folder_content
        What such a folder holds, for messages.
    collects_files
        Whether `files_in` takes any files of its suffixes: a format that recognises the folder as a whole
        then comes first.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    matches: Callable[[Path], bool] | None = None
    files_in: Callable[[Path], list[Path]] | None = None
    folder_content: str = ""
    collects_files: bool = False

    def __str__(self) -> str:
        """Return the name and what its files are called."""
        folder = [f"folder with {self.folder_content}"] if self.files_in else []
        return f"{self.name} ({', '.join([*self.suffixes, *folder])})"


F = TypeVar("F", bound=FileFormat)


class FormatRegistry(Generic[F]):
    """The formats of one kind of data.

    Parameters
    ----------
    package
        Package whose modules register formats.
    content
        What the files hold, for messages: ``movie``, ``ROI``.
    remedies
        What to do with files and folders that no format reads, by suffix.
    """

    def __init__(self, package: str, content: str, remedies: Mapping[str, str] | None = None) -> None:
        self._package = package
        self._content = content
        self._remedies = remedies or {}
        self._formats: dict[str, F] = {}
        self._complete = False

    def register(self, new: F) -> F:
        """Add a format.

        Raises
        ------
        ValueError
            If its name is taken, or if another format, too, takes all files of one of its suffixes.
        """
        if new.name in self._formats:
            raise ValueError(f"two formats are called {new.name!r}")
        for other in self._formats.values():
            shared = set(new.suffixes) & set(other.suffixes)
            if shared and new.matches is None and other.matches is None:
                raise ValueError(f"{new.name} and {other.name} share {shared}: one must look into the file")
        self._formats[new.name] = new
        return new

    def __iter__(self) -> Iterator[F]:
        """Return all formats, sorted by name."""
        if not self._complete:
            for module in walk_packages(import_module(self._package).__path__, f"{self._package}."):
                import_module(module.name)
            self._complete = True
        return iter(sorted(self._formats.values(), key=lambda one: one.name.casefold()))

    def suffixes(self) -> frozenset[str]:
        """Return the suffixes of all formats."""
        return frozenset(suffix for one in self for suffix in one.suffixes)

    def of_file(self, path: Path) -> F:
        """Return the format of a file.

        Raises
        ------
        UnknownFormat
            If no format has its suffix, or none of those that have it recognises the file.
        InputError
            If the file is damaged, or several formats recognise it.
        """
        suffix = path.suffix.lower()
        possible = [one for one in self if suffix in one.suffixes]
        if not possible:
            known = f"Known formats: {'; '.join(map(str, self))}."
            remedy = self._remedies.get(suffix)
            raise UnknownFormat(
                path,
                "suffix",
                f"{suffix or 'none'!r} isn't a known {self._content} format",
                f"{remedy} {known}" if remedy else known,
            )
        if len(possible) == 1:
            return possible[0]
        recognised, errors = [], list[InputError]()
        for one in possible:
            try:
                with reraise_as_input_error(path, f"a readable {suffix} file"):
                    if one.matches is not None and one.matches(path):
                        recognised.append(one)
            except InputError as error:
                errors.append(error)
        if not recognised and errors:
            raise errors[0]
        recognised = recognised or [one for one in possible if one.matches is None]
        if not recognised:
            names = ", ".join(one.name for one in possible)
            raise UnknownFormat(
                path, "content", f"is none of {names}", "Give a file of one of these formats."
            )
        return self._only(path, recognised)

    def of_folder(self, folder: Path) -> tuple[F, list[Path]]:
        """Return the format of a folder, and the files in it that belong together.

        Raises
        ------
        UnknownFormat
            If no format recognises it.
        InputError
            If several do.
        """
        files = {one.name: one.files_in(folder) for one in self if one.files_in}
        recognised = [one for one in self if files.get(one.name)]
        whole = [one for one in recognised if not one.collects_files]
        if not recognised:
            contents = ", ".join(f"{one.folder_content} ({one.name})" for one in self if one.files_in)
            raise UnknownFormat(
                folder,
                "folder",
                f"holds none of: {contents}",
                self._remedies.get(
                    folder.suffix.lower(), f"Give the {self._content} file, or the folder that holds it."
                ),
            )
        chosen = self._only(folder, whole or recognised)
        return chosen, files[chosen.name]

    def is_one_folder(self, path: Path) -> bool:
        """Return whether `path` is a folder that some format reads as a whole, such as Zarr."""
        return path.is_dir() and any(
            one.files_in(path) == [path] for one in self if one.files_in and not one.collects_files
        )

    def _only(self, path: Path, recognised: list[F]) -> F:
        if len(recognised) > 1:
            names = " and ".join(one.name for one in recognised)
            raise InputError(
                path, "content", f"is in several formats: {names}", "Keep the files of one format only."
            )
        return recognised[0]
