"""The whole workflow on a crop of the real recording: complete, reproducible, and rerun only where needed."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from neurocine.io.result_files import read_activity, read_celltypes, read_rois, read_traces

pytestmark = pytest.mark.slow

LOCAL = str(Path(__file__).parents[2] / "profiles" / "local")
ROW = {"recording": "crop", "frame_rate_hz": "30", "pixel_size_um": "1.2", "indicator": "GCaMP6s"}
SCIENTIFIC = (
    "motion/movie.h5",
    "segmentation/rois.h5",
    "active/rois.h5",
    "traces/traces.h5",
    "celltype/celltypes.tsv",
    "activity/activity.h5",
    "contamination/contamination.json",
    "export/cells.tsv",
    "export/transients.tsv",
)


def datasets(path: Path) -> dict[str, tuple[str, str]]:
    """Return type and checksum of each dataset of an HDF5 file."""
    contents: dict[str, tuple[str, str]] = {}

    def visit(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            values = np.asarray(node[...])
            # Strings of any length come as objects, whose bytes are addresses.
            content = repr(values.tolist()).encode() if values.dtype == object else values.tobytes()
            contents[name] = (str(values.dtype), hashlib.sha256(content).hexdigest())

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return contents


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, make_project, make_crop) -> tuple:
    """The workflow, run at the same time in two folders."""
    base = tmp_path_factory.mktemp("projects")
    movie = make_crop(base / "raw data" / "größe.tif")
    projects = [make_project(base / name) for name in ("first", "second")]
    for project in projects:
        project.table({**ROW, "movie": str(movie)})
        project.configure({})
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda project: project.snakemake("--profile", LOCAL), projects))
    for run in runs:
        assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return projects


def test_everything_is_there_and_fits_together(twice) -> None:
    folder = twice[0].results / "crop"
    rois = read_rois(folder / "active" / "rois.h5")
    assert len(rois) >= 5
    np.testing.assert_array_equal(rois.ids, read_rois(folder / "segmentation" / "rois.h5").ids)
    for ids in (
        read_traces(folder / "traces" / "traces.h5").ids,
        read_celltypes(folder / "celltype" / "celltypes.tsv").ids,
        read_activity(folder / "activity" / "activity.h5").ids,
    ):
        np.testing.assert_array_equal(ids, rois.ids)
    assert read_activity(folder / "activity" / "activity.h5").n_frames == 450
    assert (folder / "export" / "recording.nwb").is_file()
    assert (folder / "export" / "suite2p" / "plane0" / "stat.npy").is_file()
    assert "crop" in (twice[0].results / "index.html").read_text()
    report = (folder / "report" / "report.html").read_text()
    assert not re.search(r'(src|href)="https?://', report)
    provenance = json.loads((folder / "export" / "provenance.json").read_text())
    assert provenance["config"]["motion"]["engine"] == "neurocine"


@pytest.mark.parametrize("name", SCIENTIFIC)
def test_two_runs_in_two_folders_give_the_same_data(twice, name: str) -> None:
    first, second = (project.results / "crop" / name for project in twice)
    if name.endswith(".h5"):
        assert datasets(first) == datasets(second)
    else:
        assert first.read_bytes() == second.read_bytes()


def test_a_second_call_does_nothing_and_a_setting_reruns_what_depends_on_it(twice) -> None:
    project = twice[0]
    assert "Nothing to be done" in project.snakemake("-n").stdout

    def jobs(values: dict[str, Any]) -> set[str]:
        project.configure(values)
        output = project.snakemake("-n").stdout
        project.configure({})
        return set(re.findall(r"^(\w+) +\d+$", output, flags=re.MULTILINE)) - {"all", "total"}

    later = jobs({"activity": {"threshold": 0.6}})
    assert {"activity", "report", "export_nwb"} <= later
    assert not {"ingest", "motion", "segmentation", "active", "traces", "celltype"} & later
    with_active = jobs({"active": {"mode": "union"}})
    assert {"active", "traces", "celltype", "activity", "report"} <= with_active
    assert not {"ingest", "motion", "segmentation"} & with_active
    # Settings of an engine matter only where it runs.
    assert {"segmentation", "active", "traces"} <= jobs({"segmentation": {"stneuronet": {"threshold": 0.9}}})
    # The report shows all settings.
    assert jobs({"segmentation": {"caiman": {"patch_um": 60}}}) <= {
        "report",
        "report_index",
        "export_provenance",
    }


def test_snakemakes_own_report_is_made_offline(twice, tmp_path: Path) -> None:
    done = twice[0].snakemake("--report", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_contours_handed_in_are_used(twice, make_project) -> None:
    project = make_project(twice[0].folder.parent / "given")
    labels = np.zeros((96, 96), dtype=np.int32)
    labels[20:32, 20:32], labels[60:70, 50:62] = 7, 9
    tifffile.imwrite(project.folder / "contours.tif", labels)
    movie = twice[0].folder.parent / "raw data" / "größe.tif"
    project.table({**ROW, "movie": str(movie), "rois": "contours.tif"})
    project.configure({"segmentation": {"engine": "given"}, "motion": {"engine": "none"}})
    done = project.snakemake("--profile", LOCAL, "results/crop/traces/traces.h5")
    assert done.returncode == 0, done.stderr
    assert read_traces(project.results / "crop" / "traces" / "traces.h5").ids.tolist() == [7, 9]


def test_a_truncated_movie_stops_at_once_and_says_where_to_look(twice, make_project) -> None:
    project = make_project(twice[0].folder.parent / "broken")
    whole = (twice[0].folder.parent / "raw data" / "größe.tif").read_bytes()
    (project.folder / "cut.tif").write_bytes(whole[: len(whole) // 2])
    project.table({**ROW, "movie": "cut.tif"})
    done = project.snakemake("--profile", LOCAL)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "cut.tif" in output
    assert "results/crop/logs/ingest.log" in output
    assert "Traceback" not in output
    assert not list(project.results.rglob("*.h5"))
