"""One row of the recordings table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recording:
    """One recording of one plane, as the user's table names it.

    Attributes
    ----------
    name
        Unique name; also its folder under ``results/``.
    movie
        The movie's file or folder, or several files in order of time.
    dataset
        Name of the dataset in the movie's file; None for the only one.
    frame_rate_hz, pixel_size_um, indicator
        As the table gives them; None where it leaves them to the file.
    rois
        Contours from the user, for the engine ``given``, with ``#name`` if the file holds several sets;
        None if there are none.
    bad_frames
        First and last frame (0-based, inclusive) of each range without usable data.
    ground_truth
        Folder or file with the truth, for evaluation; None if there is none.
    split
        ``train``, ``validation``, ``test`` or empty.
    """

    name: str
    movie: tuple[Path, ...]
    dataset: str | None = None
    frame_rate_hz: float | None = None
    pixel_size_um: float | None = None
    indicator: str | None = None
    rois: Path | None = None
    bad_frames: tuple[tuple[int, int], ...] = ()
    ground_truth: Path | None = None
    split: str = ""
