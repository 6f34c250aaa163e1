"""The engines of the comparison that can be run on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurocine.config import Config, MotionSettings
from neurocine.config.comparison import OWN_ACTIVITY
from neurocine.config.engines import (
    DECONVOLUTION_ENGINES,
    MOTION_ENGINES,
    SEGMENTATION_ENGINES,
    ZSCORE,
)
from neurocine.engines.availability import why_absent


@dataclass(frozen=True)
class AvailableEngines:
    """The engines that can be run.

    Attributes
    ----------
    motion
        Settings by name.
    segmentation, deconvolution
        Names.
    left_out
        Reason for each engine that can't be run, by task and name.
    """

    motion: Mapping[str, MotionSettings]
    segmentation: tuple[str, ...]
    deconvolution: tuple[str, ...]
    left_out: Mapping[str, str]


def available_engines(config: Config, *, conda: bool = False) -> AvailableEngines:
    """Return the engines of `config.comparison` that can be run on this machine.

    Parameters
    ----------
    config
        The whole config.
    conda
        Whether each rule runs in a conda environment of its own.
    """
    wanted = config.comparison
    motion = {name: MotionSettings.model_validate(values) for name, values in wanted.motion.items()}
    asked = {
        "registration": {name: MOTION_ENGINES[settings.engine] for name, settings in motion.items()},
        "segmentation": {name: SEGMENTATION_ENGINES[name] for name in wanted.segmentation},
        "activity": {
            name: DECONVOLUTION_ENGINES[name]
            for name in wanted.activity
            if name not in (OWN_ACTIVITY, ZSCORE)
        },
    }
    left_out = {
        f"{task}: {name}": why
        for task, entries in asked.items()
        for name, entry in entries.items()
        if (why := why_absent(entry, config.engines, conda=conda))
    }

    def here(task: str) -> tuple[str, ...]:
        return tuple(name for name in asked[task] if f"{task}: {name}" not in left_out)

    return AvailableEngines(
        motion={name: motion[name] for name in here("registration")},
        segmentation=here("segmentation"),
        deconvolution=here("activity"),
        left_out=left_out,
    )
