"""Neurons of a movie that is being written: those so far, and in the end those of the finished file."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from typer.testing import CliRunner

from neurocine.active.detect import detect
from neurocine.active.streaming import SoFar, stream
from neurocine.cli.app import app
from neurocine.config import StneuronetSettings
from neurocine.core import InputError, RoiSet
from neurocine.io.movies import growing as growing_module
from neurocine.io.movies import open_movie
from neurocine.io.movies.growing import open_growing
from neurocine.io.rois import open_rois
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import save_segmentation_weights

RATE_HZ, PIXEL_UM, BIN, WINDOW, SIZE = 12.0, 2.0, 2, 24, 40
#: 2 windows, and a third that ends with the movie: the last frame fills no bin.
T = 2 * WINDOW * BIN + 17
PATIENCE_S, POLL_S = 3.0, 0.005
TINY = CompactArchitecture(
    name="tiny",
    window_frames=WINDOW,
    maps=2,
    frame_rate_hz=RATE_HZ / BIN,
    pixel_size_um=PIXEL_UM,
    space_filters=2,
    time_filters=2,
    filters=(2, 2, 2),
)
SETTINGS = StneuronetSettings(model="tiny", backend="keras")


@pytest.fixture(scope="module")
def frames() -> NDArray[np.uint16]:
    """Two discs that brighten in turn over noise: the second in the last third only."""
    rng = np.random.default_rng(2)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    bright = np.zeros((2, T))
    bright[0, 5:25] = bright[0, 50:65] = bright[1, 90:110] = 300
    discs = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 20 for y, x in ((12, 12), (28, 26))])
    clean = 100 + np.tensordot(bright.T, discs, 1)
    return (clean + rng.normal(0, 5, clean.shape)).astype(np.uint16)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with one network whose random weights make blobs."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "registry.yaml").write_text("models: {}\n")
    keras.utils.set_random_seed(3)
    model = TINY.build()
    probability = model.predict(np.random.default_rng(0).normal(size=(1, WINDOW, SIZE, SIZE, 1)), verbose=0)
    chosen = Postprocessing(threshold=float(np.quantile(probability, 0.8)), min_area_um2=30.0)
    save_segmentation_weights(folder / "w.h5", model, TINY, chosen, {})
    entry = ModelEntry(
        task="stneuronet",
        architecture="tiny",
        frame_rate_hz=TINY.frame_rate_hz,
        pixel_size_um=PIXEL_UM,
        window_frames=WINDOW,
        metrics=Metrics(on="nothing: random weights", values={"f1": 0.0}),
    )
    install(folder, "tiny", entry, folder / "w.h5", "# tiny\n")
    return Registry.load(folder)


def write_slowly(path: Path, frames: NDArray[np.uint16], pause_s: float = 0.002) -> None:
    with tifffile.TiffWriter(path) as writer:
        for frame in frames:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata=None)
            time.sleep(pause_s)


def same(one: RoiSet, other: RoiSet) -> bool:
    return (
        one.ids.tolist() == other.ids.tolist()
        and np.array_equal(one.matrix().toarray(), other.matrix().toarray())
        and np.array_equal(one.probability, other.probability)
        and all(map(np.array_equal, one.active_intervals, other.active_intervals))
    )


class Clock:
    """A clock that goes on by a second a look once a thread has ended: however slow the machine is."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread, self._now = thread, 0.0

    def monotonic(self) -> float:
        self._now += not self._thread.is_alive()
        return self._now

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def test_ends_with_what_the_finished_file_gives(
    tmp_path: Path, frames: NDArray[np.uint16], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.tif"
    writer = threading.Thread(target=write_slowly, args=(path, frames))
    monkeypatch.setattr(growing_module, "time", Clock(writer))
    reported: list[tuple[int, int]] = []
    written_at: list[int] = []
    so_far: list[SoFar] = []
    writer.start()
    growing = open_growing(path, PATIENCE_S, POLL_S)
    for result in stream(
        growing,
        SETTINGS,
        frame_rate_hz=RATE_HZ,
        pixel_size_um=PIXEL_UM,
        patience_s=PATIENCE_S,
        poll_s=POLL_S,
        registry=registry,
        progress=lambda label, done, total: reported.append((done, total)),
    ):
        so_far.append(result)
        written_at.append(len(growing))
    writer.join()
    assert [result.n_frames for result in so_far] == [WINDOW * BIN, 2 * WINDOW * BIN, T - 1]
    assert written_at[-1] == T
    assert reported[-1] == (T, T)
    movie = open_movie(path, frame_rate_hz=RATE_HZ, pixel_size_um=PIXEL_UM)
    whole = detect(movie, SETTINGS, registry=registry).masks
    assert len(whole) > 0
    assert same(so_far[-1].rois, whole)
    assert so_far[0].rois.fov_shape == (SIZE, SIZE)
    assert max(stop for one in so_far[0].rois.active_intervals for stop in one[:, 1]) <= WINDOW * BIN


def test_neurons_are_there_before_the_movie_is(
    tmp_path: Path, frames: NDArray[np.uint16], registry: Registry
) -> None:
    """A writer that waits for the neurons of the first window before it goes on."""
    path = tmp_path / "m.tif"
    first = WINDOW * BIN + 1  # the newest page counts once another follows
    write_slowly(path, frames[:first], 0)
    results = stream(
        open_growing(path, 60.0, POLL_S),
        SETTINGS,
        frame_rate_hz=RATE_HZ,
        pixel_size_um=PIXEL_UM,
        patience_s=0.5,
        poll_s=POLL_S,
        registry=registry,
    )
    early = next(results)
    assert early.n_frames == WINDOW * BIN
    with tifffile.TiffWriter(path, append=True) as writer:
        for frame in frames[first:]:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata=None)
    *_, last = results
    assert last.n_frames == T - 1


