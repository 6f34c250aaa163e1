"""A project in a folder of its own, and Snakemake run on it as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaml

ROOT = Path(__file__).parents[2]
#: Steps that do next to nothing, so that a test is about the jobs and not about their work.
LIGHT = {"motion": {"engine": "none"}, "segmentation": {"engine": "given"}}


class Project:
    """A folder with a config and recordings, on which the workflow of this checkout runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").mkdir(parents=True)
        self.configure({})

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def configure(self, values: dict[str, Any]) -> None:
        (self.folder / "config" / "config.yaml").write_text(yaml.safe_dump(values))

    def table(self, *rows: dict[str, str]) -> None:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines = ["\t".join(columns), *("\t".join(row.get(c, "") for c in columns) for row in rows)]
        (self.folder / "config" / "recordings.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def snakemake(self, *arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
        return subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project, in a path with a space and letters beyond ASCII."""
    return Project(tmp_path / "mouse größe µ")


@pytest.fixture(scope="session")
def make_project() -> Callable[[Path], Project]:
    """Make an empty project in a folder."""
    return Project


@pytest.fixture(scope="session")
def make_crop() -> Callable[[Path], Path]:
    """Write 450 frames of 96 x 96 pixels of the example recording."""

    def write(target: Path) -> Path:
        frames = tifffile.imread(ROOT / "examples" / "mouse_v1" / "mouse_v1.tif", key=range(450))
        target.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(target, frames[:, 16:112, 16:112])
        return target

    return write


@pytest.fixture(scope="session")
def write_light() -> Callable[..., None]:
    """Fill a project with `n` small recordings of four cells each and the settings `LIGHT`."""

    def write(project: Any, n: int, size: int = 32, n_frames: int = 120) -> None:
        raw = project.folder / "raw"
        raw.mkdir()
        masks = np.zeros((size, size), dtype=np.uint16)
        for label, (row, column) in enumerate(((4, 4), (4, 20), (20, 4), (20, 20)), start=1):
            masks[row : row + 6, column : column + 6] = label
        tifffile.imwrite(raw / "rois.tif", masks)
        rows = []
        for index in range(n):
            rng = np.random.default_rng(index)
            frames = rng.normal(300, 20, (n_frames, size, size)) + 100 * (masks > 0)
            tifffile.imwrite(raw / f"m{index:03d}.tif", frames.astype(np.uint16))
            rows.append(
                {
                    "recording": f"m{index:03d}", "movie": f"raw/m{index:03d}.tif", "rois": "raw/rois.tif",
                    "frame_rate_hz": "10", "pixel_size_um": "2", "indicator": "GCaMP6s",
                }
            )  # fmt: skip
        project.table(*rows)
        project.configure(LIGHT)

    return write
