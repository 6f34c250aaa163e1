"""Movies read while they are written: only whole frames, each once, in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.movies import growing as growing_module
from neurocine.io.movies.growing import Growing, GrowingBinary, GrowingTiff, open_growing

T, Y, X = 24, 10, 14
#: A writer pauses this long between frames. Readers' time stands still while it writes, see `Clock`.
PAUSE_S, PATIENCE_S, POLL_S = 0.01, 3.0, 0.005

Writer = Callable[[Path, NDArray[Any]], None]


@pytest.fixture
def frames() -> NDArray[np.int16]:
    return np.random.default_rng(1).integers(0, 3000, (T, Y, X)).astype(np.int16)


def pages(path: Path, frames: NDArray[Any]) -> None:
    with tifffile.TiffWriter(path) as writer:
        for frame in frames:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata=None)
            time.sleep(PAUSE_S)


def compressed(path: Path, frames: NDArray[Any]) -> None:
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for frame in frames:
            writer.write(frame, contiguous=False, compression="zlib", metadata=None)
            time.sleep(PAUSE_S)


def images(path: Path, frames: NDArray[Any]) -> None:
    path.mkdir()
    for i, frame in enumerate(frames):
        tifffile.imwrite(path / f"image{i:05d}.tiff", frame)
        time.sleep(PAUSE_S)


def chunks(path: Path, frames: NDArray[Any]) -> None:
    path.mkdir()
    for i in range(0, len(frames), 5):
        pages(path / f"scan_{i // 5 + 9}.tif", frames[i : i + 5])


def in_pieces(path: Path, frames: NDArray[Any]) -> None:
    """A binary that grows by halves of frames and less."""
    path.parent.mkdir(exist_ok=True)
    np.save(path.with_name("ops.npy"), {"Ly": Y, "Lx": X, "fs": 12.5})
    content = frames.tobytes()
    with path.open("wb") as file:
        for start in range(0, len(content), 173):
            file.write(content[start : start + 173])
            file.flush()
            time.sleep(PAUSE_S / 2)


WRITERS: dict[str, Writer] = {
    "m.tif": pages,
    "m.btf": compressed,
    "images": images,
    "chunks": chunks,
    "s/data.bin": in_pieces,
}


class Clock:
    """A clock that goes on by a second a look once a thread has ended: however slow the machine is."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread, self._now = thread, 0.0

    def monotonic(self) -> float:
        self._now += not self._thread.is_alive()
        return self._now

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[Writer, Path, NDArray[Any]], threading.Thread]:
    """Start to write in a thread; readers wait for it."""

    def start(writer: Writer, path: Path, frames: NDArray[Any]) -> threading.Thread:
        thread = threading.Thread(target=writer, args=(path, frames))
        monkeypatch.setattr(growing_module, "time", Clock(thread))
        thread.start()
        return thread

    return start


@pytest.mark.parametrize("name", WRITERS)
def test_frames_come_whole_and_once_while_written(
    tmp_path: Path,
    frames: NDArray[np.int16],
    name: str,
    written: Callable[[Writer, Path, NDArray[Any]], threading.Thread],
) -> None:
    writer = written(WRITERS[name], tmp_path / name, frames)
    growing = open_growing(tmp_path / name, PATIENCE_S, POLL_S)
    blocks = list(growing.blocks(PATIENCE_S, POLL_S))
    writer.join()
    assert len(blocks) > 2, "it was read before it was whole"
    np.testing.assert_array_equal(np.concatenate(blocks), frames)
    assert growing.dtype == np.int16


