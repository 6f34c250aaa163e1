"""Decay times of calcium indicators, by name."""

from __future__ import annotations

#: Decay time constants in seconds, as suite2p's manual recommends for its ``tau`` (GCaMP6f 0.7, 6m 1.0,
#: 6s 1.25-1.5), and for the others the time constant that matches the half-decay after one action potential
#: in mouse cortex in their papers (jGCaMP7: Dana 2019; jGCaMP8: Zhang 2023; jRGECO1a: Dana 2016).
#: The real decay depends on expression, cell type and depth: they are good to within a factor of two.
DECAY_S = {
    "gcamp6f": 0.7,
    "gcamp6m": 1.0,
    "gcamp6s": 1.25,
    "gcamp7f": 0.7,
    "gcamp7s": 1.25,
    "gcamp8f": 0.3,
    "gcamp8m": 0.35,
    "gcamp8s": 0.6,
    "rgeco1a": 0.7,
}
#: For every other indicator, and where none is named.
UNKNOWN_S = 1.0


def decay_s(indicator: str) -> float:
    """Return the decay time of `indicator` in seconds; case, a leading ``j`` and punctuation don't matter."""
    known = known_decay_s(indicator)
    return UNKNOWN_S if known is None else known


def known_decay_s(indicator: str) -> float | None:
    """Return the decay time of `indicator` in seconds, as `decay_s` does; None if it isn't known."""
    plain = "".join(character for character in indicator.lower() if character.isalnum())
    return DECAY_S.get(plain.removeprefix("j"))
