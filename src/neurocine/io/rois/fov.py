"""The field of view that a file's ROIs lie in."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import FieldOfViewUnknown, InputError

FovShape = tuple[int, int]


def agreed_fov(path: Path, found: FovShape | None, given: FovShape | None) -> FovShape:
    """Return height and width (Y, X) of the field of view, as the file and the caller agree on it.

    Raises
    ------
    FieldOfViewUnknown
        If neither gives it.
    InputError
        If they differ.
    """
    if found is None and given is None:
        raise FieldOfViewUnknown(
            path,
            "fov_shape",
            "the file doesn't give the size of the field of view",
            "Give it as height and width in pixels, such as that of the movie.",
        )
    if found is not None and given is not None and tuple(found) != tuple(given):
        raise InputError(
            path,
            "fov_shape",
            f"is {tuple(found)} (height, width) in the file, but {tuple(given)} was expected",
            "Do the ROIs belong to this movie? Is it cropped, binned or transposed?",
        )
    height, width = found if found is not None else given or (0, 0)
    return int(height), int(width)
