"""``python -m neurocine.simulation.fields TABLE OUT``: mean images with masks, for `simulate`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from pathlib import Path

from neurocine.core import InputError
from neurocine.simulation.fields.files import write_fields


def main(arguments: list[str] | None = None) -> int:
    """Write the file and return an exit status."""
    parser = argparse.ArgumentParser(prog="neurocine.simulation.fields", description=write_fields.__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        splits = write_fields(given.table, given.out)
    except InputError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    logging.getLogger(__name__).info("%d fields: %s", len(splits), dict(Counter(splits)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
