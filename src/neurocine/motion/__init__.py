"""Motion correction: every frame is registered to a template, streamed block by block."""

from neurocine.motion.bidirectional import row_correction, unshifted
from neurocine.motion.registration import register
from neurocine.motion.summary import SummaryAccumulator, summarise

__all__ = ["SummaryAccumulator", "register", "row_correction", "summarise", "unshifted"]
