"""The threshold that is best on the validation recordings becomes a half."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocine.activity.inference import predicted
from neurocine.config import ActivitySettings
from neurocine.core import Movie, RoiSet
from neurocine.core.raster import active_runs
from neurocine.evaluation.periods import Periods, periods
from neurocine.network import Networks, ViewArchitecture
from neurocine.network.grid import Grid, ModelMovie
from neurocine.network.inference import Runner
from neurocine.simulation import Truth
from neurocine.simulation.truth import HybridTruth
from neurocine.training.calibration import GRID, MIN_DPRIME, calibrate
from neurocine.training.corpus import LabelledRecording, measured

A = ViewArchitecture(
    name="by-hand", window_frames=50, window_px=15, output="frames", filters=1, dilations=(), dropout=0.0
)
N_FRAMES, RISE = 400, 4


def network(bias: float) -> Networks:
    """A network whose logit is the logarithm of the demixed brightness in each frame, and `bias`."""
    networks = A.build()
    weights = {name: networks.head.get_layer(name) for name in ("first", "last", "readout")}
    for layer in weights.values():
        layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    first, last = (np.zeros(weights[name].kernel.shape) for name in ("first", "last"))
    first[2, 0, 0] = last[1, 0, 0] = 1  # this frame's target alone
    weights["first"].kernel.assign(first)
    weights["last"].kernel.assign(last)
    weights["readout"].kernel.assign([[2.0]])
    weights["readout"].bias.assign([bias])
    return networks


def recording(onsets: list[list[int]], kinds: tuple[str, ...], seed: int = 0) -> LabelledRecording:
    """Cells with clear transients at `onsets`, and as many rises between them, half as high, of no cell."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((30, 60))
    rois = RoiSet.from_masks(
        np.stack([(rows - 15) ** 2 + (columns - 12 - 30 * i) ** 2 <= 16 for i in range(len(kinds))])
    )
    shape = np.concatenate([np.linspace(0.25, 1, RISE), np.exp(-np.arange(1, 12) / 3)])
    raster = np.zeros((len(kinds), N_FRAMES), dtype=bool)
    frames = np.full((N_FRAMES, 30, 60), 400.0) + rng.normal(0, 10, (N_FRAMES, 30, 60))
    for cell, own in enumerate(onsets):
        for onset in own:
            raster[cell, onset : onset + RISE] = True
            for start, height in ((onset, 60), (onset + 30, 20)):
                frames[start : start + len(shape), rois.mask(cell)] += height * shape[:, None]
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


def seen_by(networks: Networks, one: LabelledRecording) -> list[Periods]:
    grid = Grid(N_FRAMES, one.movie.fov_shape)
    cells = np.arange(len(one.rois))
    found = predicted(
        Runner(networks, A), ModelMovie(one.movie, grid, one.statistics), one.rois, cells, ActivitySettings()
    )
    return [periods(one.truth.raster[i], one.traces[i], [found[i]])[0] for i in cells]


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


def bias_of(networks: Networks) -> float:
    return float(np.asarray(networks.head.get_layer("readout").bias)[0])


ONSETS = [[40, 120, 200, 280], [60, 150, 240, 330]]


@pytest.mark.parametrize("bias", [-3.0, -9.0])
def test_the_best_threshold_becomes_a_half(bias: float) -> None:
    one, networks = recording(ONSETS, ("pyramidal", "interneuron")), network(bias)
    cells = seen_by(networks, one)
    highest_false, lowest_true = (
        max(cell.others.max() for cell in cells),
        min(cell.heights()[: len(cell.starts)].min() for cell in cells),
    )
    assert highest_false < lowest_true  # so all thresholds between are without error
    assert not highest_false < 0.5 < lowest_true
    found = calibrate(networks, A, [one])
    assert found in GRID
    assert highest_false <= found < lowest_true
    assert bias_of(networks) == pytest.approx(bias - np.log(found / (1 - found)), abs=1e-5)
    after = seen_by(networks, one)
    assert [cell.f1([0.5])[0] for cell in after] == [1, 1]
    for cell in after:
        assert cell.others.max() <= 0.5 < cell.heights()[: len(cell.starts)].min()


def test_only_cells_of_the_types_that_it_serves_count() -> None:
    # The second cell's labels are of rises that aren't there: no threshold would be good for both.
    one = recording(ONSETS, ("pyramidal", "interneuron"))
    raster = one.truth.raster.copy()
    raster[1] = np.roll(raster[1], 15)
    wrong = replace(one, truth=replace(one.truth, raster=raster))
    alone, chosen, both = network(-9.0), network(-9.0), network(-9.0)
    calibrate(alone, A, [recording(ONSETS[:1], ("pyramidal",))])
    served = calibrate(chosen, A, [wrong], ("pyramidal",))
    assert [seen_by(chosen, wrong)[0].f1([0.5])[0]] == [1]
    assert calibrate(both, A, [wrong], ("interneuron",)) != served


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
    networks = network(-4.0)
    assert calibrate(networks, A, recordings, types) == 0.5
    assert bias_of(networks) == -4.0


def test_visible_ones_of_a_movie_from_real_parts_count() -> None:
    one = recording(ONSETS, ("pyramidal", "pyramidal"))
    visible, told = network(-9.0), network(-9.0)
    progress: list[tuple[str, int, int]] = []
    found = calibrate(visible, A, [faint(one, MIN_DPRIME + 1)], progress=lambda *seen: progress.append(seen))
    assert found == calibrate(told, A, [one])
    assert progress == [("calibration", 1, 1)]
