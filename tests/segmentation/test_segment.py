"""ROIs by suite2p, and given ones."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.config import SegmentationSettings
from neurocine.config.engines import SEGMENTATION_ENGINES, EngineEntry
from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.indicators import decay_s
from neurocine.progress import silent
from neurocine.segmentation import segment

SETTINGS = SegmentationSettings(engine="suite2p", diameter_um=12.0, min_probability=0.0)


def cells(
    shape: tuple[int, int] = (96, 112), n_frames: int = 400, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Frames (T, Y, X) of six flickering discs of 11 pixels over noise, and their masks."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    centres = [(15, 20), (20, 60), (18, 95), (60, 25), (70, 65), (75, 95)]
    masks = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 30 for y, x in centres])
    spikes = rng.random((len(centres), n_frames)) < 0.015
    calcium = np.stack([np.convolve(row, np.exp(-np.arange(60) / 12))[:n_frames] for row in spikes])
    frames = 300 + 60 * masks.any(0) + np.tensordot(calcium.T * 150, masks, 1)
    return frames + rng.normal(0, 20, frames.shape), masks


def as_movie(frames: NDArray[Any], **changes: Any) -> Movie:
    about = {"frame_rate_hz": 10.0, "pixel_size_um": 1.0, "indicator": "GCaMP6s", "source": "cells"}
    return Movie(frames, **(about | changes))


def overlap(rois: RoiSet, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of each true mask with the ROI nearest to it."""
    roi_masks = np.stack([rois.mask(i) for i in range(len(rois))])
    both = (masks[:, None] & roi_masks).sum(axis=(2, 3))
    either = (masks[:, None] | roi_masks).sum(axis=(2, 3))
    return (both / either).max(axis=1)


@pytest.mark.parametrize(
    ("dtype", "gain", "offset"), [("uint8", 0.2, 0), ("uint16", 40, 10000), ("float32", 1, 0)]
)
def test_suite2p_finds_planted_cells(dtype: str, gain: float, offset: float) -> None:
    frames, masks = cells()
    scaled = frames * gain + offset
    if dtype != "float32":
        scaled = np.clip(np.rint(scaled), 0, np.iinfo(dtype).max)
    seen = []
    rois = segment(
        as_movie(scaled.astype(dtype)),
        SETTINGS,
        progress=lambda label, done, total: seen.append((label, done, total)),
    )
    assert (overlap(rois, masks) > 0.5).all()
    assert len(rois) <= 8
    assert rois.ids.tolist() == list(range(len(rois)))
    assert set(rois.engine) == {"suite2p"}
    assert rois.fov_shape == (96, 112)
    assert ((rois.probability >= 0) & (rois.probability <= 1)).all()
    assert (rois.weight > 0).all()
    assert all(rois.pixels(i)[2].max() == 1 for i in range(len(rois)))
    assert seen[-1] == ("segmentation", 400, 400)


