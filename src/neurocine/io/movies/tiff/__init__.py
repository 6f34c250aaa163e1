"""TIFF: one page per frame, ImageJ hyperstacks, BigTIFF, ScanImage and OME."""

from neurocine.io.movies.tiff.file_sets import is_file_set, stack_glob, stacks
from neurocine.io.movies.tiff.headers import opened
from neurocine.io.movies.tiff.reader import SUFFIXES, read, read_picture

__all__ = ["SUFFIXES", "is_file_set", "opened", "read", "read_picture", "stack_glob", "stacks"]
