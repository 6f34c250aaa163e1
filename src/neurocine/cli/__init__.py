"""The command ``neurocine``."""

from __future__ import annotations

import logging
import sys

from neurocine.cli.app import app
from neurocine.core import NeurocineError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; its own errors and the system's are shown without a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        app()
    except (NeurocineError, OSError) as error:
        sys.exit(f"neurocine: {error}")
