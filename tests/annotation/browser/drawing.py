"""Masks drawn in tests."""

from __future__ import annotations

from neurocine.annotation.actions import MaskEdit


def draw(name: str, **changes: object) -> MaskEdit:
    """Return an edit of masks."""
    return MaskEdit.model_validate({"kind": "masks", "id": name, "tool": "polygon", **changes})
