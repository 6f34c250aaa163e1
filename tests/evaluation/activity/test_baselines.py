"""Baselines by name: made here or before, in their units, and left out where they aren't installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from neurocine.config import CaimanRun, EnginesSettings, EvaluationSettings, TracesSettings
from neurocine.core import InputError
from neurocine.core.indicators import decay_s
from neurocine.evaluation import ActivityCase, evaluate_activity
from neurocine.evaluation.activity import baselines
from neurocine.evaluation.activity.activity_cases import baseline_traces
from neurocine.traces import Deconvolved, deconvolve_by


def test_names_are_checked_against_the_engines() -> None:
    assert EvaluationSettings().baselines == ("oasis", "suite2p", "zscore")
    assert EvaluationSettings(baselines=["mcmc", "zscore"]).baselines == ("mcmc", "zscore")
    with pytest.raises(ValidationError, match="unknown baseline 'magic'; choose from oasis, suite2p, caiman"):
        EvaluationSettings(baselines=("magic",))
    with pytest.raises(ValidationError, match="name each baseline once"):
        EvaluationSettings(baselines=("oasis", "oasis"))


def test_signals_are_those_of_the_engine_over_noise_and_peak(cases: list[ActivityCase]) -> None:
    raw = baseline_traces(cases[0])
    decay = decay_s(cases[0].movie.indicator)
    signals, skipped = baselines.signals(["oasis", "zscore"], raw, decay)
    events, trace = deconvolve_by("oasis", raw, TracesSettings(), decay)
    assert not skipped
    assert list(signals) == [baselines.key(n, unit) for n in ("oasis", "zscore") for unit in baselines.UNITS]
    np.testing.assert_array_equal(signals["oasis/plain"], events)
    np.testing.assert_array_equal(trace, raw.dff)
    np.testing.assert_allclose(signals["oasis/peak"][:4].max(axis=1), 1, rtol=1e-6)
    assert not signals["oasis/peak"][4].any()  # the noise has no events
    assert np.abs(np.median(signals["zscore/noise"], axis=1)).max() < 1e-6


def test_what_was_made_before_is_not_made_again(cases: list[ActivityCase], judged) -> None:
    settings = EvaluationSettings(baselines=("caiman", "zscore"))
    case = judged(cases[0], cases[0].truth.raster)
    perfect = case.truth.raster.astype(np.float32)
    made = {"caiman": Deconvolved(perfect, perfect), "mcmc": Deconvolved(perfect, perfect)}
    # Were it run, this Python would be looked for in vain.
    nowhere = EnginesSettings(caiman=CaimanRun(python="/nowhere/python"))
    result = evaluate_activity([replace(case, baselines=made)], settings, engines=nowhere)
    methods = result.visible.as_dict()["methods"]
    assert list(methods) == ["neurocine", "caiman", "zscore"]
    assert methods["caiman"]["active"]["f1"]["median"] == 1
    assert not result.skipped


def test_a_rival_in_an_environment_that_is_not_there_is_left_out(cases: list[ActivityCase], judged) -> None:
    settings = EvaluationSettings(baselines=("caiman", "zscore"))
    nowhere = EnginesSettings(caiman=CaimanRun(python="/nowhere/python"))
    result = evaluate_activity([judged(cases[0], cases[0].truth.raster)], settings, engines=nowhere)
    assert result.skipped == {"caiman": "/nowhere/python isn't a program that can be run"}
    assert "caiman" not in result.visible.as_dict()["methods"]


def test_a_rival_that_fails_is_no_rival_that_is_missing(
    cases: list[ActivityCase], judged, fake_caiman: Path
) -> None:
    (fake_caiman.parent / "site/caiman/source_extraction/cnmf/deconvolution.py").write_text("1 / 0")
    broken = EnginesSettings(caiman=CaimanRun(python=str(fake_caiman)))
    case = judged(cases[0], cases[0].truth.raster)
    with pytest.raises(InputError, match=r"task 'foopsi'(?s:.*)ZeroDivisionError"):
        evaluate_activity([case], EvaluationSettings(baselines=("caiman",)), engines=broken)


def test_mcmc_and_caiman_see_clear_transients(cases: list[ActivityCase], judged, fake_caiman: Path) -> None:
    engines = EnginesSettings(caiman=CaimanRun(python=str(fake_caiman)))
    settings = EvaluationSettings(baselines=("caiman", "mcmc"))
    result = evaluate_activity([judged(cases[0], cases[0].truth.raster)], settings, engines=engines)
    for name in settings.baselines:
        figures = result.visible.as_dict()["methods"][name]["by"]["overlap"]["no"]
        assert figures["f1"]["median"] > 0.8, name


def test_what_does_not_fit_the_case_is_refused(cases: list[ActivityCase]) -> None:
    short = np.zeros((5, 399), dtype=np.float32)
    with pytest.raises(InputError, match=r"baselines\.mcmc: has shape \(5, 399\), expected \(5, 400\)"):
        replace(cases[0], baselines={"mcmc": Deconvolved(short, short)})
