"""`neurocine watch` on real runs of a tiny workflow: running, failed, done, and with the head killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.cluster.watch.journal import JOURNALS

#: A job waits for the file `go`; that of the recording `bad` fails.
SNAKEFILE = """
from neurocine.cluster.watch.journal import keep_journal
keep_journal(workflow)
rule all:
    input: expand("out/{r}.txt", r=["good", "[red]bad"])
rule make:
    output: "out/{r}.txt"
    log: "logs/{r}.log"
    benchmark: "benchmarks/{r}.tsv"
    message: "Making {wildcards.r}"
    shell:
        "printf '[bold]line[/bold] one\\\\nhalf a li' > {log:q}; while [ ! -e go ]; do sleep 0.1; done; "
        "case {wildcards.r:q} in *bad*) exit 1;; esac; touch {output:q}"
"""


def snakemake(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    (folder / "Snakefile").write_text(SNAKEFILE)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seen(folder: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["watch", "--in", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)  # type: ignore[no-any-return]


def shown(folder: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["watch", "--in", str(folder), *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 150
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.2)


def both_run(folder: Path) -> bool:
    logs = [folder / "logs" / f"{name}.log" for name in ("good", "[red]bad")]
    return all(log.exists() for log in logs)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A folder whose run has two jobs that go on, and the head."""
    head = snakemake(tmp_path)
    try:
        until(lambda: both_run(tmp_path))
        yield tmp_path, head
    finally:
        (tmp_path / "go").touch()
        head.kill()
        head.wait()


def test_a_run_from_its_jobs_to_its_end(running: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, head = running
    now = seen(folder)
    assert now["head"] == {"state": "runs", "host": now["head"]["host"], "pid": head.pid}
    assert now["counts"] == {"running": 2, "queued": 0, "done": 0, "failed": 0, "waiting": 1}
    text = shown(folder, "--once")
    assert "0 of 3 jobs done, 2 running, 1 waiting" in text
    assert "make [red]bad" in text
    (folder / "go").touch()
    assert head.wait(150) == 1
    # Without --once too: the run is over.
    text = shown(folder)
    assert "1 of 3 jobs done, 1 failed, 1 waiting; took" in text
    assert "Failed: make [red]bad" in text
    assert "[bold]line[/bold] one" in text
    assert "logs/[red]bad.log" in text
    (bad,) = (job for job in seen(folder)["jobs"] if job["state"] == "failed")
    assert bad["log_tail"] == ["[bold]line[/bold] one", "half a li"]


def test_a_killed_head_is_reported_with_the_remedy(running: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, head = running
    head.kill()
    head.wait()
    assert seen(folder)["head"]["state"] == "died"
    text = shown(folder)  # nothing to wait for
    assert "was killed" in text
    assert "neurocine run --unlock" in text


def test_a_dry_run_leaves_no_journal(tmp_path: Path) -> None:
    assert snakemake(tmp_path, "--dry-run").wait(150) == 0
    assert not (tmp_path / JOURNALS).exists()


def test_no_run_yet(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", "--in", str(tmp_path), "--once"])
    assert result.exit_code == 1
    assert "nothing was run here yet" in str(result.exception)
