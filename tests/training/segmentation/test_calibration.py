"""Thresholds between probabilities and masks."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from neurocine.core import InputError, RoiSet
from neurocine.evaluation.segmentation.groups import Groups
from neurocine.io.result_files import read_rois, write_rois
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.networks.weights import load_segmentation_weights, save_segmentation_weights
from neurocine.simulation import simulate
from neurocine.simulation.presets import preset_of
from neurocine.training.segmentation.calibration import (
    Candidates,
    MappedRecording,
    calibrate,
    calibrate_weights,
    mapped,
)

SHAPE = (48, 48)
NEURONS = [(10, 10), (10, 30), (30, 10)]
FEW = Candidates(threshold=(0.3, 0.6, 0.8), min_area_um2=(20.0,), min_maps=(1,), min_confidence=(0.0,))


def disc(y: float, x: float, radius: float) -> np.ndarray:
    """Return a binary disc (Y, X)."""
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def recording(
    name: str, *, neuron: float = 0.7, clutter: float = 0.5, n_maps: int = 2, doubtful: int = 0
) -> MappedRecording:
    """Return a recording of three neurons, and as many that aren't any, at these probabilities."""
    picture = np.full(SHAPE, 0.05)
    for y, x in NEURONS:
        picture[disc(y, x, 5)] = neuron
        picture[disc(y + 7, x + 8, 3)] = clutter
    truth = RoiSet.from_masks(np.stack([disc(y, x, 5) for y, x in NEURONS]))
    unsure = np.arange(len(NEURONS)) >= len(NEURONS) - doubtful
    return MappedRecording(
        name,
        np.repeat(picture[None].astype(np.float16), n_maps, axis=0),
        np.array([(10 * i, 10 * i + 10) for i in range(n_maps)]),
        1.0,
        truth,
        Groups(~unsure, unsure, np.zeros(len(NEURONS), dtype=bool)),
    )


def test_the_threshold_between_neurons_and_clutter_is_chosen() -> None:
    found = calibrate([recording("a"), recording("b")], FEW)
    assert found.postprocessing.threshold == 0.6
    np.testing.assert_array_equal(found.scores, 1)
    np.testing.assert_array_equal(found.left_out_scores, 1)


def test_what_is_not_tried_stays_as_given() -> None:
    base = Postprocessing(mean_area_um2=90.0, same_um=3.0)
    found = calibrate([recording("a"), recording("b")], FEW, base).postprocessing
    assert found == replace(base, threshold=0.6, min_area_um2=20.0)


def test_each_is_judged_by_values_that_the_others_chose() -> None:
    # In the odd one the clutter is as high as neurons are elsewhere, and larger.
    odd = recording("odd", neuron=0.9, clutter=0.7)
    found = calibrate([recording("a"), recording("b"), odd], FEW)
    assert found.postprocessing.threshold == 0.6
    assert [one.threshold for one in found.left_out] == [0.6, 0.6, 0.6]
    two = calibrate([recording("a"), odd], FEW)
    assert [one.threshold for one in two.left_out] == [0.8, 0.6]
    # By the odd one's threshold nothing is found in the first; by the first's, clutter in the odd one.
    np.testing.assert_allclose(two.left_out_scores[0, 0], [0, 1, 0])
    np.testing.assert_allclose(two.left_out_scores[1, 0], [1, 0.5, 2 / 3])


def test_a_small_area_drops_clutter_where_no_threshold_can() -> None:
    same = [recording(name, neuron=0.7, clutter=0.7) for name in "ab"]
    assert calibrate(same, replace(FEW, min_area_um2=(20.0, 60.0))).postprocessing.min_area_um2 == 60.0


