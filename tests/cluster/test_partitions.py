"""What jobs ask for against what a cluster offers."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tifffile
import yaml
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.cluster import partitions as slurm
from neurocine.cluster.partitions import Asked, Partition, asked, minutes, offered, problems
from neurocine.cluster.profiles import read_profile
from neurocine.cluster.resources import within_gpus
from neurocine.config import Config, load_recordings, parse_config
from neurocine.core import InputError, Recording

ROOT = Path(__file__).parents[2]
PROFILES = ROOT / "profiles"

#: As SLURM 22.05 writes it, shortened.
NODES = """\
NodeName=c1 Arch=x86_64 CPUAlloc=0 CPUTot=32 CPULoad=0.1 Gres=(null) RealMemory=64000 Partitions=cpu,short
NodeName=c2 Arch=x86_64 CPUAlloc=0 CPUTot=8 CPULoad=0.1 Gres=(null) RealMemory=256000 Partitions=cpu
NodeName=g1 CPUTot=64 Gres=gpu:v100:4(S:0-1),gpu:k80:2(S:0) RealMemory=512000 Partitions=gpu
NodeName=g2 CPUTot=64 Gres=gpu:2 RealMemory=512000 Partitions=any

"""
PARTITIONS = """\
PartitionName=cpu AllowGroups=ALL AllowAccounts=ALL Default=YES MaxTime=7-00:00:00 Nodes=c[1-2] State=UP
PartitionName=short AllowAccounts=ALL MaxTime=00:25:00 Nodes=c1 State=UP
PartitionName=gpu AllowAccounts=imaging,physics MaxTime=UNLIMITED Nodes=g1 State=UP
PartitionName=any AllowAccounts=ALL MaxTime=UNLIMITED Nodes=g2 State=UP
PartitionName=empty AllowAccounts=ALL MaxTime=UNLIMITED Nodes=(null) State=UP
"""
FITS = Asked("motion", "m", "cpu", "", 2, 4000, 60, 0, "")
TRAINS = Asked("train_activity", "", "gpu", "imaging", 16, 64000, 720, 4, "v100")


def scontrol(kind: str) -> str:
    return {"node": NODES, "partition": PARTITIONS}[kind]


@pytest.fixture(scope="module")
def partitions() -> tuple[Partition, ...]:
    rows = offered(scontrol)
    assert rows is not None
    return rows


def test_what_slurm_says_is_understood(partitions: tuple[Partition, ...]) -> None:
    cpu, short, gpu, some, empty = partitions
    assert (cpu.name, cpu.max_min, cpu.accounts, [n.name for n in cpu.nodes]) == (
        "cpu",
        10080,
        None,
        ["c1", "c2"],
    )
    assert (short.max_min, [n.memory_mb for n in short.nodes]) == (25, [64000])
    assert (gpu.max_min, gpu.accounts) == (None, ("imaging", "physics"))
    assert gpu.nodes[0].gpus == {"v100": 4, "k80": 2}
    assert some.nodes[0].gpus == {"": 2}
    assert empty.nodes == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("UNLIMITED", None), ("1-02:03:04", 1563), ("00:30:00", 30), ("12:00:00", 720), ("NONE", None)],
)
def test_time_limits(text: str, wanted: int | None) -> None:
    assert minutes(text) == wanted


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (FITS, []),
        (TRAINS, []),
        (replace(FITS, partition="gone"), [r"motion \(m\): there is no partition 'gone'.* cpu, short, gpu"]),
        (replace(FITS, memory_mb=300_000), [r"300000 MB, the largest node of cpu has 256000"]),
        (replace(FITS, cpus=33), [r"33 CPUs, the largest node of cpu has 32.*set-threads"]),
        (replace(FITS, cpus=32, memory_mb=200_000), [r"no node of cpu has 32 CPUs, 200000 MB and 0 GPUs"]),
        (replace(FITS, runtime_min=10081), [r"10081 min, partition cpu gives 10080"]),
        (replace(FITS, partition="empty"), [r"partition empty has no nodes"]),
        (replace(TRAINS, gpus=5), [r"5 x v100 on one node; those of gpu have 2 x k80, 4 x v100"]),
        (replace(TRAINS, gpu_model="a100"), [r"4 x a100 on one node.*cluster\.gpus"]),
        (replace(TRAINS, gpu_model="", gpus=6), []),
        (replace(TRAINS, partition="cpu"), [r"4 x v100 on one node; those of cpu have none"]),
        (replace(TRAINS, partition="v100s"), [r"no partition 'v100s'.*cluster\.gpus to 0"]),
        (
            replace(TRAINS, account=""),
            [r"train_activity: no account may not use partition gpu.*imaging, physics"],
        ),
        (replace(TRAINS, account="bio", memory_mb=10**6), ["bio may not use", "1000000 MB"]),
    ],
)
def test_what_cant_be_had_is_told_with_a_remedy(
    job: Asked, expected: list[str], partitions: tuple[Partition, ...]
) -> None:
    messages = problems(job, partitions)
    assert len(messages) == len(expected)
    for text, pattern in zip(messages, expected, strict=True):
        assert re.search(pattern, text)
        assert re.search(r"(Set|Choose) .*\.$", text)


def recording(folder: Path, gb: float, name: str = "m") -> Recording:
    movie = folder / f"{name}.tif"
    with movie.open("wb") as file:
        file.truncate(int(gb * 1e9))
    return Recording(name, (movie,), None, None, None)


def test_the_largest_recording_counts_and_each_attempt_asks_for_more(tmp_path: Path) -> None:
    profile = read_profile(PROFILES / "slurm")
    config = parse_config({"results": str(tmp_path / "results")})
    small, large = recording(tmp_path, 0.1, "small"), recording(tmp_path, 30, "large")
    first, third = (
        {job.rule: job for job in asked(profile, config, [small, large], attempt)} for attempt in (1, 3)
    )
    for rule, job in first.items():
        assert third[rule].memory_mb >= 3 * job.memory_mb - 3
        assert third[rule].runtime_min >= 3 * job.runtime_min - 3
    assert first["motion"].recording == "large"
    (alone,) = (job for job in asked(profile, config, [small]) if job.rule == "motion")
    assert alone.runtime_min < first["motion"].runtime_min
    assert first["train_activity"].gpus == 4
    assert first["train_activity"].training
    assert not first["motion"].training
    assert "assemblies" not in first
    assert "evaluate_activity" not in first


def test_what_the_profile_sets_goes_before(tmp_path: Path) -> None:
    profile = {
        "default-resources": {"slurm_partition": "a", "slurm_account": "lab"},
        "set-resources": {"motion": {"mem_mb": 123, "runtime": "2h", "slurm_partition": "b"}},
        "set-threads": {"motion": 7},
    }
    config = parse_config({"results": str(tmp_path)})
    jobs = {job.rule: job for job in asked(profile, config, [recording(tmp_path, 1)])}
    job = jobs["motion"]
    assert (job.partition, job.account, job.cpus, job.memory_mb) == ("b", "lab", 7, 123)
    assert jobs["ingest"].partition == "a"


def test_one_line_of_the_config_takes_the_gpus(tmp_path: Path) -> None:
    profile = read_profile(PROFILES / "slurm")
    for gpus, wanted in ((0, ("cpu", 0, "")), (2, ("gpu", 2, "v100")), (None, ("gpu", 4, "v100"))):
        config = parse_config({"results": str(tmp_path), "cluster": {"gpus": gpus}})
        jobs = {job.rule: job for job in asked(profile, config, [recording(tmp_path, 1)])}
        job = jobs["train_stneuronet"]
        assert (job.partition, job.gpus, job.gpu_model) == wanted
    assert within_gpus({"mem_mb": 5}, 0) == {"mem_mb": 5}


def test_a_silent_slurm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "scontrol", stderr="Unable to contact slurm controller")

    monkeypatch.setattr(slurm.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(slurm.subprocess, "run", failing)
    with pytest.raises(InputError, match="Unable to contact slurm controller"):
        offered()


@pytest.fixture
def project(tmp_path: Path, blobs, monkeypatch: pytest.MonkeyPatch) -> Path:
    movie, _ = blobs
    tifffile.imwrite(tmp_path / "m.tif", movie.read(0, 300))
    (tmp_path / "recordings.tsv").write_text(
        "recording\tmovie\tframe_rate_hz\tpixel_size_um\tindicator\nm\tm.tif\t10\t2\tGCaMP6s\n"
    )
    monkeypatch.chdir(tmp_path)
    configure({})
    return tmp_path


def configure(values: dict) -> None:
    Path("config.yaml").write_text(yaml.safe_dump({"recordings": "recordings.tsv", **values}))


def check(profile: str = "slurm") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", "--config", "config.yaml", "--profile", profile])
    return done.exit_code, done.output


def test_check_compares_with_the_cluster(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(slurm, "_scontrol", scontrol)
    code, output = check()
    assert code == 0  # the account is wanted by training alone
    assert "training: train_activity: no account may not use partition gpu" in output
    assert "The cluster's partitions (cpu, short, gpu, any, empty) have room for every job" in output
    configure({"cluster": {"gpus": 0}})
    code, output = check()
    assert code == 0
    assert "training:" not in output
    (project / "own").mkdir()
    shipped = yaml.safe_load((PROFILES / "slurm" / "config.yaml").read_text())
    shipped["default-resources"]["slurm_partition"] = "normal"
    (project / "own" / "config.yaml").write_text(yaml.safe_dump(shipped))
    code, output = check("own")
    assert code == 1
    assert "problem: motion (m): there is no partition 'normal'" in output
    shipped["default-resources"]["slurm_partition"] = "short"
    (project / "own" / "config.yaml").write_text(yaml.safe_dump(shipped))
    code, output = check("own")
    assert code == 0
    assert re.search(
        r"note, after 2 failed attempts: motion \(m\): asks for \d+ min, partition short", output
    )


def test_check_without_slurm_shows_what_would_be_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm.shutil, "which", lambda name: None)
    code, output = check()
    assert code == 0
    assert "train_stneuronet" in output
    assert "No SLURM here" in output
    code, output = check("local")
    assert code == 0
    assert "nothing to compare" in output


def test_a_dry_run_asks_for_what_check_tells(tmp_path: Path) -> None:
    """Also where there are no GPUs: training then lands in the default partition."""
    config = Config(results=str(tmp_path), recordings=str(ROOT / "config" / "recordings.tsv"))
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--profile",
        "slurm",
        "-n",
        "all",
        "train_activity",
        "--config",
    ]
    for gpus in (64, 0):
        values = f'cluster={{"gpus": {gpus}}}'
        done = subprocess.run(
            [*command, f"results={tmp_path}", values], cwd=ROOT, capture_output=True, text=True, check=False
        )
        shown = done.stdout + done.stderr
        assert done.returncode == 0, shown
        with_gpus = config.model_copy(update={"cluster": config.cluster.model_copy(update={"gpus": gpus})})
        rows = load_recordings(ROOT / "config" / "recordings.tsv")
        jobs = {job.rule: job for job in asked(read_profile(PROFILES / "slurm"), with_gpus, rows)}
        for rule, words in {
            "motion": "Registering",
            "train_activity": "Training the activity network ",
        }.items():
            job = jobs[rule]
            shown_jobs = re.findall(
                rf"{words}.*\[partition {job.partition}, (\d+) MB, (\d+) min(.*)\]", shown
            )
            assert (job.memory_mb, job.runtime_min) == tuple(map(int, shown_jobs[0][:2]))
            assert shown_jobs[0][2] == (f", {job.gpus} x {job.gpu_model} on 1 node" if job.gpus else "")
