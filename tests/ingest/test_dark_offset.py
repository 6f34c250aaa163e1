"""The dark offset: found in the noise of photons, given by the user, or asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.config import MotionSettings, TracesSettings
from neurocine.core import InputError, InvalidFrames, Movie, RoiSet, Validity
from neurocine.ingest import ingest, read_source, write_source
from neurocine.ingest.dark_offset import DarkOffset, counts, find_dark_offset
from neurocine.io.movies import open_movie
from neurocine.io.result_files import read_movie
from neurocine.pipeline import motion
from neurocine.traces import extract

SIZE = 64
GAIN = 20.0


def photons(n_frames: int = 200, seed: int = 0, level: float = 1.0) -> NDArray[np.float64]:
    """Return counts (T, Y, X) above darkness: discs with transients, on a dimmer background, by photon."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    bright = 8 + 25 * np.exp(-((rows % 16 - 8) ** 2 + (columns % 16 - 8) ** 2) / 18)
    bright = bright * np.linspace(0.5, 1.5, SIZE) * level
    calcium = np.convolve(rng.random(n_frames) < 0.03, np.exp(-np.arange(30) / 6))[:n_frames]
    rate = bright * (1 + calcium[:, None, None] * (bright > 20))
    return GAIN * rng.poisson(rate)


def found(frames: NDArray[Any], given: float | None = None) -> tuple[DarkOffset, str]:
    return find_dark_offset(Movie(frames, 10.0, 2.0), [(0, len(frames) - 1)], given)


@pytest.mark.parametrize("shift", [-400, -250])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("seed", [0, 1])
def test_below_zero_the_noise_tells_it(shift: int, dtype: Any, seed: int) -> None:
    offset, doubt = found((photons(seed=seed) + shift).astype(dtype))
    assert offset.source == "noise"
    # Within a tenth of the brightness of a typical pixel, which is about 200.
    assert offset.value == pytest.approx(shift, abs=20)
    assert f"By the noise it is {counts(offset.value)}" in doubt
    assert "set dark_offset in the table" in doubt


def test_at_zero_nothing_is_subtracted_and_nothing_is_doubtful() -> None:
    offset, doubt = found(photons().astype(np.uint16))
    assert (offset.value, offset.source, doubt) == (0.0, "assumed", "")
    assert offset.estimate == pytest.approx(0, abs=20)


@pytest.mark.parametrize("seed", range(3))
def test_activity_that_is_slow_only_for_the_frame_rate_does_not_raise_it(seed: int) -> None:
    # At 1.5 Hz, neuropil changes from frame to frame, and more where it is brighter.
    rng = np.random.default_rng(seed)
    columns = np.arange(SIZE)
    bright = 20 * np.geomspace(0.2, 3, SIZE)[:, None] * (1 + 0.3 * np.cos(columns / 8))
    change = 1 + 0.2 * rng.standard_normal((200, 1, 1))
    frames = (GAIN * rng.poisson(bright * change)).astype(np.uint16)
    offset, doubt = found(frames)
    assert (offset.estimate, doubt) == (pytest.approx(0, abs=20), "")


def test_noise_of_the_detector_around_zero_is_no_offset() -> None:
    noise = np.random.default_rng(1).normal(0, 30, (200, SIZE, SIZE))
    frames = (photons(level=0.02) + noise).astype(np.int16)
    offset, _ = found(frames)
    assert (offset.value, offset.source) == (0.0, "assumed")


def test_an_offset_above_zero_is_doubtful_but_not_subtracted_unless_given() -> None:
    frames = (photons() + 500).astype(np.uint16)
    offset, doubt = found(frames)
    assert offset.value == 0
    assert offset.estimate == pytest.approx(500, abs=20)
    assert "times too small" in doubt
    assert "set it to 0 if you know that it is" in doubt
    assert found(frames, 500) == (DarkOffset(500, "given", offset.estimate), "")
    assert found(frames, 0)[1] == ""


