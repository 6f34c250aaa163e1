"""The networks that have a name, and networks from what a file says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurocine.core import InputError
from neurocine.stneuronet.architecture import SegmentationArchitecture
from neurocine.stneuronet.compact import CompactArchitecture
from neurocine.stneuronet.dense import DenseArchitecture

FAMILIES: dict[str, type[SegmentationArchitecture]] = {
    a.family: a for a in (DenseArchitecture, CompactArchitecture)
}

#: ``reference``: the paper's network, on coarser pixels than its 0.8 µm; ``compact``: neurocine's own.
ARCHITECTURES: dict[str, SegmentationArchitecture] = {
    a.name: a
    for a in (
        DenseArchitecture(name="stneuronet-reference", pixel_size_um=1.2),
        CompactArchitecture(name="stneuronet-compact"),
    )
}


def segmentation_architecture_from(
    values: Mapping[str, Any], where: str = "architecture"
) -> SegmentationArchitecture:
    """Return the architecture that `SegmentationArchitecture.to_dict` described.

    Raises
    ------
    InputError
        If the family or a key is unknown or missing, or a value has the wrong type or is out of bounds.
    """
    family = values.get("family")
    if not isinstance(family, str) or family not in FAMILIES:
        raise InputError(where, "family", f"is {family!r}", f"Choose one of {', '.join(FAMILIES)}.")
    return FAMILIES[family].of({k: v for k, v in values.items() if k != "family"}, where)
