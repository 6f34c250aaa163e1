"""ROIs by CaImAn: CNMF (Pnevmatikakis et al. 2016) on the whole movie, or frame by frame (OnACID).

CaImAn (Giovannucci et al. 2019) runs in a Python of its own, see `neurocine.engines.caiman`. The movie is
passed as a memory map in a temporary folder; the results are read like any results of CaImAn.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import SegmentationSettings
from neurocine.core import Movie, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.engines.caiman import CaimanSession
from neurocine.io.rois import caiman
from neurocine.progress import Progress
from neurocine.segmentation.engines import SegmentationRequest

logger = logging.getLogger(__name__)

#: Pixels that CaImAn processes at once; its default depends on the free memory.
PIXELS_AT_ONCE = 4000
ONLINE = "caiman-online"


def find(request: SegmentationRequest) -> RoiSet:
    """Return the components that CaImAn finds and accepts; ids are CaImAn's numbers.

    Raises
    ------
    InputError
        As `neurocine.engines.caiman.CaimanSession`.
    """
    movie, settings, run = request.movie, request.settings, request.engines.caiman
    online = settings.engine == ONLINE
    with CaimanSession(run, map_bytes(movie)) as session:
        out = session.folder / "components.h5"
        files = {
            "map_file": str(write_map(movie, session.folder, "F" if online else "C", request.progress)),
            "out": str(out),
        }
        if online:
            summary = session.ask("onacid", **files, parameters=online_parameters(movie, settings))
        else:
            summary = session.ask(
                "cnmf",
                **files,
                parameters=batch_parameters(movie, settings),
                processes=run.processes,
                refit=settings.caiman.refit,
            )
        logger.info("%s: CaImAn found %d components; %s", movie.source, summary["found"], summary)
        rois = caiman.read(out, movie.fov_shape)
    request.progress("segmentation", movie.n_frames, movie.n_frames)
    if not len(rois):
        logger.warning("%s: CaImAn found no component that it accepts", movie.source)
    return cores(rois, settings.caiman.mask_level, settings.engine, movie.source)


def map_bytes(movie: Movie) -> int:
    """Return the size of the movie as float32."""
    return 4 * movie.n_frames * movie.fov_shape[0] * movie.fov_shape[1]


def write_map(movie: Movie, folder: Path, order: str, progress: Progress) -> Path:
    """Write `movie` as CaImAn's memory map and return its path.

    It holds float32 (pixels, frames), pixels counted down the columns of the picture, in `order` C (each
    pixel's trace in one piece) or F (each frame); its name contains the shape.
    """
    height, width = movie.fov_shape
    path = folder / f"movie_d1_{height}_d2_{width}_d3_1_order_{order}_frames_{movie.n_frames}.mmap"
    shape = (height * width, movie.n_frames)
    pixels = np.memmap(path, dtype=np.float32, mode="w+", shape=shape, order="C" if order == "C" else "F")
    for start, frames in movie.blocks():
        down_columns = frames.transpose(0, 2, 1).reshape(len(frames), -1)
        pixels[:, start : start + len(frames)] = down_columns.T
        progress("segmentation", start + len(frames), movie.n_frames)
    pixels.flush()
    return path


def batch_parameters(movie: Movie, settings: SegmentationSettings) -> dict[str, Any]:
    """Return CaImAn's parameters for CNMF in patches, in pixels and frames."""
    chosen = settings.caiman
    half = round(chosen.patch_um / 2 / movie.pixel_size_um)
    parameters = _parameters(movie, settings)
    parameters["patch"] = {
        "rf": max(2, min(half, min(movie.fov_shape) // 2)),
        "stride": max(1, round(chosen.patch_overlap_um / movie.pixel_size_um)),
        "only_init": True,
    }
    parameters["init"]["K"] = chosen.components_per_patch
    return parameters


def online_parameters(movie: Movie, settings: SegmentationSettings) -> dict[str, Any]:
    """Return CaImAn's parameters for OnACID, in pixels and frames."""
    chosen = settings.caiman
    first = round(chosen.online_init_s * movie.frame_rate_hz)
    patches = movie.fov_shape[0] * movie.fov_shape[1] * (movie.pixel_size_um / chosen.patch_um) ** 2
    parameters = _parameters(movie, settings)
    parameters["init"]["K"] = max(1, round(patches))
    parameters["motion"] = {"splits_rig": 1}
    parameters["online"] = {
        "init_method": "bare",
        "init_batch": max(2, min(first, movie.n_frames // 2)),
        "epochs": chosen.online_epochs,
        "min_SNR": chosen.min_snr,
        "rval_thr": chosen.min_spatial_correlation,
        "motion_correct": False,
        "normalize": True,
        "sniper_mode": False,
    }
    return parameters


def _parameters(movie: Movie, settings: SegmentationSettings) -> dict[str, dict[str, Any]]:
    """Return the parameters that CNMF and OnACID share."""
    chosen = settings.caiman
    radius = max(2, round(settings.diameter_um / 2 / movie.pixel_size_um))
    return {
        "data": {
            "dims": list(movie.fov_shape),
            "fr": movie.frame_rate_hz,
            "decay_time": settings.tau_s or decay_s(movie.indicator),
        },
        "init": {
            "method_init": "greedy_roi",
            "gSig": [radius, radius],
            "gSiz": [2 * radius + 1, 2 * radius + 1],
            "nb": chosen.background_components,
            "ssub": 1,
            "tsub": 1,
        },
        "preprocess": {
            "p": chosen.autoregressive_order,
            "n_pixels_per_process": min(PIXELS_AT_ONCE, movie.fov_shape[0] * movie.fov_shape[1]),
        },
        "temporal": {"p": chosen.autoregressive_order},
        "merging": {"merge_thr": chosen.merge_correlation},
        "quality": {
            "min_SNR": chosen.min_snr,
            "rval_thr": chosen.min_spatial_correlation,
            "use_cnn": False,
        },
    }


def cores(rois: RoiSet, level: float, engine: str, source: str) -> RoiSet:
    """Return `rois` without the faint rims of CaImAn's footprints.

    Each ROI becomes the largest connected component of the pixels whose weight is at least `level` of its
    maximum; the maximum becomes 1.
    """
    return RoiSet.from_pixels(
        rois.fov_shape,
        [_core(*rois.pixels(index), level) for index in range(len(rois))],
        ids=rois.ids,
        engine=engine,
        probability=rois.probability,
        source=source,
    )


def _core(
    y: NDArray[np.int32], x: NDArray[np.int32], weight: NDArray[np.float32], level: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    strong = weight >= level * weight.max()
    y, x, weight = y[strong], x[strong], weight[strong] / weight.max()
    picture = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), dtype=bool)
    picture[y - y.min(), x - x.min()] = True
    piece = ndimage.label(picture, np.ones((3, 3)))[0][y - y.min(), x - x.min()]
    largest = piece == np.bincount(piece).argmax()
    return y[largest], x[largest], weight[largest]
