from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.networks.catalogue import SEGMENTATION_ARCHITECTURES, segmentation_architecture_from
from neurocine.networks.segmentation.dense import DenseArchitecture, upsampled


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(0)
    return SEGMENTATION_ARCHITECTURES["stneuronet-reference"].build()


@pytest.fixture
def half_precision() -> Iterator[None]:
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


def test_the_published_network_has_882040_values(model: Any) -> None:
    assert sum(int(np.prod(weight.shape)) for weight in model.weights) == 882_040


def test_shapes_are_the_published_ones(model: Any) -> None:
    assert model.get_layer("first").kernel.shape == (5, 5, 5, 1, 24)
    widths = {0: (25, 4, 5), 1: (24, 8, 10), 2: (24, 16, 10)}
    for level, (width, growth, n) in widths.items():
        for j in range(n):
            kernel = model.get_layer(f"stack_{level}_{j}").kernel
            assert kernel.shape == (3, 3, 3, width + j * growth, growth)
    for name, channels, filters in (
        ("skip_0", 45, 12),
        ("down_0", 45, 24),
        ("skip_1", 104, 24),
        ("down_1", 104, 24),
        ("skip_2", 184, 24),
        ("mixed", 61, 10),
    ):
        assert model.get_layer(name).kernel.shape == (3, 3, 3, channels, filters)
    assert model.get_layer("last").kernel.shape == (3, 3, 10, 10)
    assert model.get_layer("classes").kernel.shape == (3, 3, 10, 2)


def test_only_the_last_convolutions_have_a_bias(model: Any) -> None:
    biased = {layer.name for layer in model.layers if getattr(layer, "use_bias", False)}
    assert biased == {"mixed", "last", "classes"}


def test_normalisation_and_dropout_are_the_published_ones(model: Any) -> None:
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {(norm.epsilon, norm.momentum) for norm in norms} == {(1e-5, 0.9)}
    dropped = {layer.name for layer in model.layers if isinstance(layer, keras.layers.Dropout)}
    ends = {f"{end}_{i}" for end in ("skip", "down") for i in range(3)} - {"down_2"}
    inner = {f"stack_{i}_{j}" for i, n in enumerate((5, 10, 10)) for j in range(n - 1)}
    assert dropped == {f"{name}_dropout" for name in ends | inner}
    assert {model.get_layer(name).rate for name in dropped} == {0.5}


def test_levels_halve_time_and_space() -> None:
    a = DenseArchitecture(name="short", window_frames=16)
    built = a.build()
    names = ("first", "down_0", "down_1", "skip_2_upsampled", "mixed", "mixed_upsampled")
    seen = keras.Model(built.input, [built.get_layer(name).output for name in names])
    shapes = [tuple(x.shape[1:]) for x in seen(np.zeros((1, 16, 24, 32, 1), np.float32))]
    assert shapes == [
        (8, 12, 16, 24),
        (4, 6, 8, 24),
        (2, 3, 4, 24),
        (8, 12, 16, 24),
        (8, 12, 16, 10),
        (8, 24, 32, 10),
    ]


def test_output_is_a_probability_of_each_pixel() -> None:
    built = DenseArchitecture(name="short", window_frames=8).build()
    windows = np.random.default_rng(0).normal(size=(2, 8, 16, 24, 1)).astype(np.float32)
    found = np.asarray(built(windows, training=False))
    assert found.shape == (2, 1, 16, 24)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1


def test_the_second_class_is_the_neurons() -> None:
    built = DenseArchitecture(name="short", window_frames=8).build()
    built.get_layer("classes").set_weights([np.zeros((3, 3, 10, 2)), np.array([0.0, 3.0])])
    found = np.asarray(built(np.zeros((1, 8, 8, 8, 1), np.float32), training=False))
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-3)), rtol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_upsampling_interpolates_towards_the_next(factor: int, axis: int) -> None:
    x = np.random.default_rng(1).normal(size=(1, 4, 5, 7, 2)).astype(np.float32)
    found = np.asarray(upsampled(x, factor))
    assert found.shape == (1, 4 * factor, 5 * factor, 7 * factor, 2)
    others = tuple(slice(None, None, 1 if a in (0, axis, 4) else factor) for a in range(5))
    along, x = np.moveaxis(found[others], axis, 0), np.moveaxis(x, axis, 0)
    for i in range(len(x)):
        for k in range(factor):
            want = x[i] + (x[min(i + 1, len(x) - 1)] - x[i]) * k / factor
            np.testing.assert_allclose(along[factor * i + k], want, atol=1e-6)


def test_upsampling_in_time_doesnt_change_the_maximum() -> None:
    x = np.random.default_rng(2).normal(size=(1, 6, 4, 5, 3)).astype(np.float32)
    whole, spared = upsampled(x, 2), upsampled(x, 2, time=False)
    np.testing.assert_allclose(np.max(whole, axis=1), np.max(spared, axis=1), atol=1e-6)


def test_half_precision_trains_towards_probabilities_in_float32(half_precision: None) -> None:
    built = DenseArchitecture(name="short", window_frames=8).build()
    assert built.get_layer("stack_0_0").compute_dtype == "float16"
    found = built(np.zeros((1, 8, 8, 8, 1), np.float32), training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


def test_plain_values_and_back() -> None:
    a = DenseArchitecture(name="mine", window_frames=48, dropout=0.2)
    assert segmentation_architecture_from(a.to_dict()) == a
    reference = SEGMENTATION_ARCHITECTURES["stneuronet-reference"]
    assert segmentation_architecture_from(reference.to_dict()) == reference
    assert (reference.family, reference.window_frames, reference.maps) == ("dense", 120, 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"dropout": 1.0}, "dropout"),
        ({"maps": 2}, "maps"),
        ({"window_frames": 12}, "window_frames"),
        ({"whitening": "none"}, "whitening"),
    ],
)
def test_bad_sizes_are_named(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError, match=field):
        DenseArchitecture(name="bad", **values)


@pytest.mark.parametrize("values", [{}, {"family": "other"}, {"family": ["dense"]}, {"family": "dense"}])
def test_bad_descriptions_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        segmentation_architecture_from(values)
