"""The segmentation engines by name.

An engine is a module with a function ``find(movie, settings, given, progress) -> RoiSet``; a new one needs
a line in `ENGINES` and in the config's check of ``segmentation.engine``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from neurocine.config import SegmentationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.progress import Progress, silent

#: Modules are imported only when their engine is asked for: suite2p takes half a minute.
ENGINES = {
    "suite2p": "neurocine.segmentation.suite2p_engine",
    "stneuronet": "neurocine.segmentation.stneuronet_engine",
    "given": "neurocine.segmentation.given",
}


def segment(
    movie: Movie,
    settings: SegmentationSettings,
    *,
    given: RoiSet | None = None,
    progress: Progress = silent,
) -> RoiSet:
    """Return the ROIs of `movie`.

    Parameters
    ----------
    movie
        Registered movie.
    settings
        Engine and its parameters.
    given
        Contours handed in, for the engine ``given``.
    progress
        Told how far the movie is read.

    Raises
    ------
    InputError
        If the engine isn't installed, or the given contours are missing or of another field of view.
    """
    found: RoiSet = _module(settings.engine).find(movie, settings, given, progress)
    return found


def _module(name: str) -> ModuleType:
    try:
        return import_module(ENGINES[name])
    except (ImportError, RuntimeError) as error:  # torchvision built for another torch: a RuntimeError
        raise InputError(
            "config",
            "segmentation.engine",
            f"{name} can't be loaded ({error})",
            "Install it and what it needs: pip install 'neurocine[suite2p]'; or hand in contours.",
        ) from error
