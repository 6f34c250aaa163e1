"""Files appear whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neurocine.io.atomic import atomic_path, write_text

FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from neurocine.core import Movie, RoiSet
from neurocine.io.atomic import atomic_path
from neurocine.io.result_files import MovieWriter, Stamp, write_rois
from neurocine.io.rois import save_rois

resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))  # any file over 5 kB fails as on a full disk
kind, path = sys.argv[1], Path(sys.argv[2])
masks = np.ones((30, 60, 60), bool)
rois = RoiSet.from_masks(masks)
if kind == "movie":
    movie = Movie(np.random.default_rng(0).integers(0, 9, (64, 64, 64)).astype("u2"), 1.0, 1.0)
    with MovieWriter(path, movie, Stamp()) as writer:
        writer.write(0, movie.read(0, 64))
elif kind == "rois":
    write_rois(path, rois)
else:
    save_rois(path, rois)
"""


def test_the_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "wärme.txt"
    with atomic_path(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.suffix == ".txt"
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="stop"), atomic_path(path) as part:  # noqa: PT012
        part.write_text("half of the new")
        raise RuntimeError("stop")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_wrote_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.txt"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        write_text(tmp_path / "file" / "a.txt", "text")
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("movie", "movie.h5"), ("rois", "rois.h5"), ("any", "regions.json"), ("any", "a.cinac")],
)
def test_a_full_disk_leaves_no_file_that_looks_whole(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, kind, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, "an error, not a crash"
    assert "File too large" in done.stderr
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path], done.stderr


def test_a_full_disk_leaves_no_half_suite2p_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "any", str(tmp_path / "plane0")], capture_output=True, check=False
    )
    assert done.returncode != 0
    # stat.npy comes last: without it no reader takes the folder for whole.
    names = [path.name for path in (tmp_path / "plane0").iterdir()]
    assert "stat.npy" not in names
    assert not any(name.startswith(".") for name in names)
    for name in names:
        np.load(tmp_path / "plane0" / name, allow_pickle=True)
