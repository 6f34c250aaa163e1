"""suite2p's folder: read, and written so that its GUI opens it."""

from neurocine.io.rois.suite2p.folder import write_suite2p
from neurocine.io.rois.suite2p.reader import read, write

__all__ = ["read", "write", "write_suite2p"]
