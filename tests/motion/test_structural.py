"""The structural channel: moved as the functional one, and freed from bleed-through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import MotionSettings
from neurocine.core import InputError, Movie, Validity
from neurocine.io.result_files import Stamp, read_registration, read_structural, read_summary
from neurocine.motion import register
from neurocine.motion.structural import bleed_through

SHAPE = (64, 80)
ENGINES = {
    "suite2p-rigid": MotionSettings(engine="suite2p", nonrigid=False, max_shift_um=10, template_frames=24),
    "suite2p-nonrigid": MotionSettings(engine="suite2p", block_um=40, max_shift_um=10, template_frames=24),
    "cinac": MotionSettings(engine="cinac", max_shift_um=10, template_frames=24),
}


def cells(shape: tuple[int, int], n: int, seed: int) -> NDArray[np.float64]:
    """Discs of 3 pixels radius, (n, Y, X), placed at random."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    centres = rng.uniform(6, np.array(shape) - 6, (n, 2))
    return np.stack([np.hypot(y - a, x - b) <= 3 for a, b in centres]).astype(float)


def channels(
    share: float, labelled: slice, n_frames: int = 400, seed: int = 0, moving: bool = True
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Functional and structural frames (T, Y, X) of active cells, and the dye's true picture, at rest.

    `labelled` of the 24 cells hold the dye, which is brighter than their calcium indicator.
    """
    rng = np.random.default_rng(seed)
    shape = (SHAPE[0] + 20, SHAPE[1] + 20)
    masks = cells(shape, 24, seed)
    impulses = rng.random((24, n_frames)) < 0.01
    calcium = np.stack([np.convolve(row, np.exp(-np.arange(60) / 15))[:n_frames] for row in impulses])
    texture = ndimage.gaussian_filter(rng.normal(size=shape), 2.5)
    still = 100 + 20 * texture / texture.std() + 60 * masks.sum(0)
    dye = 30 + 200 * ndimage.gaussian_filter(masks[labelled].sum(0), 0.7)
    shifts = np.stack([3 * np.sin(np.arange(n_frames) / 40), 2 * np.cos(np.arange(n_frames) / 30)]) * moving
    functional, structural = np.empty((2, n_frames, *SHAPE), dtype=np.float32)
    for t in range(n_frames):
        green = still + 150 * np.tensordot(calcium[:, t], masks, 1)
        for out, picture in ((functional, green), (structural, dye + share * green)):
            moved = ndimage.shift(picture, shifts[:, t], order=1) if moving else picture
            out[t] = moved[10:-10, 10:-10]
            out[t] += rng.normal(0, 15, SHAPE)
    return functional, structural, dye[10:-10, 10:-10]


def as_movie(frames: NDArray[Any]) -> Movie:
    return Movie(frames, frame_rate_hz=30.0, pixel_size_um=1.0, source="two channels")


@pytest.mark.parametrize("name", list(ENGINES))
def test_both_channels_are_moved_alike(name: str, tmp_path: Path) -> None:
    functional, _, _ = channels(0.0, slice(0, 8), n_frames=160)
    out = tmp_path / "movie.h5"
    register(as_movie(functional), ENGINES[name], out, Stamp(), structural=as_movie(functional))
    pictures = read_structural(out)
    assert pictures is not None
    assert np.abs(read_registration(out).y).max() > 2
    np.testing.assert_allclose(pictures.mean, read_summary(out).mean, rtol=1e-5)
    assert pictures.bleed_through == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("labelled", [slice(0, 0), slice(0, 6), slice(0, 24)], ids=["none", "some", "all"])
def test_bleed_through_is_measured_and_taken_out(share: float, labelled: slice, tmp_path: Path) -> None:
    functional, structural, dye = channels(share, labelled, moving=False)
    out = tmp_path / "movie.h5"
    settings = MotionSettings(engine="none", template_frames=24)
    register(as_movie(functional), settings, out, Stamp(), structural=as_movie(structural))
    pictures = read_structural(out)
    assert pictures is not None
    assert pictures.bleed_through == pytest.approx(share, abs=0.02)
    np.testing.assert_allclose(pictures.mean, structural.mean(0), rtol=1e-5)
    expected = pictures.mean - pictures.bleed_through * read_summary(out).mean
    np.testing.assert_allclose(pictures.corrected, expected, atol=1e-3)
    np.testing.assert_allclose(pictures.corrected, dye, atol=8)


def test_noise_alone_is_no_bleed_through() -> None:
    rng = np.random.default_rng(0)
    functional, structural = rng.normal(100, 10, (2, 2, 40, 32, 32))
    assert bleed_through(functional, structural) < 0.02
    assert bleed_through(functional[:, :1], structural[:, :1]) == 0.0


def test_bleed_through_is_that_of_most_changing_pixels() -> None:
    """A few labelled cells that move in depth brighten in both channels."""
    rng = np.random.default_rng(0)
    functional = np.zeros((2, 60, 20, 20)) + rng.normal(0, 10, (60, 20, 20))
    structural = 0.1 * functional
    structural[:, :, :4] *= 8
    assert bleed_through(functional, structural) == pytest.approx(0.1, abs=1e-6)


def test_frames_without_data_are_left_out(tmp_path: Path) -> None:
    functional, structural, _ = channels(0.1, slice(0, 6), n_frames=120, moving=False)
    expected = np.delete(structural, slice(50, 60), axis=0).mean(0)
    functional[50:60] = structural[50:60] = 60_000
    valid = np.ones(120, dtype=bool)
    valid[50:60] = False
    movie = replace(as_movie(functional), validity=Validity.of(valid, "saturated"))
    out = tmp_path / "movie.h5"
    settings = MotionSettings(engine="none", template_frames=24)
    register(movie, settings, out, Stamp(), structural=as_movie(structural))
    pictures = read_structural(out)
    assert pictures is not None
    np.testing.assert_allclose(pictures.mean, expected, rtol=1e-5)


def test_frames_that_show_something_else_are_left_out(tmp_path: Path) -> None:
    functional, structural, _ = channels(0.1, slice(0, 6), n_frames=120, moving=False)
    expected = np.delete(structural, slice(100, 104), axis=0).mean(0)
    functional[100:104] = np.random.default_rng(5).normal(200, 50, (4, *SHAPE))
    structural[100:104] = 5000
    out = tmp_path / "movie.h5"
    settings = MotionSettings(engine="none", template_frames=24)
    register(as_movie(functional), settings, out, Stamp(), structural=as_movie(structural))
    pictures = read_structural(out)
    assert pictures is not None
    np.testing.assert_allclose(pictures.mean, expected, rtol=1e-5)


def test_another_number_of_frames_is_an_error(tmp_path: Path) -> None:
    functional, structural, _ = channels(0.1, slice(0, 6), n_frames=60)
    settings = MotionSettings(engine="none", template_frames=24)
    with pytest.raises(InputError, match=r"channel_structural.*\(59, 64, 80\).*\(60, 64, 80\)"):
        register(
            as_movie(functional),
            settings,
            tmp_path / "movie.h5",
            Stamp(),
            structural=as_movie(structural[1:]),
        )


def test_a_movie_of_one_channel_has_no_structural_picture(tmp_path: Path) -> None:
    functional, _, _ = channels(0.1, slice(0, 6), n_frames=60)
    out = tmp_path / "movie.h5"
    register(as_movie(functional), MotionSettings(engine="none", template_frames=24), out, Stamp())
    assert read_structural(out) is None
