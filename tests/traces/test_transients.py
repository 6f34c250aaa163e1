from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurocine.core import InputError
from neurocine.evaluation.activity.scored_transients import score
from neurocine.traces.transients import putative, smooth


def test_smoothing_is_a_reflected_hamming_window() -> None:
    trace = np.random.default_rng(0).normal(size=(2, 40))
    window = np.hamming(7) / np.hamming(7).sum()
    padded = np.pad(trace, ((0, 0), (3, 3)), mode="reflect")
    wanted = np.stack([np.convolve(row, window, mode="valid") for row in padded])
    np.testing.assert_allclose(smooth(trace), wanted)
    np.testing.assert_allclose(smooth(np.full(9, 3.0)), 3)


def test_putative_transients_go_from_minimum_to_maximum() -> None:
    #                  0  1  2  3  4  5  6  7  8  9
    onsets, peaks = putative([2, 1, 3, 4, 2, 2, 5, 1, 0, 3])
    np.testing.assert_array_equal(onsets, [1, 4])  # the last rise has no peak yet
    np.testing.assert_array_equal(peaks, [3, 6])


@settings(deadline=None, max_examples=60)
@given(arrays(np.int64, st.integers(1, 60), elements=st.integers(-3, 3)))
def test_putative_transients_rise_and_alternate(trace: np.ndarray) -> None:
    onsets, peaks = putative(trace)
    assert len(onsets) == len(peaks)
    both = np.stack([onsets, peaks], axis=1).ravel()
    assert (np.diff(both) > 0).all()
    for onset, peak in zip(onsets, peaks, strict=True):
        assert (np.diff(trace[onset : peak + 1]) >= 0).all()
        assert trace[peak + 1] < trace[peak]


def bumps(*centres: int) -> np.ndarray:
    """A trace of 200 frames with a bump at each centre, rising from 12 frames before; flat nowhere."""
    frames = np.arange(200)
    trace = np.cos(frames * 2 * np.pi / 40 + np.pi)  # minima at 0, 40, ...; maxima at 20, 60, ...
    for centre in centres:
        trace = trace + 5 * np.exp(-0.5 * ((frames - centre) / 5) ** 2)
    return trace


def test_scores_count_transients() -> None:
    trace = bumps(60, 140)
    truth, called = np.zeros(200, dtype=bool), np.zeros(200, dtype=bool)
    truth[45:61] = truth[125:141] = True
    called[50] = True  # one frame is enough
    called[90:95] = True  # a putative rise without truth: 80 to 100
    called[30] = True  # falling: no transient there, so not counted
    scores = score(truth, called, trace)
    assert (scores.true_positive, scores.false_negative) == (1, 1)
    assert (scores.false_positive, scores.true_negative) == (1, 1)  # the other one: 160 to 180
    assert scores.sensitivity == scores.precision == scores.f1 == 0.5


def test_empty_denominators_are_one() -> None:
    nothing = np.zeros(200, dtype=bool)
    scores = score(nothing, nothing, bumps())
    assert scores.sensitivity == scores.precision == scores.f1 == 1
    assert scores.true_negative == 4
    everything = np.ones(200, dtype=bool)
    assert score(nothing, everything, bumps()).precision == 0
    assert score(everything, nothing, bumps()).sensitivity == 0


def test_a_transient_of_one_frame_counts() -> None:
    truth = np.zeros(200, dtype=bool)
    truth[199] = True
    assert score(truth, truth, bumps()).true_positive == 1


def test_f1_is_zero_when_all_is_wrong() -> None:
    truth, called = np.zeros(200, dtype=bool), np.zeros(200, dtype=bool)
    truth[45:61] = called[90:95] = True
    assert score(truth, called, bumps()).f1 == 0


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="shapes"):
        score(np.zeros(5), np.zeros(5), np.zeros(6))
