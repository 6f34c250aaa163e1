"""The field of view that a file's ROIs lie in."""

from __future__ import annotations

from pathlib import Path

from neurocine.core import FieldOfViewUnknown, InputError

FovShape = tuple[int, int]


def agreed_fov(path: Path, in_file: FovShape | None, expected: FovShape | None) -> FovShape:
    """Return height and width (Y, X) of the field of view, as the file and the caller agree on it.

    Raises
    ------
    FieldOfViewUnknown
        If neither gives it.
    InputError
        If they differ.
    """
    if in_file is None and expected is None:
        raise FieldOfViewUnknown(
            path,
            "fov_shape",
            "the file doesn't give the size of the field of view",
            "Give it as height and width in pixels, such as that of the movie.",
        )
    if in_file is not None and expected is not None and tuple(in_file) != tuple(expected):
        raise InputError(
            path,
            "fov_shape",
            f"is {tuple(in_file)} (height, width) in the file, but {tuple(expected)} was expected",
            "Do the ROIs belong to this movie? Is it cropped, binned or transposed?",
        )
    height, width = in_file if in_file is not None else expected or (0, 0)
    return int(height), int(width)
