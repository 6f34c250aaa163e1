from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.network import ARCHITECTURES, Architecture, build

TINY = Architecture(
    name="tiny",
    window_frames=10,
    window_px=16,
    n_inputs=3,
    conv_filters=(2, 2, 3, 3),
    lstm_units=(3, 2),
    merge_units=3,
    output="frames",
    projection=4,
)


@pytest.mark.parametrize(
    ("name", "parameters", "encoder"),
    [
        ("activity-reference", 33_399_424, 259_008),
        ("celltype-reference", 2_040_043, 64_992),
    ],
)
def test_reference_has_the_papers_parameters(name: str, parameters: int, encoder: int) -> None:
    networks = build(ARCHITECTURES[name])
    assert networks.full.count_params() == parameters
    assert networks.encoder.count_params() == encoder


@pytest.mark.parametrize("name", ["activity-compact", "celltype-compact"])
def test_compact_stays_under_a_megabyte(name: str) -> None:
    architecture = ARCHITECTURES[name]
    networks = build(architecture)
    assert 2 * networks.full.count_params() < 1e6
    assert networks.encoder.output_shape == (None, architecture.n_features)


VARIANTS = [
    TINY,
    replace(TINY, readout="frame", attention_gain=10.0),
    replace(TINY, attention=False, projection=None),
    replace(TINY, output="types", n_inputs=2, time_pool=5),
    replace(TINY, output="types", readout="frame"),
]


@pytest.mark.parametrize("architecture", VARIANTS)
def test_encoder_then_head_is_the_full_network(architecture: Architecture) -> None:
    networks = build(architecture)
    a = architecture
    rng = np.random.default_rng(0)
    shape = (2, a.window_frames, a.window_px, a.window_px, a.n_inputs)
    windows = rng.normal(size=shape).astype(np.float32)
    features = np.empty((2, a.n_inputs, a.window_frames, a.n_features), dtype=np.float32)
    for b, n in np.ndindex(2, a.n_inputs):
        features[b, n] = networks.encoder(windows[b, ..., n, None], training=False)
    parted = np.asarray(networks.head(features, training=False))
    whole = np.asarray(networks.full(windows, training=False))
    assert whole.shape == ((2, a.window_frames) if a.output == "frames" else (2, 3))
    assert whole.dtype == np.float32
    np.testing.assert_allclose(parted, whole, atol=1e-5)
    if a.output == "types":
        np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-5)


def test_mixed_precision_gives_float32_probabilities() -> None:
    import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        networks = build(TINY)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    out = networks.full(np.zeros((1, 10, 16, 16, 3), dtype=np.float32), training=False)
    assert np.asarray(out).dtype == np.float32


def test_plain_values_survive_json() -> None:
    for architecture in ARCHITECTURES.values():
        assert Architecture.from_dict(json.loads(json.dumps(architecture.to_dict()))) == architecture


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window_frames", 0),
        ("window_px", 10**6),
        ("conv_filters", [1, 2, 3]),
        ("conv_filters", ["a", 1, 1, 1]),
        ("conv_strides", [3, 1, 1, 1]),
        ("lstm_units", 5),
        ("projection", -1),
        ("attention", "yes"),
        ("time_pool", 2),
        ("output", "code"),
        ("readout", "pickle"),
        ("dropout", 1.0),
        ("dropout", "half"),
        ("attention_gain", 0),
    ],
)
def test_bad_values_are_named(field: str, value: object) -> None:
    with pytest.raises(InputError):
        Architecture.from_dict(TINY.to_dict() | {field: value})


def test_unknown_and_missing_keys_are_refused() -> None:
    with pytest.raises(InputError, match="lambda"):
        Architecture.from_dict(TINY.to_dict() | {"lambda": "x"})
    with pytest.raises(InputError, match="n_inputs"):
        Architecture.from_dict({k: v for k, v in TINY.to_dict().items() if k != "n_inputs"})


def test_importing_the_package_loads_no_tensorflow() -> None:
    code = "import sys, neurocine.activity, neurocine.celltype; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
