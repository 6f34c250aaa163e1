"""The real network, tiny and sure of nothing in particular, told of ROIs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurocine import pipeline
from neurocine.config import ActiveSettings, StneuronetSettings
from neurocine.io.result_files import read_rois, write_rois
from neurocine.networks.registry import Metrics, ModelEntry, install
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import save_segmentation_weights

TINY = CompactArchitecture(
    name="tiny", window_frames=24, maps=2, space_filters=1, time_filters=1, filters=(1, 1, 1)
)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry whose STNeuroNet says 0.88 of every pixel."""
    model = TINY.build()
    for weight in model.trainable_weights:
        value = 2.0 if weight.path.startswith("readout") and "bias" in weight.path else 0.0
        weight.assign(np.full(weight.shape, value, np.float32))
    save_segmentation_weights(tmp_path / "tiny.h5", model, TINY, Postprocessing(), {})
    entry = ModelEntry(
        task="stneuronet",
        architecture="tiny",
        frame_rate_hz=TINY.frame_rate_hz,
        pixel_size_um=TINY.pixel_size_um,
        window_frames=TINY.window_frames,
        metrics=Metrics(on="nothing: made up", values={"f1": 0.0}),
    )
    install(tmp_path / "models", "tiny", entry, tmp_path / "tiny.h5", "# tiny\n")
    monkeypatch.setattr("neurocine.networks.registry.shipped", lambda name: tmp_path / name)
    return tmp_path / "models"


@pytest.mark.parametrize("backend", ["keras", "openvino"])
def test_every_roi_has_what_the_network_says_inside_it(
    registry: Path, blobs, tmp_path: Path, backend: str
) -> None:
    movie, rois = blobs
    write_rois(tmp_path / "rois.h5", rois)
    settings = StneuronetSettings.model_validate({"model": "tiny", "backend": backend})
    out = tmp_path / "active.h5"
    pipeline.active(movie, tmp_path / "rois.h5", out, ActiveSettings(mode="union"), settings)
    annotated = read_rois(out)
    np.testing.assert_array_equal(annotated.ids[:4], rois.ids)
    np.testing.assert_allclose(annotated.active_probability[:4], 1 / (1 + np.exp(-2)), atol=1e-3)
    # All is one neuron to this network, or pieces of one.
    alone = annotated.select(~annotated.found_by("truth"))
    assert set(alone.engine) == {"stneuronet"}
    assert all(len(spans) and spans.min() >= 0 and spans.max() <= 300 for spans in alone.active_intervals)
