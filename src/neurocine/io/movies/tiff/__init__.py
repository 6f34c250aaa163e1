"""TIFF: one page a frame, ImageJ hyperstacks, BigTIFF, ScanImage and OME."""

from neurocine.io.movies.tiff.reader import opened, read, read_picture

__all__ = ["opened", "read", "read_picture"]
