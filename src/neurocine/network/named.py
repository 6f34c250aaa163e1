"""The networks that have a name, and networks from what a file says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurocine.core import InputError
from neurocine.network.architecture import Architecture
from neurocine.network.cinac import CinacArchitecture
from neurocine.network.views import ViewArchitecture

FAMILIES: dict[str, type[Architecture]] = {a.family: a for a in (CinacArchitecture, ViewArchitecture)}

#: ``reference``: the paper's sizes; ``compact``: neurocine's own.
ARCHITECTURES: dict[str, Architecture] = {
    a.name: a
    for a in (
        CinacArchitecture(
            name="activity-reference",
            window_frames=100,
            window_px=25,
            n_inputs=3,
            conv_filters=(64, 64, 128, 128),
            lstm_units=(128, 256),
            merge_units=256,
            output="frames",
        ),
        CinacArchitecture(
            name="celltype-reference",
            window_frames=500,
            window_px=20,
            n_inputs=2,
            conv_filters=(32, 32, 64, 64),
            lstm_units=(64, 32),
            merge_units=64,
            output="types",
        ),
        ViewArchitecture(name="activity-compact", window_frames=100, window_px=25, output="frames"),
        ViewArchitecture(
            name="celltype-compact",
            window_frames=1000,
            window_px=25,
            output="types",
            filters=32,
            dilations=(1, 2, 4, 8, 16, 32, 64),
            dropout=0.3,
        ),
    )
}


def architecture_from(values: Mapping[str, Any], where: str = "architecture") -> Architecture:
    """Return the architecture that `Architecture.to_dict` described.

    Raises
    ------
    InputError
        If the family or a key is unknown or missing, or a value has the wrong type or is out of bounds.
    """
    family = values.get("family")
    if not isinstance(family, str) or family not in FAMILIES:
        raise InputError(where, "family", f"is {family!r}", f"Choose one of {', '.join(FAMILIES)}.")
    return FAMILIES[family].of({k: v for k, v in values.items() if k != "family"}, where)
