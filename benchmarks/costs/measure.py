"""What each rule takes in memory and time, for movies of several sizes: the table that resources come from.

``python benchmarks/costs/measure.py run`` runs the workflow on movies tiled from the example recording, with
the ROIs that the engine finds and with given ones, and adds a row for each job to ``measurements.tsv``.
``python benchmarks/costs/measure.py contamination`` measures that step on ROIs that overlap; those hardly do.
``python benchmarks/costs/measure.py collect RESULTS...`` adds those of your own results folders. Then
``python benchmarks/costs/fit.py`` fits anew.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import tifffile
import yaml

from neurocine.core import Raster, RoiSet
from neurocine.export.provenance import read_usage
from neurocine.io.result_files import write_activity, write_rois
from neurocine.steps import BY_NAME

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("measurements.tsv")
EXAMPLE = ROOT / "examples" / "mouse_v1" / "mouse_v1.tif"

#: Snakemake with memory sampled every half second: its own way is every 30 s, after the first 15 s.
SNAKEMAKE = """
import sys
from snakemake.benchmark import benchmarked
from snakemake.cli import main
benchmarked.__wrapped__.__defaults__ = (None, None, 1_000_000)
main()
"""

#: A job shorter than this ended before its memory was sampled.
SAMPLED_S = 0.6


@dataclass(frozen=True)
class Measurement:
    """One job: its rule and engine, the size of its work, and what it took.

    Attributes
    ----------
    rule, engine
        The rule, and the engine of its step if it has several.
    frames, pixels, rois
        Frames of the movie, pixels of a frame, and ROIs that are worked on.
    threads
        Cores it may use.
    max_rss_mb
        Largest resident memory of the job and its children, MB.
    seconds, cpu_seconds
        Run time, and processor time of all cores.
    """

    rule: str
    engine: str
    frames: int
    pixels: int
    rois: int
    threads: int
    max_rss_mb: float
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Case:
    """A movie to measure: frames, edge of the frame, and how many ROIs are given (0: they are found)."""

    frames: int
    edge: int
    rois: int = 0

    @property
    def name(self) -> str:
        """Name of the recording."""
        return f"{self.edge}px-{self.frames}-{self.rois or 'found'}"


CASES = (
    Case(500, 96),
    Case(1000, 128),
    Case(4000, 96),
    Case(500, 256),
    Case(300, 512),
    Case(6000, 96, 20),
    Case(2000, 128, 60),
    Case(600, 256, 200),
    Case(300, 512, 100),
    Case(3000, 256, 150),
    Case(6000, 96, 256),
    Case(1000, 128, 10),
)


def read_table(path: Path = TABLE) -> list[Measurement]:
    """Return the rows of a table of measurements."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    kinds = {"str": str, "int": int, "float": float}
    return [
        Measurement(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(Measurement)}) for row in rows
    ]


def write_table(rows: Iterable[Measurement], path: Path = TABLE) -> None:
    """Write `rows`, sorted, as a table of measurements."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(field.name for field in fields(Measurement))
        writer.writerows(astuple(row) for row in sorted(rows, key=astuple))


def collect(results: Path) -> Iterator[Measurement]:
    """Yield what each job of each whole recording in the folder `results` took."""
    for provenance in sorted(results.glob("*/export/provenance.json")):
        folder, config = provenance.parents[1], json.loads(provenance.read_text())["config"]
        frames, height, width = json.loads((folder / "ingest" / "source.json").read_text())["shape"]
        with h5py.File(folder / "active" / "rois.h5") as file:
            rois = len(file["ids"])
        for job in read_usage(folder):
            if "_part_" in job.step or (job.step == "activity" and any(folder.glob("benchmarks/*_part_*"))):
                continue  # shared among several jobs
            if job.wall_s < SAMPLED_S or job.peak_mb is None or job.cpu_s is None:
                continue
            rule = job.step
            step = BY_NAME[rule]
            engine = config[rule][step.engine] if step.engine else ""
            took = (round(job.peak_mb, 1), round(job.wall_s, 2), round(job.cpu_s, 2))
            yield Measurement(rule, engine, frames, height * width, rois, step.threads, *took)


def make_movie(case: Case, target: Path) -> None:
    """Write a movie of the example's pixels: mirrored in space, repeated in time."""
    frames = tifffile.imread(EXAMPLE)[: min(case.frames, 2000)].astype(np.uint16)
    edge = frames.shape[1]
    if case.edge < edge:
        frames = frames[:, : case.edge, : case.edge]
    with tifffile.TiffWriter(target) as file:
        for start in range(0, case.frames, len(frames)):
            for frame in frames[: case.frames - start]:
                pad = (0, max(0, case.edge - edge))
                file.write(np.pad(frame, (pad, pad), mode="symmetric"), contiguous=True)


