"""Training from the weights of another network."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.config import NetworkTraining
from neurocine.core import InputError
from neurocine.networks.catalogue import CELL_ARCHITECTURES
from neurocine.networks.cells import CellArchitecture
from neurocine.networks.registry import sha256
from neurocine.networks.weights import load_cell_weights, save_cell_weights
from neurocine.training import train
from neurocine.training.checkpoint import values_of

# So slow that weights stay what they are.
STILL = NetworkTraining(
    epochs=1,
    steps_per_epoch=1,
    batch_size=2,
    validation_windows=2,
    learning_rate=1e-12,
    types=("interneuron",),
)


def weights(path: Path, architecture: CellArchitecture) -> Path:
    """Random weights of another seed than that of the settings."""
    keras.utils.set_random_seed(STILL.seed + 1)
    save_cell_weights(path, architecture.build(), architecture, metadata={})
    return path


def assert_stayed(start: Path, trained: Path) -> None:
    """Nothing changed but the readout's bias, which calibration moved."""
    before, architecture, _ = load_cell_weights(start)
    after, found, metadata = load_cell_weights(trained)
    assert found == architecture
    assert metadata["recipe"]["start"] == sha256(start)
    bias = before.head.get_layer("readout").bias
    bias.assign(bias + np.float32(metadata["bias_moved"]))
    for a, b in zip(*(values_of(n.full.trainable_variables) for n in (before, after)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)  # stored in half precision


def test_training_starts_from_the_weights_given(
    folders: list[Path], tiny_views: CellArchitecture, tmp_path: Path
) -> None:
    start = weights(tmp_path / "start.h5", tiny_views)
    out = tmp_path / "out"
    train("activity", STILL, folders, out, architecture=tiny_views, start=start)
    assert_stayed(start, out / "weights.h5")
    card = (out / "card.md").read_text()
    assert f"Started from the weights with SHA-256 {sha256(start)[:12]}…" in card
    assert "`snakemake --cores all train_interneuron`" in card
    # The checkpoint is of this start: without it, training would begin anew.
    with pytest.raises(InputError, match="other settings or data"):
        train("activity", STILL, folders, out, architecture=tiny_views)


def test_without_a_start_weights_are_random_and_the_card_names_none(
    folders: list[Path], tiny_views: CellArchitecture, tmp_path: Path
) -> None:
    train("activity", STILL, folders, tmp_path, architecture=tiny_views)
    networks, _, metadata = load_cell_weights(tmp_path / "weights.h5")
    assert metadata["recipe"]["start"] is None
    assert "Started from" not in (tmp_path / "card.md").read_text()
    other, _, _ = load_cell_weights(weights(tmp_path / "other.h5", tiny_views))
    kernels = [n.head.get_layer("first").kernel for n in (networks, other)]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01


def test_another_architecture_is_refused_before_anything_is_written(
    folders: list[Path], tiny: CellArchitecture, tiny_views: CellArchitecture, tmp_path: Path
) -> None:
    start = weights(tmp_path / "start.h5", tiny)
    with pytest.raises(InputError, match=r"start\.h5: architecture: is tiny, not tiny-views"):
        train("activity", STILL, folders, tmp_path / "out", architecture=tiny_views, start=start)
    assert not (tmp_path / "out").exists()


def test_the_command_starts_from_what_it_is_given(
    folders: list[Path], tiny_views: CellArchitecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CELL_ARCHITECTURES, "activity-compact", tiny_views)
    start = weights(tmp_path / "start.h5", tiny_views)
    config = {"training": {"interneuron": STILL.model_dump(mode="json")}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    command = ["train", "interneuron", *map(str, folders), "--start", str(start)]
    command += ["--out", str(tmp_path / "out"), "--config", str(tmp_path / "config.yaml")]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert_stayed(start, tmp_path / "out" / "weights.h5")
