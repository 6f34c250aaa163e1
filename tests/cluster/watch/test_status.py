"""The status of a run, from recorded journals, logs, answers of squeue and process ids."""

from __future__ import annotations

import json
import os
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from neurocine.cluster.watch.journal import JOURNALS, Journal
from neurocine.cluster.watch.status import read_status
from neurocine.core import InputError


def write_journal(folder: Path, *events: dict[str, Any], end: str = "", name: str = "1") -> None:
    """Write a journal of this process, a minute old, with further events."""
    path = folder / JOURNALS / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    start = {
        "event": "start", "time": time.time() - 60, "host": socket.gethostname(),
        "pid": os.getpid(), "born": psutil.Process().create_time(),
    }  # fmt: skip
    lines = [json.dumps({"time": time.time() - 50, **event}) for event in (start, *events)]
    path.write_text("\n".join(lines) + "\n" + end)


def job(number: int, rule: str = "motion", recording: str = "m1", ago: float = 50) -> dict[str, Any]:
    return {
        "event": "job", "time": time.time() - ago, "job": str(number), "rule": rule,
        "message": f"Job {number}", "wildcards": {"recording": recording},
        "log": [f"logs/{rule}-{recording}.log"], "benchmark": f"benchmarks/{rule}-{recording}.tsv",
    }  # fmt: skip


def write_log(folder: Path, name: str, *lines: str) -> None:
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs" / name).write_text("\n".join(lines))


def log_line(ago: float, text: str) -> str:
    return f"{datetime.fromtimestamp(time.time() - ago):%Y-%m-%d %H:%M:%S},123 INFO neurocine: {text}"


def took(folder: Path, rule: str, recording: str, seconds: float) -> None:
    (folder / "benchmarks").mkdir(exist_ok=True)
    (folder / "benchmarks" / f"{rule}-{recording}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")


PLAN = {"event": "plan", "rules": {"motion": 3, "traces": 3}}


def test_what_runs_waits_and_is_done(tmp_path: Path) -> None:
    done = {"event": "done", "job": "1"}
    write_journal(tmp_path, PLAN, job(1), job(2, recording="m2"), done, job(3, "traces"))
    run = read_status(tmp_path).run
    assert [j.id for j in run.of("done")] == ["1"]
    assert [j.name for j in run.of("running")] == ["motion m2", "traces m1"]
    assert run.waiting == {"motion": 1, "traces": 2}
    assert run.total == 6


def test_a_line_that_is_half_written_is_left_out(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1), end='{"event": "done", "time": 1, "jo')
    assert [j.state for j in read_status(tmp_path).run.jobs.values()] == ["running"]
    write_journal(tmp_path, PLAN, job(1), end='7\n[1]\n{"event": "done"}\n')
    assert [j.state for j in read_status(tmp_path).run.jobs.values()] == ["running"]


def test_the_latest_run_counts(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, name="2026-01-02")
    write_journal(tmp_path, {**PLAN, "rules": {"motion": 1}}, name="2026-01-10")
    assert read_status(tmp_path).run.total == 1


def test_no_run_yet_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing was run here yet"):
        read_status(tmp_path)


def test_progress_is_the_last_whole_line_of_this_attempt(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1), job(2, recording="m2"), job(3, recording="m3"))
    lines = [
        log_line(40, "frames: 1 of 10, 90 s left"),
        log_line(10, "blocks: 3 of 10, 70 s left"),
        "2026-01-01 half",
    ]
    write_log(tmp_path, "motion-m1.log", *lines)
    write_log(tmp_path, "motion-m2.log", log_line(300, "frames: 9 of 10, 1 s left"))  # an attempt before
    status = read_status(tmp_path)
    assert set(status.progress) == {"1"}
    one = status.progress["1"]
    assert (one.label, one.done, one.total) == ("blocks", 3, 10)
    assert one.seconds == pytest.approx(60, abs=5)


def test_failed_jobs_show_the_end_of_their_log(tmp_path: Path) -> None:
    failed = {
        "event": "failed",
        "job": "1",
        "message": "SLURM says so",
        "log": ["logs/none", "logs/motion-m1.log"],
    }
    write_journal(tmp_path, PLAN, job(1), failed)
    write_log(tmp_path, "motion-m1.log", *(f"line {i} \x1b[2J" for i in range(20)), "", "last")
    status = read_status(tmp_path, n_lines=3)
    assert status.tails["1"] == ["line 18  [2J", "line 19  [2J", "last"]
    assert status.run.of("failed")[0].problem == "SLURM says so"


