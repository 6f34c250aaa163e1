"""Snakemake as `neurocine run` starts it: an interrupt ends it without a traceback, and only once.

``python -m neurocine.cluster.head ARGUMENTS`` is ``snakemake ARGUMENTS``, except for how it ends on SIGINT.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

#: Exit code of a program that Ctrl-C ended.
INTERRUPTED = 128 + signal.SIGINT

_interrupts = 0


def interrupted() -> bool:
    """Return whether this process was interrupted, so that what fails from then on isn't an error."""
    return _interrupts > 0


def main() -> None:
    """Run Snakemake with the arguments of the command line."""
    # Also where a shell started neurocine in the background, with SIGINT ignored.
    signal.signal(signal.SIGINT, _interrupt)
    try:
        from snakemake.cli import main as snakemake

        snakemake()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        # What remains is the end of threads, whose jobs are being ended.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """Let Snakemake end its jobs; the second time, let it stop waiting for what they answer."""
    global _interrupts
    _interrupts += 1
    # What fails from here on, fails because it is ended: Snakemake's log tells it, the screen doesn't.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    # A third might reach Snakemake while it removes its locks.
    if _interrupts <= 2:
        raise KeyboardInterrupt


if __name__ == "__main__":
    # Not this module's other copy, ``__main__``: the workflow's hooks ask `interrupted` here.
    from neurocine.cluster import head

    head.main()
