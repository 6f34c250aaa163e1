"""Frames without data: found, named by the user, filled in wherever the movie is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.config import TracesSettings
from neurocine.core import InputError, InvalidFrames, Movie, RoiSet, Selection, Validity
from neurocine.ingest import FrameStatistics, find_artefacts, ingest, read_source, write_source
from neurocine.traces import extract


def recording(seed: int = 0, n_frames: int = 400, size: int = 48) -> NDArray[np.uint16]:
    """Return frames (T, Y, X) of bright discs with transients, on noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    picture = 300 + 200 * np.exp(-((rows % 16 - 8) ** 2 + (columns % 16 - 8) ** 2) / 18)
    kernel = np.exp(-np.arange(60) / 12)
    calcium = np.convolve(rng.random(n_frames) < 0.03, kernel)[:n_frames]
    bright = picture * (1 + 0.6 * calcium[:, None, None] * (picture > 400))
    return np.clip(rng.normal(bright, 12), 0, 65535).astype(np.uint16)


def validity_of(frames: NDArray[np.generic]) -> Validity:
    statistics = FrameStatistics()
    for start in range(0, len(frames), 96):
        statistics.add(frames[start : start + 96])
    return find_artefacts(statistics)


def shutter(frames: NDArray[np.uint16]) -> None:
    frames[50:55] = 0


def dark_with_offset(frames: NDArray[np.uint16]) -> None:
    frames[50:55] = np.random.default_rng(1).normal(100, 3, frames[50:55].shape).astype(np.uint16)


def saturated(frames: NDArray[np.uint16]) -> None:
    frames[50:55] = 65535


def room_light(frames: NDArray[np.uint16]) -> None:
    frames[50:55] += 400


def noise(frames: NDArray[np.uint16]) -> None:
    burst = np.random.default_rng(1).normal(0, 60, frames[50:55].shape)
    frames[50:55] = np.clip(frames[50:55] + burst, 0, 65535).astype(np.uint16)


def many_rows(frames: NDArray[np.uint16]) -> None:
    frames[50:55, 10:40] = 65535


def clipped_detector(frames: NDArray[np.uint16]) -> None:
    np.minimum(frames, 4000, out=frames)
    frames[50:55, :, 10:40] = 4095  # 12 bits in a container of 16


def half_brightness(frames: NDArray[np.uint16]) -> None:
    frames[50:55] //= 2


def copies(frames: NDArray[np.uint16]) -> None:
    frames[50:55] = frames[49]


def ramp_of_light(frames: NDArray[np.uint16]) -> None:
    frames[50:55] += np.arange(200, 1200, 200, dtype=np.uint16)[:, None, None]


def noise_tripled(frames: NDArray[np.uint16]) -> None:
    burst = np.random.default_rng(1).normal(0, 12 * np.sqrt(8), frames[50:55].shape)
    frames[50:55] = np.clip(frames[50:55] + burst, 0, 65535).astype(np.uint16)


def glowing_stripe(frames: NDArray[np.uint16]) -> None:
    for i in range(5):
        light = np.random.default_rng(i).normal(600, 40, frames[0, :16].shape)
        frames[50 + i, 8 * i : 8 * i + 16] += light.astype(np.uint16)


