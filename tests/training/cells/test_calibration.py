"""After calibration users may take a half, or the likeliest type: nothing else tried is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from neurocine.activity.inference import extended, predicted
from neurocine.celltype.classification import averaged
from neurocine.config import ActivitySettings, CelltypeSettings
from neurocine.core import CELL_TYPES, Movie, RoiSet
from neurocine.core.raster import active_runs
from neurocine.core.truth import MIN_DPRIME, HybridTruth, Truth
from neurocine.evaluation.activity.scored_transients import ScoredTransients, scored_transients
from neurocine.networks.cells import Networks, ViewArchitecture
from neurocine.networks.cells.grid import Grid, ModelMovie
from neurocine.networks.cells.runner import Runner
from neurocine.training.cells.calibration import MOVES, TYPE_MOVES, calibrate, calibrate_types
from neurocine.training.corpus import LabelledRecording, measured

A = ViewArchitecture(
    name="by-hand", window_frames=50, window_px=15, output="frames", filters=1, dilations=(), dropout=0.0
)
TYPES = replace(A, name="types-by-hand", window_frames=100, output="types")
N_FRAMES, RISE = 400, 4
#: True transients' logits are at least so much over the bias, all others' at most so much.
TRUE, FALSE = 7.9, 5.7


def network(bias: float) -> Networks:
    """A network whose logit is the logarithm of the demixed brightness in each frame, and `bias`."""
    return by_hand(A, [[2.0]], [bias])


def types_network(biases: list[float]) -> Networks:
    """A network to which cells are the surer neurons, and the surer interneurons, the brighter they get."""
    # The mean over time counts for nothing.
    return by_hand(TYPES, [[0, 0, 0], [4.0, 8.0, 0]], biases)


def by_hand(architecture: ViewArchitecture, kernel: list[list[float]], bias: list[float]) -> Networks:
    networks = architecture.build()
    weights = {name: networks.head.get_layer(name) for name in ("first", "last", "readout")}
    for layer in weights.values():
        layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    first, last = (np.zeros(weights[name].kernel.shape) for name in ("first", "last"))
    first[2, 0, 0] = last[1, 0, 0] = 1  # this frame's target alone
    weights["first"].kernel.assign(first)
    weights["last"].kernel.assign(last)
    weights["readout"].kernel.assign(kernel)
    weights["readout"].bias.assign(bias)
    return networks


def recording(
    onsets: list[list[int]], kinds: tuple[str, ...], heights: Sequence[float] = (60, 60)
) -> LabelledRecording:
    """Cells with clear transients at `onsets`, and as many rises between them, lower, of no cell."""
    rng = np.random.default_rng(0)
    shape = (30, 30 * len(kinds))
    rows, columns = np.indices(shape)
    rois = RoiSet.from_masks(
        np.stack([(rows - 15) ** 2 + (columns - 12 - 30 * i) ** 2 <= 16 for i in range(len(kinds))])
    )
    rise = np.concatenate([np.linspace(0.25, 1, RISE), np.exp(-np.arange(1, 12) / 3)])
    raster = np.zeros((len(kinds), N_FRAMES), dtype=bool)
    frames = 400 + rng.normal(0, 10, (N_FRAMES, *shape))
    for cell, own in enumerate(onsets):
        for onset in own:
            raster[cell, onset : onset + RISE] = True
            for start, height in ((onset, heights[cell]), (onset + 30, heights[cell] / 3)):
                frames[start : start + len(rise), rois.mask(cell)] += height * rise[:, None]
    row, onset, peak = active_runs(raster)
    truth = Truth(
        ids=rois.ids,
        cell_types=kinds,
        is_target=np.zeros(len(rois), dtype=bool),
        raster=raster,
        calcium=np.zeros(raster.shape, dtype=np.float32),
        shifts=np.zeros((N_FRAMES, 2), dtype=np.float32),
        roi_id=rois.ids[row],
        onset=onset,
        peak=peak,
        preset="custom",
        source="by hand",
    )
    movie = Movie(frames.astype(np.uint16), frame_rate_hz=10.0, pixel_size_um=2.0)
    return measured(movie, rois, truth, "pixel")


def seen_by(networks: Networks, one: LabelledRecording, move: float = 0) -> list[ScoredTransients]:
    """What users would get of each cell's signal, had the bias been moved."""
    readout = networks.head.get_layer("readout").bias
    readout.assign(readout + np.float32(move))
    cells, settings = np.arange(len(one.rois)), ActivitySettings()
    movie = ModelMovie(one.movie, Grid(N_FRAMES, one.movie.fov_shape), one.statistics)
    found = predicted(Runner(networks, A), movie, one.rois, cells, settings)
    readout.assign(readout - np.float32(move))
    found = extended(found, settings.threshold, settings.extent)
    return [scored_transients(one.truth.raster[i], one.traces[i], [found[i]])[0] for i in cells]


