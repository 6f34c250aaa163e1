"""The files that one step passes to the next, each with a reader and an atomic writer.

Every file carries its `Stamp`: schema version, hash of the settings it was made with, and the checksum of
the movie it comes from.
"""

from neurocine.io.contracts.activity import read_activity, write_activity
from neurocine.io.contracts.assemblies import read_assemblies, write_assemblies
from neurocine.io.contracts.celltypes import read_celltypes, write_celltypes
from neurocine.io.contracts.movie import (
    MovieWriter,
    Registration,
    Summary,
    read_movie,
    read_registration,
    read_summary,
)
from neurocine.io.contracts.rois import read_rois, write_rois
from neurocine.io.contracts.stamp import SCHEMA_VERSION, Stamp, read_stamp, settings_hash
from neurocine.io.contracts.traces import read_traces, write_traces

__all__ = [
    "SCHEMA_VERSION",
    "MovieWriter",
    "Registration",
    "Stamp",
    "Summary",
    "read_activity",
    "read_assemblies",
    "read_celltypes",
    "read_movie",
    "read_registration",
    "read_rois",
    "read_stamp",
    "read_summary",
    "read_traces",
    "settings_hash",
    "write_activity",
    "write_assemblies",
    "write_celltypes",
    "write_rois",
    "write_traces",
]
