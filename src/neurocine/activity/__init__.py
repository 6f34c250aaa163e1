"""Activity: in which frames each cell is active, from onset to peak of each transient."""

from neurocine.activity.inference import check_length, gathered, infer
from neurocine.activity.transients import Score, putative, score, smooth

__all__ = ["Score", "check_length", "gathered", "infer", "putative", "score", "smooth"]