def f1(networks: Networks, one: LabelledRecording, move: float = 0) -> list[float]:
    return [cell.score(0.5).f1 for cell in seen_by(networks, one, move)]


def faint(one: LabelledRecording, detectability: float) -> LabelledRecording:
    """The same recording with transients that are as easy to see."""
    n, m = len(one.rois), len(one.truth.roi_id)
    hybrid = HybridTruth(
        neuron=("a",) * n,
        resting=np.ones(n, dtype=np.float32),
        axial=np.zeros(N_FRAMES, dtype=np.float32),
        amplitude=np.ones(m, dtype=np.float32),
        n_spikes=np.ones(m, dtype=np.int64),
        detectability=np.full(m, detectability, dtype=np.float32),
        spike_roi=np.zeros(0, dtype=np.int64),
        spike_s=np.zeros(0),
    )
    return replace(one, truth=replace(one.truth, hybrid=hybrid))


def bias_of(networks: Networks) -> list[float]:
    return np.asarray(networks.head.get_layer("readout").bias).tolist()


ONSETS = [[40, 120, 200, 280], [60, 150, 240, 330]]
NEURONS = ("pyramidal", "interneuron")


@pytest.mark.parametrize(("bias", "wanted"), [(-4.5, -1.25), (-9.0, 1.25), (-7.0, 0.0)])
def test_a_half_becomes_the_best_threshold(bias: float, wanted: float) -> None:
    one, networks = recording(ONSETS, NEURONS), network(bias)
    for cell in seen_by(networks, one):
        logits = [np.log(p / (1 - p)) - bias for p in (cell.false_peaks.max(), cell.heights()[:4].min())]
        assert logits[0] < FALSE < TRUE < logits[1]  # so every bias between is without error
    before = f1(networks, one)
    assert (min(before) == 1) == (not wanted)
    # The smallest of the moves that are without error.
    assert calibrate(networks, A, [one]) == wanted
    assert bias_of(networks) == pytest.approx([bias + wanted])
    assert f1(networks, one) == [1, 1]


def test_of_all_moves_none_would_be_better() -> None:
    # One cell's rises are as high as another's transients, so that no bias is right for all.
    kinds = ("pyramidal",) * 3
    one = recording([*ONSETS, [50, 135, 215, 300]], kinds, heights=(60, 20, 170))
    networks, told = network(-6.0), network(-6.0)
    tried = {float(move): f1(told, one, move) for move in MOVES}
    medians = {move: np.median(scores) for move, scores in tried.items()}
    assert len(set(medians.values())) > 1
    found = calibrate(networks, A, [one])
    best = max(medians.values())
    assert medians[found] == best
    assert np.mean(tried[found]) == max(np.mean(tried[m]) for m in tried if medians[m] == best)
    assert f1(networks, one) == pytest.approx(tried[found])


def test_only_cells_of_the_types_that_it_serves_count() -> None:
    # The second cell's labels are of rises that aren't there: what is best for it isn't for the first.
    one = recording(ONSETS, NEURONS)
    raster = one.truth.raster.copy()
    raster[1] = np.roll(raster[1], 30)  # the lower rises
    wrong = replace(one, truth=replace(one.truth, raster=raster))
    pyramidal, interneuron = network(-6.5), network(-6.5)
    assert calibrate(pyramidal, A, [wrong], ("pyramidal",)) == 0
    assert calibrate(interneuron, A, [wrong], ("interneuron",)) > 0
    assert f1(pyramidal, wrong)[0] == 1
    assert f1(interneuron, wrong)[1] > f1(pyramidal, wrong)[1]


@pytest.mark.parametrize(
    ("case", "types"),
    [
        ("faint", None),
        ("silent", None),
        ("noise", None),
        ("plain", ("interneuron",)),
        ("plain", ("noise",)),
        ("none", None),
    ],
)
def test_without_a_visible_transient_the_bias_stays(case: str, types: tuple[str, ...] | None) -> None:
    one = recording(ONSETS, ("pyramidal", "pyramidal"))
    recordings = {
        "faint": [faint(one, MIN_DPRIME - 0.1)],
        "silent": [recording([[], []], ("pyramidal", "pyramidal"))],
        "noise": [recording(ONSETS, ("noise", "noise"))],
        "plain": [one],
        "none": [],
    }[case]
    networks = network(-4.5)
    assert calibrate(networks, A, recordings, types) == 0
    assert bias_of(networks) == [-4.5]


