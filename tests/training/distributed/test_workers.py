"""Training on several devices and by several workers: who they are, and that the result is the same."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.training.distributed.replicas import rate_for
from neurocine.training.distributed.workers import cluster_of, hosts_of, is_chief, tasks_of
from neurocine.training.loop import on_devices
from neurocine.workflow import on_each_task

STEP = {
    "SLURM_JOB_ID": "751", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "n[9-10]",
    "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("localhost", ["localhost"]),
        ("n[9-10]", ["n9", "n10"]),
        ("n[1-2],m5,o[03-04,6]", ["n1", "n2", "m5", "o03", "o04", "o6"]),
        ("rack[1-2]-gpu[1-2].local", [f"rack{r}-gpu{g}.local" for r in (1, 2) for g in (1, 2)]),
    ],
)
def test_hosts_in_slurms_order(text: str, hosts: list[str]) -> None:
    assert hosts_of(text) == hosts


@pytest.mark.parametrize("text", ["", "n[1-2", "n1,,n2", "n[a]", "n 1"])
def test_a_list_of_nodes_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="SLURM_STEP_NODELIST"):
        hosts_of(text)


def test_tasks_of_nodes() -> None:
    assert tasks_of("2(x3),1") == [2, 2, 2, 1]


def test_the_cluster_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = cluster_of(STEP)
    assert cluster is not None
    assert cluster.addresses == ("n9:20016", "n10:20016")
    assert cluster.rank == 1
    two_each = {**STEP, "SLURM_STEP_TASKS_PER_NODE": "2(x2)", "SLURM_STEP_NUM_TASKS": "4"}
    assert cluster_of(two_each).addresses == ("n9:20016", "n9:20017", "n10:20016", "n10:20017")  # type: ignore[union-attr]
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    assert not is_chief()
    monkeypatch.setenv("SLURM_PROCID", "0")
    assert is_chief()


def test_no_cluster_outside_a_step_of_several_tasks() -> None:
    assert cluster_of({}) is None
    assert cluster_of({"SLURM_JOB_ID": "1", "SLURM_STEP_NUM_TASKS": "1"}) is None


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(InputError, match="SLURM_STEP_TASKS_PER_NODE"):
        cluster_of({k: v for k, v in STEP.items() if k != "SLURM_STEP_TASKS_PER_NODE"})


class Asking:
    """What Snakemake gives to the script of a rule that asks for two tasks on two nodes."""

    threads = 4

    def __init__(self, **resources: object) -> None:
        self.resources = resources


def test_a_script_is_started_once_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    srun = tmp_path / "srun"
    srun.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit 3\n')
    srun.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(sys, "argv", ["script.py"])
    on_each_task(Asking(tasks=2, nodes=2))  # not on SLURM
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    on_each_task(Asking(nodes=1))  # one task
    assert not (tmp_path / "asked").exists()
    with pytest.raises(SystemExit) as ended:
        on_each_task(Asking(tasks=2, nodes=2))
    assert ended.value.code == 3
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:4] == ["--ntasks=2", "--nodes=2", "--cpus-per-task=4", "--kill-on-bad-exit=1"]
    assert asked[4:] == [sys.executable, "script.py"]
    for name, value in STEP.items():
        monkeypatch.setenv(name, value)
    on_each_task(Asking(tasks=2, nodes=2))  # a task itself


def test_devices_must_share_batches_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocine.training.distributed.replicas.replicas", lambda: 4)
    with pytest.raises(InputError, match="batch_size: is 6, which 4 devices can't share evenly"):
        on_devices(lambda: None, 6)
    assert on_devices(lambda: "built", 8) == "built"
    assert [rate_for(0.1, how) for how in ("none", "sqrt", "linear")] == pytest.approx([0.1, 0.2, 0.4])


def start(
    folders: Sequence[Path],
    out: Path,
    *,
    networks: str = "both",
    devices: int = 1,
    dropout: float = 0,
    workers: int = 1,
    epochs: int = 2,
) -> list[subprocess.Popen[str]]:
    """Start `train_on.py`, once a worker; SLURM's variables name this machine for each."""
    command = [sys.executable, str(Path(__file__).with_name("train_on.py")), networks, str(devices)]
    command += [str(dropout), str(epochs), str(out), *map(str, folders)]
    step = {**STEP, "SLURM_STEP_NODELIST": "localhost", "SLURM_STEP_TASKS_PER_NODE": "2"}
    step["SLURM_JOB_ID"] = str(os.getpid())
    started = []
    for rank in range(workers):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        if workers > 1:
            environment |= {**step, "SLURM_PROCID": str(rank)}
        pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, env=environment, text=True, **pipes))
    return started


def finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        said = process.communicate(timeout=300)[1]
        assert process.returncode == 0, said[-3000:]


def curve(out: Path, network: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return loss and validation loss of each epoch."""
    with (out / network / "curves.csv").open() as file:
        rows = [[float(row["loss"]), float(row["val_loss"])] for row in csv.DictReader(file)]
    return np.array(rows)


@pytest.fixture(scope="module")
def alone(folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on one device."""
    out = tmp_path_factory.mktemp("alone")
    finish(start(folders, out))
    return out


@pytest.mark.slow
def test_two_devices_and_two_workers_learn_as_one_does(
    folders: list[Path], alone: Path, tmp_path: Path
) -> None:
    finish(start(folders, tmp_path / "devices", devices=2))
    finish(start(folders, tmp_path / "workers", workers=2))
    for out in (tmp_path / "devices", tmp_path / "workers"):
        np.testing.assert_allclose(curve(out, "activity"), curve(alone, "activity"), rtol=1e-5)
        # Each device normalises its share of a batch by itself.
        np.testing.assert_allclose(curve(out, "stneuronet"), curve(alone, "stneuronet"), rtol=5e-3)
    written = {path.name for path in (tmp_path / "workers" / "activity").iterdir()}
    assert {"weights.h5", "metrics.json", "card.md", "checkpoint.h5", "curves.png"} <= written


@pytest.mark.slow
def test_workers_go_on_after_a_kill_and_end_with_the_same_weights(
    folders: list[Path], tmp_path: Path
) -> None:
    how: dict[str, Any] = {"networks": "activity", "workers": 2, "dropout": 0.2, "epochs": 8}
    finish(start(folders, tmp_path / "undisturbed", **how))
    killed = start(folders, tmp_path / "killed", **how)
    limit = time.monotonic() + 200
    while not (tmp_path / "killed" / "activity" / "checkpoint.h5").exists():
        assert time.monotonic() < limit
        assert killed[0].poll() is None
        time.sleep(0.02)
    killed[1].kill()
    assert killed[1].wait(60) != 0
    # The chief can't go on alone, and says so.
    said = killed[0].communicate(timeout=200)[1]
    assert killed[0].returncode != 0
    assert "Error" in said
    assert not (tmp_path / "killed" / "activity" / "weights.h5").exists()
    finish(start(folders, tmp_path / "killed", **how))
    same = [(tmp_path / run / "activity" / "weights.h5").read_bytes() for run in ("undisturbed", "killed")]
    assert same[0] == same[1]
