"""Registration of simulated drifting movies, by every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import MotionSettings
from neurocine.config.engines import MOTION_ENGINES, EngineEntry
from neurocine.core import InputError, InvalidFrames, Movie, Validity
from neurocine.io.result_files import Stamp, read_movie, read_registration, read_stamp, read_summary
from neurocine.motion import engines, register

ENGINES = {
    "suite2p-rigid": MotionSettings(engine="suite2p", nonrigid=False, max_shift_um=10, template_frames=24),
    "suite2p-nonrigid": MotionSettings(engine="suite2p", block_um=40, max_shift_um=10, template_frames=24),
    "cinac": MotionSettings(engine="cinac", max_shift_um=10, template_frames=24),
    "neurocine": MotionSettings(engine="neurocine", max_shift_um=10, template_frames=24),
    "none": MotionSettings(engine="none", template_frames=24),
}
MOVING = [name for name in ENGINES if name != "none"]


def texture(shape: tuple[int, int], seed: int = 0) -> NDArray[np.float64]:
    """A picture of blobs and cells, mean 100, standard deviation 40."""
    rng = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(rng.normal(size=shape), 2.5)
    return 100 + 40 * image / image.std()


def drifting(
    n_frames: int = 80, shape: tuple[int, int] = (64, 80), noise: float = 15, seed: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Frames (T, Y, X), and the displacement in y and x of the content of each (slow drift and jerks)."""
    rng = np.random.default_rng(seed)
    big = texture((shape[0] + 20, shape[1] + 20))
    time = np.arange(n_frames) / n_frames
    y = 3 * np.sin(2 * np.pi * time) + rng.normal(0, 0.5, n_frames)
    x = 2 * np.cos(3 * np.pi * time) + rng.normal(0, 0.5, n_frames)
    frames = np.stack(
        [ndimage.shift(big, (a, b), order=3)[10:-10, 10:-10] for a, b in zip(y, x, strict=True)]
    )
    return frames + rng.normal(0, noise, frames.shape), y, x


def content(path: Path) -> dict[str, bytes]:
    """Every dataset of an HDF5 file as bytes, with its attributes."""
    contents = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: contents.update({name: repr(sorted(item.attrs.items())).encode()}))
        for name in list(contents):
            if isinstance(file[name], h5py.Dataset):
                contents[name] += file[name][...].tobytes()
    return contents


def as_movie(frames: NDArray[Any]) -> Movie:
    return Movie(frames, frame_rate_hz=30.0, pixel_size_um=1.0, source="drifting")


def run(movie: Movie, name: str, out: Path, **changes: Any) -> Path:
    register(movie, ENGINES[name].model_copy(update=changes), out, Stamp("hash", "sha"))
    return out


@pytest.mark.parametrize("name", MOVING)
def test_displacement_is_recovered_with_its_sign(name: str, tmp_path: Path) -> None:
    frames, y, x = drifting()
    registration = read_registration(run(as_movie(frames.astype(np.float32)), name, tmp_path / "movie.h5"))
    for got, true in ((registration.y, y), (registration.x, x)):
        error = got - true
        error -= np.median(error)  # the template may lie anywhere
        assert np.abs(error).mean() < 0.3
        assert np.abs(error).max() < 1.0
    assert not registration.unregistered.any()
    assert registration.metrics["correlation_after"] > registration.metrics["correlation_before"] + 0.1
    assert registration.metrics["crispness_after"] > registration.metrics["crispness_before"]
    assert registration.metrics["max_shift_px"] == pytest.approx(
        np.hypot(registration.y, registration.x).max(), abs=1e-4
    )


@pytest.mark.parametrize("name", MOVING)
def test_registered_movie_is_still(name: str, tmp_path: Path) -> None:
    frames, _, _ = drifting(noise=0)
    path = run(as_movie(frames.astype(np.float32)), name, tmp_path / "movie.h5")
    movie = read_movie(path)
    inside = movie.read(0, movie.n_frames)[:, 8:-8, 8:-8]
    assert inside.std(axis=0).mean() < 0.35 * frames[:, 8:-8, 8:-8].std(axis=0).mean()


