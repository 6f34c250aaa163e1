"""A small SLURM cluster on this machine: munge, a controller and three nodes, all on loopback.

It needs Debian's packages slurmctld, slurmd, slurm-client and munge, no systemd, no cgroups, nothing in /etc,
and runs as any user. One node has four V100s that are links to /dev/null: SLURM hands them out as it would
real ones.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr", "sshare")
SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin")
#: Seconds from SIGTERM to SIGKILL of a job that is ended.
KILL_WAIT = 2

CONF = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={dir}/munge/socket
AccountingStorageType=accounting_storage/none
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/slurmd.%n.pid
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/%n
SlurmctldLogFile={dir}/log/slurmctld.log
SlurmdLogFile={dir}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/{task}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
GresTypes=gpu
KillWait={kill_wait}
# Finished jobs stay in squeue, for the tests to look at.
MinJobAge=36000
MaxJobCount=20000
"""
#: Who takes more memory than asked for is ended: by SLURM, which looks every second, or by the kernel.
BY_SLURM = "JobAcctGatherParams=OverMemoryKill,UsePss\n"
BY_KERNEL = "CgroupPlugin=cgroup/v1\nConstrainRAMSpace=yes\nConstrainSwapSpace=yes\n"
MEMORY_CGROUPS = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True)
class Node:
    """A pretended machine."""

    name: str
    partition: str
    cpus: int
    memory_mb: int
    gpus: int = 0


NODES = (
    Node("cpu1", "cpu", 8, 32000),
    Node("cpu2", "cpu", 8, 32000),
    Node("gpu1", "gpu", 64, 512000, gpus=4),
)


@dataclass(frozen=True)
class Job:
    """What SLURM knows of a job."""

    id: str
    state: str
    partition: str
    nodes: str
    cpus: int
    memory_mb: int
    minutes: int
    comment: str
    name: str

    @property
    def rule(self) -> str:
        """The rule that it runs, or the group."""
        return re.sub(r"^(rule|group)_|_wildcards_.*", "", self.comment)


def missing_programs() -> list[str]:
    """Return the programs of SLURM that this machine lacks."""
    return [name for name in (*DAEMONS, *CLIENTS) if _find(name) is None]


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *SBIN]))


