"""Units of length and time as programs spell them."""

from __future__ import annotations

import re

_MICROMETRES = {
    "um": 1.0, "micron": 1.0, "micrometer": 1.0, "micrometre": 1.0,
    "å": 1e-4, "angstrom": 1e-4, "pm": 1e-6,
    "nm": 1e-3, "nanometer": 1e-3, "nanometre": 1e-3,
    "mm": 1e3, "millimeter": 1e3, "millimetre": 1e3,
    "cm": 1e4, "centimeter": 1e4, "centimetre": 1e4,
    "m": 1e6, "meter": 1e6, "metre": 1e6,
    "in": 25400.0, "inch": 25400.0, "inche": 25400.0,
}  # fmt: skip
_SECONDS = {
    "s": 1.0, "sec": 1.0, "second": 1.0,
    "ms": 1e-3, "msec": 1e-3, "millisec": 1e-3, "millisecond": 1e-3,
    "ns": 1e-9, "nsec": 1e-9, "nanosec": 1e-9, "nanosecond": 1e-9,
    "us": 1e-6, "usec": 1e-6, "microsec": 1e-6, "microsecond": 1e-6,
    "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0,
}  # fmt: skip
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})", re.IGNORECASE)


def micrometres(unit: str) -> float | None:
    """Return how many µm a unit of length is; None if it isn't known, or is no length, such as ``pixel``."""
    return _found(unit, _MICROMETRES)


def seconds(unit: str) -> float | None:
    """Return how many seconds a unit of time is; None if it isn't known."""
    return _found(unit, _SECONDS)


def _found(unit: str, known: dict[str, float]) -> float | None:
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), unit).strip().strip("\0.").casefold()
    # The micro sign and the Greek letter become one by casefold; UTF-8 read as Latin-1 has an Â before it.
    plain = plain.replace("\N{LATIN SMALL LETTER A WITH CIRCUMFLEX}\N{GREEK SMALL LETTER MU}", "u")
    plain = plain.replace("\N{GREEK SMALL LETTER MU}", "u")
    return known.get(plain, known.get(plain.removesuffix("s")))
