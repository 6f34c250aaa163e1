"""Both backends give the same numbers, and the same bytes each time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from neurocine.core import InputError, RoiSet
from neurocine.networks.cells import CellArchitecture, Networks, PatchArchitecture, ViewArchitecture
from neurocine.networks.cells.normalisation import Statistics
from neurocine.networks.cells.runner import Runner

CINAC = PatchArchitecture(
    name="cinac",
    window_frames=30,
    window_px=20,
    n_inputs=3,
    conv_filters=(4, 5, 6, 7),
    lstm_units=(6, 5),
    merge_units=4,
    output="frames",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=30, window_px=15, output="frames", filters=4, dilations=(1, 2)
)
VARIANTS = [
    CINAC,
    replace(CINAC, name="cinac types", n_inputs=2, output="types", window_px=25),
    replace(CINAC, name="cinac odd", window_px=23, window_frames=29),
    VIEWS,
    replace(VIEWS, name="views types", output="types", window_frames=60, dilations=(1, 4, 16)),
]
FAMILIES = pytest.mark.parametrize("architecture", [CINAC, VIEWS], ids=lambda a: a.name)
BACKENDS = pytest.mark.parametrize("backend", ["keras", "openvino"])


def random_networks(architecture: CellArchitecture, seed: int = 0) -> Networks:
    """Networks whose weights, biases too, are far from their start."""
    networks = architecture.build()
    rng = np.random.default_rng(seed)
    for weight in networks.full.trainable_weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    return networks


def inputs(architecture: CellArchitecture) -> tuple[Any, Any]:
    a = architecture
    rng = np.random.default_rng(1)
    patches = rng.normal(size=(21, a.window_px, a.window_px, 1)).astype(np.float32)
    features = rng.normal(size=(5, a.n_inputs, a.window_frames, a.n_features)).astype(np.float32)
    return patches, features


@pytest.mark.parametrize("architecture", VARIANTS, ids=lambda a: a.name)
def test_openvino_gives_what_keras_gives(architecture: CellArchitecture) -> None:
    networks = random_networks(architecture)
    patches, features = inputs(architecture)
    by_keras, by_openvino = (Runner(networks, architecture, name) for name in ("keras", "openvino"))
    wanted = np.asarray(networks.encoder(patches, training=False))
    assert wanted.std() > 0.1
    np.testing.assert_allclose(by_keras._encoder(patches), wanted, atol=1e-5)
    np.testing.assert_allclose(by_openvino._encoder(patches), wanted, atol=1e-5)
    answers = by_keras.predict(features)
    np.testing.assert_allclose(answers, np.asarray(networks.head(features, training=False)), atol=1e-5)
    assert answers.std() > 0.03
    np.testing.assert_allclose(by_openvino.predict(features), answers, atol=1e-5)
    for n in (1, 3):  # batches of any size
        np.testing.assert_allclose(by_openvino.predict(features[:n]), answers[:n], atol=1e-5)


@BACKENDS
@FAMILIES
def test_answers_stay_when_the_next_batch_comes(architecture: CellArchitecture, backend: Any) -> None:
    runner = Runner(random_networks(architecture), architecture, backend)
    _, features = inputs(architecture)
    first = runner.predict(features)
    kept = first.copy()
    assert np.abs(runner.predict(-features) - kept).max() > 1e-3
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(runner.predict(features), kept)


@BACKENDS
@FAMILIES
def test_cells_are_encoded_input_by_input(
    architecture: CellArchitecture, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurocine.networks.cells.runner.ENCODER_BATCH", 24)  # several batches a cell
    masks = np.zeros((3, 40, 40), dtype=bool)
    masks[0, 8:14, 8:14] = masks[1, 12:18, 10:16] = masks[2, 28:34, 28:34] = True
    rng = np.random.default_rng(2)
    mean, noise = (rng.uniform(*span, (40, 40)).astype(np.float32) for span in ((100, 900), (5, 20)))
    cells = architecture.cells(RoiSet.from_masks(masks), Statistics(mean, noise))
    if architecture is CINAC:
        assert cells.masks.any(axis=(2, 3)).tolist() == [[True] * 3, [True] * 3, [True, False, True]]
    networks = random_networks(architecture)
    frames = rng.normal(size=(19, 40, 40)).astype(np.float32)
    found = Runner(networks, architecture, backend).encode(frames, cells, np.array([2, 0]))
    assert found.shape == (2, architecture.n_inputs, 19, architecture.n_features)
    for row, cell in enumerate((2, 0)):
        for i, shown in enumerate(cells.cut(frames, cell)):
            wanted = np.asarray(networks.encoder(shown[..., None].astype(np.float32), training=False))
            np.testing.assert_allclose(found[row, i], wanted, atol=1e-5)


def answers(architecture: CellArchitecture, backend: Any) -> str:
    """The checksum of features and answers of a network with fixed weights."""
    keras.utils.set_random_seed(3)
    runner = Runner(random_networks(architecture, seed=3), architecture, backend)
    patches, features = inputs(architecture)
    return hashlib.sha256(runner._encoder(patches).tobytes() + runner.predict(features).tobytes()).hexdigest()


def test_openvino_gives_the_same_bytes_in_another_process() -> None:
    program = f"""
import runpy, sys
here = runpy.run_path({__file__!r})
sys.stdout.write(" ".join(here["answers"](here[name], "openvino") for name in ("CINAC", "VIEWS")))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    for architecture, found in zip((CINAC, VIEWS), run.stdout.split(), strict=True):
        assert found == answers(architecture, "openvino") == answers(architecture, "openvino")


def test_without_openvino_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match=r"pip install openvino"):
        Runner(VIEWS.build(), VIEWS, "openvino")
