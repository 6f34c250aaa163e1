"""suite2p's folder: read, and written so that its GUI opens it."""

from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.rois.suite2p.iscell import write_iscell
from neurocine.io.rois.suite2p.reader import read, read_curated, write

__all__ = ["read", "read_curated", "write", "write_iscell", "write_suite2p"]
