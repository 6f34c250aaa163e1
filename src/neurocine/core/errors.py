"""The errors that neurocine raises on purpose."""

from __future__ import annotations

from pathlib import Path


class NeurocineError(Exception):
    """Base of every error that neurocine raises on purpose; its text is meant for the user."""


class InputError(NeurocineError):
    """Something handed in can't be used.

    Parameters
    ----------
    where
        The file, table row or array at fault.
    field
        The part of it at fault: a dataset, a column, a config key.
    problem
        What is wrong, with the values seen.
    remedy
        What the user can do about it.
    """

    def __init__(self, where: str | Path, field: str, problem: str, remedy: str) -> None:
        self.where = str(where)
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{where}: {field}: {problem}. {remedy}")