def test_a_background_that_was_subtracted_above_zero_is_doubtful() -> None:
    frames = np.clip(photons() - 80, 0, None).astype(np.uint16)
    _, doubt = found(frames)
    assert "times too large" in doubt


def test_an_offset_brighter_than_pixels_is_doubtful() -> None:
    assert "pixels are darker than that" in found(photons().astype(np.uint16), 400)[1]


def test_it_is_asked_for_where_the_noise_does_not_tell() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(np.linspace(-3, 3, SIZE), 1, (200, SIZE, SIZE)).astype(np.float32)
    with pytest.raises(InputError, match=r"dark_offset: isn't 0.*column dark_offset"):
        found(flat)
    assert found(flat, -10)[0].value == -10


@pytest.mark.parametrize("scale", ["ΔF/F", "z"])
def test_values_that_are_no_brightness_are_refused(scale: str) -> None:
    rng = np.random.default_rng(0)
    bleached = np.linspace(1.2, 0.8, 200)[:, None, None]
    frames = rng.poisson(bleached * np.broadcast_to(10 + np.arange(SIZE), (200, SIZE, SIZE)))
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)
    relative = (frames - mean) / (mean if scale == "ΔF/F" else deviation)
    with pytest.raises(InputError, match="dark_offset"):
        found(relative[100:].astype(np.float32))


def test_frames_without_data_do_not_count() -> None:
    frames = (photons() - 300).astype(np.int16)
    frames[50:60] = 32767
    validity = Validity(200, (InvalidFrames(50, 59, "saturated"),))
    offset, _ = find_dark_offset(Movie(frames, 10.0, 2.0, validity=validity), [(40, 199)])
    assert offset.value == pytest.approx(-300, abs=20)


def cells() -> RoiSet:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    centres = [(8, 24), (24, 40), (40, 40), (56, 56)]
    return RoiSet.from_masks(
        np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 16 for y, x in centres]), engine="truth"
    )


def dff(movie: Movie) -> NDArray[np.float32]:
    return extract(movie, cells(), TracesSettings()).dff


def test_a_movie_around_zero_has_the_traces_of_the_one_above(tmp_path: Path) -> None:
    frames = photons(300)
    np.save(tmp_path / "m.npy", (frames - 300).astype(np.int16))
    record = ingest(tmp_path / "m.npy", frame_rate_hz=10, pixel_size_um=2)
    write_source(tmp_path / "source.json", record)
    assert read_source(tmp_path / "source.json") == record
    motion(record.open(), tmp_path / "movie.h5", MotionSettings(engine="none"))
    expected = dff(Movie(frames.astype(np.uint16), 10.0, 2.0))
    for movie in (read_movie(tmp_path / "movie.h5"), open_movie(tmp_path / "movie.h5")):
        assert movie.dark_offset == record.dark_offset.value
        np.testing.assert_allclose(dff(movie), expected, atol=0.05, rtol=0.1)
    again = ingest(tmp_path / "movie.h5")
    assert again.dark_offset.value == record.dark_offset.value


def test_rois_darker_than_darkness_have_no_traces() -> None:
    frames = (photons() - 1500).astype(np.int16)
    with pytest.raises(InputError, match="4 of 4 ROIs are darker than the dark offset, 0"):
        dff(Movie(frames, 10.0, 2.0))


def test_a_few_rois_darker_than_darkness_are_named(caplog: pytest.LogCaptureFixture) -> None:
    frames = photons()
    frames[:, :16, 16:32] -= 2000
    dff(Movie(frames.astype(np.int16), 10.0, 2.0))
    assert "1 of 4 ROIs are darker than the dark offset" in caplog.text


def test_without_an_offset_traces_stay_the_same_to_the_bit() -> None:
    frames = photons().astype(np.uint16)
    movie = Movie(frames, 10.0, 2.0)
    f = extract(movie, cells(), TracesSettings()).f
    mask = cells().mask(0)
    np.testing.assert_allclose(f[0], frames[:, mask].mean(axis=1), rtol=1e-6)
    assert (f == extract(Movie(frames, 10.0, 2.0, dark_offset=0.0), cells(), TracesSettings()).f).all()
