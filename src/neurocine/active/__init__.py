"""Which ROIs are active neurons: those of any engine beside STNeuroNet's masks."""

from neurocine.active.annotate import annotate_active
from neurocine.active.match import match_active

__all__ = ["annotate_active", "match_active"]
