"""What all model cards and registry entries have in common."""

from __future__ import annotations

from collections.abc import Iterable


def measured_on(movies: Iterable[str]) -> str:
    """Return which movies the figures of a registry entry were measured on."""
    return f"simulated movies {', '.join(movies)}, not seen in training"