class SlurmLab:
    """The cluster, up from ``with SlurmLab() as lab`` on; programs that use it get ``env=lab.env``.

    With `cgroups` the kernel limits jobs' memory, where `MEMORY_CGROUPS` can be written to.
    """

    def __init__(self, cgroups: bool = False) -> None:
        self._cgroups = cgroups
        # Paths of unix sockets are limited to 107 bytes.
        self.dir = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
        self.dir.chmod(0o755)  # munge refuses a socket that others can't reach
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SBATCH_", "SRUN_"))}
        path = os.pathsep.join([str(self.dir / "bin"), kept.get("PATH", "/usr/bin"), *SBIN])
        self.env = {**kept, "PATH": path, "SLURM_CONF": str(self.dir / "slurm.conf")}

    def __enter__(self) -> Self:
        try:
            self._configure()
            munge = self.dir / "munge"
            self._start(
                "munged", "--foreground", f"--key-file={munge}/key", f"--socket={munge}/socket",
                f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed",
            )  # fmt: skip
            self.until((munge / "socket").exists)
            self.start_controller()
            for node in NODES:
                self._start("slurmd", "-D", "-N", node.name)
            self.until(
                lambda: self.call("sinfo", "-hN", "-o", "%t", check=False).split() == ["idle"] * len(NODES)
            )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all jobs, then the daemons, then whatever jobs left behind."""
        if "slurmctld" in self._daemons:
            self.cancel_all()
        for name in reversed(list(self._daemons)):
            self._end(name)
        self._sweep()
        for node in NODES if self._cgroups else ():
            with suppress(OSError):
                (MEMORY_CGROUPS / f"slurm_{node.name}").rmdir()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start_controller(self) -> None:
        """Start slurmctld, for the first time or after `stop_controller`."""
        self._start("slurmctld", "-D")

    def stop_controller(self) -> None:
        """End slurmctld: jobs go on, but nobody can be asked about them."""
        self._end("slurmctld")

    def call(self, *command: str, check: bool = True) -> str:
        """Return what a command of SLURM prints."""
        done = subprocess.run(command, env=self.env, text=True, capture_output=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout.strip()

    def jobs(self, folder: Path | None = None) -> list[Job]:
        """Return all jobs so far, one for each task of an array; of one working `folder` only, if given."""
        text = self.call("squeue", "-h", "-r", "-t", "all", "-S", "i", "-o", "%i|%T|%P|%N|%C|%m|%l|%k|%j|%Z")
        rows = [line.split("|") for line in text.splitlines()]
        return [
            Job(*row[:4], int(row[4]), _mb(row[5]), _minutes(row[6]), *row[7:9])
            for row in rows
            if folder is None or Path(row[9]) == folder
        ]

    def cancel_all(self) -> None:
        """Cancel every job and wait until all are gone."""
        self.call("scancel", "-u", getpass.getuser(), check=False)
        with suppress(TimeoutError):
            self.until(lambda: not self.call("squeue", "-h", "-t", "pd,r,cg", check=False), 10 * KILL_WAIT)

    def until(self, true: Callable[[], bool], seconds: float = 120) -> None:
        """Wait until `true()`; raise `TimeoutError` with the daemons' last words if it takes too long."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                logs = "\n".join(f"{p.name}: {p.read_text()[-1000:]}" for p in (self.dir / "log").iterdir())
                raise TimeoutError(f"not reached in {seconds} s\n{logs}")
            time.sleep(0.2)

    def _configure(self) -> None:
        for name in ("munge", "log", "state", "dev", "bin", *(node.name for node in NODES)):
            (self.dir / name).mkdir()
        key = self.dir / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        host, (port, *ports) = socket.gethostname().split(".")[0], _free_ports(1 + len(NODES))
        task, params = ("cgroup", "") if self._cgroups else ("none", BY_SLURM)
        values = {"host": host, "port": port, "user": getpass.getuser(), "dir": self.dir, "task": task}
        lines = [CONF.format(**values, kill_wait=KILL_WAIT), params]
        if self._cgroups:
            (self.dir / "cgroup.conf").write_text(BY_KERNEL)
        cards = []
        for node, node_port in zip(NODES, ports, strict=True):
            gres = f"Gres=gpu:v100:{node.gpus}" if node.gpus else ""
            lines.append(
                f"NodeName={node.name} NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} "
                f"CPUs={node.cpus} RealMemory={node.memory_mb} {gres} State=UNKNOWN\n"
            )
            for index in range(node.gpus):  # SLURM wants character devices
                (self.dir / "dev" / f"nvidia{index}").symlink_to("/dev/null")
            if node.gpus:
                files = f"{self.dir}/dev/nvidia[0-{node.gpus - 1}]"
                cards.append(f"NodeName={node.name} Name=gpu Type=v100 File={files}\n")
        for partition in dict.fromkeys(node.partition for node in NODES):
            names = ",".join(node.name for node in NODES if node.partition == partition)
            lines.append(f"PartitionName={partition} Nodes={names} MaxTime=7-0 DefaultTime=5 State=UP\n")
        (self.dir / "slurm.conf").write_text("".join(lines))
        (self.dir / "gres.conf").write_text("".join(cards))
        self._wrap_clients()

    def _wrap_clients(self) -> None:
        """Let the commands find this cluster also where Snakemake took SLURM_CONF from the environment."""
        for name in CLIENTS:
            text = f'#!/bin/sh\nSLURM_CONF={self.dir}/slurm.conf exec {_find(name)} "$@"\n'
            if name == "sacct":  # without a database, squeue tells what sacct would
                text = (
                    '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --name ] && run=$2; shift; done\n'
                    f'[ -z "$run" ] || exec {self.dir}/bin/squeue -h -r -t all -o "%i|%T" --name "$run"\n'
                )
            wrapper = self.dir / "bin" / name
            wrapper.write_text(text)
            wrapper.chmod(0o755)

    def _start(self, *command: str) -> None:
        # A session of its own: Ctrl-C of the tests doesn't end it.
        name = "-".join([command[0], *command[3:4]]) if command[0] == "slurmd" else command[0]
        with (self.dir / "log" / f"{name}.out").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _end(self, name: str) -> None:
        daemon = self._daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _sweep(self) -> None:
        """End processes of this cluster's jobs that outlived their job."""
        mark = f"SLURM_CONF={self.dir}/slurm.conf".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                mine = mark in (process / "environ").read_bytes().split(b"\0")
                if mine and int(process.name) != os.getpid():
                    os.kill(int(process.name), signal.SIGKILL)


def _mb(size: str) -> int:
    """Return a size of SLURM, such as 3004M or 62.50G, in MB."""
    return round(float(size.rstrip("MG")) * (1024 if size.endswith("G") else 1))


def _minutes(limit: str) -> int:
    """Return a time limit of SLURM, such as 1-02:03:00 or 15:00, in minutes."""
    days, _, clock = limit.rpartition("-")
    *hours, minutes, _ = (int(part) for part in clock.split(":"))
    return 24 * 60 * int(days or 0) + 60 * sum(hours) + minutes


def _free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
