"""Projects whose jobs run on a small SLURM cluster of the tests' own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from slurmlab import Job, SlurmLab, missing_programs

ROOT = Path(__file__).parents[3]
#: Nothing but what a tiny cluster is asked more often; the profile is the one that users get.
OFTEN = (
    "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1",
    "--max-status-checks-per-second", "5",
)  # fmt: skip


@dataclass
class ClusterProject:
    """A project and the cluster that its jobs run on."""

    project: Any
    lab: SlurmLab

    @property
    def folder(self) -> Path:
        return self.project.folder  # type: ignore[no-any-return]

    def start(self, *arguments: str, log: str = "head.log") -> subprocess.Popen[str]:
        """Start ``snakemake --profile slurm`` in the project's folder."""
        link = self.folder / "slurm"
        if not link.exists():
            link.symlink_to(ROOT / "slurm")
        command = [sys.executable, str(Path(__file__).with_name("head.py")), "--profile", "slurm"]
        command += ["--snakefile", str(ROOT / "Snakefile"), *OFTEN, *arguments]
        with (self.folder / log).open("w") as file:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.lab.env, stdout=file, stderr=file, text=True
            )

    def run(self, *arguments: str, timeout: float = 900) -> int:
        """Run it to its end; return its exit code."""
        return self.start(*arguments).wait(timeout)

    def log_text(self, log: str = "head.log") -> str:
        return (self.folder / log).read_text()

    def jobs(self) -> list[Job]:
        return self.lab.jobs(self.folder)


@pytest.fixture(scope="session")
def lab() -> Iterator[SlurmLab]:
    """A running cluster."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"SLURM isn't installed here: no {', '.join(missing)}")
    with SlurmLab() as running:
        yield running


@pytest.fixture(scope="session")
def on_cluster(lab: SlurmLab, make_project: Callable[[Path], Any]) -> Callable[[Path], ClusterProject]:
    """Make an empty project whose jobs run on the cluster."""
    return lambda folder: ClusterProject(make_project(folder), lab)
