"""Several processes that train one network: one a task of a SLURM step, each with its node's GPUs."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from itertools import product
from typing import Any, ParamSpec, TypeVar

from neurocine.core import InputError

P = ParamSpec("P")
R = TypeVar("R")

#: Workers listen on ports from here on; each job has 16 of its own, below those that Linux hands out.
FIRST_PORT, PORTS_OF_A_JOB, JOBS = 20000, 16, 750


@dataclass(frozen=True)
class Cluster:
    """The workers of a training, and which of them this process is.

    Attributes
    ----------
    addresses
        ``host:port`` of each.
    rank
        Index of this process; the first is the *chief*, who alone writes.
    """

    addresses: tuple[str, ...]
    rank: int


def cluster_of(environment: Mapping[str, str]) -> Cluster | None:
    """Return the cluster that SLURM's variables describe; None outside a step of several tasks.

    TensorFlow's own ``SlurmClusterResolver`` isn't used: it fails on nodes without NVIDIA's driver, sorts
    hosts as text, so that ``node10`` takes ``node9``'s rank, and overwrites CUDA_VISIBLE_DEVICES.

    Raises
    ------
    InputError
        If a variable is missing or can't be understood.
    """
    if int(environment.get("SLURM_STEP_NUM_TASKS", "1")) < 2:
        return None
    hosts = hosts_of(_variable(environment, "SLURM_STEP_NODELIST"))
    tasks = tasks_of(_variable(environment, "SLURM_STEP_TASKS_PER_NODE"))
    base = FIRST_PORT + PORTS_OF_A_JOB * (int(_variable(environment, "SLURM_JOB_ID")) % JOBS)
    addresses = tuple(
        f"{host}:{base + task}" for host, n in zip(hosts, tasks, strict=True) for task in range(n)
    )
    return Cluster(addresses, int(_variable(environment, "SLURM_PROCID")))


def hosts_of(nodelist: str) -> list[str]:
    """Return the hosts of SLURM's list of nodes, such as ``gpu[1-2,07],login``, in its order.

    Raises
    ------
    InputError
        If it can't be understood.
    """
    if not re.fullmatch(r"(?:[^\[\],\s]|\[[\d,-]+\])+(?:,(?:[^\[\],\s]|\[[\d,-]+\])+)*", nodelist):
        raise InputError("SLURM_STEP_NODELIST", nodelist, "isn't a list of nodes", "Start it with srun.")
    hosts = []
    for pattern in re.findall(r"(?:[^\[\],]|\[[^\]]*\])+", nodelist):
        pieces = re.split(r"\[([^\]]*)\]", pattern)  # text, ranges, text, ranges, ..., text
        choices = [_numbers(piece) if index % 2 else [piece] for index, piece in enumerate(pieces)]
        hosts += ["".join(parts) for parts in product(*choices)]
    return hosts


def _numbers(ranges: str) -> list[str]:
    """Return the numbers of ``1-3,07`` as text, as wide as the first of their range."""
    numbers = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers += [str(n).zfill(len(first)) for n in range(int(first), int(last or first) + 1)]
    return numbers


def tasks_of(tasks_per_node: str) -> list[int]:
    """Return the tasks of each node from SLURM's ``2(x3),1``."""
    groups = re.findall(r"(\d+)(?:\(x(\d+)\))?", tasks_per_node)
    return [int(tasks) for tasks, nodes in groups for _ in range(int(nodes or 1))]


def is_chief() -> bool:
    """Return whether this process writes checkpoints and outputs: of several workers only one does."""
    cluster = cluster_of(os.environ)
    return cluster is None or cluster.rank == 0


def together(work: Callable[P, R]) -> Callable[P, R]:
    """Return `work` with all workers joined before it, and left no sooner than all are done."""

    @wraps(work)
    def joined(*args: P.args, **kwargs: P.kwargs) -> R:
        # TensorFlow can join workers only before it has done anything else.
        workers = worker_strategy()
        result = work(*args, **kwargs)
        if workers is not None:
            # One that leaves looks like a crash to the others.
            _meet(workers)
        return result

    return joined


@cache
def worker_strategy() -> Any | None:
    """Return the strategy of several workers, joined on the first call; None if this process is alone.

    Raises
    ------
    InputError
        If a worker's host has no address, or TensorFlow was in use before.
    """
    cluster = cluster_of(os.environ)
    if cluster is None:
        return None
    for address in cluster.addresses:
        _check_host(address.rpartition(":")[0])
    import tensorflow as tf

    spec = tf.train.ClusterSpec({"worker": list(cluster.addresses)})
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        spec, task_type="worker", task_id=cluster.rank, rpc_layer="grpc"
    )
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def _check_host(host: str) -> None:
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        raise InputError(
            "SLURM_STEP_NODELIST", host, f"has no address ({error})", "Train on one node, or ask your admins."
        ) from error


def _meet(strategy: Any) -> None:
    """Wait until all workers have arrived."""
    import tensorflow as tf

    strategy.reduce("SUM", strategy.run(lambda: tf.constant(1.0)), axis=None)


def _variable(environment: Mapping[str, str], name: str) -> str:
    if name not in environment:
        raise InputError("SLURM", name, "isn't set", "Start it with srun.")
    return environment[name]
