"""What keeps a referee blind: nobody judges their own work, and the order of questions tells nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import numpy as np

from neurocine.core import InputError

Question = TypeVar("Question")


def blind_questions(
    asked: Sequence[Question], by: str, experts: Collection[str], recording: str, folder: Path
) -> list[Question]:
    """Return the questions to a referee, shuffled: neither order nor neighbours tell who said what.

    Parameters
    ----------
    asked
        What the experts don't agree on.
    by, experts
        The referee, and the people whose work is disputed.
    recording
        Its name; the order is the same each time for a recording and a referee.
    folder
        Folder of the experts' journals, for messages.

    Raises
    ------
    InputError
        If the referee is one of the experts, or there is nothing to decide.
    """
    if by in experts:
        raise InputError(
            "command line",
            "--as",
            f"is {by!r}, whose own work is disputed",
            "Let somebody else decide, or all together: --as together.",
        )
    if not asked:
        raise InputError(
            folder,
            "experts",
            "agree on everything",
            "Run `neurocine consensus`: it writes what they agree on.",
        )
    order = np.random.default_rng(crc32(f"{recording}:{by}".encode())).permutation(len(asked))
    return [asked[i] for i in order]