def test_command_keeps_the_file_up_to_date(
    tmp_path: Path, frames: NDArray[np.uint16], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurocine.networks.registry.shipped", lambda name: registry.folder)
    write_slowly(tmp_path / "m.tif", frames, 0)
    arguments = ["stream", str(tmp_path / "m.tif"), "--out", str(tmp_path / "rois.h5"), "--patience", "0"]
    arguments += ["--frame-rate", "12", "--pixel-size", "2", "--model", "tiny", "--backend", "keras"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    rois = open_rois(tmp_path / "rois.h5")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [str(n) for n in (48, 96, T - 1)]
    assert lines[-1] == f"{T - 1} frames: {len(rois)} neurons"
    movie = open_movie(tmp_path / "m.tif", frame_rate_hz=RATE_HZ, pixel_size_um=PIXEL_UM)
    assert same(rois, detect(movie, SETTINGS, registry=registry).masks)


def test_movie_without_a_full_bin(tmp_path: Path, frames: NDArray[np.uint16], registry: Registry) -> None:
    write_slowly(tmp_path / "m.tif", frames[:2], 0)
    growing = open_growing(tmp_path / "m.tif", 0.0)
    known = {"frame_rate_hz": 60.0, "pixel_size_um": PIXEL_UM, "patience_s": 0.0}
    with pytest.raises(InputError, match="are fewer than 10, the frames of one bin"):
        list(stream(growing, SETTINGS, registry=registry, **known))
    with pytest.raises(InputError, match="pixel_size_um: is not in the file"):
        list(stream(growing, SETTINGS, frame_rate_hz=12.0, patience_s=0.0, registry=registry))
    with pytest.raises(InputError, match="isn't in the registry"):
        list(stream(growing, replace_model(SETTINGS), registry=registry, **known))


def replace_model(settings: StneuronetSettings) -> StneuronetSettings:
    return settings.model_copy(update={"model": "other"})
