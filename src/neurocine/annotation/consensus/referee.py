"""Somebody who decides what others disagree on, without learning who said what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurocine.annotation.consensus.blind import blind_questions
from neurocine.annotation.consensus.files import Panel
from neurocine.annotation.fine_tuning import FineTuning
from neurocine.annotation.session import Session


class RefereeSession(Session):
    """A recording, and the journal of a person who decides the disputed transients of others.

    Parameters
    ----------
    panel
        The others.
    rois_file
        The file that the ROIs are in.
    by
        Who decides, or a name for all together.
    fine_tuning
        As for `Session`.

    Raises
    ------
    InputError
        If there is nothing to decide, or `by` is one of the others; or as of `Session`.
    """

    def __init__(self, panel: Panel, rois_file: Path, by: str, fine_tuning: FineTuning | None = None) -> None:
        asked = [verdict.question for verdict in panel.disputed()]
        self._panel = panel
        self._asked = blind_questions(asked, by, panel.experts.truths, panel.results.name, panel.folder)
        super().__init__(panel.results, rois_file, panel.out, by, fine_tuning)

    def described(self) -> dict[str, Any]:
        """Return what the page needs to begin, with the questions: a cell, onset and peak each."""
        questions = [{"cell": cell, "range": list(range_)} for cell, range_ in self._asked]
        return {**super().described(), "questions": questions}

    @property
    def labels_folder(self) -> Path:
        """Where truth goes, and models that are trained with it."""
        return self._panel.out

    def write_truth(self) -> Path:
        """Write what is agreed on and decided, and return its folder."""
        self._panel.write(self.by)
        return self._panel.out
