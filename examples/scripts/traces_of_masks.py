"""Use steps as a library: register a movie, and take the traces of masks of your own.

python traces_of_masks.py MOVIE MASKS OUT     masks as a labelled TIFF, a Cellpose or ImageJ file, ...
"""

import sys
from pathlib import Path

from neurocine.config import MotionSettings, TracesSettings
from neurocine.io.movies import open_movie
from neurocine.io.result_files import read_movie
from neurocine.io.rois import open_rois
from neurocine.pipeline import motion
from neurocine.traces import extract

movie_path, masks, out = map(Path, sys.argv[1:])

movie = open_movie(movie_path, frame_rate_hz=30, pixel_size_um=1.2, indicator="GCaMP6s")
motion(movie, out / "movie.h5", MotionSettings(engine="cinac"))

registered = read_movie(out / "movie.h5")
rois = open_rois(masks, fov_shape=registered.fov_shape)
traces = extract(registered, rois, TracesSettings(neuropil_coefficient=0.5))
print(f"{len(rois)} ROIs, {registered.n_frames} frames; the clearest has an SNR of {traces.snr.max():.1f}")