def make_contours(case: Case, target: Path) -> None:
    """Write a picture of `case.rois` squares on a grid, with the ids 1 to N."""
    side = int(np.ceil(np.sqrt(case.rois)))
    pitch = case.edge // side
    size = min(10, pitch - 1)
    labels = np.zeros((case.edge, case.edge), dtype=np.int32)
    for i in range(case.rois):
        y, x = (place * pitch for place in divmod(i, side))
        labels[y : y + size, x : x + size] = i + 1
    tifffile.imwrite(target, labels)


def run(case: Case, folder: Path) -> Path:
    """Run the workflow on a movie like `case`; return its results folder."""
    make_movie(case, folder / "movie.tif")
    config: dict[str, object] = {"recordings": "recordings.tsv"}
    row = {"recording": case.name, "movie": "movie.tif", "frame_rate_hz": "30", "pixel_size_um": "1.2"}
    row |= {"indicator": "GCaMP6s"}
    if case.rois:
        make_contours(case, folder / "contours.tif")
        row["rois"] = "contours.tif"
        config |= {"segmentation": {"engine": "given"}, "motion": {"engine": "none"}}
        config |= {"assemblies": {"find": True}}
    (folder / "recordings.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-c", SNAKEMAKE, "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    done = subprocess.run(
        [*command, "--configfile", "config.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{case}: {done.stderr[-3000:]}")
    return folder / "results"


def overlapping(case: Case, folder: Path) -> Measurement:
    """Return what contamination takes on `case.rois` discs at random places, of which many overlap."""
    rng = np.random.default_rng(case.rois)
    make_movie(case, folder / "movie.tif")
    rows, columns = np.mgrid[: case.edge, : case.edge]
    centres = rng.uniform(6, case.edge - 6, (case.rois, 2))
    pixels = [np.nonzero((rows - y) ** 2 + (columns - x) ** 2 <= 25) for y, x in centres]
    rois = RoiSet.from_pixels((case.edge, case.edge), [(y, x, np.ones(len(y))) for y, x in pixels])
    write_rois(folder / "rois.h5", rois)
    probability = rng.random((case.rois, case.frames)).astype(np.float32)
    made = Raster(rois.ids, 30.0, probability, 0.9, ("made",) * case.rois)
    write_activity(folder / "activity.h5", made)
    files = ["movie.tif", "rois.h5", "activity.h5", "--out", "c.json"]
    command = [sys.executable, "-c", "from neurocine.cli import main; main()", "contamination", *files]
    command += ["--frame-rate", "30", "--pixel-size", "1.2"]
    began = time.monotonic()
    job = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(job.pid, 0)
    if status:
        sys.exit(f"{case}: contamination failed")
    took = (usage.ru_maxrss / 1024, time.monotonic() - began, usage.ru_utime + usage.ru_stime)
    size = (case.frames, case.edge**2, case.rois, BY_NAME["contamination"].threads)
    return Measurement("contamination", "", *size, round(took[0], 1), round(took[1], 2), round(took[2], 2))


def main() -> None:
    """Add measurements to the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    some = commands.add_parser("run", help="run the workflow on movies of several sizes")
    some.add_argument("--only", help="only cases whose name contains this")
    commands.add_parser("contamination", help="measure contamination on ROIs that overlap")
    folders = commands.add_parser("collect", help="take what runs of your own took")
    folders.add_argument("results", nargs="+", type=Path)
    given = parser.parse_args()
    rows = {key(row): row for row in read_table()} if TABLE.exists() else {}
    if given.command == "collect":
        rows |= {key(row): row for folder in given.results for row in collect(folder)}
        write_table(rows.values())
        return
    if given.command == "contamination":
        for case in (case for case in CASES if case.rois):
            with TemporaryDirectory() as folder:
                row = overlapping(case, Path(folder))
            rows[key(row)] = row
            print(f"{case.name}: {row.cpu_seconds:.1f} CPU-s, {row.max_rss_mb:.0f} MB", flush=True)
        write_table(rows.values())
        return
    for case in CASES:
        if given.only and given.only not in case.name:
            continue
        with TemporaryDirectory() as folder:
            new = list(collect(run(case, Path(folder))))
        rows |= {key(row): row for row in new}
        write_table(rows.values())
        print(f"{case.name}: {sum(row.cpu_seconds for row in new):.0f} CPU-s", flush=True)


def key(row: Measurement) -> tuple[object, ...]:
    """Return what two measurements of the same work have in common."""
    return tuple(asdict(row)[name] for name in ("rule", "engine", "frames", "pixels", "rois", "threads"))


if __name__ == "__main__":
    main()
