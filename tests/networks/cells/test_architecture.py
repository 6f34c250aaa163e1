from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.networks.catalogue import CELL_ARCHITECTURES, cell_architecture_from
from neurocine.networks.cells import CellArchitecture, PatchArchitecture, ViewArchitecture

CINAC = PatchArchitecture(
    name="cinac",
    window_frames=10,
    window_px=16,
    n_inputs=3,
    conv_filters=(2, 2, 3, 3),
    lstm_units=(3, 2),
    merge_units=3,
    output="frames",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=10, window_px=12, output="frames", filters=4, dilations=(1, 2)
)
VARIANTS = [
    CINAC,
    replace(CINAC, name="cinac types", output="types", n_inputs=2, window_px=19),
    VIEWS,
    replace(VIEWS, name="views types", output="types"),
]


@pytest.mark.parametrize(
    ("name", "parameters", "encoder"),
    [
        ("activity-reference", 33_399_424, 259_008),
        ("celltype-reference", 2_040_043, 64_992),
    ],
)
def test_reference_has_the_papers_parameters(name: str, parameters: int, encoder: int) -> None:
    networks = CELL_ARCHITECTURES[name].build()
    assert networks.full.count_params() == parameters
    assert networks.encoder.count_params() == encoder


@pytest.mark.parametrize("name", ["activity-compact", "celltype-compact"])
def test_compact_stays_under_a_megabyte(name: str) -> None:
    architecture = CELL_ARCHITECTURES[name]
    networks = architecture.build()
    assert 2 * networks.full.count_params() < 1e6
    assert networks.encoder.output_shape == (None, architecture.n_features)


def test_named_networks_go_by_their_names() -> None:
    for name, architecture in CELL_ARCHITECTURES.items():
        task, size = name.split("-")
        assert architecture.name == name
        assert architecture.output == {"activity": "frames", "celltype": "types"}[task]
        assert architecture.family == {"reference": "patches", "compact": "views"}[size]


def patches_and_windows(a: CellArchitecture, n: int) -> tuple[Any, Any]:
    """Return patches (n, n_inputs, T, px, px) and the windows that `Networks.full` reads of them."""
    rng = np.random.default_rng(0)
    shape = (n, a.n_inputs, a.window_frames, a.window_px, a.window_px)
    patches = rng.normal(size=shape).astype(np.float32)
    windows = np.moveaxis(patches, 1, -1) if a.family == "patches" else patches.sum((3, 4)).transpose(0, 2, 1)
    assert windows.shape[1:] == a.window_shape
    return patches, windows


@pytest.mark.parametrize("architecture", VARIANTS, ids=lambda a: a.name)
def test_encoder_then_head_is_the_full_network(architecture: CellArchitecture) -> None:
    a = architecture
    keras.utils.set_random_seed(0)
    networks = a.build()
    patches, windows = patches_and_windows(a, 2)
    features = np.empty((2, a.n_inputs, a.window_frames, a.n_features), dtype=np.float32)
    for b, n in np.ndindex(2, a.n_inputs):
        features[b, n] = networks.encoder(patches[b, n, ..., None], training=False)
    parted = np.asarray(networks.head(features, training=False))
    whole = np.asarray(networks.full(windows, training=False))
    assert whole.shape == ((2, a.window_frames) if a.output == "frames" else (2, 3))
    assert whole.dtype == np.float32
    assert np.abs(whole[0] - whole[1]).max() > 1e-4
    np.testing.assert_allclose(parted, whole, atol=1e-5)
    if a.output == "types":
        np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("architecture", [CINAC, VIEWS], ids=lambda a: a.name)
def test_mixed_precision_gives_float32_probabilities(architecture: CellArchitecture) -> None:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        networks = architecture.build()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert networks.head.get_layer("readout").compute_dtype == "float16"
    _, windows = patches_and_windows(architecture, 1)
    out = np.asarray(networks.full(windows, training=False))
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


def test_a_longer_dilation_sees_further() -> None:
    keras.utils.set_random_seed(0)
    windows = np.zeros((2, 40, VIEWS.n_inputs), dtype=np.float32)
    windows[1, 20] = 5
    for dilation, reach in ((1, 2 + 2 + 1), (8, 2 + 16 + 1)):
        networks = replace(VIEWS, window_frames=40, dilations=(dilation,)).build()
        rest, told = np.asarray(networks.full(windows, training=False))
        changed = np.flatnonzero(rest != told)
        assert (changed[0], changed[-1]) == (20 - reach, 20 + reach)


def test_plain_values_survive_json() -> None:
    for architecture in (*CELL_ARCHITECTURES.values(), *VARIANTS):
        again = cell_architecture_from(json.loads(json.dumps(architecture.to_dict())))
        assert again == architecture
        assert type(again) is type(architecture)


@pytest.mark.parametrize(
    ("architecture", "field", "value"),
    [
        (CINAC, "window_frames", 0),
        (CINAC, "window_px", 10**6),
        (CINAC, "window_px", 11),
        (CINAC, "n_inputs", 17),
        (CINAC, "conv_filters", [1, 2, 3]),
        (CINAC, "conv_filters", ["a", 1, 1, 1]),
        (CINAC, "lstm_units", 5),
        (CINAC, "merge_units", True),
        (CINAC, "output", "code"),
        (CINAC, "normalisation", "none"),
        (CINAC, "dropout", 1.0),
        (CINAC, "dropout", "half"),
        (CINAC, "family", "views"),
        (CINAC, "family", "gru"),
        (CINAC, "family", ["patches"]),
        (VIEWS, "window_frames", 1e9),
        (VIEWS, "n_inputs", 3),
        (VIEWS, "filters", 0),
        (VIEWS, "filters", [4]),
        (VIEWS, "dilations", [1, 0]),
        (VIEWS, "dilations", "1, 2"),
        (VIEWS, "normalisation", "movie"),
        (VIEWS, "family", "patches"),
        (VIEWS, "family", None),
    ],
)
def test_bad_values_are_named(architecture: CellArchitecture, field: str, value: object) -> None:
    with pytest.raises(InputError):
        cell_architecture_from(architecture.to_dict() | {field: value})


@pytest.mark.parametrize("architecture", [CINAC, VIEWS], ids=lambda a: a.name)
def test_unknown_and_missing_keys_are_refused(architecture: CellArchitecture) -> None:
    values = architecture.to_dict()
    with pytest.raises(InputError, match="lambda"):
        cell_architecture_from(values | {"lambda": "x"})
    for missing in ("family", "window_px"):
        with pytest.raises(InputError, match=missing):
            cell_architecture_from({k: v for k, v in values.items() if k != missing})


def test_importing_the_package_loads_no_tensorflow() -> None:
    code = "import sys, neurocine.activity, neurocine.celltype; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
