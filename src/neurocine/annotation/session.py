"""One person annotating one recording: what is shown, and the journal that it goes into."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from neurocine.annotation.actions import Action
from neurocine.annotation.fine_tuning import FineTuning
from neurocine.annotation.journal import SUFFIX, Journal, Subject
from neurocine.annotation.labels import MARKS, Labels
from neurocine.annotation.queue.files import read_queue
from neurocine.annotation.truth import CONSENSUS, MASKS, truth_of, write_labelled
from neurocine.annotation.views import MAX_FRAMES, CellViews
from neurocine.core import CELL_TYPES, InputError
from neurocine.core.movie import false_runs
from neurocine.core.raster import active_runs
from neurocine.io.result_files import Stamp
from neurocine.io.results import RecordingResults, files_in
from neurocine.networks.registry import sha256

#: Steps of whose results nothing is shown: labelling doesn't wait for them.
NOT_SHOWN = ("contamination", "assemblies", "controls")
_NAME = re.compile(r"\w[\w.-]{0,60}")


def shown_files(folder: Path, left_out: Collection[str]) -> dict[str, Path]:
    """Return the files of the results in ``results/<recording>`` that are read to label it, by result."""
    return files_in(folder, "report", {*left_out, *NOT_SHOWN})


class Pass(ABC):
    """One person's journal, open for writing until it is left.

    Parameters
    ----------
    subject
        What is annotated, and by whom: letters, digits, ``_``, ``-`` and ``.``.
    folder
        Where the journal lies, outside the results.

    Raises
    ------
    InputError
        If the name can't be that of a file, or `Journal` refuses.
    """

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.recording, self.by, self.folder = subject.recording, subject.by, folder
        check_name(subject.by)
        self._writing = threading.Lock()
        self._stack = ExitStack()
        self._journal = self._stack.enter_context(Journal(folder / f"{subject.by}{SUFFIX}", subject))

    def __enter__(self) -> Self:
        """Return the pass."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal."""
        self._stack.close()

    def add(self, actions: Sequence[Action]) -> list[str]:
        """Write actions into the journal; see `Journal.add`."""
        with self._writing:
            return self._journal.add(actions)

    def described(self) -> dict[str, Any]:
        """Return what the page of any pass needs to begin, as plain values."""
        return {
            "recording": self.recording,
            "by": self.by,
            "actions": [
                action.model_dump(mode="json", exclude_defaults=True) for action in self._journal.actions
            ],
            "journal": str(self._journal.path),
        }

    @abstractmethod
    def write_truth(self) -> Path:
        """Write what the journal gives, and return its folder."""


def check_name(by: str) -> None:
    """Raise `InputError` unless `by` can be the name of somebody's files."""
    if not _NAME.fullmatch(by):
        raise InputError(
            "command line", "--as", f"is {by!r}", "Use letters, digits, _, - and . (61 at most)."
        )
    if by in (CONSENSUS, MASKS):
        what = "of what people agree on" if by == CONSENSUS else "of the journals of masks"
        raise InputError("command line", "--as", f"is {by!r}, the folder {what}", "Choose another.")


