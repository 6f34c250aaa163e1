"""ROIs as pictures: label images, stacks of masks, and Cellpose's ``_seg.npy``."""

from neurocine.io.rois.pictures import cellpose, labels, masks

__all__ = ["cellpose", "labels", "masks"]
