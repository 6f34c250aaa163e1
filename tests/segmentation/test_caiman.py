"""CaImAn as engine: units, files and footprints against a stand-in, and the real one where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.config import CaimanRun, CaimanSettings, EnginesSettings, SegmentationSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.progress import silent
from neurocine.segmentation import segment
from neurocine.segmentation.caiman_engine import batch_parameters, cores, online_parameters, write_map

SETTINGS = SegmentationSettings(engine="caiman", diameter_um=12.0)


def cells(n_frames: int = 300) -> tuple[Movie, NDArray[np.bool_]]:
    """A movie (T, 72, 80) of four flickering discs of 11 pixels over noise, and their masks."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:72, :80]
    centres = [(15, 20), (20, 60), (55, 25), (52, 62)]
    masks = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 30 for y, x in centres])
    spikes = rng.random((len(centres), n_frames)) < 0.015
    spikes[:, n_frames // 3] = True
    calcium = np.stack([np.convolve(row, np.exp(-np.arange(60) / 12))[:n_frames] for row in spikes])
    frames = 300 + 60 * masks.any(0) + np.tensordot(calcium.T * 150, masks, 1)
    noisy = frames + rng.normal(0, 20, frames.shape)
    movie = Movie(
        noisy.astype(np.uint16),
        frame_rate_hz=10.0,
        pixel_size_um=1.0,
        indicator="GCaMP6s",
        source="cells",
    )
    return movie, masks


def overlap(rois: RoiSet, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intersection over union of each true mask with the ROI nearest to it."""
    roi_masks = np.stack([rois.mask(i) for i in range(len(rois))])
    both = (masks[:, None] & roi_masks).sum(axis=(2, 3))
    either = (masks[:, None] | roi_masks).sum(axis=(2, 3))
    return np.asarray((both / either).max(axis=1))


def run_with(python: str | Path, **changes: object) -> EnginesSettings:
    return EnginesSettings(caiman=CaimanRun(python=str(python)).model_copy(update=changes))


def blank(fov: tuple[int, int], rate: float, pixel: float, n_frames: int = 900) -> Movie:
    frames = np.broadcast_to(np.uint16(0), (n_frames, *fov))
    return Movie(frames, frame_rate_hz=rate, pixel_size_um=pixel, indicator="GCaMP6f")


def test_micrometres_and_seconds_become_pixels_and_frames() -> None:
    batch = batch_parameters(blank((400, 500), 30.0, 0.8), SETTINGS)
    assert batch["init"]["gSig"] == [8, 8]  # half of 12 µm: 7.5 pixels
    assert batch["init"]["gSiz"] == [17, 17]
    assert batch["init"]["K"] == 16
    assert batch["patch"] == {"rf": 50, "stride": 30, "only_init": True}
    assert batch["data"] == {"dims": [400, 500], "fr": 30.0, "decay_time": 0.7}
    coarse = batch_parameters(blank((400, 500), 30.0, 2.0), SETTINGS)
    assert coarse["init"]["gSig"] == [3, 3]
    assert (coarse["patch"]["rf"], coarse["patch"]["stride"]) == (20, 12)
    small = batch_parameters(blank((40, 64), 30.0, 0.8), SETTINGS)
    assert small["patch"]["rf"] == 20  # no patch is larger than the picture
    online = online_parameters(blank((400, 500), 30.0, 0.8), SETTINGS)
    assert online["online"]["init_batch"] == 450  # 20 s are 600 frames, half of the movie 450
    assert not online["online"]["motion_correct"]
    assert online["init"]["K"] == 20  # one a patch of 80 µm at the beginning


def test_settings_reach_caiman_by_its_names() -> None:
    chosen = SETTINGS.model_copy(
        update={
            "tau_s": 1.5,
            "caiman": CaimanSettings(
                merge_correlation=0.6,
                min_snr=3,
                min_spatial_correlation=0.7,
                autoregressive_order=2,
                background_components=3,
                online_epochs=2,
            ),
        }
    )
    movie = blank((64, 64), 10.0, 1.0)
    for parameters in (batch_parameters(movie, chosen), online_parameters(movie, chosen)):
        assert parameters["merging"] == {"merge_thr": 0.6}
        assert parameters["quality"] == {"min_SNR": 3, "rval_thr": 0.7, "use_cnn": False}
        assert parameters["temporal"]["p"] == parameters["preprocess"]["p"] == 2
        assert parameters["init"]["nb"] == 3
        assert parameters["data"]["decay_time"] == 1.5
    assert online_parameters(movie, chosen)["online"]["epochs"] == 2


@pytest.mark.parametrize("order", ["C", "F"])
def test_map_holds_the_movie_as_caiman_reads_it(order: str, tmp_path: Path) -> None:
    movie, _ = cells(50)
    path = write_map(movie, tmp_path, order, silent)
    assert path.name == f"movie_d1_72_d2_80_d3_1_order_{order}_frames_50.mmap"
    pixels = np.memmap(path, np.float32, "r", shape=(72 * 80, 50), order="C" if order == "C" else "F")
    frames = np.reshape(pixels.T, (50, 72, 80), order="F")
    np.testing.assert_array_equal(frames, movie.read(0, 50))


def test_rims_and_scraps_of_footprints_are_cut_off() -> None:
    picture = np.zeros((2, 20, 20), dtype=np.float32)
    picture[0, 4:9, 4:9] = 4
    picture[0, 3:10, 3] = 0.7  # fainter than a fifth of the highest
    picture[0, 15, 15] = 3  # apart from the rest
    picture[1, 12, 12] = 0.1
    footprints = RoiSet.from_masks(picture, engine="caiman")
    rois = cores(footprints, 0.2, "caiman-online", "here")
    np.testing.assert_array_equal(rois.mask(0), picture[0] == 4)
    np.testing.assert_array_equal(rois.mask(1), picture[1] > 0)
    assert rois.pixels(0)[2].max() == rois.pixels(1)[2].max() == 1
    assert rois.engine == ("caiman-online",) * 2
    assert rois.ids.tolist() == footprints.ids.tolist()
    assert rois.source == "here"


@pytest.mark.parametrize("engine", ["caiman", "caiman-online"])
@pytest.mark.parametrize("processes", [1, 2])
def test_rois_are_those_that_caiman_accepts(engine: str, processes: int, fake_caiman: Path) -> None:
    movie, masks = cells()
    settings = SETTINGS.model_copy(update={"engine": engine, "caiman": CaimanSettings(min_snr=50)})
    seen = []
    rois = segment(
        movie,
        settings,
        engines=run_with(fake_caiman, processes=processes, temporary=str(fake_caiman.parent)),
        progress=lambda label, done, total: seen.append((label, done, total)),
    )
    assert len(rois) == 4
    assert (overlap(rois, masks) > 0.9).all()
    assert set(rois.engine) == {engine}
    assert rois.source == "cells"
    assert seen[-1] == ("segmentation", 300, 300)
    assert {path.name for path in fake_caiman.parent.iterdir()} == {"site", "python"}


def test_a_movie_without_good_components_gives_no_rois(
    fake_caiman: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SETTINGS.model_copy(update={"caiman": CaimanSettings(min_snr=1e6)})
    assert len(segment(cells(20)[0], settings, engines=run_with(fake_caiman))) == 0
    assert "no component that it accepts" in caplog.text


def test_without_caiman_the_error_says_what_to_do() -> None:
    with pytest.raises(
        InputError, match=r"engines\.caiman\.python.*No module named 'caiman'(?s:.*)envs/caiman"
    ):
        segment(cells(20)[0], SETTINGS)


@pytest.mark.parametrize("engine", ["caiman", "caiman-online"])
def test_real_caiman_finds_planted_cells(engine: str, real_caiman: str, tmp_path: Path) -> None:
    movie, masks = cells()
    settings = SETTINGS.model_copy(update={"engine": engine})
    engines = run_with(real_caiman, temporary=str(tmp_path))
    first, second = (segment(movie, settings, engines=engines) for _ in range(2))
    # In a movie as short as this OnACID misses one.
    assert (overlap(first, masks) > 0.5).sum() >= (4 if engine == "caiman" else 3)
    assert len(first) <= 6
    for name in ("ids", "indptr", "y", "x", "weight"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not list(tmp_path.iterdir())
