"""A tiny corpus, and a tiny network of each family and task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from neurocine.networks.cells import CellArchitecture, PatchArchitecture, ViewArchitecture
from neurocine.simulation import simulate
from neurocine.simulation.presets import preset_of


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small simulated recordings: one a split, each of another seed."""
    preset = preset_of("paper", fov_shape=(64, 64), n_frames=220, n_targets=4)
    corpus = tmp_path_factory.mktemp("corpus")
    made = ((3, "test"), (1, "train"), (2, "validation"))
    return [simulate(preset, seed, corpus / str(seed), split=split) for seed, split in made]


@pytest.fixture(scope="session")
def tiny() -> PatchArchitecture:
    """An activity network of DeepCINAC's family, of a few hundred weights."""
    return PatchArchitecture(
        name="tiny",
        window_frames=40,
        window_px=16,
        n_inputs=3,
        conv_filters=(2, 2, 4, 4),
        lstm_units=(4, 4),
        merge_units=4,
        output="frames",
        dropout=0.2,
    )


@pytest.fixture(scope="session")
def tiny_types(tiny: PatchArchitecture) -> PatchArchitecture:
    """A cell-type network of a few hundred weights."""
    return replace(tiny, name="tiny-types", output="types", n_inputs=2)


@pytest.fixture(scope="session")
def tiny_views() -> ViewArchitecture:
    """An activity network of the compact family, of a few hundred weights."""
    return ViewArchitecture(
        name="tiny-views", window_frames=40, window_px=16, output="frames", filters=4, dilations=(1, 2)
    )


@pytest.fixture(scope="session")
def tiny_view_types(tiny_views: ViewArchitecture) -> ViewArchitecture:
    """A cell-type network of the compact family."""
    return replace(tiny_views, name="tiny-view-types", output="types")


@pytest.fixture(scope="session", params=["tiny", "tiny_views"])
def either(request: pytest.FixtureRequest) -> CellArchitecture:
    """An activity network of each family."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


@pytest.fixture(scope="session", params=["tiny_types", "tiny_view_types"])
def either_types(request: pytest.FixtureRequest) -> CellArchitecture:
    """A cell-type network of each family."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]
