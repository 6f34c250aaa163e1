"""The plug-in: discovery, settings, units, bins and masks with a stand-in; the real HNCcorr if installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.config import SegmentationSettings
from neurocine.core import InputError, Movie
from neurocine.segmentation import segment
from neurocine_hnccorr.settings import HnccorrSettings

ENGINE = "neurocine_hnccorr.engine"


def movie_of(frames: NDArray[Any], rate: float = 10.0, pixel: float = 1.0) -> Movie:
    return Movie(frames, frame_rate_hz=rate, pixel_size_um=pixel, indicator="GCaMP6s", source="cells")


def noise(n_frames: int = 600, fov: tuple[int, int] = (40, 50)) -> NDArray[np.uint16]:
    return np.random.default_rng(0).normal(300, 20, (n_frames, *fov)).astype(np.uint16)


def cells(n_frames: int = 600) -> tuple[Movie, NDArray[np.bool_]]:
    """A movie (T, 28, 40) of two flickering discs of 11 pixels over noise, and their masks."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :40]
    centres = [(12, 10), (14, 29)]
    masks = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 30 for y, x in centres])
    spikes = rng.random((len(centres), n_frames)) < 0.01
    calcium = np.stack([np.convolve(row, np.exp(-np.arange(60) / 12))[:n_frames] for row in spikes])
    frames = 300 + np.tensordot(calcium.T * 100, masks, 1)
    return movie_of((frames + rng.normal(0, 20, frames.shape)).astype(np.uint16)), masks


class Seeder:
    """Three seeds, of which the second is passed over as in a cell that was found."""

    def __init__(self) -> None:
        self.seeds: list[tuple[int, int]] = [(5, 5), (20, 20)]

    def select_seeds(self, movie: Any) -> None:
        self.movie = movie

    def next(self) -> tuple[int, int] | None:
        return self.seeds.pop(0) if self.seeds else None


