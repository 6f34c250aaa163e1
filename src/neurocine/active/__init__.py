"""Which ROIs are active neurons: those of any engine beside STNeuroNet's masks."""

from neurocine.active.match import match_active
from neurocine.active.tell import tell_active

__all__ = ["match_active", "tell_active"]
