"""Somebody who judges the masks on which others don't agree, without learning who drew them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import ClassVar
from zlib import crc32

import numpy as np

from neurocine.annotation.actions import Begin, StartMask
from neurocine.annotation.masks.consensus import MaskPanel
from neurocine.annotation.masks.session import MaskSession
from neurocine.core import InputError

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
        if by in panel.people:
            raise InputError(
                "command line",
                "--as",
                f"is {by!r}, whose own masks are disputed",
                "Let somebody else judge, or all together: --as together.",
            )
        asked = [one.runs for one in panel.disputed()]
        if not asked:
            raise InputError(
                panel.folder, "experts", "agree on every mask", "Run `neurocine consensus --masks`."
            )
        # Shuffled, so that neither order nor neighbours tell who drew what; the same each time.
        order = np.random.default_rng(crc32(f"{panel.film.recording}:{by}".encode())).permutation(len(asked))
        start = Begin(
            kind="begin",
            id="begin",
            start=DISPUTED,
            start_sha256=sha256(repr(asked).encode()).hexdigest(),
            masks={number: StartMask(runs=asked[i]) for number, i in enumerate(order.tolist())},
        )
        self._panel = panel
        super().__init__(panel.film, panel.folder, by, start, panel.journals)

    def write_truth(self) -> Path:
        """Write what is agreed on and judged, and return its folder."""
        self._panel.write(self.by)
        return self._panel.out