def test_visible_ones_of_a_movie_from_real_parts_count() -> None:
    one = recording(ONSETS, ("pyramidal", "pyramidal"))
    visible, told = network(-9.0), network(-9.0)
    progress: list[tuple[str, int, int]] = []
    found = calibrate(visible, A, [faint(one, MIN_DPRIME + 1)], progress=lambda *seen: progress.append(seen))
    assert found == calibrate(told, A, [one]) != 0
    assert progress == [("calibration", 1, 1)]


def types_of(
    networks: Networks,
    one: LabelledRecording,
    settings: CelltypeSettings,
    moves: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    movie = ModelMovie(one.movie, Grid(N_FRAMES, one.movie.fov_shape), one.statistics)
    return averaged(Runner(networks, TYPES), movie, one.rois, one.traces, settings, moves=moves)


def macro_f1(networks: Networks, one: LabelledRecording, settings: CelltypeSettings) -> float:
    truth = [CELL_TYPES.index(kind) for kind in one.truth.cell_types]
    return float(f1_score(truth, types_of(networks, one, settings).argmax(axis=1), average="macro"))


@pytest.fixture(scope="module")
def of_all_types() -> LabelledRecording:
    """Interneurons are the brightest, noise has no transient."""
    onsets = [ONSETS[0], [], ONSETS[1], [50, 135, 215, 300]]
    return recording(onsets, ("pyramidal", "noise", "interneuron", "pyramidal"), heights=(60, 0, 300, 60))


@pytest.mark.parametrize(
    ("biases", "wanted"),
    [
        ([0.0, -18.5, 10.5], (0, 0, 0)),  # right as it is
        ([0.0, -18.5, 18.0], (0, 0, -2)),  # dim neurons are taken for noise
        ([0.0, -22.0, 18.0], (0, 1.25, -2)),  # and interneurons for pyramidal cells
        ([2.0, -16.5, 5.5], (0, 0, 2)),  # noise is taken for a neuron
    ],
)
def test_the_likeliest_type_becomes_the_right_one(
    biases: list[float], wanted: tuple[float, ...], of_all_types: LabelledRecording
) -> None:
    networks, settings = types_network(biases), CelltypeSettings(windows=1)
    assert (macro_f1(networks, of_all_types, settings) == 1) == (not any(wanted))
    found = calibrate_types(networks, TYPES, [of_all_types], settings)
    assert found == wanted
    assert bias_of(networks) == pytest.approx(np.add(biases, wanted).tolist())
    assert macro_f1(networks, of_all_types, settings) == 1


def test_moves_tried_are_what_moves_of_the_bias_would_do(of_all_types: LabelledRecording) -> None:
    # A cell's windows differ, so that this isn't a move of their mean.
    biases, settings = [0.0, -22.0, 16.0], CelltypeSettings(windows=4)
    moves = np.array([[0, 0, 0], [0, 1, -2], [0, 2.5, 0.5]])
    tried = types_of(types_network(biases), of_all_types, settings, moves)
    for move, found in zip(moves, tried, strict=True):
        moved = types_network((biases + move).tolist())
        np.testing.assert_allclose(found, types_of(moved, of_all_types, settings), atol=1e-5)
    mean = tried[0] * np.exp(moves[1])
    assert np.abs(mean / mean.sum(axis=1, keepdims=True) - tried[1]).max() > 0.01


def test_types_over_several_windows_are_better_than_before(of_all_types: LabelledRecording) -> None:
    networks, settings = types_network([0.0, -22.0, 18.0]), CelltypeSettings()
    before, biases = macro_f1(networks, of_all_types, settings), bias_of(networks)
    progress: list[tuple[str, int, int]] = []
    found = calibrate_types(
        networks, TYPES, [of_all_types] * 2, settings, progress=lambda *seen: progress.append(seen)
    )
    assert set(found) <= {0.0, *TYPE_MOVES}
    assert found[0] == 0 != found[2]
    assert bias_of(networks) == pytest.approx(np.add(biases, found).tolist())
    assert macro_f1(networks, of_all_types, settings) > before
    assert progress == [("calibration", 1, 2), ("calibration", 2, 2)]
