"""neurocine as a user has it who installed the wheel: outside a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = "from neurocine.cli import main; main()"
#: A workflow of the user's own that takes neurocine's rules.
MODULE = """\
configfile: "config/config.yaml"
module neurocine:
    snakefile: {snakefile!r}
    config: config
use rule * from neurocine as neurocine_*
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the built wheel was installed into."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def python(installed: Path, folder: Path, *arguments: str) -> str:
    """Run Python with the installed package in `folder`; return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_project_runs_to_its_index(
    installed: Path, make_project: Callable[[Path], Any], write_light: Callable[..., None], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    write_light(project, 1)
    python(installed, project.folder, "-c", PROGRAM, "run")
    assert (project.results / "index.html").is_file()
    link = project.folder / ".snakemake" / "neurocine-package" / "neurocine"
    assert link.resolve() == installed.resolve() / "neurocine"


def test_init_copies_a_profile(installed: Path, example_tiff: Path, tmp_path: Path) -> None:
    arguments = (str(example_tiff.parent), "--in", str(tmp_path), "--profile", "slurm")
    python(installed, tmp_path, "-c", PROGRAM, "init", *arguments)
    assert (tmp_path / "profiles" / "slurm" / "config.yaml").is_file()
    assert (tmp_path / "config" / "recordings.tsv").is_file()


def test_the_demo_copies_what_it_needs(installed: Path, tmp_path: Path) -> None:
    code = "from neurocine.cli.project import _copied_demo; print(_copied_demo())"
    (folder,) = python(installed, tmp_path, "-c", code).splitlines()
    assert Path(folder) == tmp_path / "neurocine-demo"
    target = "results/demo/mouse_v1/report/report.html"
    snakefile = str(installed / "neurocine" / "_shipped" / "Snakefile")
    command = ("-m", "snakemake", "--snakefile", snakefile, "--configfile", "examples/demo.yaml")
    shown = python(installed, Path(folder), *command, "--cores", "1", "--dry-run", target)
    assert "report" in shown


def test_a_workflow_takes_the_rules_as_a_module(
    installed: Path, make_project: Callable[[Path], Any], write_light: Callable[..., None], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    write_light(project, 1)
    snakefile = str(installed / "neurocine" / "_shipped" / "Snakefile")
    (project.folder / "Snakefile").write_text(MODULE.format(snakefile=snakefile))
    shown = python(installed, project.folder, "-m", "snakemake", "--cores", "1", "--dry-run", "neurocine_all")
    assert "neurocine_motion" in shown
