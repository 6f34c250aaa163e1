"""STNeuroNet: a network that segments active neurons (Soltanian-Zadeh et al. 2019)."""

from typing import Final

#: How STNeuroNet is called among the engines that found an ROI.
STNEURONET: Final = "stneuronet"
