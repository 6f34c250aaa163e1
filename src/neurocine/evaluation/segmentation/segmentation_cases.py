"""Open recordings whose neurons are known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.marked import DISMISS, KEEP
from neurocine.core.truth import MIN_DPRIME
from neurocine.evaluation.segmentation.anatomical import anatomical_groups
from neurocine.evaluation.segmentation.graders import opened_pair
from neurocine.evaluation.segmentation.groups import Groups, groups_of
from neurocine.evaluation.segmentation.segmentation_comparison import SegmentationCase
from neurocine.io.movies import open_movie
from neurocine.io.result_files import has_states, read_masks, read_rois, read_truth
from neurocine.io.rois import open_cropped, open_rois, rois_format, split_dataset

#: Stands for the recording's name in the path of a method's ROIs.
PLACE = "{}"
#: The format of ``rois.h5`` and ``masks.h5``.
NATIVE = "rois.h5"


def segmentation_cases(
    truth: Path,
    rois_by_method: Mapping[str, Path],
    *,
    movie: Movie | None = None,
    min_dprime: float = MIN_DPRIME,
    fov_shape: tuple[int, int] | None = None,
) -> list[SegmentationCase]:
    """Open one recording, or all recordings of a folder.

    Parameters
    ----------
    truth
        Folder with ``truth.h5``, file of ROIs, or a folder of such folders, whose names are the recordings'.
    rois_by_method
        File of ROIs by method, the main method first. For several recordings ``{}`` stands for the name.
    movie, min_dprime, fov_shape
        As in `open_segmentation_case`.

    Raises
    ------
    InputError
        As `open_segmentation_case`; if a path of several recordings has no ``{}``.
    """
    folders = sorted(path.parent for path in truth.glob("*/truth.h5")) if is_folder_of_truths(truth) else []
    if not folders:
        paths = {method: _filled(path, truth.stem) for method, path in rois_by_method.items()}
        return [
            open_segmentation_case(
                split_dataset(truth)[0].resolve().stem,
                truth,
                paths,
                movie=movie,
                min_dprime=min_dprime,
                fov_shape=fov_shape,
            )
        ]
    for method, path in rois_by_method.items():
        if PLACE not in str(path):
            raise InputError(
                path,
                method,
                f"names one file, but {truth} holds {len(folders)} recordings",
                f"Put {PLACE} where the recording's name is, as in found/{PLACE}.h5.",
            )
    return [
        open_segmentation_case(
            folder.name,
            folder,
            {method: _filled(path, folder.name) for method, path in rois_by_method.items()},
            min_dprime=min_dprime,
            fov_shape=fov_shape,
        )
        for folder in folders
    ]


def is_folder_of_truths(truth: Path) -> bool:
    """Return whether `truth` is a folder that holds folders with ``truth.h5``, and none itself."""
    return truth.is_dir() and not (truth / "truth.h5").is_file() and any(truth.glob("*/truth.h5"))


def open_segmentation_case(
    name: str,
    truth: Path,
    rois_by_method: Mapping[str, Path],
    *,
    movie: Movie | None = None,
    min_dprime: float = MIN_DPRIME,
    fov_shape: tuple[int, int] | None = None,
) -> SegmentationCase:
    """Open one recording.

    Parameters
    ----------
    name
        Of the recording.
    truth
        Folder with ``truth.h5`` and ``rois.h5``, as `neurocine.simulation.simulate` writes it, or a file of
        ROIs in any format, all of which should be found; ``file#name`` for one of several sets in a file. Of
        a cropped movie they may be those of the whole picture. Of ``masks.h5`` the kept ones should be found;
        doubtful and undecided ones count neither way.
    rois_by_method
        File of ROIs by method, in any format, the main method first.
    movie
        Registered movie; by default ``movie.h5`` of the folder, if there is one.
    min_dprime
        Neurons whose transients all have a lower detectability are doubtful.
    fov_shape
        Height and width in pixels, if the files lack it.

    Raises
    ------
    InputError
        If a file is missing or damaged, or they don't belong together.
    """
    if is_marked(truth):
        masks, known = _marked(truth)
        return SegmentationCase(
            name=name,
            true_rois=masks,
            groups=known,
            rois_by_method={
                method: open_rois(file, fov_shape=masks.fov_shape) for method, file in rois_by_method.items()
            },
            movie=movie,
        )
    path, beside = (truth / "rois.h5" if is_simulated(truth) else truth), truth / "movie.h5"
    if movie is None and is_simulated(truth) and beside.is_file():
        movie = open_movie(beside)
    groups = _simulated(truth, min_dprime)[1] if is_simulated(truth) else None
    crop = None if movie is None or groups is not None else movie.crop
    pairs = {method: opened_pair(path, file, fov_shape, crop) for method, file in rois_by_method.items()}
    true_rois = next(iter(pairs.values()))[0]
    return SegmentationCase(
        name=name,
        true_rois=true_rois,
        groups=groups or Groups.all_positive(len(true_rois)),
        rois_by_method={method: pair[1] for method, pair in pairs.items()},
        movie=movie,
    )


def open_truth(
    truth: Path, movie: Movie, *, min_dprime: float = MIN_DPRIME, min_snr: float | None = None
) -> tuple[RoiSet, Groups]:
    """Return the true ROIs of a movie, and which of them should be found.

    Parameters
    ----------
    truth
        As in `open_segmentation_case`.
    movie
        Registered movie.
    min_dprime
        If activity is known, neurons whose transients all have a lower detectability are doubtful.
    min_snr
        If only contours are known, those without a transient of this signal-to-noise ratio are doubtful (see
        `neurocine.evaluation.segmentation.anatomical`); None: all of them should be found.

    Raises
    ------
    InputError
        If a file is missing or damaged, or they don't belong together.
    """
    if is_simulated(truth):
        return _simulated(truth, min_dprime)
    if is_marked(truth):
        return _marked(truth)
    true_rois = open_cropped(truth, fov_shape=movie.fov_shape, crop=movie.crop)
    if min_snr is None:
        return true_rois, Groups.all_positive(len(true_rois))
    return true_rois, anatomical_groups(movie, true_rois, min_snr)


def is_simulated(truth: Path) -> bool:
    """Return whether `truth` is a folder as `neurocine.simulation.simulate` writes it."""
    return (truth / "truth.h5").is_file()


def is_marked(truth: Path) -> bool:
    """Return whether `truth` is a ``masks.h5``, which says what people decided on each ROI."""
    return truth.is_file() and rois_format(truth).name == NATIVE and has_states(truth)


def _marked(truth: Path) -> tuple[RoiSet, Groups]:
    marked = read_masks(truth)
    wanted = ~marked.having(DISMISS)
    positive = marked.having(KEEP)[wanted]
    return marked.rois.select(wanted), Groups(positive, ~positive, np.zeros_like(positive))


def _simulated(truth: Path, min_dprime: float) -> tuple[RoiSet, Groups]:
    known, true_rois = read_truth(truth / "truth.h5"), read_rois(truth / "rois.h5")
    return true_rois, groups_of(known, true_rois, min_dprime)


def _filled(path: Path, name: str) -> Path:
    return Path(str(path).replace(PLACE, name))