class StandIn:
    """What the engine uses of HNCcorr: squares around seeds are cells."""

    seen: dict[str, Any]

    def __init__(self, config: dict[str, Any]) -> None:
        self.seeder: Any = Seeder()
        self.segmentations: list[Any] = []
        StandIn.seen = {"config": config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> StandIn:
        return cls(config)

    def segment(self, movie: NDArray[np.float32]) -> None:
        drawn = np.random.random()  # noqa: NPY002
        product = vars(np)["product"](movie.shape)
        StandIn.seen |= {"bins": movie, "drawn": drawn, "product": product}
        self.seeder.select_seeds(movie)
        while (seed := self.seeder.next()) is not None:
            print("Cells identified")
            y, x = seed
            square = {(y + i, x + j) for i in range(3) for j in range(2)}
            self.segmentations.append(SimpleNamespace(selection=square))


@pytest.fixture
def settings() -> SegmentationSettings:
    return SegmentationSettings(engine="hnccorr", diameter_um=12.0)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The engine, with a stand-in for the package."""
    package = ModuleType("hnccorr")
    package.HNCcorr = StandIn  # type: ignore[attr-defined]
    package.HNCcorrConfig = dict  # type: ignore[attr-defined]
    package.Movie = lambda name, data: data  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hnccorr", package)
    monkeypatch.delitem(sys.modules, ENGINE, raising=False)
    yield import_module(ENGINE)
    sys.modules.pop(ENGINE, None)


@pytest.fixture
def real() -> Iterator[None]:
    if find_spec("hnccorr") is None:
        pytest.skip("hnccorr isn't installed; its licence is for non-commercial use only")
    sys.modules.pop(ENGINE, None)
    yield
    sys.modules.pop(ENGINE, None)


def test_micrometres_become_pixels(engine: ModuleType, settings: SegmentationSettings) -> None:
    fine = engine.parameters(movie_of(noise(fov=(90, 100)), pixel=0.6), settings)
    assert fine["patch_size"] == 59  # 36 µm are 60 pixels; odd
    assert fine["seeder_grid_size"] == 10
    assert fine["seeder_exclusion_padding"] == 8
    assert fine["negative_seed_circle_radius"] == 20
    assert fine["postprocessor_preferred_cell_size"] == 314  # a circle of 12 µm
    assert fine["postprocessor_min_cell_size"] == 153
    assert fine["postprocessor_max_cell_size"] == 778
    coarse = engine.parameters(movie_of(noise(fov=(90, 100)), pixel=40.0), settings)
    assert min(value for key, value in coarse.items() if key != "seeder_exclusion_padding") > 0
    assert engine.parameters(movie_of(noise(fov=(90, 20))), settings)["patch_size"] == 19


def test_real_package_knows_these_parameters(real: None, settings: SegmentationSettings) -> None:
    hnccorr = import_module("hnccorr")
    engine = import_module(ENGINE)
    hnccorr.HNCcorrConfig(**engine.parameters(movie_of(noise()), settings))


def test_frames_are_averaged_in_bins_of_seconds(engine: ModuleType, settings: SegmentationSettings) -> None:
    frames = noise()
    segment(movie_of(frames), settings)
    expected = frames.reshape(60, 10, 40, 50).mean(axis=1)
    np.testing.assert_allclose(StandIn.seen["bins"], expected, rtol=1e-6)
    halves = settings.model_copy(update={"hnccorr": HnccorrSettings(bin_s=0.5)})
    segment(movie_of(frames), halves)
    assert len(StandIn.seen["bins"]) == 120


def test_cells_become_rois(
    engine: ModuleType, capsys: pytest.CaptureFixture[str], settings: SegmentationSettings
) -> None:
    seen: list[tuple[int, int]] = []
    rois = segment(
        movie_of(noise()), settings, progress=lambda label, done, total: seen.append((done, total))
    )
    assert rois.fov_shape == (40, 50)
    assert rois.ids.tolist() == [0, 1]
    assert set(rois.engine) == {"hnccorr"}
    assert (rois.weight == 1).all()
    mask = np.zeros((40, 50), dtype=bool)
    mask[20:23, 20:22] = True
    np.testing.assert_array_equal(rois.mask(1), mask)
    seeds = int(0.4 * 7 * 9)  # of 42 x 54 µm, in squares of 6 µm
    assert seen[-3:] == [(1, seeds), (2, seeds), (seeds, seeds)]
    assert capsys.readouterr().out == ""


def test_numpy_and_its_random_numbers_stay_what_they_were(
    engine: ModuleType, settings: SegmentationSettings
) -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    segment(movie_of(noise()), settings)
    first = StandIn.seen["drawn"]
    assert StandIn.seen["product"] == 60 * 40 * 50
    assert not hasattr(np, "product")
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    segment(movie_of(noise()), settings)
    assert StandIn.seen["drawn"] == first


def test_numpy_is_put_right_after_an_error(
    engine: ModuleType, monkeypatch: pytest.MonkeyPatch, settings: SegmentationSettings
) -> None:
    def broken(self: StandIn, movie: object) -> None:
        raise RuntimeError("no cut")

    monkeypatch.setattr(StandIn, "segment", broken)
    with pytest.raises(RuntimeError, match="no cut"):
        segment(movie_of(noise()), settings)
    assert not hasattr(np, "product")


def test_pixels_that_never_change_get_noise(engine: ModuleType, settings: SegmentationSettings) -> None:
    frames = noise()
    frames[:, :, :5] = 0
    segment(movie_of(frames), settings)
    bins = StandIn.seen["bins"]
    assert (np.ptp(bins, axis=0) > 0).all()
    np.testing.assert_allclose(
        bins[:, :, 5:], frames.reshape(60, 10, 40, 50).mean(axis=1)[:, :, 5:], rtol=1e-6
    )


def test_movie_without_change_has_no_rois(
    engine: ModuleType, caplog: pytest.LogCaptureFixture, settings: SegmentationSettings
) -> None:
    StandIn.seen = {}
    assert len(segment(movie_of(np.full((60, 20, 20), 7, dtype=np.uint8)), settings)) == 0
    assert StandIn.seen == {}
    assert "found no cells" in caplog.text


def test_nan_is_filled_in(engine: ModuleType, settings: SegmentationSettings) -> None:
    frames = noise().astype(np.float32)
    frames[30, 4, 4] = np.nan
    segment(movie_of(frames), settings)
    assert np.isfinite(StandIn.seen["bins"]).all()


def test_without_the_package_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, settings: SegmentationSettings
) -> None:
    monkeypatch.setitem(sys.modules, "hnccorr", None)
    monkeypatch.delitem(sys.modules, ENGINE, raising=False)
    with pytest.raises(InputError, match=r"hnccorr can't be loaded.*non-commercial.*pip install hnccorr"):
        segment(movie_of(noise()), settings)


def test_real_package_finds_planted_cells_twice_alike(real: None, settings: SegmentationSettings) -> None:
    movie, masks = cells()
    few = HnccorrSettings(seed_fraction=0.2, patch_um=26.0, surround_um=10.0)
    settings = settings.model_copy(update={"hnccorr": few})
    rois = segment(movie, settings)
    found = np.stack([rois.mask(i) for i in range(len(rois))])
    both = (masks[:, None] & found).sum(axis=(2, 3))
    either = (masks[:, None] | found).sum(axis=(2, 3))
    assert ((both / either).max(axis=1) > 0.6).all()
    again = segment(movie, settings)
    for name in ("indptr", "y", "x"):
        np.testing.assert_array_equal(getattr(again, name), getattr(rois, name))


def test_real_package_takes_small_fields_and_still_rims(real: None, settings: SegmentationSettings) -> None:
    movie, _ = cells(300)
    frames = movie.frames[:, :20, :24].copy()
    frames[:, :4] = 0
    assert segment(movie_of(frames), settings).fov_shape == (20, 24)