def test_what_is_there_is_a_movie(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    in_pieces(tmp_path / "s" / "data.bin", frames[:3])
    growing = open_growing(tmp_path / "s", PATIENCE_S)
    movie = growing.movie(pixel_size_um=2.0, indicator="GCaMP6s")
    assert (movie.frame_rate_hz, movie.pixel_size_um, movie.indicator) == (12.5, 2.0, "GCaMP6s")
    assert (movie.n_frames, movie.fov_shape, movie.dtype) == (3, (Y, X), np.int16)
    with pytest.raises(InputError, match="frame_rate_hz: is 30 in"):
        growing.movie(30.0, 2.0)
    with pytest.raises(InputError, match="pixel_size_um: is not in the file"):
        growing.movie()


def test_data_set_of_neurofinder_tells_its_rate(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    images(tmp_path / "images", frames[:4])
    (tmp_path / "info.json").write_text('{"rate-hz": 7, "pixels-per-micron": 1.25, "indicator": "GCaMP6s"}')
    movie = open_growing(tmp_path, 0).movie()
    assert (movie.frame_rate_hz, movie.pixel_size_um, movie.indicator) == (7.0, 0.8, "GCaMP6s")


def test_newest_page_waits_for_the_next(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    pages(tmp_path / "m.tif", frames[:4])
    growing = GrowingTiff(tmp_path / "m.tif")
    assert (growing.look(), growing.look(), growing.look(ended=True), growing.look(ended=True)) == (
        3,
        3,
        4,
        4,
    )
    np.testing.assert_array_equal(growing[:], frames[:4])


def cuts(path: Path) -> Iterator[Path]:
    """Yield the file cut at every third length."""
    content = path.read_bytes()
    for size in range(0, len(content), 3):
        path.write_bytes(content[:size])
        yield path
    path.write_bytes(content)


def test_page_cut_anywhere_is_no_frame(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    with tifffile.TiffWriter(tmp_path / "m.tif") as writer:
        for frame in frames[:4, :3, :2]:
            writer.write(frame, contiguous=False, metadata=None)
    for cut in cuts(tmp_path / "m.tif"):
        try:
            growing = GrowingTiff(cut)
        except InputError:
            continue  # not even the first header
        assert growing.look() < 4
        np.testing.assert_array_equal(growing[:], frames[: len(growing), :3, :2])
        np.testing.assert_array_equal(growing[: growing.look(ended=True)], frames[: len(growing), :3, :2])


def test_unfinished_last_frame_is_left_out(
    tmp_path: Path, frames: NDArray[np.int16], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("s/data.bin", "m.tif"):
        path = tmp_path / name
        WRITERS[name](path, frames[:5])
        path.write_bytes(path.read_bytes()[:-10])
        growing = open_growing(path, 0.0)
        blocks = np.concatenate(list(growing.blocks(0.0)))
        np.testing.assert_array_equal(blocks, frames[:4])
    with caplog.at_level(logging.WARNING):
        growing.look(ended=True)
    assert "left out" in caplog.text


def test_time_that_the_caller_takes_is_no_pause_of_the_writer(
    tmp_path: Path, frames: NDArray[np.int16]
) -> None:
    pages(tmp_path / "m.tif", frames[:3])
    growing = open_growing(tmp_path / "m.tif", 0.2)
    blocks = growing.blocks(0.2, POLL_S)
    first = next(blocks)
    time.sleep(0.3)
    with tifffile.TiffWriter(tmp_path / "m.tif", append=True) as writer:
        for frame in frames[3:6]:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata=None)
    np.testing.assert_array_equal(np.concatenate([first, *blocks]), frames[:6])


def test_folder_is_read_up_to_a_gap(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    images(tmp_path / "f", frames[:6])
    (tmp_path / "f" / "image00003.tiff").rename(tmp_path / "later.tiff")
    growing = GrowingTiff(tmp_path / "f")
    assert growing.look() == 2
    with pytest.raises(InputError, match=r"the one after image00002\.tiff is missing"):
        growing.look(ended=True)
    (tmp_path / "later.tiff").rename(tmp_path / "f" / "image00003.tiff")
    assert growing.look(ended=True) == 6
    np.testing.assert_array_equal(growing[:], frames[:6])


def shrink(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def test_changes_other_than_growth(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    in_pieces(tmp_path / "s" / "data.bin", frames[:5])
    binary: Growing = GrowingBinary(tmp_path / "s" / "data.bin")
    assert binary.look() == 5
    shrink(tmp_path / "s" / "data.bin")
    with pytest.raises(InputError, match="frames: were 5, now are 1"):
        binary.look()
    images(tmp_path / "f", frames[:4])
    folder = GrowingTiff(tmp_path / "f")
    folder.look()
    (tmp_path / "f" / "image00001.tiff").unlink()
    with pytest.raises(InputError, match="came in before others"):
        folder.look()
    images(tmp_path / "g", frames[:4])
    tifffile.imwrite(tmp_path / "g" / "image00002.tiff", np.zeros((Y, X + 2), np.int16))
    other = GrowingTiff(tmp_path / "g")
    other.look()
    with pytest.raises(InputError, match=r"image00002\.tiff: pages: one is \(10, 16\) int16, expected"):
        other[:]


def test_what_cannot_be_followed(tmp_path: Path, frames: NDArray[np.int16]) -> None:
    np.save(tmp_path / "m.npy", frames)
    tifffile.imwrite(tmp_path / "colour.tif", np.zeros((Y, X, 3), np.uint8), photometric="rgb")
    pages(tmp_path / "one.tif", frames[:1])
    (tmp_path / "alone.bin").write_bytes(bytes(100))
    (tmp_path / "empty").mkdir()
    tifffile.imwrite(tmp_path / "imagej.tif", frames.astype(np.uint16), imagej=True, truncate=True)
    for name, message in (
        ("m.npy", "can't be followed"),
        ("movie.h5", "can't be followed"),
        ("colour.tif", "S=3"),
        ("imagej.tif", "with one header for all frames"),
        ("one.tif", "there are 1 of at least 2"),
        ("alone.bin", "no settings beside it give the size"),
        ("empty", "no numbered TIFF files"),
        ("gone.tif", "doesn't exist"),
    ):
        with pytest.raises(InputError, match=message):
            open_growing(tmp_path / name, 0.0)
