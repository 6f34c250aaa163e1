"""From a movie with masks to the frames in which each is active."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocine.active.labels import (
    LabelSettings,
    active_rois,
    binary_masks,
    demix,
    demixed_dff,
    intervals_after,
)
from neurocine.active.spikes import Spikes
from neurocine.cli.app import app
from neurocine.core import InputError, Movie, RoiSet
from neurocine.io.result_files import read_rois
from neurocine.io.rois import save_rois

N_FRAMES, SIZE, RATE = 600, 48, 10.0
#: The first two share two thirds of their pixels; the fourth never fires.
CENTRES = ((14, 14), (14, 19), (34, 14), (34, 34))
ONSETS = ((60, 300), (150, 450), (220,), ())


def discs() -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 36 for y, x in CENTRES])


def film(neuropil: float = 0.0, seed: int = 0) -> tuple[Movie, RoiSet, np.ndarray]:
    """Return a movie of overlapping discs in neuropil that flickers, their ROIs and their signals (N, T)."""
    rng = np.random.default_rng(seed)
    masks = discs()
    signal = np.zeros((len(masks), N_FRAMES))
    decay = np.exp(-np.arange(60) / (0.8 * RATE))
    for row, onsets in zip(signal, ONSETS, strict=True):
        for onset in onsets:
            row[onset : onset + 60] += 100 * decay
    slow = neuropil * np.convolve(rng.normal(0, 1, N_FRAMES + 9), np.ones(10) / np.sqrt(10), "valid")
    frames = 200 + slow[:, None, None] + np.tensordot(signal.T + 50, masks, 1)
    frames = np.clip(rng.normal(frames, 10), 0, 65535).astype(np.uint16)
    movie = Movie(frames, RATE, 2.0, "GCaMP6s", source="film")
    return movie, RoiSet.from_masks(masks, engine="given"), signal


def inside(rois: RoiSet, index: int, frame: int) -> bool:
    return any(start <= frame < stop for start, stop in rois.active_intervals[index].tolist())


def test_active_where_they_fire_and_nowhere_else() -> None:
    movie, rois, _ = film()
    labelled = active_rois(movie, rois)
    assert labelled.ids.tolist() == rois.ids.tolist()
    for index, onsets in enumerate(ONSETS):
        assert len(labelled.active_intervals[index]) == len(onsets)
        for onset, (start, stop) in zip(onsets, labelled.active_intervals[index].tolist(), strict=True):
            assert abs(start - onset) <= 1
            # 3.5 half-decay times of .55 s at 10 Hz.
            assert stop - start == 19


def test_neighbours_activity_is_not_taken_for_ones_own() -> None:
    movie, rois, signal = film()
    dff = demixed_dff(movie, rois)
    own, cross = (np.corrcoef(dff[0], signal[k])[0, 1] for k in (0, 1))
    assert own > 0.9
    assert abs(cross) < 0.15
    raw = rois.matrix() @ movie.read(0, N_FRAMES).reshape(N_FRAMES, -1).T.astype(np.float64)
    assert np.corrcoef(raw[0], signal[1])[0, 1] > 0.3


def test_neuropil_is_subtracted_from_the_demixed_traces() -> None:
    movie, rois, _ = film(neuropil=25)
    kept = demixed_dff(movie, rois, LabelSettings(neuropil_coefficient=0))
    taken = demixed_dff(movie, rois, LabelSettings(neuropil_coefficient=1))
    quiet = slice(480, N_FRAMES)
    assert (taken[:, quiet].std(axis=1) < 0.4 * kept[:, quiet].std(axis=1)).all()


def test_demixing_gives_back_what_was_mixed() -> None:
    rois = RoiSet.from_masks(discs())
    masks = binary_masks(rois)
    bright = np.random.default_rng(0).random((4, 7)) * 100
    demixed = demix(masks, masks @ (masks.T @ bright))
    assert demixed == pytest.approx(bright, rel=0.02, abs=0.5)


def test_equal_masks_share_their_light() -> None:
    rois = RoiSet.from_masks(discs()[[2, 2]])
    masks = binary_masks(rois)
    demixed = demix(masks, np.full((2, 1), 100.0 * masks.sum() / 2))
    assert demixed == pytest.approx(np.full((2, 1), 50), rel=0.01)


def test_intervals_join_where_they_meet_and_end_with_the_movie() -> None:
    cell = np.array([0, 0, 0, 0, 2])
    frame = np.array([5, 9, 15, 60, 97])
    spikes = Spikes(cell, frame, np.full(5, 9.0))
    first, none, last = intervals_after(spikes, 3, 100, 6)
    assert first.tolist() == [[5, 21], [60, 66]]
    assert none.shape == (0, 2)
    assert last.tolist() == [[97, 100]]


def test_no_rois() -> None:
    movie, rois, _ = film()
    assert len(active_rois(movie, rois.select([]))) == 0


def test_other_field_of_view() -> None:
    movie, _, _ = film()
    with pytest.raises(InputError, match="fov_shape"):
        active_rois(movie, RoiSet.from_masks(np.ones((1, 5, 5))))


@pytest.mark.parametrize(("field", "value"), [("neuropil_coefficient", 1.5), ("neuropil_um", 0)])
def test_settings_out_of_range(field: str, value: float) -> None:
    with pytest.raises(InputError, match=field):
        LabelSettings(**{field: value})


def test_command(tmp_path: Path) -> None:
    movie, rois, _ = film()
    np.save(tmp_path / "film.npy", movie.read(0, N_FRAMES))
    save_rois(tmp_path / "regions.json", rois)
    arguments = [
        "label", tmp_path / "film.npy", tmp_path / "regions.json", "--frame-rate", 10, "--pixel-size", 2,
        "--indicator", "GCaMP6s", "--out", tmp_path / "rois.h5",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "3 of 4 masks" in done.output
    written = read_rois(tmp_path / "rois.h5")
    assert inside(written, 2, 225)
    assert not inside(written, 2, 215)
    again = CliRunner().invoke(app, [str(a) for a in [*arguments, "--active-only"]], catch_exceptions=False)
    assert again.exit_code == 0
    assert read_rois(tmp_path / "rois.h5").ids.tolist() == [0, 1, 2]
