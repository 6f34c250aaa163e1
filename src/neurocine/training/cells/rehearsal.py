"""Windows of simulated movies beside labelled ones, so that a model keeps what it learned from them.

DeepCINAC's fifth classifier, trained on cells of a new data set only, gained sensitivity and lost precision;
the sixth, trained also on four cells of the first data set, gained both (section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from neurocine.core import InputError
from neurocine.io.result_files import read_truth
from neurocine.networks.registry import ModelEntry
from neurocine.training.cells.window_sampling import SHARES, Task, WindowTable, joined
from neurocine.training.corpus import LabelledRecording, load_recording

#: Share of the windows of a batch that come from the corpus.
CORPUS_SHARE = 0.5


def load_rehearsal(folders: Sequence[Path], entry: ModelEntry) -> list[LabelledRecording]:
    """Return the recordings of a corpus that were made for training, for the model that `entry` describes.

    Raises
    ------
    InputError
        If there is none, or one has another frame rate or pixel size than the model.
    """
    chosen = [folder for folder in folders if read_truth(folder / "truth.h5").split == "train"]
    if not chosen:
        raise InputError(
            "corpus",
            "folders",
            f"hold no movie to train on: {', '.join(map(str, folders)) or 'there is none'}",
            "Simulate the corpus (snakemake fine_tune does), or train on the labels alone.",
        )
    recordings = [load_recording(folder, entry.normalisation) for folder in chosen]
    for folder, recording in zip(chosen, recordings, strict=True):
        sampling = recording.movie.frame_rate_hz, recording.movie.pixel_size_um
        if not np.allclose(sampling, (entry.frame_rate_hz, entry.pixel_size_um), rtol=1e-3):
            raise InputError(
                folder,
                "sampling",
                f"is {sampling[0]:g} Hz and {sampling[1]:g} µm, the model's is {entry.frame_rate_hz:g} Hz "
                f"and {entry.pixel_size_um:g} µm",
                "Name a corpus that was simulated for this model.",
            )
    return recordings


def mixed(
    task: Task, labelled: WindowTable, corpus: WindowTable, n_labelled: int
) -> tuple[WindowTable, tuple[float, ...]]:
    """Return the windows of labelled recordings and of the corpus after them, and the share of each stratum.

    Parameters
    ----------
    task
        What the windows are for.
    labelled, corpus
        The windows; the strata of the corpus are numbered after those of the labels.
    n_labelled
        Number of labelled recordings.
    """
    own = SHARES[task]
    shifted = replace(corpus, recording=corpus.recording + n_labelled, stratum=corpus.stratum + len(own))
    parts = (1 - CORPUS_SHARE, CORPUS_SHARE)
    return joined([labelled, shifted]), tuple(part * share for part in parts for share in own)
