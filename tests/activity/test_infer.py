from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.activity import gathered, infer
from neurocine.activity.inference import extended, spanned
from neurocine.config import ActivitySettings
from neurocine.core import CellTypes, InputError, Movie, RoiSet
from neurocine.networks.cells import CellArchitecture, PatchArchitecture, ViewArchitecture
from neurocine.networks.cells.filters import filtered
from neurocine.networks.cells.grid import Grid
from neurocine.networks.cells.inputs import cut, masked, windows
from neurocine.networks.cells.normalisation import statistics
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install
from neurocine.networks.weights import save_cell_weights

CINAC = PatchArchitecture(
    name="cinac",
    window_frames=40,
    window_px=15,
    n_inputs=3,
    conv_filters=(4, 4, 4, 4),
    lstm_units=(4, 4),
    merge_units=4,
    output="frames",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=40, window_px=15, output="frames", filters=6, dilations=(1, 2)
)


def add(
    folder: Path,
    name: str,
    architecture: CellArchitecture,
    seed: int,
    types: tuple[str, ...],
    rate: float = 10,
    pixel: float = 2,
) -> None:
    keras.utils.set_random_seed(seed)
    networks = architecture.build()
    # So that probabilities aren't all near a half.
    readout = networks.head.get_layer("readout")
    readout.kernel.assign(readout.kernel * 8)
    if architecture.family == "patches":
        last = networks.encoder.get_layer("convolution_4")
        last.kernel.assign(last.kernel * 20)
    save_cell_weights(folder / f"{name}.part.h5", networks, architecture, metadata={"seed": seed})
    entry = ModelEntry(
        task="activity",
        types=types,
        architecture=architecture.name,
        frame_rate_hz=rate,
        pixel_size_um=pixel,
        window_frames=architecture.window_frames,
        window_px=architecture.window_px,
        normalisation=architecture.normalisation,
        metrics=Metrics(on="nothing: random weights", values={}),
    )
    install(folder, name, entry, folder / f"{name}.part.h5", "# random\n")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("models")
    add(folder, "any", CINAC, 0, ("any",))
    add(folder, "pyramidal", VIEWS, 1, ("pyramidal", "noise"))
    add(folder, "interneuron", CINAC, 2, ("interneuron",), rate=7, pixel=2.6)
    add(folder, "coarse-views", VIEWS, 3, ("any",), rate=7, pixel=2.6)
    return Registry.load(folder)


def plain(
    movie: Movie, rois: RoiSet, registry: Registry, name: str, overlap: float = 0.5
) -> NDArray[np.float32]:
    """The oracle: the full network on every window of the whole movie."""
    model = registry.model(name, "activity")
    grid = Grid.of(movie, model.entry.frame_rate_hz, model.entry.pixel_size_um)
    frames = grid.read(movie, 0, grid.n_frames)
    px, length = model.entry.window_px, model.entry.window_frames
    starts = windows(grid.n_frames, length, overlap)
    if model.architecture.family == "patches":
        cells = masked(grid.rois(rois), px)
        frames = (frames.astype(np.float64) - frames.mean(dtype=np.float64)) / frames.std(dtype=np.float64)
    else:
        scaling = statistics([frames], "pixel", "")
        cells = filtered(grid.rois(rois), scaling, px, model.architecture.n_inputs)
        frames = scaling.normalise(frames).astype(np.float64)
    inputs = []
    for i in range(len(rois)):
        patches = cut(frames, int(cells.top[i]), int(cells.left[i]), px)[:, None] * cells.masks[i]
        seen = patches.transpose(0, 2, 3, 1)
        if model.architecture.family == "views":
            seen = seen.sum(axis=(1, 2))
        inputs.append(np.stack([seen[start : start + length] for start in starts]).astype(np.float32))
    probabilities = np.asarray(model.networks.full(np.concatenate(inputs), training=False))
    merged = np.zeros((len(rois), grid.n_frames), dtype=np.float32)
    for (i, start), window in zip(itertools.product(range(len(rois)), starts), probabilities, strict=True):
        merged[i, start : start + length] = np.maximum(merged[i, start : start + length], window)
    return grid.to_movie(merged)


def overlapping(rois: RoiSet) -> RoiSet:
    """The discs, the first of them with a neighbour over it."""
    masks = np.stack([rois.mask(i) for i in range(len(rois))] + [np.roll(rois.mask(0), 6, axis=1)])
    return RoiSet.from_masks(masks, engine="truth")


