"""Cell types: pyramidal, interneuron or noise; and which cells are labelled in a structural channel."""

from neurocine.celltype.classification import classify, most_active
from neurocine.celltype.labelled import labelled_probability, labels_of

__all__ = ["classify", "labelled_probability", "labels_of", "most_active"]
