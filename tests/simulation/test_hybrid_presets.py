"""The hybrid presets' numbers, where several have to agree."""

from __future__ import annotations

import pytest

from neurocine.simulation.hybrid.presets import HYBRID_PRESETS


@pytest.mark.parametrize("name", HYBRID_PRESETS)
def test_all_have_the_light_of_cortex(name: str) -> None:
    """Photons a µm² and frame: only those of ``cortex-6s`` were set beside a real movie."""
    here, cortex = (
        [photons / preset.pixel_size_um**2 for photons in preset.photons]
        for preset in (HYBRID_PRESETS[name], HYBRID_PRESETS["cortex-6s"])
    )
    assert here == pytest.approx(cortex, rel=0.02)