@pytest.mark.parametrize(
    ("name", "batch_size"), [("any", 3), ("interneuron", 64), ("pyramidal", 3), ("coarse-views", 64)]
)
def test_streaming_gives_what_the_full_network_gives(
    blobs: tuple[Movie, RoiSet],
    registry: Registry,
    name: str,
    batch_size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    movie, rois = blobs[0], overlapping(blobs[1])
    # Several blocks, of whichever family.
    monkeypatch.setattr("neurocine.activity.inference.FEATURE_BYTES", 10_000)
    raster = infer(
        movie, rois, ActivitySettings(extent=1, model=name, batch_size=batch_size), registry=registry
    )
    wanted = plain(movie, rois, registry, name)
    assert raster.probability.shape == (5, 300)
    assert wanted.std(axis=1).min() > 0.01
    np.testing.assert_allclose(raster.probability, wanted, atol=1e-5)
    assert raster.classifier == (name,) * 5


@pytest.mark.parametrize("name", ["any", "pyramidal"])
def test_backends_agree(name: str, blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs[0], overlapping(blobs[1])
    wanted = infer(movie, rois, ActivitySettings(extent=1, model=name), registry=registry).probability
    first, again = (
        infer(
            movie, rois, ActivitySettings(extent=1, model=name, backend="openvino"), registry=registry
        ).probability
        for _ in range(2)
    )
    np.testing.assert_allclose(first, wanted, atol=1e-5)
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("name", ["any", "pyramidal"])
def test_each_frame_is_read_twice_and_encoded_once(
    name: str, blobs: tuple[Movie, RoiSet], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neurocine.networks.cells.runner import Runner

    movie, rois = blobs
    read = np.zeros(300, dtype=int)
    encoded = []

    class Counting:
        shape, dtype = movie.frames.shape, movie.frames.dtype

        def __getitem__(self, key: slice) -> Any:
            read[key] += 1
            return movie.frames[key]

    encode = Runner.encode

    def counting(self: Runner, frames: Any, cells: Any, chosen: Any) -> Any:
        encoded.append(len(frames))
        return encode(self, frames, cells, chosen)

    monkeypatch.setattr(Runner, "encode", counting)
    monkeypatch.setattr("neurocine.activity.inference.FEATURE_BYTES", 1)
    monkeypatch.setattr("neurocine.activity.inference.ENCODED_FRAMES", 16)
    settings = ActivitySettings(extent=1, model=name, overlap=0.9)
    infer(replace(movie, frames=Counting()), rois, settings, registry=registry)
    np.testing.assert_array_equal(read, 2)
    assert sum(encoded) == 300
    assert len(encoded) > 10


@pytest.mark.parametrize("batch_size", [1, 3, 64])
@pytest.mark.parametrize("n_parts", [2, 7])
def test_parts_gathered_are_the_whole_to_the_last_bit(
    n_parts: int,
    batch_size: int,
    blobs: tuple[Movie, RoiSet],
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("neurocine.activity.inference.GROUP_CELLS", 2)
    monkeypatch.setattr("neurocine.activity.inference.ENCODED_FRAMES", 64)
    movie, rois = blobs[0], overlapping(blobs[1])
    types = CellTypes(rois.ids, np.eye(3, dtype=np.float32)[[0, 1, 0, 0, 0]])
    given = {"celltypes": types, "registry": registry}
    settings = ActivitySettings(batch_size=batch_size)
    whole = infer(movie, rois, settings, **given)
    # With less memory the whole is read in other blocks.
    monkeypatch.setattr("neurocine.activity.inference.FEATURE_BYTES", 1)
    parts = [infer(movie, rois, settings, part=(i, n_parts), **given) for i in range(n_parts)]
    assert sum(len(part.ids) for part in parts) == len(rois)
    assert max(len(part.ids) for part in parts) < len(rois)
    joined = gathered(parts, rois.ids)
    assert joined.probability.tobytes() == whole.probability.tobytes()
    assert joined.ids.tobytes() == whole.ids.tobytes()
    assert joined.classifier == whole.classifier
    assert (joined.frame_rate_hz, joined.threshold) == (whole.frame_rate_hz, whole.threshold)


def test_parts_of_other_cells_are_refused(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs
    part = infer(movie, rois, ActivitySettings(), registry=registry, part=(0, 1))
    with pytest.raises(InputError, match="aren't those of the ROIs, once each"):
        gathered([part, part], rois.ids)
    with pytest.raises(InputError, match="aren't those of the ROIs, once each"):
        gathered([part], rois.ids[:-1])


def test_types_are_routed_to_their_classifiers(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs[0], overlapping(blobs[1])
    probability = np.eye(3, dtype=np.float32)[[0, 1, 2, 1, 0]]
    types = CellTypes(rois.ids[::-1].copy(), probability[::-1].copy())  # in another order
    raster = infer(movie, rois, ActivitySettings(extent=1, threshold=0.6), celltypes=types, registry=registry)
    assert raster.classifier == ("pyramidal", "interneuron", "pyramidal", "interneuron", "pyramidal")
    assert raster.threshold == 0.6
    for name in ("pyramidal", "interneuron"):
        # Neighbours served by another classifier are still accounted for.
        alone = infer(movie, rois, ActivitySettings(extent=1, model=name), registry=registry).probability
        rows = [i for i, other in enumerate(raster.classifier) if other == name]
        np.testing.assert_allclose(raster.probability[rows], alone[rows], atol=1e-6)
    untyped = infer(movie, rois, ActivitySettings(extent=1), registry=registry)
    assert untyped.classifier == ("any",) * 5


def test_no_rois_give_an_empty_raster(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs
    raster = infer(movie, rois.select([]), ActivitySettings(extent=1), registry=registry)
    assert raster.probability.shape == (0, 300)
    assert raster.classifier == ()


def test_progress_reaches_the_end(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    seen: list[tuple[str, int, int]] = []
    infer(*blobs, ActivitySettings(extent=1), registry=registry, progress=lambda *report: seen.append(report))
    assert seen[-1] == ("activity by any", 300, 300)


def test_bad_input_is_told_before_work(blobs: tuple[Movie, RoiSet], registry: Registry) -> None:
    movie, rois = blobs
    short = replace(movie, frames=movie.frames[:39])
    with pytest.raises(InputError, match="39, fewer than the window of 40"):
        infer(short, rois, ActivitySettings(extent=1), registry=registry)
    with pytest.raises(InputError, match="fov_shape"):
        infer(
            replace(movie, frames=movie.frames[:, :60]), rois, ActivitySettings(extent=1), registry=registry
        )
    with pytest.raises(InputError, match="isn't in the registry"):
        infer(movie, rois, ActivitySettings(extent=1, model="none"), registry=registry)
    some = CellTypes(rois.ids[:2], np.eye(3, dtype=np.float32)[:2])
    with pytest.raises(InputError, match="no row for ROI 2"):
        infer(movie, rois, ActivitySettings(extent=1), celltypes=some, registry=registry)


PROGRAM = """
import sys, hashlib
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import blob_frames
from neurocine.activity import infer
from neurocine.activity.inference import extended
from neurocine.config import ActivitySettings
from neurocine.core import Movie, RoiSet
from neurocine.networks.registry import Registry
frames, masks = blob_frames()
movie = Movie(frames, frame_rate_hz=10.0, pixel_size_um=2.0)
registry = Registry.load(Path(sys.argv[2]))
settings = ActivitySettings(extent=1, model=sys.argv[3])
raster = infer(movie, RoiSet.from_masks(masks), settings, registry=registry)
sys.stdout.write(hashlib.sha256(raster.probability.tobytes()).hexdigest())
"""


@pytest.mark.parametrize("name", ["any", "pyramidal"])
def test_two_processes_give_the_same_bytes(
    name: str, blobs: tuple[Movie, RoiSet], registry: Registry
) -> None:
    arguments = [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[1]), str(registry.folder), name]
    other = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    here = infer(*blobs, ActivitySettings(extent=1, model=name), registry=registry)
    assert hashlib.sha256(here.probability.tobytes()).hexdigest() == other


def test_called_transients_reach_as_far_as_they_stay_over_the_extent() -> None:
    one = np.array([0, 0.4, 0.6, 0.42, 0.3, 0.45, 0.1, 0.9, 0.41], dtype=np.float32)
    two = np.array([0.45, 0.45, 0, 0.5, 0.45, 0, 0, 0, 0], dtype=np.float32)  # nothing over .5
    lengthened = extended(np.stack([one, two]), 0.5, 0.4)
    assert ((lengthened > 0.5) == np.array([[0, 0, 1, 1, 0, 0, 0, 1, 1], [0] * 9], dtype=bool)).all()
    np.testing.assert_array_equal(lengthened[1], two)
    lifted = np.array([3, 8])
    assert (np.delete(lengthened[0], lifted) == np.delete(one, lifted)).all()
    assert (lengthened[0, lifted] < 0.5001).all()
    for extent in (0.5, 0.7, 1.0):  # no further
        np.testing.assert_array_equal(extended(one[None], 0.5, extent)[0], one)
    assert extended(one[None], 0.5, 0.4).dtype == np.float32


def test_transients_span_frames_without_data_but_neither_begin_nor_end_there() -> None:
    probability = np.array([[0.9, 0.9, 0.1, 0.9, 0.9, 0.2, 0.3, 0.9, 0.0, 0.9]], dtype=np.float32)
    valid = np.array([1, 1, 0, 1, 1, 1, 0, 0, 1, 0], dtype=bool)
    shown = spanned(probability, valid, 3)
    np.testing.assert_allclose(shown, [[0.9, 0.9, 0.9, 0.9, 0.9, 0.2, 0, 0, 0, 0]])
    np.testing.assert_array_equal(spanned(probability, np.ones(10, dtype=bool), 3), probability)


def test_no_transient_spans_frames_without_data_for_longer_than_one_lasts() -> None:
    probability = np.full((1, 10), 0.9, dtype=np.float32)
    valid = np.array([1, 1, 0, 0, 1, 0, 0, 0, 1, 1], dtype=bool)
    np.testing.assert_array_equal(spanned(probability, valid, 3), probability)
    cut = spanned(probability, valid, 2)
    np.testing.assert_array_equal(cut[0] > 0, [1, 1, 1, 1, 1, 0, 0, 0, 1, 1])
