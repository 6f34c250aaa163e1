"""The deconvolution engines by name, CaImAn's against a stand-in and, where there is one, the real one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from neurocine.config import CaimanDeconvolution, CaimanRun, EnginesSettings, TracesSettings
from neurocine.config.engines import DECONVOLUTION_ENGINES
from neurocine.core import InputError, Movie, RoiSet
from neurocine.traces import RawTraces, deconvolve_by, extract, extract_raw

RATE, DECAY = 10.0, 0.7


def raw(n: int = 3, n_frames: int = 1500, noise: float = 0.15) -> tuple[RawTraces, NDArray[np.bool_]]:
    """Traces with transients of 1 over noise, and their onsets."""
    rng = np.random.default_rng(0)
    spikes = rng.random((n, n_frames)) < 0.01
    kernel = np.exp(-np.arange(100) / (DECAY * RATE))
    clean = np.stack([np.convolve(row, kernel)[:n_frames] for row in spikes])
    dff = (clean + rng.normal(0, noise, clean.shape)).astype(np.float32)
    return RawTraces(np.arange(n), RATE, 100 * (1 + dff), np.full_like(dff, 50), dff), spikes


def run_with(python: str | Path) -> EnginesSettings:
    return EnginesSettings(caiman=CaimanRun(python=str(python)))


def likeness(events: NDArray[np.float32], spikes: NDArray[np.bool_]) -> float:
    """Least correlation of events and spikes, both smoothed over three frames."""
    smooth = [[np.convolve(row, np.ones(3), "same") for row in rows] for rows in (events, spikes)]
    return min(float(np.corrcoef(inferred, true)[0, 1]) for inferred, true in zip(*smooth, strict=True))


@pytest.mark.parametrize("name", ["oasis", "suite2p", "mcmc"])
def test_every_engine_finds_the_events(name: str) -> None:
    traces, spikes = raw()
    seen = []
    deconvolved = deconvolve_by(
        name, traces, TracesSettings(), DECAY, progress=lambda label, done, total: seen.append((done, total))
    )
    assert deconvolved.events.shape == deconvolved.trace.shape == traces.dff.shape
    assert deconvolved.events.dtype == deconvolved.trace.dtype == np.float32
    assert (deconvolved.events >= 0).all()
    assert likeness(deconvolved.events, spikes) > 0.9
    assert seen[-1] == (3, 3)


@pytest.mark.parametrize("name", DECONVOLUTION_ENGINES)
def test_no_rois_have_no_events(name: str) -> None:
    none = np.zeros((0, 40), dtype=np.float32)
    traces = RawTraces(np.arange(0), RATE, none, none, none)
    assert deconvolve_by(name, traces, TracesSettings(), DECAY).events.shape == (0, 40)


def test_caiman_is_asked_by_its_names_and_never_for_empty_traces(fake_caiman: Path) -> None:
    traces, _ = raw()
    traces.dff[1] = 0.5
    engines = run_with(fake_caiman)
    plain = deconvolve_by("caiman", traces, TracesSettings(), DECAY, engines=engines).events
    assert not plain[1].any()
    decayed = np.append(0, traces.dff[0, :-1])
    np.testing.assert_allclose(plain[0], np.maximum(traces.dff[0] - 0.9 * decayed, 0), atol=1e-6)
    known = TracesSettings(caiman=CaimanDeconvolution(kinetics="indicator", autoregressive_order=2))
    deconvolved = deconvolve_by("caiman", traces, known, DECAY, engines=engines).events
    g = np.exp(-1 / (DECAY * RATE))
    np.testing.assert_allclose(deconvolved[0], np.maximum(traces.dff[0] - g * decayed, 0), atol=1e-6)
    second = TracesSettings(caiman=CaimanDeconvolution(autoregressive_order=2))
    deconvolved = deconvolve_by("caiman", traces, second, DECAY, engines=engines).events
    np.testing.assert_allclose(deconvolved[0, 1:], np.maximum(np.diff(traces.dff[0]), 0), atol=1e-6)


@pytest.mark.parametrize("kinetics", ["trace", "indicator"])
@pytest.mark.parametrize("order", [1, 2])
def test_real_caiman_finds_the_events_that_oasis_finds(kinetics: str, order: int, real_caiman: str) -> None:
    traces, spikes = raw()
    settings = TracesSettings(caiman={"kinetics": kinetics, "autoregressive_order": order})
    engines = run_with(real_caiman)
    first, second = (deconvolve_by("caiman", traces, settings, DECAY, engines=engines) for _ in range(2))
    assert first.events.tobytes() == second.events.tobytes()
    assert (first.events >= 0).all()
    ours = deconvolve_by("oasis", traces, settings, DECAY).events
    assert likeness(first.events, spikes) > 0.9
    assert likeness(first.events, spikes) == pytest.approx(likeness(ours, spikes), abs=0.05)


def test_an_engine_that_is_not_installed_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "suite2p", None)
    monkeypatch.delitem(sys.modules, "neurocine.traces.suite2p_engine", raising=False)
    with pytest.raises(InputError, match=r"traces\.deconvolution: suite2p can't be loaded.*pip install"):
        deconvolve_by("suite2p", raw()[0], TracesSettings(), DECAY)
    with pytest.raises(InputError, match=r"No module named 'caiman'(?s:.*)envs/caiman"):
        deconvolve_by("caiman", raw()[0], TracesSettings(), DECAY)


def test_the_config_knows_the_engines() -> None:
    assert TracesSettings().deconvolution == "oasis"
    with pytest.raises(ValidationError, match="choose one of oasis, suite2p, caiman, mcmc"):
        TracesSettings(deconvolution="magic")


def test_traces_have_the_events_of_the_engine_that_is_named(
    blobs: tuple[Movie, RoiSet], fake_caiman: Path
) -> None:
    movie, rois = blobs
    unnamed = extract(movie, rois, TracesSettings())
    engines = run_with(fake_caiman)
    extracted = extract(movie, rois, TracesSettings(deconvolution="caiman"), engines=engines)
    raw_traces = extract_raw(movie, rois, TracesSettings())
    for name in ("ids", "f", "fneu", "dff"):
        np.testing.assert_array_equal(getattr(extracted, name), getattr(unnamed, name))
        np.testing.assert_array_equal(getattr(raw_traces, name), getattr(unnamed, name))
    made = deconvolve_by("caiman", raw_traces, TracesSettings(), 1.25, engines=engines)
    np.testing.assert_array_equal(extracted.events, made.events)
    assert not np.array_equal(extracted.events, unnamed.events)
