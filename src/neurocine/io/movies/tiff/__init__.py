"""TIFF: one page per frame, ImageJ hyperstacks, BigTIFF, ScanImage and OME."""

from neurocine.io.movies.tiff.headers import opened
from neurocine.io.movies.tiff.reader import SUFFIXES, read, read_picture

__all__ = ["SUFFIXES", "opened", "read", "read_picture"]
