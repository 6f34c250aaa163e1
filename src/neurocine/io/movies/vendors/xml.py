"""Settings that microscopes write as XML."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

from neurocine.io.safe.damage import reraise_as_input_error


def parse(path: Path) -> ElementTree.Element:
    """Return the root of an XML file.

    Raises
    ------
    DamagedFile
        If it isn't XML.
    """
    with reraise_as_input_error(path, "readable XML", "Copy it again, as the microscope wrote it."):
        return ElementTree.fromstring(path.read_bytes())


def numeric(element: ElementTree.Element | None, attribute: str) -> float | None:
    """Return an attribute that is a finite number, or None."""
    try:
        value = float("" if element is None else element.get(attribute, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
