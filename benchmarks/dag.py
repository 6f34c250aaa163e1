"""A dry run of many recordings: how long it takes to plan, and the memory that it needs.

``python benchmarks/dag.py [recordings] [GB a movie]`` plans a project of 1,000 recordings as ``snakemake
--profile slurm -n`` would; the movies are empty files of that size, as nothing opens them. ``python
benchmarks/dag.py table`` plans several sizes and writes ``benchmarks/costs/plans.tsv``, which is drawn.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "benchmarks" / "costs" / "plans.tsv"


def make_project(folder: Path, n: int, n_bytes: int) -> None:
    """Write the config and the movies of `n` recordings."""
    rows = ["recording\tmovie\tframe_rate_hz\tpixel_size_um\tindicator"]
    for i in range(n):
        with (folder / f"{i}.tif").open("wb") as file:
            file.truncate(n_bytes)
        rows.append(f"recording-{i}\t{i}.tif\t30\t1\tGCaMP6s")
    (folder / "recordings.tsv").write_text("\n".join(rows) + "\n")
    (folder / "config.yaml").write_text("recordings: recordings.tsv\n")


def plan(n: int, gb: float = 5.0) -> tuple[int, int, float, float, int]:
    """Return recordings, jobs, wall and processor seconds and largest memory in MB of a dry run."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder, n, int(gb * 1e9))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--profile", str(ROOT / "profiles" / "slurm"), "--configfile", "config.yaml", "-n"]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    jobs = re.findall(r"^total +(\d+)$", done.stdout + done.stderr, flags=re.MULTILINE)[-1]
    return n, int(jobs), wall, processor, used.ru_maxrss // 1024


def main(*arguments: str) -> None:
    """Plan and print."""
    if arguments == ("table",):
        rows = [plan(n) for n in (100, 300, 1000)]  # rising: the largest memory is that of all so far
        lines = ["\t".join(str(round(value, 1)) for value in row) for row in rows]
        TABLE.write_text("\n".join(["recordings\tjobs\tseconds\tcpu_seconds\tmax_rss_mb", *lines]) + "\n")
        return
    given = [kind(text) for kind, text in zip((int, float), arguments, strict=False)]
    n, jobs, wall, processor, peak_mb = plan(*(given or [1000]))
    print(
        f"{n} recordings: {jobs} jobs planned in {wall:.1f} s ({processor:.1f} CPU-s), {peak_mb} MB at most"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
