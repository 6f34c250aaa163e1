"""Cell types: pyramidal, interneuron or noise."""

from neurocine.celltype.classify import classify, most_active

__all__ = ["classify", "most_active"]
