"""STNeuroNet: networks that segment active neurons (Soltanian-Zadeh et al. 2019)."""