@pytest.mark.parametrize("name", list(ENGINES))
@pytest.mark.parametrize(
    ("dtype", "gain", "offset"),
    [("uint8", 1.0, 0), ("uint16", 250.0, 5000), ("int16", 10.0, -1000), ("float32", 0.01, 0)],
)
def test_pixel_type_and_range_are_kept(
    name: str, dtype: str, gain: float, offset: float, tmp_path: Path
) -> None:
    frames, y, _ = drifting(n_frames=40)
    scaled = frames * gain + offset
    if dtype != "float32":
        scaled = np.clip(np.rint(scaled), np.iinfo(dtype).min, np.iinfo(dtype).max)
    movie = as_movie(scaled.astype(dtype))
    path = run(movie, name, tmp_path / "movie.h5")
    registered = read_movie(path)
    assert registered.dtype == np.dtype(dtype)
    assert registered.n_frames == 40
    assert registered.fov_shape == (64, 80)
    data = registered.read(0, 40).astype(float)
    assert np.isfinite(data).all()
    assert abs(data.mean() - scaled.mean()) < 0.02 * scaled.std()
    assert data.max() <= scaled.max() * (1 + 1e-6)
    assert data.max() > 0.8 * scaled.max()
    if name != "none":
        assert np.corrcoef(read_registration(path).y, y)[0, 1] > 0.95


def test_none_passes_frames_through_and_measures_them(tmp_path: Path) -> None:
    frames = np.clip(drifting()[0], 0, 255).astype(np.uint8)
    path = run(as_movie(frames), "none", tmp_path / "movie.h5")
    np.testing.assert_array_equal(read_movie(path).read(0, len(frames)), frames)
    registration = read_registration(path)
    assert not registration.y.any()
    assert not registration.x.any()
    assert registration.metrics["correlation_after"] == registration.metrics["correlation_before"]
    np.testing.assert_allclose(read_summary(path).mean, frames.mean(axis=0), rtol=1e-6)
    assert read_stamp(path) == Stamp("hash", "sha")


def test_rigid_shift_moves_pixels_unchanged(tmp_path: Path) -> None:
    frames = np.clip(drifting(n_frames=30)[0] * 300, 0, 65535).astype(np.uint16)
    path = run(as_movie(frames), "suite2p-rigid", tmp_path / "movie.h5")
    registration, movie = read_registration(path), read_movie(path)
    for i in range(30):
        dy, dx = int(registration.y[i]), int(registration.x[i])
        expected = frames[i, 8 + dy : 56 + dy, 8 + dx : 72 + dx]
        np.testing.assert_array_equal(movie.read(i, i + 1)[0, 8:56, 8:72], expected)


