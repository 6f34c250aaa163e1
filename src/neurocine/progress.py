"""Report progress of long work."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how much of it is done and how much there is."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Take note of progress."""


def silent(label: str, done: int, total: int) -> None:
    """Ignore progress."""
