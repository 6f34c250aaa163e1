"""What readers find doubtful, kept with the recording that it concerns."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self.messages:
            self.messages.append(message)


@contextmanager
def gathered_warnings(*, quiet: bool = False) -> Iterator[list[str]]:
    """Yield the list that neurocine's warnings within this context go to, each once.

    They are logged as well, unless `quiet`.
    """
    listener, logger = _Listener(), logging.getLogger("neurocine")
    propagated = logger.propagate
    logger.addHandler(listener)
    logger.propagate = propagated and not quiet
    try:
        yield listener.messages
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated
