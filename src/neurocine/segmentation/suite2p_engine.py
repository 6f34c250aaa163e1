"""ROIs by suite2p's sparse detection (Pachitariu et al. 2017) and its classifier."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import skew
from suite2p import default_settings
from suite2p.classification import builtin_classfile, classify
from suite2p.detection import detection_wrapper
from suite2p.extraction import extraction_wrapper

from neurocine.config import SegmentationSettings
from neurocine.core import Movie, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.core.validate import check_edges
from neurocine.progress import Progress
from neurocine.segmentation.binning import MIN_BINS, averaged, bin_frames
from neurocine.segmentation.engines import SegmentationRequest

logger = logging.getLogger(__name__)

#: Largest size of the binned movie, as float32; detection needs about five copies of it.
BINNED_BYTES = 1024**3
#: Size of the frames that extraction reads at once, as float32.
BATCH_BYTES = 64 * 1024**2
#: Smallest height and width, in pixels, in which detection works: it halves pictures four times.
MIN_EDGE = 17
#: Text of suite2p's error if there are no ROIs.
NOTHING_FOUND = "no ROIs were found"


@dataclass(frozen=True)
class FloatFrames:
    """Frames of a movie as suite2p reads them: slices of float32, so that no integer type overflows."""

    movie: Movie

    @property
    def shape(self) -> tuple[int, int, int]:
        """(T, Y, X)."""
        return self.movie.n_frames, *self.movie.fov_shape

    def __getitem__(self, part: slice) -> NDArray[np.float32]:
        start, stop, _ = part.indices(self.movie.n_frames)
        return self.movie.read(start, stop).astype(np.float32)


def find(request: SegmentationRequest) -> RoiSet:
    """Return the ROIs that suite2p detects and classifies as neurons; ids are 0 to N - 1.

    The movie is read twice: averaged over bins as long as the indicator's decay for detection, and once more
    for the traces whose skewness its classifier needs. Weights are suite2p's ``lam``, their maximum 1;
    dendrites are cropped.

    Raises
    ------
    InputError
        If pictures are smaller than `MIN_EDGE`.
    """
    movie, settings = request.movie, request.settings
    own = ", or give ROIs of your own (segmentation.engine: given)"
    check_edges(movie.fov_shape, MIN_EDGE, movie.source, "suite2p's detection", own)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tau = settings.tau_s or decay_s(movie.indicator)
    stat = _detect(movie, binned(movie, tau, request.progress), settings, tau, device)
    if len(stat) == 0:
        logger.warning("%s: suite2p found no ROIs", movie.source)
        return RoiSet.from_pixels(movie.fov_shape, [], engine="suite2p", source=movie.source)
    probability = _probability(movie, stat, device)
    keep = probability >= settings.min_probability
    if not keep.any():
        logger.warning("%s: none of suite2p's %d ROIs is classified as a neuron", movie.source, len(stat))
    return RoiSet.from_pixels(
        movie.fov_shape,
        [_soma(roi) for roi in stat[keep]],
        engine="suite2p",
        probability=probability[keep],
        source=movie.source,
    )


def _soma(roi: dict[str, Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return rows, columns and weights of an ROI's pixels, its dendrites cropped as suite2p does."""
    chosen = roi["lam"] > 0
    if np.any(chosen & roi["soma_crop"]):
        chosen = chosen & roi["soma_crop"]
    weight = roi["lam"][chosen]
    return roi["ypix"][chosen], roi["xpix"][chosen], weight / weight.max()


def binned(movie: Movie, tau_s: float, progress: Progress) -> NDArray[np.float32]:
    """Return `movie` averaged over successive bins, (bins, Y, X) float32, within `BINNED_BYTES`.

    A bin lasts as long as the indicator's decay; longer in long movies of large fields of view. Frames that
    don't fill the last bin are left out.
    """
    height, width = movie.fov_shape
    most = max(MIN_BINS, BINNED_BYTES // (4 * height * width))
    return averaged(movie, max(bin_frames(movie, tau_s), -(-movie.n_frames // most)), progress)


def spatial_scale(diameter_px: float) -> int:
    """Return suite2p's scale (1: 6 pixels, 2: 12, 3: 24, 4: 48) nearest to a soma's diameter.

    By default suite2p uses the scale of most of the peaks: that of boutons and dendrites if there are many.
    """
    return int(np.clip(round(np.log2(diameter_px / 6)) + 1, 1, 4))


def _detect(
    movie: Movie, bins: NDArray[np.float32], settings: SegmentationSettings, tau: float, device: torch.device
) -> NDArray[Any]:
    """Return suite2p's ``stat``, one dictionary per ROI; empty if it finds none."""
    options = default_settings()["detection"]
    options["threshold_scaling"] = settings.threshold_scaling
    options["max_overlap"] = settings.max_overlap
    diameter = max(1.0, settings.diameter_um / movie.pixel_size_um)
    options["sparsery_settings"]["spatial_scale"] = spatial_scale(diameter)
    try:
        _, stat, _ = detection_wrapper(
            FloatFrames(movie),
            mov=bins,
            diameter=np.array([diameter, diameter]),
            tau=tau,
            fs=movie.frame_rate_hz,
            yrange=[0, movie.fov_shape[0]],
            xrange=[0, movie.fov_shape[1]],
            settings=options,
            device=device,
        )
    except ValueError as error:
        if NOTHING_FOUND not in str(error):
            raise
        return np.empty(0, dtype=object)
    return np.asarray(stat)


def relative_size(stat: NDArray[Any]) -> NDArray[np.float64]:
    """Return the number of pixels of each ROI's soma relative to that of the clearest ROIs, (N,).

    suite2p takes the median of the first 100, which are somata in a large field of view; in a small one most
    of the first 100 are scraps of dendrite, and somata then look too large to its classifier. So at most
    the first quarter counts here; from 400 ROIs on the two agree.
    """
    size = np.array([roi["npix_soma"] for roi in stat], dtype=np.float64)
    clearest = size[: int(np.clip(len(size) // 4, 10, 100))]
    return size / max(float(np.median(clearest)), 1.0)


def _probability(movie: Movie, stat: NDArray[Any], device: torch.device) -> NDArray[np.float32]:
    """Return the probability of being a neuron that suite2p's own classifier gives each ROI, (N,)."""
    options = default_settings()["extraction"]
    options["batch_size"] = max(1, BATCH_BYTES // (4 * movie.fov_shape[0] * movie.fov_shape[1]))
    f, fneu, _, _ = extraction_wrapper(stat, FloatFrames(movie), settings=options, device=device)
    skewness = np.nan_to_num(skew(f - options["neuropil_coefficient"] * fneu, axis=1))
    for roi, value, size in zip(stat, skewness, relative_size(stat), strict=True):
        roi["skew"], roi["npix_norm"] = value, size
    classes = classify(stat=stat, classfile=builtin_classfile)
    return np.asarray(np.clip(classes[:, 1], 0, 1), dtype=np.float32)