def test_nonrigid_undoes_what_rigid_cannot(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    big = texture((84, 148), seed=4)
    rows, columns = np.mgrid[:64, :128].astype(float)
    frames = []
    for _ in range(60):
        bend = rng.normal(0, 2.5)
        dy = bend * np.tanh((columns - 64) / 30)  # the left half moves against the right half
        frames.append(ndimage.map_coordinates(big, [rows + 10 - dy, columns + 10], order=3))
    movie = as_movie((np.stack(frames) + rng.normal(0, 5, (60, 64, 128))).astype(np.float32))
    crispness = {
        name: read_registration(run(movie, name, tmp_path / f"{name}.h5")).metrics["crispness_after"]
        for name in ("suite2p-rigid", "suite2p-nonrigid", "neurocine")
    }
    for name in ("suite2p-nonrigid", "neurocine"):
        assert crispness[name] > 1.05 * crispness["suite2p-rigid"]


@pytest.mark.parametrize("name", list(ENGINES))
def test_frames_of_noise_are_flagged_and_kept(name: str, tmp_path: Path) -> None:
    frames, _, _ = drifting(n_frames=100, noise=8)
    if name == "none":
        frames = texture((64, 80)) + np.random.default_rng(2).normal(0, 8, frames.shape)
    bad = [20, 21, 77]
    frames[bad] = np.random.default_rng(9).normal(100, 40, (3, 64, 80))
    path = run(as_movie(frames.astype(np.float32)), name, tmp_path / "movie.h5")
    registration = read_registration(path)
    np.testing.assert_array_equal(np.flatnonzero(registration.unregistered), bad)
    assert registration.metrics["unregistered_share"] == pytest.approx(0.03)
    assert read_movie(path).n_frames == 100


@pytest.mark.parametrize("name", list(ENGINES))
def test_same_input_gives_same_content(name: str, tmp_path: Path) -> None:
    movie = as_movie(np.clip(drifting(n_frames=40)[0], 0, 255).astype(np.uint8))
    first, second = (content(run(movie, name, tmp_path / file)) for file in ("a.h5", "b.h5"))
    assert first == second
    assert "movie" in first


@pytest.mark.parametrize("name", MOVING)
def test_shift_at_the_limit_is_flagged(name: str, tmp_path: Path) -> None:
    frames, _, _ = drifting(n_frames=60, noise=5)
    frames[30] = np.roll(frames[30], 25, axis=0)
    registration = read_registration(run(as_movie(frames.astype(np.float32)), name, tmp_path / "movie.h5"))
    assert registration.unregistered[30]
    assert registration.unregistered.sum() <= 2
    assert registration.metrics["max_shift_px"] < 10


class Counted:
    """Frames that note how many are read at a time, and in all."""

    def __init__(self, frames: NDArray[Any]) -> None:
        self.frames, self.shape, self.dtype = frames, frames.shape, frames.dtype
        self.largest = self.total = 0

    def __getitem__(self, key: slice) -> NDArray[Any]:
        part = self.frames[key]
        self.largest, self.total = max(self.largest, len(part)), self.total + len(part)
        return part


@pytest.mark.parametrize("name", list(ENGINES))
def test_movie_is_streamed_in_blocks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = drifting(n_frames=200)[0].astype(np.float32)
    whole = run(as_movie(frames), name, tmp_path / "whole.h5")
    monkeypatch.setattr("neurocine.motion.registration.BLOCK_BYTES", 70 * frames[0].nbytes)
    source, seen = Counted(frames), []
    movie = as_movie(source)  # type: ignore[arg-type]
    out = tmp_path / "blocks.h5"
    register(movie, ENGINES[name], out, Stamp(), lambda label, done, total: seen.append((label, done, total)))
    assert source.largest == 64
    assert source.total == 200 + 24
    assert seen == [("motion", n, 200) for n in (64, 128, 192, 200)]
    np.testing.assert_allclose(read_movie(out).read(0, 200), read_movie(whole).read(0, 200), atol=1e-3)


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("shape", [(64, 64), (40, 150), (33, 47)])
def test_small_and_oblong_fields_of_view(name: str, shape: tuple[int, int], tmp_path: Path) -> None:
    frames, y, _ = drifting(n_frames=24, shape=shape, noise=5)
    path = run(as_movie(frames.astype(np.float32)), name, tmp_path / "movie.h5")
    registration = read_registration(path)
    assert registration.template.shape == shape
    assert np.corrcoef(registration.y, y)[0, 1] > 0.95
    assert np.isfinite(read_movie(path).read(0, 24)).all()
    for image in vars(read_summary(path)).values():
        assert np.isfinite(image).all()
    assert all(np.isfinite(value) for value in registration.metrics.values())


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("shape", [(1, 64), (64, 5), (6, 6)])
def test_the_smallest_pictures_are_registered_and_smaller_ones_refused(
    name: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    frames, _, _ = drifting(n_frames=24, shape=(64, 64), noise=5)
    movie = as_movie(frames[:, : shape[0], : shape[1]].astype(np.float32))
    if min(shape) >= 6:
        assert read_movie(run(movie, name, tmp_path / "movie.h5")).fov_shape == shape
        return
    with pytest.raises(InputError, match=rf"{movie.source}: .*are {shape[0]} x {shape[1]} .*too small"):
        run(movie, name, tmp_path / "movie.h5")


@pytest.mark.parametrize("name", list(ENGINES))
def test_blank_frames_do_no_harm(name: str, tmp_path: Path) -> None:
    frames = np.clip(drifting(n_frames=40)[0], 0, 255).astype(np.uint8)
    frames[::10] = 0
    path = run(as_movie(frames), name, tmp_path / "movie.h5")
    registration = read_registration(path)
    assert registration.unregistered[::10].all()
    assert np.isfinite(registration.correlation).all()
    movie = read_movie(path)
    assert not movie.frames[:1].any()
    # They are kept in the file, and read as the frames around them.
    np.testing.assert_array_equal(np.flatnonzero(~movie.valid), range(0, 40, 10))
    np.testing.assert_array_equal(movie.read(0, 1), movie.read(1, 2))


@pytest.mark.parametrize("name", list(ENGINES))
def test_blank_movie_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="blank"):
        run(as_movie(np.full((20, 32, 32), 7, dtype=np.uint16)), name, tmp_path / "movie.h5")
    assert not list(tmp_path.iterdir())


def test_a_movie_with_borders_without_numbers_is_registered_and_all_finite(tmp_path: Path) -> None:
    frames = drifting(n_frames=30)[0].astype(np.float32)
    frames[:, :3] = frames[17, 3, 4] = np.nan
    run(as_movie(frames), "cinac", tmp_path / "movie.h5", template_frames=2)
    assert np.isfinite(read_movie(tmp_path / "movie.h5").read(0, 30)).all()


def test_engine_that_is_not_installed_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EngineEntry("neurocine.motion.absent", "core", "Install.")
    monkeypatch.setitem(MOTION_ENGINES.own, "suite2p", entry)
    with pytest.raises(InputError, match=r"can't be loaded.*Install\. Or choose"):
        run(as_movie(drifting(n_frames=10)[0]), "suite2p-rigid", tmp_path / "movie.h5")


def test_cast_rounds_and_clips() -> None:
    values = np.array([-3.0, 1.5, 2.4, 300.0], dtype=np.float32)
    assert engines.cast(values, np.uint8).tolist() == [0, 2, 2, 255]
    assert engines.cast(np.array([5e9], dtype=np.float32), np.uint32).tolist() == [2**32 - 1]
    assert engines.cast(values, np.float32) is values


@pytest.mark.parametrize("name", MOVING)
def test_frames_without_data_disturb_nothing_and_stay_marked(tmp_path: Path, name: str) -> None:
    frames, *_ = drifting()
    clean = np.clip(frames, 0, None).astype(np.uint16)
    spoilt = clean.copy()
    spoilt[30:33] = 0
    spoilt[50] = np.random.default_rng(5).integers(
        50, 150, clean[0].shape
    )  # another scene: nobody knows before
    ingested = Validity(len(clean), (InvalidFrames(30, 32, "blank"),))
    for path, movie in (
        (tmp_path / "clean.h5", Movie(clean, 10.0, 1.0)),
        (tmp_path / "spoilt.h5", Movie(spoilt, 10.0, 1.0, validity=ingested)),
    ):
        register(movie, ENGINES[name], path, Stamp())
    before, after = (read_movie(tmp_path / f"{part}.h5") for part in ("clean", "spoilt"))
    assert before.valid.all()
    assert after.validity is not None
    assert [(part.first, part.last, part.reason) for part in after.validity.invalid] == [
        (30, 32, "blank"),
        (50, 50, "unregistrable"),
    ]
    whole = after.read(0, 80)
    for first, last in ((30, 32), (50, 50)):
        around = (whole[first - 1].astype(float) + whole[last + 1]) / 2
        assert np.abs(whole[first : last + 1].mean(0) - around).max() <= 1
    inside = (slice(None), slice(10, -10), slice(10, -10))
    kept = after.valid.copy()
    kept[[29, 33, 49, 51]] = True
    assert np.corrcoef(before.read(0, 80)[kept][inside].ravel(), whole[kept][inside].ravel())[0, 1] > 0.97