def test_maps_and_confidence_are_chosen_among_the_fused() -> None:
    first = recording("a", clutter=0.7)
    clean = first.maps.copy()
    clean[1:][clean[1:] == np.float16(0.7)] = 0.05
    for y, x in NEURONS:
        clean[1:, disc(y, x, 5)] = 0.7
    flashes = [replace(first, name=name, maps=clean) for name in "ab"]
    tried = Candidates((0.6,), (20.0,), (1, 2), (0.0,))
    assert calibrate(flashes, tried).postprocessing.min_maps == 2
    tried = Candidates((0.6,), (20.0,), (1,), (0.0, 0.85))
    assert calibrate(flashes, tried).postprocessing.min_confidence == 0.85


def test_doubtful_neurons_count_neither_way() -> None:
    found = calibrate([recording("a", doubtful=1), recording("b", doubtful=1)], FEW)
    np.testing.assert_array_equal(found.scores, 1)


def test_one_recording_can_not_be_left_out() -> None:
    with pytest.raises(InputError, match="two or more"):
        calibrate([recording("a")], FEW)


def test_figures_are_plain_and_name_both_rules() -> None:
    values = json.loads(json.dumps(calibrate([recording("a"), recording("b")], FEW).as_dict()))
    assert values["mean"]["left_out"]["containment"] == {"recall": 1, "precision": 1, "f1": 1}
    assert set(values["mean"]["chosen"]) == {"containment", "iou"}
    assert [row["name"] for row in values["recordings"]] == ["a", "b"]
    assert values["recordings"][0]["left_out_postprocessing"]["threshold"] == 0.6


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small recordings for validation, and one for each other split."""
    preset = preset_of("paper", fov_shape=(48, 48), n_frames=160, n_targets=3)
    folder = tmp_path_factory.mktemp("corpus")
    made = ((1, "train"), (2, "validation"), (3, "validation"), (4, "test"))
    return [simulate(preset, seed, folder / f"{split}-{seed}", split=split) for seed, split in made]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a tiny network."""
    keras.utils.set_random_seed(0)
    architecture = CompactArchitecture(
        name="tiny", window_frames=24, frame_rate_hz=4.0, pixel_size_um=2.0, maps=2
    )
    path = tmp_path_factory.mktemp("network") / "network.h5"
    save_segmentation_weights(path, architecture.build(), architecture, Postprocessing(), {"note": "tiny"})
    return path


def test_a_network_is_stored_with_what_was_chosen(corpus: list[Path], network: Path, tmp_path: Path) -> None:
    tried = Candidates((0.3, 0.5), (20.0, 40.0), (1,), (0.0,))
    found = calibrate_weights(network, corpus, tmp_path, candidates=tried, backend="keras")
    assert found.names == ("validation-2", "validation-3")
    model, _, postprocessing, metadata = load_segmentation_weights(tmp_path / "weights.h5")
    assert postprocessing == found.postprocessing
    assert metadata["note"] == "tiny"
    figures = json.loads((tmp_path / "calibration.json").read_text())
    assert metadata["calibration"] == figures == {"min_dprime": 5.0, **found.as_dict()}
    before = load_segmentation_weights(network)[0].get_weights()
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_maps_are_on_the_movies_pixels_and_frames(corpus: list[Path], network: Path) -> None:
    model, architecture, _, _ = load_segmentation_weights(network)
    found = mapped(corpus[1], Segmenter(model, architecture, "keras"))
    assert found.maps.dtype == np.float16
    assert found.maps.shape == (len(found.frames), 48, 48)
    assert found.frames.min() == 0
    assert (found.frames[:, 1] > found.frames[:, 0]).all()
    assert found.frames.max() <= 160
    assert len(found.groups.positive) == len(found.rois)


def test_truth_of_other_cells_is_refused(corpus: list[Path], network: Path, tmp_path: Path) -> None:
    for name in ("movie.h5", "truth.h5"):
        (tmp_path / name).write_bytes((corpus[1] / name).read_bytes())
    write_rois(tmp_path / "rois.h5", read_rois(corpus[1] / "rois.h5").select([0]))
    model, architecture, _, _ = load_segmentation_weights(network)
    with pytest.raises(InputError, match=r"name ROI \d+, which .* lacks"):
        mapped(tmp_path, Segmenter(model, architecture, "keras"))