def test_same_movie_gives_same_rois() -> None:
    movie = as_movie(cells()[0].astype(np.uint16))
    first, second = segment(movie, SETTINGS), segment(movie, SETTINGS)
    for name in ("ids", "indptr", "y", "x", "weight", "probability"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_improbable_rois_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    movie = as_movie(cells()[0].astype(np.uint16))
    everything = segment(movie, SETTINGS)
    level = float(np.median(everything.probability))
    kept = segment(movie, SETTINGS.model_copy(update={"min_probability": level}))
    assert len(kept) == (everything.probability >= level).sum()
    assert (kept.probability >= level).all()
    with caplog.at_level(logging.WARNING):
        assert len(segment(movie, SETTINGS.model_copy(update={"min_probability": 1.0}))) == 0
    assert "is classified as a neuron" in caplog.text


@pytest.mark.parametrize("shape", [(64, 64), (96, 112)])
def test_noise_has_no_rois_and_a_warning(shape: tuple[int, int], caplog: pytest.LogCaptureFixture) -> None:
    noise = np.random.default_rng(0).normal(300, 20, (300, *shape)).astype(np.uint16)
    with caplog.at_level(logging.WARNING):
        rois = segment(as_movie(noise), SETTINGS)
    assert len(rois) == 0
    assert rois.fov_shape == shape
    assert "found no ROIs" in caplog.text


@pytest.mark.parametrize("shape", [(16, 64), (64, 16)])
def test_pictures_too_small_for_suite2p_are_refused_by_their_file(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).normal(300, 20, (200, *shape)).astype(np.uint16)
    with pytest.raises(InputError, match=rf"are {shape[0]} x {shape[1]} pixels .*too small for suite2p"):
        segment(as_movie(noise), SETTINGS)
    assert len(segment(as_movie(np.pad(noise, ((0, 0), (0, 1), (0, 1)), "edge")), SETTINGS)) == 0


def test_constant_movie_has_no_rois() -> None:
    assert len(segment(as_movie(np.full((60, 64, 64), 9, dtype=np.uint8)), SETTINGS)) == 0


def test_other_errors_of_suite2p_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("something else")

    pytest.importorskip("suite2p")
    monkeypatch.setattr("neurocine.segmentation.suite2p_engine.detection_wrapper", broken)
    with pytest.raises(ValueError, match="something else"):
        segment(as_movie(cells()[0].astype(np.uint16)), SETTINGS)


def test_binning_streams_and_averages(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("suite2p")
    from neurocine.segmentation import suite2p_engine

    frames = np.random.default_rng(0).integers(0, 65535, (1003, 8, 9)).astype(np.uint16)
    movie = as_movie(frames)
    frames_binned = suite2p_engine.binned(movie, tau_s=1.25, progress=silent)
    expected = frames[:996].reshape(83, 12, 8, 9).mean(axis=1)
    np.testing.assert_allclose(frames_binned, expected, rtol=1e-6)
    # A short movie keeps its bins, a large one stays within its memory.
    assert len(suite2p_engine.binned(as_movie(frames[:120]), 1.25, silent)) == 60
    monkeypatch.setattr(suite2p_engine, "BINNED_BYTES", 60 * 4 * 8 * 9)
    assert len(suite2p_engine.binned(movie, 1.25, silent)) <= 60


@pytest.mark.parametrize(
    ("diameter", "scale"), [(2.0, 1), (6.0, 1), (12.0, 2), (15.0, 2), (24.0, 3), (200.0, 4)]
)
def test_spatial_scale_follows_the_diameter(diameter: float, scale: int) -> None:
    pytest.importorskip("suite2p")
    from neurocine.segmentation import suite2p_engine

    assert suite2p_engine.spatial_scale(diameter) == scale


def test_size_is_relative_to_the_clearest_rois() -> None:
    pytest.importorskip("suite2p")
    from neurocine.segmentation import suite2p_engine

    stat = np.array([{"npix_soma": 100}] * 15 + [{"npix_soma": 10}] * 45)
    sizes = suite2p_engine.relative_size(stat)
    assert sizes[0] == 1
    assert sizes[-1] == pytest.approx(0.1)


GIVEN = SegmentationSettings(engine="given")


def test_given_contours_pass_through(blobs: tuple[Movie, RoiSet]) -> None:
    movie, rois = blobs
    assert segment(movie, GIVEN, given=rois) is rois


def test_missing_contours_are_an_input_error(blobs: tuple[Movie, RoiSet]) -> None:
    with pytest.raises(InputError, match="no contours were given"):
        segment(blobs[0], GIVEN)


def test_contours_of_another_field_are_an_input_error(blobs: tuple[Movie, RoiSet]) -> None:
    other = RoiSet.from_pixels((64, 65), [([1], [2], None)], source="other.json")
    with pytest.raises(InputError, match=r"other\.json.*\(64, 65\).*\(64, 64\)"):
        segment(blobs[0], GIVEN, given=other)


def test_contours_that_the_engine_would_ignore_are_an_input_error(blobs: tuple[Movie, RoiSet]) -> None:
    movie, rois = blobs
    with pytest.raises(InputError, match=r"'suite2p' wouldn't use these ROIs.*'given'"):
        segment(movie, SegmentationSettings(engine="suite2p"), given=rois)


def test_engine_that_is_not_installed_is_an_input_error(
    blobs: tuple[Movie, RoiSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EngineEntry("neurocine.absent", "core", "Install.")
    monkeypatch.setitem(SEGMENTATION_ENGINES.own, "suite2p", entry)
    with pytest.raises(InputError, match=r"can't be loaded.*Install\. Or hand in"):
        segment(blobs[0], SETTINGS)


@pytest.mark.parametrize(
    ("indicator", "seconds"),
    [
        ("GCaMP6f", 0.7),
        ("gcamp6s", 1.25),
        ("jGCaMP8m", 0.35),
        ("jGCaMP-7s", 1.25),
        ("jRGECO1a", 0.7),
        ("", 1.0),
        ("OGB-1", 1.0),
    ],
)
def test_decay_times_by_indicator(indicator: str, seconds: float) -> None:
    assert decay_s(indicator) == seconds
