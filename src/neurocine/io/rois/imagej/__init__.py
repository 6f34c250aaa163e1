"""ROIs drawn in ImageJ or Fiji: ``.roi`` files, and the ``RoiSet.zip`` of the ROI Manager."""

from neurocine.io.rois.imagej.reader import read

__all__ = ["read"]