def test_of_a_large_log_only_the_end_is_read(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1), {"event": "failed", "job": "1", "message": None, "log": []})
    write_log(tmp_path, "motion-m1.log", "x" * 10_000_000, "é" * 20_000, "last")
    assert read_status(tmp_path).tails["1"] == ["last"]


def test_a_job_that_is_tried_again_runs(tmp_path: Path) -> None:
    failed = {"event": "failed", "job": "1", "message": "no memory", "log": []}
    write_journal(tmp_path, PLAN, job(1), failed, job(1, ago=5))
    (one,) = read_status(tmp_path).run.jobs.values()
    assert (one.state, one.attempts) == ("running", 2)


def test_a_head_that_died_is_distinguished_from_one_that_ended(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1))
    assert read_status(tmp_path).head == "runs"
    write_journal(
        tmp_path, PLAN, {"event": "start", "pid": 2**22 + 1, "born": 1.0, "host": socket.gethostname()}
    )
    assert read_status(tmp_path).head == "died"
    # Its number was given to another process since.
    write_journal(
        tmp_path, PLAN, {"event": "start", "pid": os.getpid(), "born": 1.0, "host": socket.gethostname()}
    )
    assert read_status(tmp_path).head == "died"
    write_journal(tmp_path, PLAN, {"event": "start", "pid": 1, "born": 1.0, "host": "elsewhere"})
    assert read_status(tmp_path).head == "elsewhere"
    write_journal(tmp_path, PLAN, {"event": "end"})
    assert read_status(tmp_path).head == "ended"


def test_time_left_from_progress_and_from_what_jobs_took(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1, recording="m0"), job(2, "traces", "m0"), name="0")
    took(tmp_path, "motion", "m0", 100)
    took(tmp_path, "traces", "m0", 30)
    write_journal(tmp_path, PLAN, job(1, ago=20), job(2, recording="m2", ago=20))
    write_log(tmp_path, "motion-m1.log", log_line(5, "frames: 1 of 10, 65 s left"))
    # 60 by its log, 100 - 20 as usual; one motion and three traces wait; two go side by side.
    assert read_status(tmp_path).left_s == pytest.approx((60 + 80 + 100 + 3 * 30) / 2, abs=8)


def test_time_left_is_unknown_before_any_job_has_ended(tmp_path: Path) -> None:
    write_journal(tmp_path, PLAN, job(1))
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "motion-m1.tsv").write_text("s\th:m:s\n")
    assert read_status(tmp_path).left_s is None


SLURM = {"event": "slurm", "run": "run-uuid"}


def on_slurm(number: str, slurm: str) -> dict[str, Any]:
    return {"event": "submitted", "job": number, "slurm": slurm, "log": f"slurm/{slurm}.log"}


def fake_squeue(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> Path:
    """Put a `squeue` that gives `answer` in PATH; return what it was asked."""
    path = folder / "bin" / "squeue"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\necho "$@" > {folder}/asked\nprintf "{answer}"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    return folder / "asked"


def test_jobs_in_slurms_queue_wait_for_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_squeue(tmp_path, monkeypatch, "7|RUNNING|None\\n8_2|PENDING|Resources\\n")
    jobs = [job(1), on_slurm("1", "7"), job(2, recording="m2"), on_slurm("2", "8_2")]
    write_journal(tmp_path, SLURM, PLAN, *jobs)
    run = read_status(tmp_path).run
    assert "--name=run-uuid" in asked.read_text()
    assert [(j.slurm, j.state, j.waits_for) for j in run.jobs.values()] == [
        ("7", "running", None), ("8_2", "queued", "Resources")
    ]  # fmt: skip
    assert run.jobs["1"].log == ["logs/motion-m1.log", "slurm/7.log"]


def test_jobs_of_a_group_share_their_slurm_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_squeue(tmp_path, monkeypatch, "7|PENDING|Priority\\n")
    group = {"event": "group", "jobs": {"uuid-1": "1", "uuid-2": "2"}}
    write_journal(tmp_path, SLURM, PLAN, group, job(1), job(2, "traces"), on_slurm("uuid-2", "7"))
    assert [j.id for j in read_status(tmp_path).run.of("queued")] == ["1", "2"]


def test_without_slurms_answer_jobs_count_as_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_journal(tmp_path, SLURM, PLAN, job(1), on_slurm("1", "7"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [j.id for j in read_status(tmp_path).run.of("running")] == ["1"]


def test_a_full_disk_doesnt_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    (tmp_path / ".snakemake").write_text("not a folder")
    record = logging.makeLogRecord({"event": "run_info", "stats": {"motion": 1, "total": 1}, "msg": ""})
    Journal(tmp_path).handle(record)
    assert "NotADirectoryError" in capsys.readouterr().err
