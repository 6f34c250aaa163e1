"""The section of the cluster: its GPUs, and how work is split into jobs."""

from __future__ import annotations

from pydantic import Field

from neurocine.config.section import Positive, Section


class ClusterSettings(Section):
    """Jobs on a cluster; partitions, accounts and other SLURM settings are in the profile."""

    gpus: int | None = Field(
        None,
        ge=0,
        le=64,
        description="most GPUs per node that a job may request; null: as in the profile; 0: a cluster "
        "without GPUs, where networks train on CPUs in the default partition",
    )
    activity_gb: Positive = Field(
        16.0,
        description="the activity of a recording whose raw movie has more GB than this is inferred by "
        "several jobs, each for some of the cells, and merged: the same results, sooner",
    )
