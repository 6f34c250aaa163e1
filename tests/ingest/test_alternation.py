"""Channels and planes that alternate in a file that doesn't say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import Movie, Selection
from neurocine.ingest import ingest
from neurocine.ingest.alternation import alternation

RNG = np.random.default_rng(1)
SMOOTH = RNG.random((5, 12, 12)).repeat(4, axis=1).repeat(4, axis=2) * 60 + 20


def noisy(mean: NDArray[np.float64], n_frames: int) -> NDArray[np.uint16]:
    """Return frames with the noise of photons, and a cell that comes and goes."""
    rates = np.repeat(mean[None], n_frames, axis=0)
    rates[:, 10:16, 10:16] *= 1 + np.sin(np.arange(n_frames) / 9)[:, None, None] ** 8
    return RNG.poisson(rates).astype(np.uint16)


def woven(*parts: NDArray[np.uint16]) -> NDArray[np.uint16]:
    return np.stack(parts, axis=1).reshape(-1, *parts[0].shape[1:])


MOVIES: dict[str, tuple[NDArray[Any], int | None]] = {
    "one channel": (noisy(SMOOTH[0], 200), None),
    "flicker": (noisy(SMOOTH[0], 200) + (np.arange(200) % 2).astype(np.uint16)[:, None, None], None),
    "slow drift": (noisy(SMOOTH[0], 200) + np.arange(200, dtype=np.uint16)[:, None, None] // 4, None),
    "a second, still channel": (woven(noisy(SMOOTH[0], 100), np.full((100, 48, 48), 90, np.uint16)), 2),
    "two channels as bright": (woven(noisy(SMOOTH[0], 100), noisy(SMOOTH[1], 100)), 2),
    "four planes": (woven(*(noisy(mean, 60) for mean in SMOOTH[:4])), 4),
    "two channels of two planes": (woven(*(noisy(SMOOTH[i], 60) for i in (0, 2, 1, 2))), 4),
    "a few frames": (noisy(SMOOTH[0], 3), None),
}


@pytest.mark.parametrize("name", MOVIES)
def test_frames_that_alternate_are_found(name: str) -> None:
    frames, n = MOVIES[name]
    assert alternation(Movie(frames, 10, 1)) == n


def test_the_warning_names_the_remedy_which_works(tmp_path: Path) -> None:
    frames, _ = MOVIES["a second, still channel"]
    tifffile.imwrite(tmp_path / "m.tif", frames, metadata=None, photometric="minisblack")
    given = {"frame_rate_hz": 10.0, "pixel_size_um": 1.0}
    (warning,) = [text for text in ingest(tmp_path / "m.tif", **given).warnings if "alternate" in text]
    assert "every second frame is alike" in warning
    assert "channel 1/2 to 2/2, or plane 0/2 to 1/2" in warning
    chosen = ingest(tmp_path / "m.tif", **given, selection=Selection(channel="1", n_channels=2))
    assert not [text for text in chosen.warnings if "alternate" in text]
    np.testing.assert_array_equal(chosen.open().frames[:], frames[::2])


def write_planes(path: Path, frames: NDArray[Any], n_planes: int) -> Path:
    """Write a file of ScanImage whose header says that planes alternate."""
    header = (
        "SI.hChannels.channelSave = 1\nSI.hFastZ.enable = true\nSI.hRoiManager.scanFrameRate = 20\n"
        f"SI.hStackManager.numSlices = {n_planes}\nSI.hRoiManager.scanVolumeRate = {20 / n_planes}\n"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for frame in frames:
            writer.write(frame, contiguous=False, metadata=None, software=header, photometric="minisblack")
    return path


def test_a_plane_with_the_header_of_a_volume_is_doubtful(tmp_path: Path) -> None:
    whole = write_planes(tmp_path / "whole.tif", MOVIES["four planes"][0], 4)
    record = ingest(whole, pixel_size_um=1, selection=Selection(plane=1))
    assert not [text for text in record.warnings if "alike" in text]
    frames = MOVIES["one channel"][0]
    cut = write_planes(tmp_path / "cut.tif", frames, 4)
    record = ingest(cut, pixel_size_um=1, selection=Selection(plane=1))
    (warning,) = [text for text in record.warnings if "alike" in text]
    assert "every 4th frame is read, but those between are as alike" in warning
    assert "give channel 1/1 and plane 0/1" in warning
    record = ingest(cut, pixel_size_um=1, selection=Selection(plane=0, n_planes=1))
    assert record.frame_rate_hz == 5
    np.testing.assert_array_equal(record.open().frames[:], frames)
    assert not [text for text in record.warnings if "alike" in text]
