"""Rows without data after registration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from neurocine.config import MotionSettings, TracesSettings
from neurocine.core import Movie, RoiSet, Validity
from neurocine.io.result_files import Stamp, read_movie
from neurocine.motion import register
from neurocine.traces import extract


def test_rows_without_data_stay_known_and_have_no_events(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = 200 + 2000 * gaussian_filter(rng.random((48, 48)) < 0.02, 2.0).astype(float)
    frames = rng.normal(picture, 5, (120, 48, 48))
    frames[60:80, 10:20, 10:20] += 400 * np.exp(-np.arange(20) / 5)[:, None, None]
    movie = Movie(frames.astype(np.uint16), 10.0, 1.0, "GCaMP6s", validity=Validity(120, rows=((60, 5, 24),)))
    register(movie, MotionSettings(engine="none"), tmp_path / "movie.h5", Stamp("s"))
    registered = read_movie(tmp_path / "movie.h5")
    assert registered.validity is not None
    assert registered.validity.rows == ((60, 5, 24),)
    masks = np.zeros((1, 48, 48), dtype=bool)
    masks[0, 10:20, 10:20] = True
    rois = RoiSet.from_masks(masks)
    events = extract(registered, rois, TracesSettings()).events[0]
    assert events[60] == 0
    whole = extract(replace(registered, validity=None), rois, TracesSettings()).events[0]
    assert whole[59:62].max() > 0
