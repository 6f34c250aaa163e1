"""The architectures that have a name, and architectures from what a file says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from neurocine.core import InputError
from neurocine.networks.cells.architecture import CellArchitecture
from neurocine.networks.cells.filters import VIEWS
from neurocine.networks.cells.patches import PatchArchitecture
from neurocine.networks.cells.views import ViewArchitecture
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.dense import DenseArchitecture
from neurocine.networks.serialisable import Serialisable

CELL_FAMILIES: dict[str, type[CellArchitecture]] = {
    family.family: family for family in (PatchArchitecture, ViewArchitecture)
}
#: Families that had another name once, in files that users trained.
RENAMED_FAMILIES = {"cinac": "patches"}

SEGMENTATION_FAMILIES: dict[str, type[SegmentationArchitecture]] = {
    family.family: family for family in (DenseArchitecture, CompactArchitecture)
}

#: ``reference``: the paper's sizes; ``compact``: neurocine's own.
CELL_ARCHITECTURES: dict[str, CellArchitecture] = {
    a.name: a
    for a in (
        PatchArchitecture(
            name="activity-reference",
            window_frames=100,
            window_px=25,
            n_inputs=3,
            conv_filters=(64, 64, 128, 128),
            lstm_units=(128, 256),
            merge_units=256,
            output="frames",
        ),
        PatchArchitecture(
            name="celltype-reference",
            window_frames=500,
            window_px=20,
            n_inputs=2,
            conv_filters=(32, 32, 64, 64),
            lstm_units=(64, 32),
            merge_units=64,
            output="types",
        ),
        ViewArchitecture(
            name="activity-compact",
            window_frames=100,
            window_px=25,
            n_inputs=len(VIEWS),
            output="frames",
        ),
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

#: ``reference``: the paper's network, on coarser pixels than its 0.8 µm; ``compact``: neurocine's own.
SEGMENTATION_ARCHITECTURES: dict[str, SegmentationArchitecture] = {
    a.name: a
    for a in (
        DenseArchitecture(name="stneuronet-reference", pixel_size_um=1.2),
        CompactArchitecture(name="stneuronet-compact", resting=True),
    )
}

AnyArchitecture = TypeVar("AnyArchitecture", bound=Serialisable)


def cell_architecture_from(values: Mapping[str, Any], where: str = "architecture") -> CellArchitecture:
    """Return the architecture that `CellArchitecture.to_dict` described.

    Raises
    ------
    InputError
        If the family or a key is unknown or missing, or a value has the wrong type or is out of bounds.
    """
    return _of_family(CELL_FAMILIES, values, where)


def segmentation_architecture_from(
    values: Mapping[str, Any], where: str = "architecture"
) -> SegmentationArchitecture:
    """Return the architecture that `SegmentationArchitecture.to_dict` described.

    Raises
    ------
    InputError
        As `cell_architecture_from`.
    """
    return _of_family(SEGMENTATION_FAMILIES, values, where)


def _of_family(
    families: Mapping[str, type[AnyArchitecture]], values: Mapping[str, Any], where: str
) -> AnyArchitecture:
    family = values.get("family")
    if isinstance(family, str):
        family = RENAMED_FAMILIES.get(family, family)
    if not isinstance(family, str) or family not in families:
        raise InputError(where, "family", f"is {family!r}", f"Choose one of {', '.join(families)}.")
    return families[family].of({k: v for k, v in values.items() if k != "family"}, where)
