"""The command ``neurocine``."""

from __future__ import annotations

import logging
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; its own errors and the system's are shown without a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        # Here, because it takes a second, in which Ctrl-C shall leave no traceback either.
        from neurocine.cli.app import app
        from neurocine.core import NeurocineError
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        app()
    except (NeurocineError, OSError) as error:
        sys.exit(f"neurocine: {error}")
