"""Activity: in which frames each cell is active, from onset to peak of each transient."""

from neurocine.activity.inference import infer
from neurocine.activity.transients import Score, putative, score, smooth

__all__ = ["Score", "infer", "putative", "score", "smooth"]