class Session(Pass):
    """A recording and the journal of one person who labels its transients.

    Parameters
    ----------
    results
        The recording.
    rois_file
        The file that its ROIs are in: the labels are of these.
    folder
        Where journals and truth go, outside the results: ``annotations/<recording>``.
    by
        Who annotates.
    fine_tuning
        How a model is trained with the labels; None: not from here.

    Raises
    ------
    InputError
        As `Pass`.
    """

    def __init__(
        self,
        results: RecordingResults,
        rois_file: Path,
        folder: Path,
        by: str,
        fine_tuning: FineTuning | None = None,
    ) -> None:
        self._fine_tuning = fine_tuning
        self.results, self.views = results, CellViews(results)
        subject = Subject(results.name, str(results.source["sha256"]), sha256(rois_file), by)
        check_name(by)
        self._stops = read_queue(folder, subject)
        super().__init__(subject, folder)

    @property
    def labels(self) -> Labels:
        """What has been labelled."""
        return self._journal.labels

    @property
    def shows_predictions(self) -> bool:
        """Whether predictions may be shown: they were asked for, or the pass is closed."""
        labels = self.labels
        return labels.revealed or labels.closed

    def add(self, actions: Sequence[Action]) -> list[str]:
        """Write actions into the journal; see `Journal.add`.

        Raises
        ------
        InputError
            If one is about an ROI or a frame that the recording hasn't.
        """
        for action in actions:
            if action.kind in ("begin", "masks"):
                raise InputError("request", "actions", "are about masks", "Send those of transients.")
            if action.kind == "edit":
                self.views.row(action.cell)
                marks = (getattr(action, name) for name in MARKS)
                last = max((m[1] for part in marks for m in part.values() if m is not None), default=0)
                if last >= self.results.movie.n_frames:
                    raise InputError(
                        "request", "frames", f"{last} isn't in the movie", "Mark frames of the movie."
                    )
        return super().add(actions)

    def described(self) -> dict[str, Any]:
        """Return what the page needs to begin, as plain values."""
        results, movie = self.results, self.results.movie
        return {
            **super().described(),
            "n_frames": movie.n_frames,
            "frame_rate_hz": movie.frame_rate_hz,
            "pixel_size_um": movie.pixel_size_um,
            "fov": list(movie.fov_shape),
            "max_frames": MAX_FRAMES,
            "invalid": [] if movie.validity is None else false_runs(movie.validity.valid),
            "cell_types": list(CELL_TYPES),
            "cells": [
                {"id": int(roi), "x": round(float(x), 1), "y": round(float(y), 1)}
                for roi, (y, x) in zip(results.rois.ids, results.rois.centroids(), strict=True)
            ],
            "threshold": results.raster.threshold,
            "shows_predictions": self.shows_predictions,
            # Why a segment is offered would tell what was predicted.
            "queue": [
                {"cell": stop.cell, "range": [stop.first, stop.last], "again": stop.kind == "again"}
                for stop in self._stops
            ],
        }

    def predicted(self, cell: int) -> list[tuple[int, int]]:
        """Return onset and peak of each predicted transient of a cell.

        Raises
        ------
        InputError
            If the pass is blind.
        """
        if not self.shows_predictions:
            raise InputError("pass", "predictions", "aren't shown in a blind pass", "Ask for them first.")
        row = self.views.row(cell)
        _, onset, peak = active_runs(self.results.raster.active[row : row + 1])
        return list(zip(onset.tolist(), peak.tolist(), strict=True))

    @property
    def labels_folder(self) -> Path:
        """Where truth goes, and models that are trained with it."""
        return self.folder / self.by

    def training(self) -> dict[str, Any] | None:
        """Return how a model is trained with the labels, and how the last training went."""
        return None if self._fine_tuning is None else self._fine_tuning.described(self.labels_folder)

    def train(self, *, with_corpus: bool) -> None:
        """Write the truth, and start a training with it; see `FineTuning.start`.

        Raises
        ------
        InputError
            If no model is trained from here; or as of `write_truth` and `FineTuning.start`.
        """
        if self._fine_tuning is None:
            raise InputError("page", "training", "isn't offered here", "Use neurocine models fine-tune.")
        with self._writing:
            self.write_truth()
            self._fine_tuning.start(self.labels_folder, with_corpus=with_corpus)

    def write_truth(self) -> Path:
        """Write the truth that the labels give, and return its folder.

        Raises
        ------
        InputError
            If no segment is finished.
        """
        truth = truth_of(self.labels, self.results.rois, self.results.movie.n_frames, [self.by])
        stamp = Stamp(source_sha256=str(self.results.source["sha256"]))
        movie = Path(self.results.movie.source)
        write_labelled(self.labels_folder, truth, self.results.rois, stamp, movie)
        return self.labels_folder


def labels_as_values(labels: Labels) -> dict[str, Any]:
    """Return labels as plain values, for JSON."""
    return {
        "cells": {str(cell): asdict(own) for cell, own in labels.cells.items()},
        "again": {str(cell): asdict(own) for cell, own in labels.again.items()},
        "revealed": labels.revealed,
        "closed": labels.closed,
    }
