from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from neurocine.celltype import classify, most_active
from neurocine.config import CelltypeSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.networks.cells import CellArchitecture, Networks, PatchArchitecture, ViewArchitecture
from neurocine.networks.cells.filters import LISTED, filtered
from neurocine.networks.cells.inputs import cut, masked
from neurocine.networks.cells.normalisation import statistics
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install
from neurocine.networks.weights import save_cell_weights
from neurocine.traces.transients import putative, smooth

CINAC = PatchArchitecture(
    name="cinac",
    window_frames=100,
    window_px=20,
    n_inputs=2,
    conv_filters=(4, 4, 4, 4),
    lstm_units=(4, 4),
    merge_units=4,
    output="types",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=100, window_px=20, output="types", filters=6, dilations=(1, 4)
)


@pytest.fixture(scope="module", params=[CINAC, VIEWS], ids=lambda a: a.name)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder: Path = tmp_path_factory.mktemp("models")
    architecture: CellArchitecture = request.param
    keras.utils.set_random_seed(0)
    networks = architecture.build()
    readout = networks.head.get_layer("readout")
    readout.kernel.assign(readout.kernel * 20)
    save_cell_weights(folder / "w.h5", networks, architecture, metadata={})
    entry = ModelEntry(
        task="celltype",
        architecture=architecture.name,
        frame_rate_hz=10,
        pixel_size_um=2,
        window_frames=100,
        window_px=20,
        normalisation=architecture.normalisation,
        metrics=Metrics(on="nothing: random weights", values={}),
    )
    install(folder, "celltype", entry, folder / "w.h5", "# random\n")
    return Registry.load(folder)


def full(movie: Movie, rois: RoiSet, networks: Networks, index: int, order: np.ndarray) -> np.ndarray:
    """What the full network says of the frames `order` of one cell."""
    frames = movie.read(0, movie.n_frames).astype(np.float32)
    views = networks.full.input_shape[1:] == VIEWS.window_shape
    scaling = statistics([frames], "pixel" if views else "movie", "")
    cells = filtered(rois, scaling, 20, len(LISTED)) if views else masked(rois, 20, "types")
    patches = cut(scaling.normalise(frames)[order], int(cells.top[index]), int(cells.left[index]), 20)
    seen = (patches[:, None] * cells.masks[index]).transpose(0, 2, 3, 1)
    inputs = seen.astype(np.float64).sum(axis=(1, 2)) if views else seen
    return np.asarray(networks.full(inputs[None].astype(np.float32), training=False))[0]


def test_the_most_active_windows_are_averaged(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs
    networks = registry.model("celltype", "celltype").networks
    classified = classify(movie, rois, CelltypeSettings(windows=2, batch_size=3), registry=registry)
    frames = movie.read(0, 300).astype(float)
    for i in range(4):
        trace = smooth(frames[:, rois.mask(i)].mean(axis=1))
        peaks = putative(trace)[1]
        peaks = peaks[trace[peaks] >= np.percentile(trace, 90)]
        activity = [
            trace[inside].mean() if len(inside := peaks[peaks // 100 == w]) else -np.inf for w in range(3)
        ]
        best = np.argsort(activity)[::-1][:2]
        wanted = np.mean([full(movie, rois, networks, i, np.arange(100) + 100 * w) for w in best], axis=0)
        np.testing.assert_allclose(classified.probability[i], wanted, atol=1e-5)
    assert classified.probability.std(axis=0).max() > 1e-3
    np.testing.assert_array_equal(classified.ids, rois.ids)


def test_backends_agree(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    wanted = classify(*blobs, CelltypeSettings(), registry=registry).probability
    classified = classify(*blobs, CelltypeSettings(backend="openvino"), registry=registry).probability
    np.testing.assert_allclose(classified, wanted, atol=1e-5)


def test_small_blocks_change_nothing(
    blobs: tuple[Movie, RoiSet], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = classify(*blobs, CelltypeSettings(), registry=registry)
    monkeypatch.setattr("neurocine.celltype.classification.FEATURE_BYTES", 1)
    monkeypatch.setattr("neurocine.networks.cells.grid.Grid.block_frames", lambda self: 7)
    parted = classify(*blobs, CelltypeSettings(), registry=registry)
    np.testing.assert_allclose(parted.probability, whole.probability, atol=1e-5)


def test_short_movies_are_mirrored(
    blobs: tuple[Movie, RoiSet], registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    movie, rois = replace(blobs[0], frames=blobs[0].frames[:30]), blobs[1]
    with caplog.at_level(logging.WARNING):
        classified = classify(movie, rois, CelltypeSettings(), registry=registry)
    assert "30 frames" in caplog.text
    there_and_back = np.r_[np.arange(30), np.arange(30)[::-1]]
    networks = registry.model("celltype", "celltype").networks
    order = np.r_[there_and_back, there_and_back][:100]
    np.testing.assert_allclose(classified.probability[1], full(movie, rois, networks, 1, order), atol=1e-5)


def test_most_active_prefers_high_peaks() -> None:
    trace = np.sin(np.arange(300) / 5)
    trace[100:200] *= 3
    trace[200:300] *= 2
    chosen = most_active(np.stack([trace, trace[::-1]]).astype(np.float32), np.array([0, 100, 200]), 100, 2)
    np.testing.assert_array_equal(chosen, [[False, True, True], [True, True, False]])
    flat = most_active(np.ones((1, 300), dtype=np.float32), np.array([0, 100, 200]), 100, 5)
    assert flat.all()


def test_no_rois_and_other_fields_of_view(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs
    assert classify(movie, rois.select([]), CelltypeSettings(), registry=registry).probability.shape == (0, 3)
    with pytest.raises(InputError, match="fov_shape"):
        classify(replace(movie, frames=movie.frames[:, :60]), rois, CelltypeSettings(), registry=registry)
    with pytest.raises(InputError, match="isn't in the registry"):
        classify(movie, rois, CelltypeSettings(model="none"), registry=registry)
