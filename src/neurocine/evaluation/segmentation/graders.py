"""Agreement of two people who marked the same recordings: the most that an engine can reach."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurocine.core import FieldOfViewUnknown, InputError, RoiSet
from neurocine.core.recording import Crop
from neurocine.evaluation.segmentation.scoring import SegmentationEvaluation, evaluate_segmentation
from neurocine.evaluation.statistics import spread
from neurocine.io.rois import ROI_FORMATS, open_cropped, open_rois

METRICS = ("recall", "precision", "f1")
RULES = ("iou", "containment")


@dataclass(frozen=True)
class GraderAgreement:
    """One grader against the truth, recording by recording.

    Attributes
    ----------
    recordings
        Score of each recording by its number, in ascending order.
    unpaired
        Numbers that only one of the two has; these are left out.
    """

    recordings: dict[str, SegmentationEvaluation]
    unpaired: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return mean and SD over recordings of both rules, and each recording's figures, for JSON."""
        scores = list(self.recordings.values())
        return {
            "n": len(scores),
            **{
                rule: {
                    metric: spread([getattr(getattr(score, rule), metric) for score in scores])
                    for metric in METRICS
                }
                for rule in RULES
            },
            "recordings": {name: score.as_dict() for name, score in self.recordings.items()},
            "unpaired": list(self.unpaired),
        }


def evaluate_graders(
    truth: Path, grader: Path, *, fov_shape: tuple[int, int] | None = None
) -> GraderAgreement:
    """Score the masks of a grader against the true ones, for all recordings that both have.

    Parameters
    ----------
    truth, grader
        A folder of ROI files in any format, or a pattern of names in one (``masks/*Grader3*``). The number
        at the end of a file's name identifies the recording.
    fov_shape
        Height and width in pixels, if the files lack it.

    Raises
    ------
    InputError
        If a folder has no such file, a number twice, or no number is in both.
    """
    sides = numbered_files(truth), numbered_files(grader)
    common = sorted(sides[0].keys() & sides[1].keys(), key=int)
    if not common:
        raise InputError(
            grader,
            "files",
            f"none has a number that a file of {truth} has",
            "Name the files of one recording by the same number at the end, such as masks_501484643.npz.",
        )
    scores = {}
    for name in common:
        true, marked = opened_pair(sides[0][name], sides[1][name], fov_shape)
        scores[name] = evaluate_segmentation(marked, true)
    return GraderAgreement(scores, tuple(sorted(sides[0].keys() ^ sides[1].keys(), key=int)))


def numbered_files(where: Path) -> dict[str, Path]:
    """Return the ROI files of a folder, or those that a pattern names, by the number that ends their name.

    Raises
    ------
    InputError
        If there is none, or two have the same number.
    """
    suffixes = ROI_FORMATS.suffixes()
    paths: Sequence[Path] = sorted(where.iterdir() if where.is_dir() else where.parent.glob(where.name))
    paths_by_number: dict[str, Path] = {}
    for path in paths:
        number = re.search(r"\d+$", path.stem)
        if number is None or path.suffix.lower() not in suffixes:
            continue
        if number[0] in paths_by_number:
            raise InputError(
                where,
                "files",
                f"{paths_by_number[number[0]].name} and {path.name} have the same number",
                "Give a folder, or a pattern such as 'masks/*Grader3*', with one file per recording.",
            )
        paths_by_number[number[0]] = path
    if not paths_by_number:
        raise InputError(
            where, "files", "there is no ROI file whose name ends in a number", "Check the folder or pattern."
        )
    return paths_by_number


def opened_pair(
    truth: Path, other: Path, fov: tuple[int, int] | None, crop: Crop | None = None
) -> tuple[RoiSet, RoiSet]:
    """Return the true ROIs and those of the other file; if one lacks the field of view, the other's is taken.

    With a `crop`, the true ROIs are those of the whole picture, as in `neurocine.io.rois.open_cropped`.

    Raises
    ------
    InputError
        If both lack it, or a file can't be read.
    """
    if crop is not None:
        rois = open_rois(other, fov_shape=fov or crop.fov_shape)
        return open_cropped(truth, fov_shape=rois.fov_shape, crop=crop), rois
    try:
        true_rois = open_rois(truth, fov_shape=fov)
    except FieldOfViewUnknown:
        rois = open_rois(other)
        return open_rois(truth, fov_shape=rois.fov_shape), rois
    return true_rois, open_rois(other, fov_shape=true_rois.fov_shape)
