"""One small simulated recording, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurocine.simulation import PRESETS, Preset, simulate
from neurocine.simulation.presets import preset_of


@pytest.fixture(scope="session")
def small_preset() -> Preset:
    """The paper's preset, in 64 x 64 pixels, 220 frames and 4 targets."""
    assert "paper" in PRESETS
    return preset_of("paper", fov_shape=(64, 64), n_frames=220, n_targets=4)


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory, small_preset: Preset) -> Path:
    """Folder of a small simulated recording."""
    return simulate(small_preset, 3, tmp_path_factory.mktemp("simulated"))
