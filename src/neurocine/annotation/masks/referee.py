"""Somebody who judges the masks on which others don't agree, without learning who drew them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from neurocine.annotation.actions import Begin, StartMask
from neurocine.annotation.consensus.blind import blind_questions
from neurocine.annotation.masks.consensus import MaskPanel
from neurocine.annotation.masks.session import MaskSession

DISPUTED = "disputed masks"


class MaskRefereeSession(MaskSession):
    """A recording, and the journal of a person who judges the disputed masks of others.

    Parameters
    ----------
    panel
        The others.
    by
        Who judges, or a name for all together.

    Raises
    ------
    InputError
        If there is nothing to judge, `by` is one of the others, or they have changed their masks since; or as
        `MaskSession`.
    """

    is_referee: ClassVar[bool] = True
    remedy: ClassVar[str] = "Judge them anew under another name: --as."

    def __init__(self, panel: MaskPanel, by: str) -> None:
        disputed = [one.runs for one in panel.disputed()]
        asked = blind_questions(disputed, by, panel.people, panel.registered.recording, panel.folder)
        start = Begin(
            kind="begin",
            id="begin",
            start=DISPUTED,
            start_sha256=sha256(repr(disputed).encode()).hexdigest(),
            masks={number: StartMask(runs=runs) for number, runs in enumerate(asked)},
        )
        self._panel = panel
        super().__init__(panel.registered, panel.folder, by, start, panel.journals)

    def write_truth(self) -> Path:
        """Write what is agreed on and judged, and return its folder."""
        self._panel.write(self.by)
        return self._panel.out
