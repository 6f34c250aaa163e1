"""What goes wrong on any computer: a damaged recording among good ones, and a disk that is full."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOCAL = str(ROOT / "profiles" / "local")
#: Good recordings beside the damaged one; the docs say what came of 100.
GOOD = int(os.environ.get("NEUROCINE_FAULT_RECORDINGS", "2"))
MOTION = "results/m000/motion/movie.h5"
#: As little work as every step can do.
QUICK = {
    "motion": {"engine": "none"},
    "segmentation": {"engine": "given"},
    "celltype": {"backend": "openvino"},
    "activity": {"backend": "openvino"},
    "report": {"clip_s": 1},
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory, make_project, write_light) -> Any:
    """A project with one recording cut short among good ones, run with the local profile."""
    project = make_project(tmp_path_factory.mktemp("damaged"))
    write_light(project, GOOD + 1)
    project.configure(QUICK)
    movie = project.folder / "raw" / "m001.tif"
    movie.with_suffix(".whole").write_bytes(movie.read_bytes())
    movie.write_bytes(movie.read_bytes()[:60_000])
    project.first = project.snakemake("--profile", LOCAL, timeout=900 + 60 * GOOD)
    return project


def index(project: Any) -> str:
    return " ".join((project.results / "index.html").read_text().split())


def test_all_others_finish_and_the_index_names_the_bad_one_and_why(damaged: Any) -> None:
    done = damaged.first
    assert done.returncode == 1
    assert f"1 of {GOOD + 1} recordings aren't finished: results/index.html says why" in done.stderr
    page = index(damaged)
    (failures,) = re.findall(r"Without a report</b>(.*?)</aside>", page)
    assert re.findall(r"<b>(\w+)</b>: ([^<]*)", failures) == [
        ("m001", "ingest: raw/m001.tif: file: is cut short after 1 page headers. Copy or save it again.")
    ]
    good = {f"m{number:03d}" for number in range(GOOD + 1)} - {"m001"}
    assert set(re.findall(r'href="(\w+)/report/report.html"', page)) == good
    for name in good:
        assert (damaged.results / name / "export" / "recording.nwb").is_file()
    assert not list((damaged.results / "m001").rglob("*.h5"))


def test_once_it_is_mended_only_its_own_steps_run_and_the_index_is_whole(damaged: Any) -> None:
    movie = damaged.folder / "raw" / "m001.tif"
    movie.write_bytes(movie.with_suffix(".whole").read_bytes())
    done = damaged.snakemake("--profile", LOCAL)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not re.search(r"of m000", done.stderr)
    assert "Without a report" not in index(damaged)
    assert "Nothing to be done" in damaged.snakemake("-n").stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A disk of its own whose size can be set."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode().strip()}")

    def of(size: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
        return disk

    yield of
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_no_half_file_and_the_run_goes_on(
    tmp_path: Path, make_project, write_light, small_disk
) -> None:
    project, alone = (make_project(tmp_path / name) for name in ("project", "alone"))
    for each in (project, alone):
        write_light(each, 1, size=128, n_frames=400)  # 13 MB
    project.configure({**QUICK, "results": str(small_disk("2m"))})
    target = str(small_disk("2m") / "m000" / "motion" / "movie.h5")
    done = project.snakemake("--profile", LOCAL, target)
    assert done.returncode == 1
    assert re.search(r"\[motion\] .*No space left on device.* \(log: .*motion\.log\)", done.stderr)
    assert not list(small_disk("2m").rglob("*.h5"))
    small_disk("40m")
    assert project.snakemake("--profile", LOCAL, target).returncode == 0
    assert alone.snakemake(MOTION).returncode == 0
    assert Path(target).read_bytes() == (alone.folder / MOTION).read_bytes()


def test_a_file_that_may_not_grow_is_told_the_same_way(tmp_path: Path, make_project, write_light) -> None:
    project = make_project(tmp_path / "project")
    write_light(project, 1, size=128, n_frames=400)
    # Works where no disk can be mounted: no file may be larger than 1 MB.
    snakemake = f"{sys.executable} -m snakemake --snakefile '{ROOT}/Snakefile' --cores 1 {MOTION}"
    command = f"ulimit -f 1024; exec {snakemake}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert not list((project.folder / MOTION).parent.glob("*.h5"))
    assert project.snakemake(MOTION).returncode == 0
