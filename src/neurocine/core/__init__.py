"""The data types that all steps share: frozen dataclasses over arrays, validated on construction."""

from neurocine.core.assemblies import Assemblies
from neurocine.core.celltypes import CALLED_TYPES, CELL_TYPES, UNKNOWN, CellTypes, Labels, clear_types
from neurocine.core.errors import (
    DamagedFile,
    EngineMissing,
    FieldOfViewUnknown,
    FileMissing,
    InputError,
    MetadataMissing,
    NeurocineError,
    NoValidFrame,
    OtherFieldOfView,
    ReaderMissing,
    SeveralDatasets,
    UnknownFormat,
)
from neurocine.core.movie import FrameSource, InvalidFrames, Movie, Validity
from neurocine.core.raster import Raster, Transients
from neurocine.core.recording import Recording, Selection
from neurocine.core.rois import RoiSet
from neurocine.core.traces import Traces

__all__ = [
    "CALLED_TYPES",
    "CELL_TYPES",
    "UNKNOWN",
    "Assemblies",
    "CellTypes",
    "DamagedFile",
    "EngineMissing",
    "FieldOfViewUnknown",
    "FileMissing",
    "FrameSource",
    "InputError",
    "InvalidFrames",
    "Labels",
    "MetadataMissing",
    "Movie",
    "NeurocineError",
    "NoValidFrame",
    "OtherFieldOfView",
    "Raster",
    "ReaderMissing",
    "Recording",
    "RoiSet",
    "Selection",
    "SeveralDatasets",
    "Traces",
    "Transients",
    "UnknownFormat",
    "Validity",
    "clear_types",
]
