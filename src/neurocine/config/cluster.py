"""What a cluster has, and how work is cut for it."""

from __future__ import annotations

from pydantic import Field

from neurocine.config.section import Positive, Section


class ClusterSettings(Section):
    """Jobs on a cluster; partitions, account and what else SLURM wants is in the profile."""

    gpus: int | None = Field(
        None,
        ge=0,
        le=64,
        description="most GPUs of one node that a job may ask for; null: as the profile says; 0: a cluster "
        "without GPUs, where networks train on CPUs in the default partition",
    )
    activity_gb: Positive = Field(
        16.0,
        description="the activity of a recording whose raw movie has more GB than this is inferred by "
        "several jobs, each for a share of the cells, and gathered again: the same numbers, sooner",
    )
