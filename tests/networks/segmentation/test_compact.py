"""The light network: sizes, shapes, and backends that agree."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.networks.catalogue import SEGMENTATION_ARCHITECTURES, segmentation_architecture_from
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.segmenter import Segmenter


def test_sizes() -> None:
    a = SEGMENTATION_ARCHITECTURES["stneuronet-compact"]
    model = a.build()
    assert model.count_params() < 882_040 / 8
    assert model(np.zeros((2, 121, 16, 24, 1), dtype=np.float32)).shape == (2, 10, 16, 24)


def test_a_map_is_of_its_part_of_the_window() -> None:
    keras.utils.set_random_seed(3)
    a = CompactArchitecture(name="c", window_frames=48, maps=4, filters=(4, 4, 4))
    segmenter = Segmenter(a.build(), a, "keras")
    frames = np.random.default_rng(0).normal(size=(48, 32, 32)).astype(np.float32)
    frames[30:33, 12:20, 12:20] += 30
    brighter = segmenter.probabilities(frames)
    frames[30:33, 12:20, 12:20] -= 30
    change = np.abs(segmenter.probabilities(frames) - brighter).mean(axis=(1, 2))
    assert change.argmax() == 2  # frames 24-35 of 48


def test_backends_agree() -> None:
    pytest.importorskip("openvino")
    keras.utils.set_random_seed(1)
    a = CompactArchitecture(name="c", window_frames=24, maps=2, filters=(4, 6, 8))
    model = a.build()
    rng = np.random.default_rng(0)
    for weight in model.weights:  # statistics as after training
        if weight.path.endswith(("variance", "gamma")):
            weight.assign(rng.uniform(0.5, 2, weight.shape))
        elif weight.path.endswith(("mean", "beta")):
            weight.assign(rng.normal(0, 0.3, weight.shape))
    frames = rng.normal(size=(24, 40, 24)).astype(np.float32)
    first, second = (Segmenter(model, a, backend).probabilities(frames) for backend in ("keras", "openvino"))
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert first.std() > 1e-3


def test_architecture_there_and_back() -> None:
    a = CompactArchitecture(name="c", filters=(4, 4, 8), time_filters=6)
    assert segmentation_architecture_from(a.to_dict()) == a


@pytest.mark.parametrize(
    ("field", "value"),
    [("maps", 7), ("maps", 60), ("filters", (1, 2)), ("filters", (0, 4, 4)), ("window_frames", 50)],
)
def test_odd_sizes_are_refused(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        CompactArchitecture(name="c", **{field: value})  # type: ignore[arg-type]
