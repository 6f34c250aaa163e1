"""Traces against known fluorescence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.config import TracesSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.traces import extract

SETTINGS = TracesSettings()
ROWS, COLUMNS = np.mgrid[:48, :60]


def disc(y: float, x: float, radius: float = 4) -> NDArray[np.bool_]:
    return np.asarray((ROWS - y) ** 2 + (COLUMNS - x) ** 2 <= radius**2)


def as_movie(frames: NDArray[Any], rate: float = 10.0) -> Movie:
    return Movie(frames, frame_rate_hz=rate, pixel_size_um=1.0, indicator="GCaMP6f", source="discs")


def wave(n_frames: int, period: float) -> NDArray[np.float64]:
    return np.rint(50 * (1 + np.sin(2 * np.pi * np.arange(n_frames) / period)))


def painted(
    traces: list[NDArray[np.float64]], masks: list[NDArray[np.bool_]], background: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Frames (T, Y, X) in which masks add their traces to the background (T,)."""
    frames = np.broadcast_to(background[:, None, None], (len(background), 48, 60)).copy()
    for trace, mask in zip(traces, masks, strict=True):
        frames += trace[:, None, None] * mask
    return frames


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_fluorescence_and_neuropil_are_recovered(dtype: str) -> None:
    masks = [disc(15, 15), disc(30, 42)]
    background = wave(200, 31)
    frames = painted([wave(200, 50), wave(200, 17)], masks, background).astype(dtype)
    rois = RoiSet.from_masks(np.stack(masks))
    extracted = extract(as_movie(frames), rois, SETTINGS)
    expected = background + np.stack([wave(200, 50), wave(200, 17)])
    np.testing.assert_allclose(extracted.f, expected, rtol=1e-5)
    np.testing.assert_allclose(extracted.fneu, np.stack([background] * 2), rtol=1e-5)
    assert extracted.ids.tolist() == rois.ids.tolist()
    assert extracted.frame_rate_hz == 10.0


def test_shared_pixels_are_left_out() -> None:
    masks = [disc(20, 20), disc(20, 25)]
    frames = painted([wave(100, 50), wave(100, 17)], masks, np.full(100, 20.0))
    extracted = extract(as_movie(frames), RoiSet.from_masks(np.stack(masks)), SETTINGS)
    np.testing.assert_allclose(extracted.f, 20 + np.stack([wave(100, 50), wave(100, 17)]), rtol=1e-5)
    np.testing.assert_allclose(extracted.fneu, 20, rtol=1e-5)


def test_roi_within_another_keeps_all_its_pixels() -> None:
    masks = [disc(20, 20, 6), disc(20, 20, 3)]
    frames = painted([wave(100, 50), wave(100, 17)], masks, np.full(100, 20.0))
    extracted = extract(as_movie(frames), RoiSet.from_masks(np.stack(masks)), SETTINGS)
    np.testing.assert_allclose(extracted.f[0], 20 + wave(100, 50), rtol=1e-5)
    np.testing.assert_allclose(extracted.f[1], 20 + wave(100, 50) + wave(100, 17), rtol=1e-5)


def test_weights_weigh() -> None:
    frames = np.zeros((20, 48, 60), dtype=np.float32)
    frames[:, 5, 5], frames[:, 5, 6] = 10, 40
    rois = RoiSet.from_pixels((48, 60), [([5, 5], [5, 6], [3.0, 1.0])])
    np.testing.assert_allclose(extract(as_movie(frames), rois, SETTINGS).f, (3 * 10 + 40) / 4, rtol=1e-6)


def test_neuropil_changes_are_subtracted() -> None:
    mask, contamination = disc(20, 20), wave(400, 23)
    cell = wave(400, 150)
    frames = painted([100 + cell - 0.3 * contamination], [mask], 100 + contamination)
    settings = TracesSettings(neuropil_coefficient=0.7, baseline_window_s=1000, baseline_percentile=0)
    extracted = extract(as_movie(frames), RoiSet.from_masks(mask[None]), settings)
    # What is left is the cell over its own baseline: 200 and 0.7 of the neuropil's median.
    np.testing.assert_allclose(extracted.dff[0], cell / (200 + 0.7 * np.median(contamination)), atol=1e-4)


