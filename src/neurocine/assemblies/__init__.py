"""Synchronous calcium events (SCEs), the cell assemblies in them, and how far two methods agree on them."""

from neurocine.assemblies.agreement import (
    Agreement,
    MatchedAssembly,
    agreement,
    agreement_of_labels,
    recovery,
)
from neurocine.assemblies.events import detect_sces
from neurocine.assemblies.find import find_assemblies

__all__ = [
    "Agreement",
    "MatchedAssembly",
    "agreement",
    "agreement_of_labels",
    "detect_sces",
    "find_assemblies",
    "recovery",
]
