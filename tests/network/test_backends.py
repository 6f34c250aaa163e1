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
from neurocine.network import Architecture, Networks, build
from neurocine.network.inference import Runner
from neurocine.network.inputs import cells

WINDOW = Architecture(
    name="window",
    window_frames=30,
    window_px=20,
    n_inputs=3,
    conv_filters=(4, 5, 6, 7),
    lstm_units=(6, 5),
    merge_units=4,
    output="frames",
)
FRAME = replace(
    WINDOW, name="frame", conv_strides=(2, 1, 1, 1), projection=9, readout="frame", attention_gain=30
)
TYPES = replace(FRAME, name="types", n_inputs=2, output="types", time_pool=5, attention_gain=6)
VARIANTS = [
    WINDOW,
    FRAME,
    TYPES,
    replace(TYPES, name="types, window", readout="window", time_pool=1, window_px=25),
    replace(WINDOW, name="no attention", attention=False, window_px=23, conv_strides=(1, 1, 2, 1)),
]


def random_networks(architecture: Architecture, seed: int = 0) -> Networks:
    """Networks whose weights, biases too, are far from their start."""
    networks = build(architecture)
    rng = np.random.default_rng(seed)
    for weight in networks.full.trainable_weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    return networks


def inputs(architecture: Architecture) -> tuple[Any, Any]:
    a = architecture
    rng = np.random.default_rng(1)
    patches = rng.normal(size=(21, a.window_px, a.window_px, 1)).astype(np.float32)
    features = rng.normal(size=(5, a.n_inputs, a.window_frames, a.n_features)).astype(np.float32)
    return patches, features


@pytest.mark.parametrize("architecture", VARIANTS, ids=lambda a: a.name)
def test_openvino_gives_what_keras_gives(architecture: Architecture) -> None:
    networks = random_networks(architecture)
    patches, features = inputs(architecture)
    by_keras, by_openvino = (Runner(networks, architecture, name) for name in ("keras", "openvino"))
    wanted = np.asarray(networks.encoder(patches, training=False))
    assert wanted.std() > 0.1
    np.testing.assert_allclose(by_keras._encoder(patches), wanted, atol=1e-5)
    np.testing.assert_allclose(by_openvino._encoder(patches), wanted, atol=1e-5)
    answers = by_keras.predict(features)
    assert answers.std() > 0.05
    np.testing.assert_allclose(by_openvino.predict(features), answers, atol=1e-5)
    for n in (1, 3):  # batches of any size
        np.testing.assert_allclose(by_openvino.predict(features[:n]), answers[:n], atol=1e-5)


@pytest.mark.parametrize("backend", ["keras", "openvino"])
def test_answers_stay_when_the_next_batch_comes(backend: Any) -> None:
    runner = Runner(random_networks(FRAME), FRAME, backend)
    _, features = inputs(FRAME)
    first = runner.predict(features)
    kept = first.copy()
    runner.predict(-features)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(runner.predict(features), kept)


@pytest.mark.parametrize("backend", ["keras", "openvino"])
def test_cells_are_encoded_input_by_input(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurocine.network.inference.ENCODER_BATCH", 24)  # several batches a cell
    masks = np.zeros((3, 40, 40), dtype=bool)
    masks[0, 8:14, 8:14] = masks[1, 12:18, 10:16] = masks[2, 28:34, 28:34] = True
    patches = cells(RoiSet.from_masks(masks), FRAME.window_px)
    assert patches.masks.any(axis=(2, 3)).tolist() == [[True] * 3, [True] * 3, [True, False, True]]
    networks = random_networks(FRAME)
    frames = np.random.default_rng(2).normal(size=(19, 40, 40)).astype(np.float32)
    found = Runner(networks, FRAME, backend).encode(frames, patches, np.array([2, 0]))
    assert found.shape == (2, 3, 19, FRAME.n_features)
    for row, cell in enumerate((2, 0)):
        for i, shown in enumerate(patches.cut(frames, cell)):
            wanted = np.asarray(networks.encoder(shown[..., None], training=False))
            np.testing.assert_allclose(found[row, i], wanted, atol=1e-5)


def answers(backend: Any) -> str:
    """The checksum of features and answers of a network with fixed weights."""
    keras.utils.set_random_seed(3)
    runner = Runner(random_networks(WINDOW, seed=3), WINDOW, backend)
    patches, features = inputs(WINDOW)
    return hashlib.sha256(runner._encoder(patches).tobytes() + runner.predict(features).tobytes()).hexdigest()


def test_openvino_gives_the_same_bytes_in_another_process() -> None:
    program = f"""
import runpy, sys
sys.stdout.write(runpy.run_path({__file__!r})["answers"]("openvino"))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout == answers("openvino") == answers("openvino")


def test_without_openvino_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match=r"pip install 'neurocine\[openvino\]'"):
        Runner(build(FRAME), FRAME, "openvino")