def test_annulus_leaves_out_other_rois_and_grows_when_crowded() -> None:
    masks = [disc(20, 20), disc(20, 30), disc(30, 25), disc(10, 25)]
    frames = painted([np.full(30, 500.0)] * 4, masks, np.full(30, 20.0))
    tight = TracesSettings(neuropil_inner_um=1, neuropil_outer_um=1.5)
    extracted = extract(as_movie(frames), RoiSet.from_masks(np.stack(masks)), tight)
    np.testing.assert_allclose(extracted.fneu, 20, rtol=1e-5)


def test_roi_that_fills_the_field_has_no_neuropil() -> None:
    frames = np.random.default_rng(0).normal(100, 5, (60, 12, 12)).astype(np.float32)
    rois = RoiSet.from_masks(np.ones((1, 12, 12)))
    extracted = extract(as_movie(frames), rois, SETTINGS)
    assert not extracted.fneu.any()
    np.testing.assert_allclose(extracted.f[0], frames.mean(axis=(1, 2)), rtol=1e-5)
    assert np.isfinite(extracted.dff).all()


def test_rois_at_the_border() -> None:
    masks = [disc(0, 0), disc(47, 59), disc(0, 30), disc(24, 59)]
    traces = [wave(80, n) for n in (11, 17, 23, 31)]
    frames = painted(traces, masks, np.full(80, 20.0))
    extracted = extract(as_movie(frames), RoiSet.from_masks(np.stack(masks)), SETTINGS)
    np.testing.assert_allclose(extracted.f, 20 + np.stack(traces), rtol=1e-5)
    np.testing.assert_allclose(extracted.fneu, 20, rtol=1e-5)


def test_no_rois_give_empty_traces() -> None:
    extracted = extract(
        as_movie(np.ones((30, 48, 60), dtype=np.uint8)), RoiSet.from_pixels((48, 60), []), SETTINGS
    )
    for name in ("f", "fneu", "dff", "events"):
        assert getattr(extracted, name).shape == (0, 30)
    assert extracted.snr.shape == extracted.ids.shape == (0,)


def test_rois_of_another_field_are_an_input_error() -> None:
    rois = RoiSet.from_pixels((60, 48), [([1], [1], None)], source="rois.h5")
    with pytest.raises(InputError, match=r"rois\.h5.*\(60, 48\).*\(48, 60\)"):
        extract(as_movie(np.ones((30, 48, 60), dtype=np.uint8)), rois, SETTINGS)


@pytest.mark.parametrize("n_frames", [2, 3, 9, 40])
def test_movies_shorter_than_the_baseline_window(n_frames: int) -> None:
    frames = np.random.default_rng(1).normal(100, 5, (n_frames, 48, 60)).astype(np.float32)
    extracted = extract(as_movie(frames), RoiSet.from_masks(disc(20, 20)[None]), SETTINGS)
    for name in ("dff", "events", "snr"):
        assert np.isfinite(getattr(extracted, name)).all()


def test_dark_and_constant_movies_stay_finite() -> None:
    rois = RoiSet.from_masks(disc(20, 20)[None])
    for level in (0, 7):
        extracted = extract(as_movie(np.full((50, 48, 60), level, dtype=np.uint16)), rois, SETTINGS)
        assert not extracted.dff.any()
        assert not extracted.events.any()
        assert not extracted.snr.any()


def test_movie_is_read_once_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = [disc(15, 15), disc(30, 42)]
    frames = painted([wave(200, 50), wave(200, 17)], masks, np.full(200, 20.0)).astype(np.uint16)
    rois = RoiSet.from_masks(np.stack(masks))
    whole = extract(as_movie(frames), rois, SETTINGS)
    monkeypatch.setattr("neurocine.traces.extraction.BLOCK_BYTES", 64 * 48 * 60 * 4)
    seen = []
    blocks = extract(
        as_movie(frames), rois, SETTINGS, lambda label, done, total: seen.append((label, done, total))
    )
    assert [step for step in seen if step[0] == "traces"] == [("traces", n, 200) for n in (64, 128, 192, 200)]
    assert seen[-1] == ("deconvolution", 2, 2)
    for name in ("f", "fneu", "dff", "events", "snr"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(blocks, name))
