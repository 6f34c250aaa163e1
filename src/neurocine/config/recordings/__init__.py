"""The recordings table: one row per recording."""

from neurocine.config.recordings.cells import parse_channel, parse_crop, parse_frames, parse_plane
from neurocine.config.recordings.row import REQUIRED, RecordingRow, validated_row
from neurocine.config.recordings.table import check_rois, load_recordings, movie_paths

__all__ = [
    "REQUIRED",
    "RecordingRow",
    "check_rois",
    "load_recordings",
    "movie_paths",
    "parse_channel",
    "parse_crop",
    "parse_frames",
    "parse_plane",
    "validated_row",
]
