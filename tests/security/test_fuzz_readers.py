"""Files with bytes changed at random: read, or refused in words; no crash, no hang, no heap of memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from neurocine.io.movies import MOVIE_FORMATS, movie_files
from neurocine.io.rois import ROI_FORMATS, rois_format

#: How many times as many files as usual are tried; from 2 on they are others each time.
TIMES = int(os.environ.get("NEUROCINE_FUZZ", "1"))
#: What `samples` in conftest.py makes, and how many files are made of each: those of pynwb take long to read.
FORMATS = {
    "tiff": 60, "tiff, ImageJ": 60, "tiff, OME": 60, "tiff, LZW": 60, "tiff, a header a page": 60,
    "tiff, growing": 60, "tiff, ScanImage": 60,
    "hdf5": 80, "movie.h5": 80, "nwb movie": 12, "npy": 60, "zarr 3": 40, "zarr 2": 40,
    "zarr 2, a chunk": 40, "suite2p's settings": 80, "neurofinder's info": 60, "neurofinder's image": 60,
    "neurofinder's regions": 60, "rois.h5": 80, "cinac": 80, "suite2p": 80, "suite2p's iscell": 40,
    "suite2p's Fall.mat": 80,
    "suite2p's redcell": 40,
    "labels, tiff": 60, "labels, npy": 60, "labels, png": 60, "imagej's set": 60, "imagej's roi": 80,
    "cellpose": 60, "masks": 60, "caiman": 80, "nwb rois": 12, "segments": 80,
    "traces": 60, "activity": 60, "assemblies": 60, "celltypes": 60, "truth": 60, "weights": 60,
    "segmentation weights": 60, "checkpoint": 60, "source": 60, "source record": 60, "recordings": 60,
    "config": 30, "registry": 30, "matlab": 60, "scanbox's settings": 80, "thorimage's settings": 60,
    "caiman's memory map": 20,
    "inscopix": 80, "prairieview's settings": 30, "nikon": 80,
}  # fmt: skip

#: What parsers stumble over, as well as any bytes.
TELLING = [
    b"\xff" * 8, b"\xff" * 4, b"\x00" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80", b"\x00", b"-1",
    b"1e999", b"99999999999", b'"', b"[", b"]" * 3, b"{" * 2000, b"[" * 20000, b"null", b"NaN", b"\t", b"\n",
    b"\r", b"&a", b"*a", b"!!python/object:os.system", b"\xed\xa0\x80",
]  # fmt: skip


@st.composite
def edits(draw: DrawFn) -> list[tuple[float, str, int, bytes]]:
    """Where in a file, in parts of its length, what is done there, with how many bytes, and which bytes."""
    edit = st.tuples(
        # Headers are at the beginning; trailers at the end.
        st.one_of(st.floats(0, 1), st.floats(0, 0.1), st.floats(0.95, 1)),
        st.sampled_from(["replace", "replace", "flip", "flip", "insert", "delete", "repeat", "cut"]),
        st.integers(1, 64),
        st.one_of(st.sampled_from(TELLING), st.binary(min_size=1, max_size=8)),
    )
    return draw(st.lists(edit, min_size=1, max_size=6))


def edited(content: bytes, changes: list[tuple[float, str, int, bytes]]) -> bytes:
    for part, act, n, data in changes:
        at = min(int(part * len(content)), max(0, len(content) - 1))
        head, tail = content[:at], content[at:]
        if act == "replace":
            content = head + data + tail[len(data) :]
        elif act == "flip":
            content = head + bytes(b ^ (1 << n % 8) for b in tail[:1]) + tail[1:]
        elif act == "insert":
            content = head + data + tail
        elif act == "delete":
            content = head + tail[n:]
        elif act == "repeat":
            content = head + tail[:n] * 3 + tail[n:]
        elif n < 8:  # seldom, as little is left to be read
            content = head
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "file"


def test_the_samples_are_valid(reading: Callable[[str, Path], str], samples: dict[str, Any]) -> None:
    assert set(samples) == set(FORMATS)
    answers = {name: reading(sample.reader, sample.path) for name, sample in samples.items()}
    assert {name: answer for name, answer in answers.items() if answer != "ok"} == {}


def test_every_format_has_a_sample(samples: dict[str, Any]) -> None:
    paths = {
        reader: [sample.path for sample in samples.values() if sample.reader == reader]
        for reader in ("movie", "rois")
    }
    assert {movie_files(path)[0].name for path in paths["movie"]} == {one.name for one in MOVIE_FORMATS}
    assert {rois_format(path).name for path in paths["rois"]} == {one.name for one in ROI_FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_changed_bytes(
    name: str,
    folder: Path,
    samples: dict[str, Any],
    reading: Callable[[str, Path], str],
    copied: Callable[..., Any],
) -> None:
    sample = samples[name]
    copy = copied(sample, folder)
    content = sample.file.read_bytes()

    @settings(
        max_examples=FORMATS[name] * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(edits())
    def tried(changes: list[tuple[float, str, int, bytes]]) -> None:
        copy.file.write_bytes(edited(content, changes))
        answer = reading(copy.reader, copy.path)
        assert answer == "ok" or answer.startswith("refused: "), answer

    tried()
