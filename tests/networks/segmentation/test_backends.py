from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.dense import DenseArchitecture, upsampled
from neurocine.networks.segmentation.segmenter import Segmenter

DENSE = DenseArchitecture(name="dense", window_frames=16)
COMPACT = CompactArchitecture(name="compact", window_frames=24, maps=2)
RESTING = CompactArchitecture(name="resting", window_frames=24, maps=2, resting=True)


def trained(architecture: SegmentationArchitecture) -> Any:
    """Return a network whose normalisations have seen data and whose probabilities are spread."""
    keras.utils.set_random_seed(5)
    model, rng = architecture.build(), np.random.default_rng(5)
    for weight in model.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        if kind == "gamma":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif kind == "moving_variance":
            weight.assign(rng.uniform(0.3, 2, weight.shape))
        elif kind in ("beta", "moving_mean", "bias"):
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


@pytest.fixture(scope="module", params=[DENSE, COMPACT, RESTING], ids=lambda a: a.name)
def architecture(request: pytest.FixtureRequest) -> SegmentationArchitecture:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def model(architecture: SegmentationArchitecture) -> Any:
    return trained(architecture)


def window(architecture: SegmentationArchitecture, height: int, width: int) -> NDArray[np.float32]:
    shape = (architecture.input_frames, height, width)
    return np.random.default_rng(6).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("size", [(8, 8), (24, 40), (56, 8)])
def test_backends_give_the_same(
    model: Any, architecture: SegmentationArchitecture, size: tuple[int, int]
) -> None:
    frames = window(architecture, *size)
    want = Segmenter(model, architecture, "keras").probabilities(frames)
    have = Segmenter(model, architecture, "openvino").probabilities(frames)
    assert want.shape == have.shape == (architecture.maps, *size)
    assert want.dtype == have.dtype == np.float32
    assert np.ptp(want) > 0.02
    assert np.abs(have - want).max() <= 1e-5


def test_the_published_form_gives_the_same() -> None:
    """It upsamples in time as well, before the maximum."""
    model, frames = trained(DENSE), window(DENSE, 16, 24)
    mixed = keras.Model(model.input, model.get_layer("mixed").output)(frames[None, ..., None], training=False)
    x = keras.ops.max(upsampled(mixed, 2), axis=1)
    for name in ("last", "classes", "probability"):
        x = model.get_layer(name)(x)
    have = Segmenter(model, DENSE, "keras").probabilities(frames)
    np.testing.assert_allclose(have[0], np.asarray(x)[0, ..., 1], atol=1e-6)


def test_windows_of_another_size_compile_anew(model: Any, architecture: SegmentationArchitecture) -> None:
    segmenter = Segmenter(model, architecture, "openvino")
    small, large = window(architecture, 8, 16), window(architecture, 16, 24)
    first = segmenter.probabilities(small)
    assert segmenter.probabilities(large).shape[1:] == (16, 24)
    np.testing.assert_array_equal(segmenter.probabilities(small), first)


@pytest.mark.parametrize("backend", ["keras", "openvino"])
def test_results_stay_when_the_next_window_is_read(backend: Any) -> None:
    segmenter = Segmenter(trained(COMPACT), COMPACT, backend)
    frames = window(COMPACT, 16, 16)
    first = segmenter.probabilities(frames)
    kept = first.copy()
    segmenter.probabilities(-frames)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(segmenter.probabilities(frames), kept)


@pytest.mark.parametrize("shape", [(16, 8, 8, 1), (15, 8, 8), (16, 12, 8), (16, 8, 20)])
def test_windows_that_dont_fit_are_refused(shape: tuple[int, ...]) -> None:
    segmenter = Segmenter(None, DENSE, "openvino")
    with pytest.raises(InputError, match="reads 16 frames of multiples of 8"):
        segmenter.probabilities(np.zeros(shape, np.float32))


def test_without_openvino_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match="choose keras"):
        Segmenter(trained(COMPACT), COMPACT, "openvino").probabilities(window(COMPACT, 8, 8))
