"""From a corpus to a network that segments active neurons; its thresholds are chosen in a second step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import StneuronetTraining
from neurocine.io.result_files import settings_hash
from neurocine.networks.catalogue import SEGMENTATION_ARCHITECTURES
from neurocine.networks.registry import sha256
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import load_segmentation_weights, save_segmentation_weights
from neurocine.progress import Progress, silent
from neurocine.steps import IMPL
from neurocine.training.checkpoint import check_start, values_of
from neurocine.training.corpus import split_corpus
from neurocine.training.curves import write_curves, write_table
from neurocine.training.distributed.workers import is_chief, together
from neurocine.training.loop import Fitted
from neurocine.training.segmentation.crops import Crops, LabelledMovie, load_movie, scale_for
from neurocine.training.segmentation.fit import fit_segmenter

log = logging.getLogger(__name__)


@together
def train_stneuronet(
    settings: StneuronetTraining,
    folders: Sequence[Path],
    out: Path,
    progress: Progress = silent,
    *,
    labelled: Sequence[Path] = (),
    architecture: SegmentationArchitecture | None = None,
) -> Fitted[Any]:
    """Train STNeuroNet on a corpus.

    Writes into `out`: ``network.h5``, whose thresholds aren't chosen yet, ``curves.csv``, ``curves.png`` and
    ``checkpoint.h5``. A run that was killed goes on from its checkpoint. Of several workers
    (`neurocine.training.distributed.workers`) only the chief writes.

    Parameters
    ----------
    settings
        How it is trained.
    folders
        Recordings of the simulator, of the splits ``train``, ``validation`` and ``test``.
    out
        Folder, made if need be.
    progress
        Told about movies and epochs.
    labelled
        Further folders to learn from: see `neurocine.training.segmentation.crops.load_movie`.
    architecture
        Another architecture than the one of the settings.

    Raises
    ------
    InputError
        If the corpus lacks a split or is damaged, a movie is shorter than a window, the weights to start from
        are of another architecture, or the checkpoint in `out` belongs to other settings.
    """
    a = architecture or SEGMENTATION_ARCHITECTURES[f"stneuronet-{settings.architecture}"]
    split = split_corpus(folders)
    learned = [*split.train, *labelled]
    recipe = {
        "architecture": a.to_dict(),
        "settings": settings.model_dump(mode="json", exclude={"simulation", "labelled", "start"}),
        "start": None if settings.start is None else sha256(Path(settings.start)),
        "movies": {"train": [f.name for f in learned], "validation": [f.name for f in split.validation]},
        "impl": {step: IMPL[step] for step in ("simulation", "training")},
    }
    known = None if settings.start is None else starting_weights(Path(settings.start), a)
    out.mkdir(parents=True, exist_ok=True)
    fitted = fit_segmenter(
        a,
        Crops(_loaded(learned, a, settings, progress), a, settings.crop_px),
        Crops(_loaded(split.validation, a, settings, progress), a, settings.crop_px),
        settings,
        out / "checkpoint.h5",
        settings_hash(recipe),
        progress,
        after_epoch=lambda history: write_table(out / "curves.csv", history),
        start=known,
    )
    if not is_chief():
        return fitted
    write_curves(out, fitted.history)
    metadata: dict[str, Any] = {"recipe": recipe, "best_epoch": fitted.best_epoch}
    save_segmentation_weights(out / "network.h5", fitted.network, a, Postprocessing(), metadata)
    return fitted


def starting_weights(path: Path, architecture: SegmentationArchitecture) -> list[NDArray[Any]]:
    """Return the weights in a file, in the order of the model of `architecture`.

    A network that doesn't see the resting brightness can become one that does: it begins with no use for it.
    """
    model, stored, _, _ = load_segmentation_weights(path)
    if stored == replace(architecture, name=stored.name):
        return values_of(model.weights)
    check_start(path, replace(stored, name=architecture.name, resting=architecture.resting), architecture)
    known = {weight.path: weight.numpy() for weight in model.weights}
    fresh = architecture.build()
    return [_continued(weight.numpy(), known.get(weight.path), weight.path) for weight in fresh.weights]


def _continued(fresh: NDArray[Any], known: NDArray[Any] | None, name: str) -> NDArray[Any]:
    """Return a weight whose first values are `known`; further inputs count nothing yet."""
    if known is None or known.shape == fresh.shape:
        return fresh if known is None else known
    value = np.zeros_like(fresh) if name.endswith("kernel") else fresh.copy()
    value[tuple(slice(n) for n in known.shape)] = known
    return value


def _loaded(
    folders: Sequence[Path],
    architecture: SegmentationArchitecture,
    settings: StneuronetTraining,
    progress: Progress,
) -> list[LabelledMovie]:
    movies = []
    for index, folder in enumerate(folders):
        scale = scale_for(folder.name, settings.soma_scale, settings.seed)
        movies.append(load_movie(folder, architecture, scale))
        progress("movies", index + 1, len(folders))
    return movies