@pytest.mark.parametrize(
    ("spoil", "reasons"),
    [
        (shutter, {"blank"}),
        (dark_with_offset, {"brightness"}),
        (saturated, {"saturated"}),
        (room_light, {"brightness"}),
        (noise, {"brightness", "noise"}),
        (many_rows, {"saturated"}),
        (clipped_detector, {"saturated"}),
        (half_brightness, {"brightness"}),
        (copies, {"copy of the frame before"}),
        (ramp_of_light, {"brightness"}),
        (noise_tripled, {"brightness", "noise"}),
        (glowing_stripe, {"rows"}),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_artefacts_are_found_exactly(spoil, reasons: set[str], seed: int) -> None:
    frames = recording(seed)
    assert validity_of(frames) == Validity(len(frames))
    spoil(frames)
    (part,) = validity_of(frames).invalid
    assert (part.first, part.last) == (50, 54)
    assert part.reason in reasons


def test_all_cells_active_at_once_are_no_artefact() -> None:
    frames = recording().astype(np.float64)
    decay = np.exp(-np.arange(60) / 10)[:, None, None]
    frames[100:160] *= 1 + 0.8 * decay * (frames[:50].mean(0) > 320)
    assert validity_of(frames.astype(np.uint16)) == Validity(len(frames))


def test_rows_without_data_leave_their_frame_valid() -> None:
    frames = recording()
    frames[70, 20:23] = 65535
    validity = validity_of(frames)
    assert validity.invalid == ()
    assert validity.rows == ((70, 20, 22),)


def test_a_stripe_of_saturated_or_blanked_rows_leaves_the_others() -> None:
    frames = recording()
    frames[70, 20:26] = 65535
    frames[80, :5] = 65535
    dark = np.random.default_rng(1).normal(100, 2, (3, 9, 48))
    frames[120:123, 30:39] = dark.astype(np.uint16)
    validity = validity_of(frames)
    assert validity.invalid == ()
    assert validity.rows == ((70, 20, 25), (80, 0, 4), *((k, 30, 38) for k in (120, 121, 122)))


def test_negative_saturation_is_found() -> None:
    frames = recording().astype(np.int16) - 300
    frames[50, 5:] = -32768
    (part,) = validity_of(frames).invalid
    assert part == InvalidFrames(50, 50, "saturated")


@pytest.mark.parametrize("part", [slice(0, 10), slice(370, 400)])
def test_a_shutter_that_opens_late_or_closes_early_is_found(part: slice) -> None:
    frames = recording()
    frames[part] = np.random.default_rng(1).normal(100, 3, frames[part].shape).astype(np.uint16)
    (found,) = validity_of(frames).invalid
    assert (found.first, found.last) == (part.start, part.stop - 1)


def test_a_shutter_that_opens_and_closes_slowly_is_found() -> None:
    frames = recording()
    light = np.clip(np.arange(400) / 5, 0, 1) * np.clip(np.arange(399, -1, -1) / 4, 0, 1)
    spoilt = validity_of((frames * light[:, None, None]).astype(np.uint16))
    dark = np.flatnonzero(~spoilt.valid)
    assert {0, 1, 2, 397, 398, 399} <= set(dark.tolist()) <= set(np.flatnonzero(light < 1).tolist())


@pytest.mark.parametrize("slow", [np.sin, np.cos])
def test_brightness_that_drifts_up_to_the_end_is_no_artefact(slow: np.ufunc) -> None:
    for frames in (recording(n_frames=600), recording(n_frames=600)[:, :, ::-1]):
        drift = 1 + 0.5 * slow(np.arange(600) / 60)
        assert validity_of((frames * drift[:, None, None]).astype(np.uint16)) == Validity(600)


def test_a_lamp_that_is_on_for_long_is_found() -> None:
    frames = recording(n_frames=700)
    lamp = frames.copy()
    lamp[200:330] += 400
    lamp[450:480] += 400
    found = validity_of(lamp).invalid
    assert found == (InvalidFrames(200, 329, "brightness"), InvalidFrames(450, 479, "brightness"))
    # A laser that is turned up, and light that fades in and out.
    assert validity_of(np.where(np.arange(700)[:, None, None] // 100 == 3, 2, 1) * frames) == Validity(700)
    wave = 400 * np.exp(-(((np.arange(700) - 350) / 60) ** 2))
    assert validity_of((frames + wave[:, None, None]).astype(np.uint16)) == Validity(700)


@pytest.mark.parametrize("part", [slice(0, 70), slice(0, 190), slice(100, 250), slice(310, 400)])
def test_a_shutter_that_is_closed_for_long_is_found(part: slice) -> None:
    frames = recording()
    frames[part] = np.random.default_rng(1).normal(100, 3, frames[part].shape).astype(np.uint16)
    (found,) = validity_of(frames).invalid
    assert (found.first, found.last) == (part.start, part.stop - 1)


def test_a_dark_channel_in_turn_is_no_closed_shutter() -> None:
    frames = recording()
    frames[1::2] = np.random.default_rng(1).normal(100, 3, frames[1::2].shape).astype(np.uint16)
    assert validity_of(frames) == Validity(len(frames))


def test_a_dim_picture_is_no_closed_shutter() -> None:
    frames = recording()
    dim = 100 + (frames[:120].astype(float) - 100) / 8
    frames[:120] = np.random.default_rng(1).normal(dim.mean(axis=0), 2.5, dim.shape).astype(np.uint16)
    assert validity_of(frames) == Validity(len(frames))


@pytest.mark.parametrize("n", [2, 4])
def test_planes_or_channels_in_turn_are_no_artefact(n: int) -> None:
    frames = recording()
    for i in range(n):
        frames[i::n] = frames[i::n] // (i + 1)
    assert validity_of(frames) == Validity(len(frames))
    frames[101] = 0
    assert validity_of(frames).invalid == (InvalidFrames(101, 101, "blank"),)


def test_a_cell_that_fills_a_small_picture_is_no_artefact() -> None:
    frames = np.random.default_rng(0).normal(100, 5, (400, 11, 12))
    frames[200] += 300
    assert validity_of(frames.astype(np.uint16)) == Validity(len(frames))


def test_borders_of_a_registration_and_dark_rows_are_no_artefact() -> None:
    frames = recording()
    frames[30:90, :4] = 0
    frames[200:300, -3:] = 0
    frames[:, 24] = 7
    assert validity_of(frames) == Validity(len(frames))


def test_a_change_of_brightness_that_lasts_is_no_artefact() -> None:
    frames = recording()
    frames[150:] += 400
    assert validity_of(frames) == Validity(len(frames))


def test_a_laser_that_is_turned_down_or_another_plane_is_not_the_dark() -> None:
    frames = recording()
    frames[200:] = 100 + (frames[200:] - 100.0) * 0.3  # the detector's zero is 100
    assert validity_of(frames) == Validity(len(frames))
    deeper = recording()
    deeper[200:] = np.roll(deeper[200:], 8, axis=1) // 2
    assert validity_of(deeper) == Validity(len(deeper))


@pytest.mark.parametrize("part", [slice(0, 300), slice(200, 500), slice(301, 700), slice(630, 700)])
@pytest.mark.parametrize("read_noise", [0, 3, 12])
def test_long_stretches_in_the_dark_are_found(part: slice, read_noise: float) -> None:
    frames = recording(n_frames=700)
    frames[part] = np.rint(np.random.default_rng(1).normal(100, read_noise, frames[part].shape))
    short = 100 if part.start > 100 else 600
    frames[short] = 65535
    found = validity_of(frames).invalid
    dark = InvalidFrames(part.start, part.stop - 1, "dark" if read_noise else "blank")
    assert set(found) == {dark, InvalidFrames(short, short, "saturated")}


def test_noise_baseline_and_events_do_not_depend_on_a_long_stretch_in_the_dark(
    blobs: tuple[Movie, RoiSet],
) -> None:
    movie, rois = blobs
    lit = np.concatenate([movie.read(0, 300), movie.read(0, 300)])
    dark = np.random.default_rng(2).normal(20, 4, (400, *movie.fov_shape)).clip(0).astype(np.uint16)
    frames = np.concatenate([lit[:250], dark, lit[250:]])
    validity = validity_of(frames)
    assert [(part.first, part.last) for part in validity.invalid] == [(250, 649)]
    settings = TracesSettings(baseline_window_s=30)
    alone = extract(replace(movie, frames=lit), rois, settings)
    seen = extract(replace(movie, frames=frames, validity=validity), rois, settings)
    assert seen.valid is not None
    np.testing.assert_allclose(seen.snr, alone.snr, rtol=0.1)
    # Far from the gap, the baseline's window is the same.
    for part, moved in ((slice(0, 50), slice(0, 50)), (slice(450, 600), slice(850, 1000))):
        np.testing.assert_allclose(seen.dff[:, moved], alone.dff[:, part], atol=0.05)
        np.testing.assert_allclose(seen.events[:, moved], alone.events[:, part], atol=0.05)
    # And beside it, it is that of the frames on this side.
    near = seen.dff[:, 200:250] - alone.dff[:, 200:250], seen.dff[:, 650:700] - alone.dff[:, 250:300]
    assert max(np.abs(difference).mean() for difference in near) < 0.1
    assert not seen.events[:, 250:650].any()


def movie_of(frames: NDArray[np.generic], validity: Validity) -> Movie:
    return Movie(frames, 10.0, 1.0, validity=validity)


def test_frames_without_data_are_read_as_the_mean_of_those_around() -> None:
    frames = np.arange(10, dtype=np.uint16)[:, None, None] * np.full((1, 3, 4), 10, np.uint16)
    clean = frames.copy()
    frames[4:6] = 999
    movie = movie_of(frames, Validity(10, (InvalidFrames(4, 5, "blank"),)))
    np.testing.assert_array_equal(movie.read(0, 10), clean)
    np.testing.assert_array_equal(movie.read(5, 6), clean[5:6])  # whatever part is read
    assert movie.valid.tolist() == [k not in (4, 5) for k in range(10)]
    assert frames[4, 0, 0] == 999


def test_at_the_ends_the_nearest_frame_stands_in() -> None:
    frames = np.arange(6, dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    validity = Validity(6, (InvalidFrames(0, 1, "blank"), InvalidFrames(5, 5, "blank")))
    assert movie_of(frames, validity).read(0, 6)[:, 0, 0].tolist() == [2, 2, 2, 3, 4, 4]


def test_rows_without_data_are_filled_from_whole_frames() -> None:
    frames = np.arange(6, dtype=np.float32)[:, None, None] * np.ones((1, 4, 2), np.float32)
    frames[3, 1:3] = -7
    movie = movie_of(frames, Validity(6, rows=((3, 1, 2),)))
    np.testing.assert_array_equal(movie.read(3, 4), np.full((1, 4, 2), 3, np.float32))


def test_what_is_invalid_for_two_reasons_has_the_first() -> None:
    first = Validity(10, (InvalidFrames(2, 5, "named by the user"),))
    second = Validity(10, (InvalidFrames(4, 7, "noise"),), ((9, 0, 1),))
    assert (first | second).invalid == (
        InvalidFrames(2, 5, "named by the user"),
        InvalidFrames(6, 7, "noise"),
    )
    assert (first | second).rows == ((9, 0, 1),)


def test_a_movie_without_any_data_is_refused() -> None:
    with pytest.raises(InputError, match="none holds data"):
        Validity(3, (InvalidFrames(0, 2, "blank"),))
    with pytest.raises(InputError, match="aren't all in a movie of 3"):
        Validity(3, (InvalidFrames(1, 3, "blank"),))
    with pytest.raises(InputError, match="that of 3 frames, the movie has 4"):
        movie_of(np.zeros((4, 2, 2)), Validity(3))


def test_the_record_keeps_artefacts_and_what_the_user_names(tmp_path: Path) -> None:
    frames = recording()
    shutter(frames)
    tifffile.imwrite(tmp_path / "m.tif", frames)
    path = tmp_path / "m.tif"
    source = ingest(path, frame_rate_hz=10, pixel_size_um=1, bad_frames=[(200, 209)])
    expected = (InvalidFrames(50, 54, "blank"), InvalidFrames(200, 209, "named by the user"))
    assert source.invalid == expected
    write_source(tmp_path / "source.json", source)
    movie = read_source(tmp_path / "source.json").open()
    assert movie.validity == source.validity
    assert movie.read(50, 55).min() > 100
    with pytest.raises(InputError, match=r"frames 390 to 400 aren't all in the movie, which has 400"):
        ingest(path, frame_rate_hz=10, pixel_size_um=1, bad_frames=[(390, 400)])
    part = Selection(frames=(20, 39))
    with pytest.raises(InputError, match="bad_frames: all frames that are used are among them"):
        ingest(path, frame_rate_hz=10, pixel_size_um=1, selection=part, bad_frames=[(0, 50)])


def test_rows_move_with_their_frame() -> None:
    validity = Validity(5, rows=((1, 4, 6), (2, 0, 1), (3, 30, 31)))
    y = np.array([0, 2, 0.5, -3, 0], dtype=np.float32)
    assert validity.moved(y, 32).rows == ((1, 2, 4), (2, 0, 1))


def test_an_roi_lacks_data_where_most_of_it_lies_in_rows_without() -> None:
    masks = np.zeros((2, 12, 10), dtype=bool)
    masks[0, 2:6, 3:6] = masks[1, 8:11, 3:6] = True
    rois = RoiSet.from_masks(masks)
    lacking = rois.lacking([(1, 3, 5), (2, 4, 5), (3, 0, 11)], 5)
    np.testing.assert_array_equal(lacking, [[0, 1, 0, 1, 0], [0, 0, 0, 1, 0]])
