"""The files that one step passes to the next, each with a reader and an atomic writer.

Every file carries its `Stamp`: schema version, hash of the settings it was made with, and the checksum of
the movie it comes from.
"""

from neurocine.io.result_files.activity import read_activity, write_activity
from neurocine.io.result_files.assemblies import read_assemblies, write_assemblies
from neurocine.io.result_files.celltypes import read_celltypes, write_celltypes
from neurocine.io.result_files.contamination import read_contamination, write_contamination
from neurocine.io.result_files.controls import read_controls, write_controls
from neurocine.io.result_files.masks import has_states, read_masks, write_masks
from neurocine.io.result_files.movie import (
    MovieWriter,
    Registration,
    StructuralChannel,
    Summary,
    read_movie,
    read_registration,
    read_structural,
    read_summary,
)
from neurocine.io.result_files.rois import read_rois, write_rois
from neurocine.io.result_files.stamp import SCHEMA_VERSION, Stamp, read_stamp, settings_hash
from neurocine.io.result_files.traces import read_traces, write_traces
from neurocine.io.result_files.truth import read_truth, write_truth

__all__ = [
    "SCHEMA_VERSION",
    "MovieWriter",
    "Registration",
    "Stamp",
    "StructuralChannel",
    "Summary",
    "has_states",
    "read_activity",
    "read_assemblies",
    "read_celltypes",
    "read_contamination",
    "read_controls",
    "read_masks",
    "read_movie",
    "read_registration",
    "read_rois",
    "read_stamp",
    "read_structural",
    "read_summary",
    "read_traces",
    "read_truth",
    "settings_hash",
    "write_activity",
    "write_assemblies",
    "write_celltypes",
    "write_contamination",
    "write_controls",
    "write_masks",
    "write_rois",
    "write_traces",
    "write_truth",
]
