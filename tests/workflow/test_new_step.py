"""What it takes to add a step: a handful of files, none of them another step's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurocine.io.result_files import read_traces

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PARTS = (
    "Snakefile",
    "rules",
    "workflow_scripts",
    "src",
    "config",
    "profiles",
    "models",
    "envs",
    "docs",
    "tests",
    "pyproject.toml",
)
MOST_FILES = 8
OFFSET = 1000

MODULE = '''"""Brightness that drifts: frames brought to a common level."""

from pathlib import Path

from neurocine.config.pipeline import DriftSettings
from neurocine.core import Movie
from neurocine.io.result_files import MovieWriter, Stamp, read_registration, read_summary, settings_hash


def correct(movie: Movie, path: Path, out: Path, settings: DriftSettings) -> None:
    """Write the movie in `path` with `settings.offset` added to each frame."""
    with MovieWriter(out, movie, Stamp(settings_hash(settings.model_dump()))) as writer:
        writer.write(0, movie.read(0, movie.n_frames) + settings.offset)
        writer.finish(read_summary(path), read_registration(path))
'''

SCRIPT = '''"""Rule drift: bring the frames of a recording to a common level."""

from pathlib import Path
from typing import Any

from neurocine.config.pipeline import DriftSettings
from neurocine.drift import correct
from neurocine.io.movies import open_movie
from neurocine.workflow import logged


def main(job: Any) -> None:
    """Do the rule's work with its inputs, outputs and params."""
    path = Path(job.input.movie)
    correct(open_movie(path), path, Path(job.output.movie), DriftSettings(**job.params.settings))


if __name__ == "__main__":
    with logged(snakemake):
        main(snakemake)
'''

RULE = '''"""Bring frames to a common level."""


rule drift:
    input:
        **reads("drift"),
    output:
        **writes("drift"),
    log:
        log_of("drift"),
    benchmark:
        benchmark_of("drift")
    conda:
        env_of("drift")
    threads: threads_of("drift")
    resources:
        mem_mb=memory_of("drift"),
        runtime=runtime_of("drift"),
    params:
        settings=settings_of("drift"),
        impl=IMPL["drift"],
    message:
        saying("Levelling {wildcards.recording}")
    script:
        "../workflow_scripts/drift_correct.py"
'''

ROW = """    Step(
        "drift",
        "brings frames to a common level",
        impl=1,
        cost=Cost(1000, 0.0, 5, 1),
        reads=("movie",),
        writes={"movie": "movie.h5"},
        settings=("drift",),
    ),
"""

SETTINGS = f'''class DriftSettings(Section):
    """Brightness brought to a common level."""

    offset: int = Field({OFFSET}, description="counts added to each frame")


class PipelineConfig('''

TEST = '''"""Frames at a common level."""


def test_offset_is_added() -> None:
    from neurocine.config import Config

    assert Config().drift.offset
'''


class Copy:
    """A copy of the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source, target = ROOT / part, folder / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".snakemake")
                shutil.copytree(source, target, ignore=ignored)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        self.before = self.checksums()

    def checksums(self) -> dict[Path, str]:
        return {
            path.relative_to(self.folder): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def changed(self) -> set[str]:
        now = self.checksums()
        names = now.keys() | self.before.keys()
        return {str(name) for name in names if now.get(name) != self.before.get(name)}

    def add(self, name: str, text: str) -> None:
        path = self.folder / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def put_before(self, name: str, mark: str, text: str) -> None:
        path = self.folder / name
        before, after = path.read_text().split(mark, 1)
        path.write_text(before + text + mark + after)

    def run(self, *arguments: str, cwd: Path) -> str:
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src")}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The checkout with a step `drift` between motion and segmentation."""
    copy = Copy(tmp_path_factory.mktemp("trial") / "checkout")
    copy.add("src/neurocine/drift.py", MODULE)
    copy.add("workflow_scripts/drift_correct.py", SCRIPT)
    copy.add("rules/drift.smk", RULE)
    copy.add("tests/drift/test_drift.py", TEST)
    copy.put_before("src/neurocine/steps.py", '    Step(\n        "segmentation"', ROW)
    path = copy.folder / "src" / "neurocine" / "config" / "pipeline.py"
    text = path.read_text().replace("class PipelineConfig(", SETTINGS)
    field = "    segmentation: SegmentationSettings = SegmentationSettings()\n"
    path.write_text(text.replace(field, "    drift: DriftSettings = DriftSettings()\n" + field))
    copy.run("-m", "neurocine.config.generate", cwd=copy.folder)
    return copy


@pytest.fixture(scope="module")
def project(copy: Copy, make_project, write_light, tmp_path_factory: pytest.TempPathFactory):
    """A recording that went through all steps."""
    project = make_project(tmp_path_factory.mktemp("trial") / "project")
    write_light(project, 1)
    snakefile = str(copy.folder / "Snakefile")
    copy.run("-m", "snakemake", "--snakefile", snakefile, "--cores", "2", cwd=project.folder)
    return project


def test_few_files_are_touched(copy: Copy) -> None:
    assert len(copy.changed()) <= MOST_FILES, sorted(copy.changed())


def test_the_step_is_checked_and_configured_like_any_other(copy: Copy, project) -> None:
    command = "import sys; from neurocine.cli import main; sys.argv[0] = 'neurocine'; main()"
    assert "drift" in copy.run("-c", command, "check", cwd=project.folder)
    assert "offset: 1000" in (copy.folder / "config" / "config.yaml").read_text()


def test_the_layers_still_hold(copy: Copy) -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    said = copy.run("-c", command, cwd=copy.folder)
    assert "2 kept, 0 broken" in said


def test_later_steps_use_what_it_made(project) -> None:
    folder = project.results / "m000"
    with (
        h5py.File(folder / "motion" / "movie.h5") as before,
        h5py.File(folder / "drift" / "movie.h5") as after,
    ):
        np.testing.assert_array_equal(after["movie"][...], before["movie"][...] + OFFSET)
    assert read_traces(folder / "traces" / "traces.h5").f.min() > OFFSET
    with h5py.File(folder / "export" / "recording.nwb") as nwb:
        links: list[str] = []
        nwb.visit_links(
            lambda name: (
                links.append(link.filename)
                if isinstance(link := nwb.get(name, getlink=True), h5py.ExternalLink)
                else None
            )
        )
    assert links
    assert all("drift" in link for link in links)


def test_the_report_and_its_command_read_the_same(copy: Copy, project) -> None:
    summary = project.snakemake("--detailed-summary", "--snakefile", str(copy.folder / "Snakefile")).stdout
    (row,) = (line for line in summary.splitlines() if line.startswith("results/m000/report/report.html"))
    assert "drift/movie.h5" in row
    assert "motion/movie.h5" not in row
    # The command that writes a report again needs the uncorrected movie no more than the rule does.
    (project.results / "m000" / "motion" / "movie.h5").unlink()
    command = "import sys; from neurocine.cli import main; sys.argv[0] = 'neurocine'; main()"
    copy.run("-c", command, "report", "results/m000", cwd=project.folder)
