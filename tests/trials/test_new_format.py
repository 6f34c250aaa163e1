"""What it takes to add a movie or ROI format: one new module, and no other file changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurocine

MOVIE_MODULE = '''"""Movies as text: a line per frame."""

from pathlib import Path

import numpy as np

from neurocine.io.movies.frames import OpenedMovie
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return square frames."""
    flat = np.loadtxt(path, dtype=np.int16, ndmin=2)
    edge = round(flat.shape[1] ** 0.5)
    return OpenedMovie(flat.reshape(-1, edge, edge), frame_rate_hz=8.0)


MOVIE_FORMATS.register(MovieFormat(name="toy", suffixes=(".toy",), read=read))
'''

ROI_MODULE = '''"""ROIs as text: one row per pixel."""

from pathlib import Path

import numpy as np

from neurocine.core import RoiSet
from neurocine.io.rois.fov import FovShape, agreed_fov
from neurocine.io.rois.registry import ROI_FORMATS, RoiFormat


def read(path: Path, fov_shape: FovShape | None, dataset: str | None = None) -> RoiSet:
    """Return one ROI."""
    y, x = np.loadtxt(path, dtype=np.int64, ndmin=2).T
    return RoiSet.from_pixels(agreed_fov(path, None, fov_shape), [(y, x, None)])


def write(path: Path, rois: RoiSet) -> None:
    """Write the first ROI."""
    np.savetxt(path, np.stack(rois.pixels(0)[:2], axis=1), fmt="%d")


def is_toy(path: Path) -> bool:
    """Return whether a JSON file isn't one of Neurofinder."""
    return not path.read_bytes().startswith(b"[")


ROI_FORMATS.register(
    RoiFormat(
        name="toy", suffixes=(".toy", ".json"), matches=is_toy, read=read, write=write, written_as=(".toy",)
    )
)
'''

USE = """
from pathlib import Path

import numpy as np
import pytest

from neurocine.core import InputError, UnknownFormat
from neurocine.io.movies import find_movies, open_movie
from neurocine.io.rois import open_rois, save_rois

Path("movies").mkdir()
np.savetxt("movies/m.toy", np.arange(3 * 16).reshape(3, 16), fmt="%d")
movie = open_movie(Path("movies/m.toy"), pixel_size_um=1)
assert (movie.n_frames, movie.fov_shape, movie.frame_rate_hz) == (3, (4, 4), 8.0)
assert movie.read(1, 2)[0, 0].tolist() == [16, 17, 18, 19]
assert find_movies(Path("movies")) == [Path("movies/m.toy")]
Path("m.avi").write_text("x")
for function in (open_movie, open_rois):
    with pytest.raises(UnknownFormat, match=r"toy \\(.toy"):
        function(Path("m.avi"))

np.savetxt("r.toy", [[0, 1], [2, 3]], fmt="%d")
rois = open_rois(Path("r.toy"), fov_shape=(4, 4))
save_rois(Path("copy.toy"), rois)
assert open_rois(Path("copy.toy"), fov_shape=(4, 4)).y.tolist() == [0, 2]
# A suffix that another format has: both are asked, in no order.
save_rois(Path("r.json"), rois)
assert open_rois(Path("r.json"), fov_shape=(4, 4)).x.tolist() == [1, 3]
Path("toy.json").write_text("1 1")
assert open_rois(Path("toy.json"), fov_shape=(4, 4)).x.tolist() == [1]
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "neurocine"
    shutil.copytree(Path(neurocine.__path__[0]), package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def run(package: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=package.parents[1],
        env=os.environ | {"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# A name that is imported before all others, and one that is imported last.
@pytest.mark.parametrize("name", ["a_toy", "zz_toy"])
def test_a_format_is_one_module(copy: Path, name: str) -> None:
    for folder, module in (("movies", MOVIE_MODULE), ("rois", ROI_MODULE)):
        # No existing file is touched.
        with (copy / "io" / folder / f"{name}.py").open("x", encoding="utf-8") as file:
            file.write(module)
    run(copy, "-c", USE)


def test_init_lists_movies_of_a_new_format(copy: Path) -> None:
    with (copy / "io" / "movies" / "toy.py").open("x", encoding="utf-8") as file:
        file.write(MOVIE_MODULE)
    movies = copy.parents[1] / "movies"
    movies.mkdir()
    (movies / "mouse.1.toy").write_text("1 2 3 4\n5 6 7 8\n")
    run(copy, "-c", "from neurocine.cli import main; main()", "init", "movies", "--in", "project")
    table = (copy.parents[1] / "project" / "config" / "recordings.tsv").read_text(encoding="utf-8")
    assert "mouse.1\t" in table
    assert "mouse.1.toy\t8.0" in table
