"""Scores at any threshold, and the share of each rise that is called active."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurocine.core import InputError
from neurocine.evaluation.activity.scored_transients import score, scored_transients
from neurocine.traces.transients import putative, smooth


def bumps(*onsets: int, n_frames: int = 120) -> np.ndarray:
    """A trace with a triangle of 8 frames up and 8 down from each onset."""
    trace = np.zeros(n_frames)
    trace[:4] = (4, 3, 2, 1)  # an onset follows a fall
    for onset in onsets:
        trace[onset : onset + 16] += np.concatenate([np.arange(8), np.arange(8, 0, -1)])
    return trace


def test_by_hand() -> None:
    trace = bumps(10, 40, 70, 95)
    onset, peak = putative(smooth(trace))
    assert len(onset) == 4
    truth = np.zeros(len(trace), dtype=bool)
    truth[onset[0] : onset[0] + 5] = truth[onset[1] : onset[1] + 4] = True
    signal = np.zeros(len(trace))
    signal[onset[0] + 1 : onset[0] + 4] = 0.9  # 3 of 5 frames of the first true transient
    signal[onset[1] + 1] = 0.4  # 1 of 4 of the second, weakly
    signal[peak[2]] = 0.6  # a false one; the fourth is left alone
    signal[peak[2] + 8] = 5.0  # outside all periods
    (scored,) = scored_transients(truth, trace, [signal])
    strict, loose = scored.score(0.5), scored.score(0.3)
    assert (strict.true_positive, strict.false_negative) == (1, 1)
    assert (strict.false_positive, strict.true_negative) == (1, 1)
    assert (strict.sensitivity, strict.precision, strict.f1) == (0.5, 0.5, 0.5)
    assert (loose.sensitivity, loose.precision) == (1.0, pytest.approx(2 / 3))
    assert loose.f1 == pytest.approx(0.8)
    assert scored.coverage(0.5).tolist() == [0.6]
    assert scored.coverage(0.3).tolist() == [0.6, 0.25]


def test_perfect_all_active_and_silent() -> None:
    trace = bumps(10, 40, 70)
    onset, peak = putative(smooth(trace))
    truth = np.zeros(len(trace), dtype=bool)
    truth[onset[1] : peak[1] + 1] = True
    perfect, full, silent = scored_transients(
        truth, trace, [truth, np.ones(len(trace)), np.zeros(len(trace))]
    )
    assert perfect.score(0.5).f1 == 1
    assert perfect.coverage(0.5).tolist() == [1.0]
    assert full.score(0.5).sensitivity == 1
    assert full.score(0.5).precision == pytest.approx(1 / 3)
    assert silent.score(0.5).sensitivity == 0
    assert silent.score(0.5).precision == 1  # of nothing
    assert silent.score(0.5).f1 == 0
    assert not len(silent.coverage(0.5))


def test_a_cell_that_never_fires() -> None:
    trace = bumps(10, 40)
    never = np.zeros(len(trace), dtype=bool)
    quiet, loud = scored_transients(never, trace, [np.zeros(len(trace)), np.ones(len(trace))])
    assert quiet.score(0.5).f1 == 1
    assert loud.score(0.5).f1 == 0
    assert not len(loud.coverage(0.5))


rasters = hnp.arrays(bool, 60)
values = hnp.arrays(np.float32, 60, elements=st.floats(0, 1, width=16))


def test_only_frames_of_which_the_truth_is_known_count() -> None:
    trace = bumps(10, 40)
    truth = np.zeros(len(trace), dtype=bool)
    truth[10:14] = True  # somebody looked at the first half; at 40 there is another transient
    looked = np.arange(len(trace)) < 30
    everything = np.ones(len(trace))
    (half,) = scored_transients(truth, trace, [everything], looked)
    (all_of_it,) = scored_transients(truth, trace, [everything])
    assert (half.score(0.5).true_positive, all_of_it.score(0.5).true_positive) == (1, 1)
    assert half.score(0.5).false_positive < all_of_it.score(0.5).false_positive
    doubtful = looked & (np.arange(len(trace)) != 12)
    (none,) = scored_transients(truth, trace, [everything], doubtful)
    assert not len(none.starts)
    assert none.score(0.5) == score(truth, everything > 0.5, trace, doubtful)


@given(rasters, values, values, st.floats(0, 1, width=16), rasters)
@settings(max_examples=100, deadline=None)
def test_agrees_with_the_score_of_a_raster(truth, trace, signal, threshold, counted) -> None:
    (scored,) = scored_transients(truth, trace, [signal], counted)
    assert scored.score(threshold) == score(truth, signal > threshold, trace, counted)
    assert len(scored.coverage(threshold)) == scored.score(threshold).true_positive
    assert scored.f1([threshold])[0] == pytest.approx(scored.score(threshold).f1)


@given(rasters, values, values, st.floats(0, 1, width=16), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_some_transients_alone(truth, trace, signal, threshold, random) -> None:
    (scored,) = scored_transients(truth, trace, [signal])
    kept = np.array([random.random() < 0.5 for _ in scored.starts], dtype=bool)
    some = scored.select(kept)
    assert some.detected(threshold).tolist() == scored.detected(threshold)[kept].tolist()
    whole, part = scored.score(threshold), some.score(threshold)
    assert (part.false_positive, part.true_negative) == (whole.false_positive, whole.true_negative)
    rest = scored.select(~kept).coverage(threshold)
    assert sorted([*some.coverage(threshold), *rest]) == sorted(scored.coverage(threshold))


@given(rasters, values, values)
@settings(max_examples=50, deadline=None)
def test_a_higher_threshold_never_detects_more(truth, trace, signal) -> None:
    (scored,) = scored_transients(truth, trace, [signal])
    scores = [scored.score(threshold) for threshold in np.linspace(0, 1, 7)]
    for low, high in pairwise(scores):
        assert high.true_positive <= low.true_positive
        assert high.false_positive <= low.false_positive


def test_other_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="shapes"):
        scored_transients(np.zeros(10, dtype=bool), np.zeros(10), [np.zeros(9)])
