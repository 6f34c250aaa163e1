"""What readers find doubtful, kept with the recording that it concerns."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._alike: dict[object, tuple[int, str, set[object]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        file, *rest = record.args if isinstance(record.args, tuple) and record.args else (None,)
        # Many files of a movie often say the same.
        key = (record.msg, str(rest)) if isinstance(file, Path) else message
        if key not in self._alike:
            self._alike[key] = (len(self.messages), message, {file})
            self.messages.append(message)
            return
        place, first, files = self._alike[key]
        files.add(file)
        if len(files) > 1:
            self.messages[place] = f"{first} (so in {len(files) - 1} more files)"


@contextmanager
def gathered_warnings(*, quiet: bool = False) -> Iterator[list[str]]:
    """Yield the list that neurocine's warnings within this context go to, each once for all files.

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
