"""Parsers' errors name the damaged file; a caller's mistakes stay what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurocine.core import DamagedFile, FileMissing, InputError, Movie, RoiSet, Selection
from neurocine.io.movies import open_movie
from neurocine.io.result_files import read_rois, read_traces, write_rois
from neurocine.io.rois import open_rois
from neurocine.io.safe.damage import PARSER_ERRORS, check_unpacked, reraise_as_input_error


@pytest.fixture
def rois_file(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> Path:
    write_rois(tmp_path / "rois.h5", blobs[1])
    return tmp_path / "rois.h5"


@pytest.mark.parametrize("error", [kind for kind in PARSER_ERRORS if kind is not OSError])
def test_a_parsers_error_names_the_file_and_its_cause(error: type[Exception]) -> None:
    with (
        pytest.raises(
            DamagedFile, match=r"^a\.h5: file: isn't a whole file \(.+: no.*\)\. The file is"
        ) as caught,
        reraise_as_input_error("a.h5", "a whole file"),
    ):
        raise error("no")
    assert isinstance(caught.value.__cause__, error)


def test_a_mistake_in_code_is_no_damage() -> None:
    with pytest.raises(NameError), reraise_as_input_error("a.h5", "a whole file"):
        undefined_name  # type: ignore[name-defined]  # noqa: B018, F821


def test_a_file_that_may_not_be_read_is_no_damage() -> None:
    with pytest.raises(InputError, match="permission denied") as caught, reraise_as_input_error("a.h5", "x"):
        raise PermissionError(13, "Permission denied")
    assert not isinstance(caught.value, DamagedFile)


def test_a_long_message_is_cut_short() -> None:
    with pytest.raises(DamagedFile) as caught, reraise_as_input_error("a.h5", "x"):
        raise ValueError("word " * 10_000)
    assert len(str(caught.value)) < 500


def test_paths_may_be_strings(rois_file: Path) -> None:
    assert np.array_equal(read_rois(str(rois_file)).ids, open_rois(rois_file).ids)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="kind") as caught:
        read_traces(str(rois_file))  # type: ignore[arg-type]
    assert not isinstance(caught.value, DamagedFile)
    with pytest.raises(FileMissing):
        read_rois("gone.h5")  # type: ignore[arg-type]


def test_arguments_of_a_wrong_type_are_the_callers_mistake(rois_file: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        read_rois(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        open_rois(rois_file, fov_shape=64)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unpack"):
        open_rois(rois_file, fov_shape=(64, 64, 1))  # type: ignore[arg-type]
    np.save(tmp_path / "m.npy", np.zeros((3, 4, 4)))
    with pytest.raises(TypeError, match="dataset"):
        open_movie(tmp_path / "m.npy", selection=Selection(dataset=0))  # type: ignore[arg-type]


def test_a_file_can_not_unpack_to_more_than_compression_gives() -> None:
    check_unpacked("a.h5", "dff", 10**9, 10**7)
    with pytest.raises(DamagedFile, match=r"a\.h5: dff: declares 10,000,000,000 bytes, but only 10 are"):
        check_unpacked("a.h5", "dff", 10**10, 10)
