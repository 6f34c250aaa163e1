"""Many recordings, and large ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("n", "gb", "a_recording"), [(200, 5, 13), (3, 40, 16)])
def test_a_plan_of_many_recordings_is_small(n: int, gb: float, a_recording: int) -> None:
    """13 jobs a recording; of 40 GB, three more that share the inference of its activity."""
    command = [sys.executable, str(ROOT / "benchmarks" / "dag.py"), str(n), str(gb)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    plan = re.fullmatch(
        rf"{n} recordings: (\d+) jobs planned in .* s \(.*\), (\d+) MB at most\n", done.stdout
    )
    assert plan
    jobs, peak_mb = map(int, plan.groups())
    assert jobs == n * a_recording + 2  # and the index, and all
    assert peak_mb < 300  # 1,000 recordings: under 1 GiB


@pytest.mark.slow
def test_activity_by_several_jobs_is_that_of_one(project, make_crop) -> None:
    """40 cells in three jobs: the same data to the last bit, and their parts are gone."""
    movie = make_crop(project.folder / "crop.tif")
    labels = np.zeros((96, 96), dtype=np.int32)
    for i in range(40):
        y, x = divmod(i, 8)
        labels[y * 12 : y * 12 + 9, x * 12 : x * 12 + 9] = 100 - i
    tifffile.imwrite(project.folder / "contours.tif", labels)
    project.table(
        {
            "recording": "m",
            "movie": str(movie),
            "rois": "contours.tif",
            "frame_rate_hz": "30",
            "pixel_size_um": "1.2",
            "indicator": "GCaMP6s",
        }
    )
    config = {"segmentation": {"engine": "given"}, "motion": {"engine": "none"}, "active": {"mode": "off"}}
    project.configure(config)
    target = project.results / "m" / "activity" / "activity.h5"
    wanted = "results/m/activity/activity.h5"
    done = project.snakemake("--notemp", wanted)
    assert done.returncode == 0, done.stderr
    whole = content(target)
    target.unlink()
    project.configure({**config, "cluster": {"activity_gb": movie.stat().st_size / 2.5e9}})
    done = project.snakemake(wanted)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"part (\d) of 3", done.stdout + done.stderr)) == {"1", "2", "3"}
    assert content(target) == whole
    assert [path.name for path in target.parent.iterdir()] == ["activity.h5"]
    assert "Nothing to be done" in project.snakemake("-n", wanted).stdout


def content(path: Path) -> dict[str, tuple[str, bytes]]:
    """Return what each dataset of an HDF5 file holds, and the file's attributes."""
    with h5py.File(path) as file:
        names: list[str] = []
        file.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
        # Strings come as objects, whose bytes are addresses.
        held = {name: (str(file[name].dtype), repr(file[name][...].tolist()).encode()) for name in names}
        return held | {"attributes": (repr(sorted(file.attrs.items())), b"")}
