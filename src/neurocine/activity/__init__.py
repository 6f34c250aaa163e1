"""Activity: in which frames each cell is active, from onset to peak of each transient."""

from neurocine.activity.inference import check_length, gathered, infer

__all__ = ["check_length", "gathered", "infer"]
