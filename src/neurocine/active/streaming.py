"""Active neurons of a movie that is still being written, updated after each window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from neurocine.active.detect import thresholds
from neurocine.active.fusion import Fusion
from neurocine.active.instances import instances
from neurocine.active.preprocessing import BinnedMovie, Crop
from neurocine.config import StneuronetSettings
from neurocine.core import RoiSet
from neurocine.io.movies.growing import POLL_S, Growing
from neurocine.networks.registry import Registry
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class SoFar:
    """The neurons in the first `n_frames` frames of a movie."""

    rois: RoiSet
    n_frames: int


def stream(
    growing: Growing,
    settings: StneuronetSettings,
    *,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    indicator: str | None = None,
    patience_s: float,
    poll_s: float = POLL_S,
    registry: Registry | None = None,
    progress: Progress = silent,
) -> Iterator[SoFar]:
    """Yield the neurons so far each time a window of the network is full, and once more at the end.

    The last result is that of `detect` on the finished file.

    Parameters
    ----------
    growing
        A registered movie that is being written, see `neurocine.io.movies.growing.open_growing`.
    settings
        Model, backend, and thresholds that replace the model's own.
    frame_rate_hz, pixel_size_um, indicator
        Metadata that the file lacks.
    patience_s
        Seconds without a new frame after which the movie is complete.
    poll_s
        Seconds between checks of the file.
    registry
        Registry of the model; None: the one that ships with neurocine.
    progress
        Called with the number of frames that are done, and of those written so far.

    Raises
    ------
    InputError
        If the model is missing or damaged, rate or pixel size are unknown, or the movie is damaged, changes
        other than by growing, holds NaN or ends before a bin is full.
    """
    model = (registry or Registry.load()).segmenter(settings.model)
    movie = growing.movie(frame_rate_hz, pixel_size_um, indicator)
    chosen = thresholds(model.postprocessing, settings)
    grid = BinnedMovie.of(movie, model.architecture, Crop())
    segmenter = Segmenter(model.model, model.architecture, settings.backend)
    fusion = Fusion(movie.fov_shape, movie.pixel_size_um, chosen)
    blocks = _reported(growing.blocks(patience_s, poll_s), growing, progress)
    for window in grid.windows_of(blocks, movie.source):
        for index, picture in enumerate(grid.to_movie(segmenter.probabilities(window.frames))):
            start, stop = grid.frames_of(window, index)
            if start < stop:
                fusion.add(instances(picture, movie.pixel_size_um, chosen), start, stop)
        yield SoFar(fusion.rois().with_source(movie.source), window.stop * grid.bin)


def _reported(blocks: Iterable[NDArray[Any]], growing: Growing, progress: Progress) -> Iterator[NDArray[Any]]:
    done = 0
    for frames in blocks:
        yield frames
        done += len(frames)
        progress("stneuronet", done, len(growing))
