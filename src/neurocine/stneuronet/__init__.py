"""STNeuroNet: a network that segments active neurons (Soltanian-Zadeh et al. 2019)."""
