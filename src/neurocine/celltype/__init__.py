"""Cell types: pyramidal, interneuron or noise."""

from neurocine.celltype.classification import classify, most_active

__all__ = ["classify", "most_active"]
