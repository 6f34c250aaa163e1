"""Fine-tuning: from folders and .cinac files, with the model it started from on the card."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.config import FineTuneSettings
from neurocine.core import CellTypes, InputError, Labels
from neurocine.core.truth import Spans
from neurocine.io.cinac_labels import read_segments
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_celltypes, write_truth
from neurocine.networks.cells import CellArchitecture, ViewArchitecture
from neurocine.networks.installation import install_models
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install
from neurocine.networks.weights import load_cell_weights, save_cell_weights
from neurocine.training.cells import fine_tune as fine_tune_module
from neurocine.training.cells.fine_tune import fine_tune, split_cells
from neurocine.training.cells.labelled import load_labelled
from neurocine.training.cells.rehearsal import load_rehearsal
from neurocine.training.cells.window_sampling import draw, rows_of, window_table
from neurocine.training.cells.windows import Windows
from neurocine.training.checkpoint import values_of
from neurocine.training.corpus import load_recording

SETTINGS = FineTuneSettings(model="base", epochs=1, steps_per_epoch=3, batch_size=4, learning_rate=1e-3)


def base(folder: Path, architecture: CellArchitecture, **changes: Any) -> Registry:
    """A registry with one model of random weights."""
    keras.utils.set_random_seed(0)
    save_cell_weights(folder / "part.h5", architecture.build(), architecture, metadata={})
    values: dict[str, Any] = {
        "task": "activity" if architecture.output == "frames" else "celltype",
        "architecture": architecture.name,
        "frame_rate_hz": 10,
        "pixel_size_um": 2,
        "window_frames": architecture.window_frames,
        "window_px": architecture.window_px,
        "normalisation": architecture.normalisation,
        "metrics": Metrics(on="nothing", values={}),
    }
    install(folder, "base", ModelEntry(**{**values, **changes}), folder / "part.h5", "# base\n")
    return Registry.load(folder)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, tiny_views: CellArchitecture) -> Registry:
    return base(tmp_path_factory.mktemp("models"), tiny_views)


@pytest.fixture(scope="module")
def cinac_registry(tmp_path_factory: pytest.TempPathFactory, tiny: CellArchitecture) -> Registry:
    return base(tmp_path_factory.mktemp("models"), tiny)


def write_cinac(path: Path, recording: Path, cells: list[int], kinds: bool = False, px: int = 25) -> Path:
    """What DeepCINAC's editor saves: two segments of each of the `cells` of a simulated recording."""
    movie, rois = read_movie(recording / "movie.h5"), read_rois(recording / "rois.h5")
    truth = read_truth(recording / "truth.h5")
    frames = movie.read(0, movie.n_frames).astype(float)
    frames = (frames - frames.mean()) / frames.std()
    with h5py.File(path, "w") as file:
        file.create_group("full_data").attrs["n_cells"] = len(rois)
        for cell in cells:
            top, left = np.clip(rois.centroids()[cell].astype(int) - px // 2, 0, 64 - px)
            for first, last in ((0, 99), (100, 199)):
                group = file.create_group(f"cell_{cell}_{first}_{last}")
                part = slice(first, last + 1)
                group["ci_movie"] = frames[part, top : top + px, left : left + px]
                group["raster_dur"] = truth.raster[cell, part].astype(np.int8)
                doubtful = np.zeros(100, dtype=np.int8)
                doubtful[:5] = 1
                group["doubtful_frames"] = doubtful
                group["invalid_cells"] = np.zeros(2)
                polygons = group.create_dataset("cells_contour", (2, 2), dtype=h5py.vlen_dtype(np.int32))
                for k, roi in enumerate((cell, (cell + 1) % len(rois))):
                    y, x, _ = rois.pixels(roi)
                    box = np.array([y.min(), y.max()]) - top, np.array([x.min(), x.max()]) - left
                    polygons[k, 0], polygons[k, 1] = box[1][[0, 1, 1, 0]], box[0][[0, 0, 1, 1]]
                if kinds:
                    group.attrs["cell_type"] = truth.cell_types[cell].capitalize()
    return path


@pytest.mark.parametrize(
    ("name", "form"), [("tiny", "folders"), ("tiny_views", "folders"), ("tiny_views", "cinac")]
)
def test_a_model_goes_on_from_where_it_was(
    name: str, form: str, folders: list[Path], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    either: CellArchitecture = request.getfixturevalue(name)
    registry = base(tmp_path / "models", either)
    labelled = (
        folders[:1] if form == "folders" else [write_cinac(tmp_path / "l.cinac", folders[0], [0, 1, 2, 3])]
    )
    out = tmp_path / "out"
    metrics = fine_tune(SETTINGS, labelled, out, registry=registry)
    assert metrics == json.loads((out / "metrics.json").read_text())
    used = [set(metrics["cells"][use]) for use in ("train", "validation", "test")]
    assert all(used)
    assert sum(map(len, used)) == len(set.union(*used))
    assert metrics["after"]["cells"] == metrics["before"]["cells"] > 0

    # Near the weights that it started from, far from those of another start.
    networks, architecture, metadata = load_cell_weights(out / "weights.h5")
    assert architecture == either
    old = values_of(registry.model("base", "activity").networks.full.trainable_variables)
    moved = [
        np.abs(a - b).max() for a, b in zip(old, values_of(networks.full.trainable_variables), strict=True)
    ]
    assert 0 < max(moved) < 0.1
    assert metadata["recipe"]["model_sha256"] == registry.entries["base"].sha256

    card = (out / "card.md").read_text()
    assert "Started from the weights of `base`" in card
    assert f"| {metrics['before']['f1']:.3f} | {metrics['after']['f1']:.3f} |" in card
    assert str(tmp_path) not in card
    assert (out / "curves.png").stat().st_size > 1000

    entry = install_models(out, tmp_path / "registry", name="ours")[0].entry
    assert entry.metrics.values["f1"] == metrics["after"]["f1"]
    assert Registry.load(tmp_path / "registry").model("ours", "activity").architecture == either
    with pytest.raises(InputError, match="Choose another"):
        install_models(out, registry.folder, name="base")

    # The checkpoint of other settings is refused.
    with pytest.raises(InputError, match="other settings or data"):
        fine_tune(SETTINGS.model_copy(update={"seed": 2}), labelled, out, registry=registry)


def test_the_command_registers_the_new_model(
    folders: list[Path], tiny_views: CellArchitecture, tmp_path: Path
) -> None:
    models = base(tmp_path / "models", tiny_views).folder
    labelled = write_cinac(tmp_path / "l.cinac", folders[0], [0, 1, 2])
    config = {"training": {"fine_tune": SETTINGS.model_dump(mode="json", exclude={"model"})}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    command = ["models", "fine-tune", "base", str(labelled), "--registry", str(models)]
    command += ["--out", str(tmp_path / "out"), "--config", str(tmp_path / "config.yaml"), "--name"]
    done = CliRunner().invoke(app, [*command, "ours"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "On cells that training didn't see: 1. l.cinac: cell" in done.output
    assert "transients found" in done.output
    assert "activity.model: ours" in done.output
    assert list(Registry.load(models).entries) == ["base", "ours"]
    assert "Started from the weights of `base`" in (models / "ours.md").read_text()
    with pytest.raises(InputError, match="Choose another name"):
        CliRunner().invoke(app, [*command, "base"], catch_exceptions=False)


def test_labels_and_the_corpus_take_turns(
    folders: list[Path], registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Windows] = {}
    fit = fine_tune_module.fit_cell_networks

    def note(architecture: Any, training: Windows, *rest: Any, **named: Any) -> Any:
        seen["training"] = training
        return fit(architecture, training, *rest, **named)

    monkeypatch.setattr(fine_tune_module, "fit_cell_networks", note)
    labels = write_cinac(tmp_path / "l.cinac", folders[0], [0, 1, 2])
    settings = SETTINGS.model_copy(update={"with_corpus": True})
    metrics = fine_tune(settings, [labels], tmp_path / "out", corpus=folders, registry=registry)
    assert metrics["corpus"] == ["custom-1"]  # of three movies the one that was made to train on
    assert "simulated movies, half of the windows: custom-1." in (tmp_path / "out" / "card.md").read_text()
    training = seen["training"]
    of_corpus = training.table.recording == 6  # after two segments of three cells
    assert of_corpus.any()
    assert not np.any(training.table.recording > 6)
    rng, rows = np.random.default_rng(0), rows_of(training.table, len(training.shares))
    drawn = draw(rng, rows, training.shares, 4000)
    assert of_corpus[drawn].mean() == pytest.approx(0.5, abs=0.04)
    # The cells that are left out are the labels' own, the same as without the corpus.
    alone = fine_tune(SETTINGS, [labels], tmp_path / "alone", corpus=folders, registry=registry)
    assert (alone["cells"], alone["before"]) == (metrics["cells"], metrics["before"])
    assert alone["corpus"] == []


def test_a_corpus_that_is_missing_or_of_another_sampling_is_refused(
    folders: list[Path], registry: Registry, tmp_path: Path
) -> None:
    entry = registry.entries["base"]
    with pytest.raises(InputError, match="there is none"):
        load_rehearsal([], entry)
    with pytest.raises(InputError, match="hold no movie to train on"):
        load_rehearsal([folders[0], folders[2]], entry)
    with pytest.raises(InputError, match=r"sampling: is 10 Hz and 2 µm, the model's is 20 Hz"):
        load_rehearsal(folders, entry.model_copy(update={"frame_rate_hz": 20.0}))


def test_a_model_without_a_name_stays_where_it_was_trained(
    folders: list[Path], registry: Registry, tmp_path: Path
) -> None:
    labelled = write_cinac(tmp_path / "l.cinac", folders[0], [0, 1, 2])
    config = {"training": {"fine_tune": SETTINGS.model_dump(mode="json", exclude={"model"})}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "movie").symlink_to(folders[1])
    out, before = tmp_path / "out", list(Registry.load(registry.folder).entries)
    command = ["models", "fine-tune", "base", str(labelled), "--registry", str(registry.folder)]
    command += ["--config", str(tmp_path / "config.yaml"), "--corpus", str(tmp_path / "corpus")]
    done = CliRunner().invoke(app, [*command, "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert list(Registry.load(registry.folder).entries) == before
    assert json.loads((out / "metrics.json").read_text())["corpus"] == ["custom-1"]
    assert registry.model(f"{out}/fine-tuned", "activity").name


@pytest.mark.parametrize("name", ["tiny_types", "tiny_view_types"])
def test_cell_types_are_tuned_too(
    name: str, folders: list[Path], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    # Of DeepCINAC's family with the other normalisation: both can have it.
    architecture = replace(request.getfixturevalue(name), normalisation="pixel")
    registry = base(tmp_path / "models", architecture)
    labelled = write_cinac(tmp_path / "l.h5", folders[0], [0, 1, 2, 3, 4], kinds=True)
    metrics = fine_tune(SETTINGS, [labelled], tmp_path / "out", registry=registry)
    assert metrics["task"] == "celltype"
    assert metrics["after"]["accuracy"] in (0, 1)
    without = write_cinac(tmp_path / "w.cinac", folders[0], [0, 1, 2])
    with pytest.raises(InputError, match="cell_type: is ''"):
        fine_tune(SETTINGS, [without], tmp_path / "out", registry=registry)


def test_cells_and_doubtful_frames_keep_apart(
    folders: list[Path], registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def note(architecture: Any, training: Windows, validation: Windows, *rest: Any, **named: Any) -> None:
        seen.update(train=training.table, validation=validation.table)
        raise Stop

    monkeypatch.setattr("neurocine.training.cells.fine_tune.fit_cell_networks", note)
    path = write_cinac(tmp_path / "l.cinac", folders[0], [0, 1, 2, 3])
    with pytest.raises(Stop):
        fine_tune(SETTINGS, [path], tmp_path / "out", registry=registry)
    # Two segments of a cell follow each other: recordings 2k and 2k + 1 are of one cell.
    owners = {use: set((table.recording // 2).tolist()) for use, table in seen.items()}
    assert not owners["train"] & owners["validation"]
    for table in seen.values():
        assert set(table.cell.tolist()) == {0}
        assert table.start.min() >= 5  # the first five frames are doubtful


def test_windows_lie_in_frames_that_somebody_looked_at(
    folders: list[Path], registry: Registry, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders[0], tmp_path / "labelled")
    truth = read_truth(folder / "truth.h5")
    looked = Spans(truth.ids[[1, 2]], np.array([60, 0]), np.array([129, 199]))
    write_truth(folder / "truth.h5", replace(truth, looked=looked))
    (labelled,) = load_labelled([folder], registry.entries["base"])
    length = registry.entries["base"].window_frames
    table = window_table("activity", [labelled.recording], length, 0.0)
    assert set(table.cell.tolist()) == {1, 2}
    starts = table.start[table.cell == 1]
    assert (starts.min(), starts.max() + length - 1 <= 129) == (60, True)


def test_cells_of_unknown_type_serve_for_activity_only(
    folders: list[Path], registry: Registry, tmp_path: Path
) -> None:
    folder = shutil.copytree(folders[0], tmp_path / "labelled")
    truth = read_truth(folder / "truth.h5")
    kinds = ("", *truth.cell_types[1:])
    write_truth(folder / "truth.h5", replace(truth, cell_types=kinds))
    entry = registry.entries["base"]
    for task, named in (("activity", True), ("celltype", False)):
        (labelled,) = load_labelled([folder], entry.model_copy(update={"task": task}))
        assert bool(labelled.names[0]) is named
        assert labelled.names[1]


def test_segments_show_what_was_saved(folders: list[Path], cinac_registry: Registry, tmp_path: Path) -> None:
    path = write_cinac(tmp_path / "l.cinac", folders[0], [3], kinds=True)
    segments = read_segments(path)
    assert [(s.cell, s.first, s.last) for s in segments] == [(3, 0, 99), (3, 100, 199)]
    truth = read_truth(folders[0] / "truth.h5")
    np.testing.assert_array_equal(segments[1].raster, truth.raster[3, 100:200])
    assert segments[0].cell_type == truth.cell_types[3].capitalize()  # as the file has it
    assert segments[0].doubtful.sum() == 5

    # A window cut from it is the window cut from the movie, up to the box in place of the contour.
    tiny = cinac_registry.model("base", "activity").architecture
    one = load_labelled([path], cinac_registry.entries["base"])[1]
    table = window_table("activity", [one.recording], tiny.window_frames, 0.0)
    windows, labels, _ = Windows.plain("activity", tiny, [one.recording], table).batch(
        np.random.default_rng(0), np.array([0])
    )
    start = int(table.start[0])
    assert start == 10  # windows begin every ten frames; the first five are doubtful
    np.testing.assert_array_equal(labels[0], truth.raster[3, 100 + start : 140 + start])
    with h5py.File(path) as file:
        saved = file["cell_3_100_199/ci_movie"][start : start + 40]
    shown = windows[0].max(axis=(0, 3)) != 0
    assert shown.any()
    brightest = windows[0][:, 8, 8, 0]  # the middle of the patch lies in the cell
    assert min(np.abs(saved[:, y, x] - brightest).max() for y in range(25) for x in range(25)) < 1e-5


def test_views_of_a_segment_are_near_those_of_the_movie(
    folders: list[Path], registry: Registry, tiny_views: ViewArchitecture, tmp_path: Path
) -> None:
    cell = 3
    path = write_cinac(tmp_path / "l.cinac", folders[0], [cell])
    one = load_labelled([path], registry.entries["base"])[0].recording
    whole = load_recording(folders[0], "pixel")
    found, wanted = (
        tiny_views.cells(recording.rois, recording.statistics).weighed(
            recording.statistics.normalise(recording.movie.read(0, 100).astype(np.float32)), np.array([row])
        )[0]
        for recording, row in ((one, 0), (whole, cell))
    )
    # Boxes in place of contours, of two cells alone, and noise of 100 frames: near, not alike.
    for view in (0, 1):  # demixed, and plain mean
        assert np.corrcoef(found[view], wanted[view])[0, 1] > 0.8


def test_movies_are_brought_to_the_model_s_grid(
    folders: list[Path], tiny: CellArchitecture, tmp_path: Path
) -> None:
    entry = base(tmp_path, tiny, frame_rate_hz=5, pixel_size_um=4).entries["base"]
    one = load_labelled([folders[0]], entry)[0]
    truth = read_truth(folders[0] / "truth.h5")
    assert one.recording.movie.frames.shape == (110, 32, 32)
    assert one.recording.movie.frame_rate_hz == 5
    pairs = truth.raster.reshape(len(truth.ids), 110, 2).any(axis=2)
    np.testing.assert_array_equal(one.recording.truth.raster, pairs)


def test_segments_that_give_their_frame_rate_are_brought_to_the_model_s(
    folders: list[Path], registry: Registry, tmp_path: Path
) -> None:
    path = write_cinac(tmp_path / "l.cinac", folders[0], [3])
    entry = registry.entries["base"]
    with h5py.File(path, "r+") as file:
        for name in ("cell_3_0_99", "cell_3_100_199"):
            file[name].attrs["frame_rate_hz"] = 2 * entry.frame_rate_hz
    one = load_labelled([path], entry)[0].recording
    segment = read_segments(path)[0]
    assert (one.movie.n_frames, one.movie.frame_rate_hz) == (50, entry.frame_rate_hz)
    np.testing.assert_array_equal(one.truth.raster[0], segment.raster.reshape(50, 2).any(1))
    assert np.flatnonzero(~one.truth.counted(0)).tolist() == [0, 1, 2]  # the first five frames are doubtful
    halves = segment.frames.reshape(50, 2, 25, 25).mean(axis=1)
    border = (one.movie.fov_shape[0] - 25) // 2
    inner = slice(border, border + 25)
    np.testing.assert_allclose(one.movie.read(0, 50)[:, inner, inner], halves, atol=1e-5)


def test_some_of_the_rois_may_be_labelled(folders: list[Path], registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "some"
    shutil.copytree(folders[0], folder)
    truth = read_truth(folder / "truth.h5")
    chosen = np.isin(truth.roi_id, truth.ids[[1, 4]])
    some = replace(
        truth,
        ids=truth.ids[[1, 4]],
        cell_types=tuple(truth.cell_types[i] for i in (1, 4)),
        is_target=truth.is_target[[1, 4]],
        raster=truth.raster[[1, 4]],
        calcium=truth.calcium[[1, 4]],
        roi_id=truth.roi_id[chosen],
        onset=truth.onset[chosen],
        peak=truth.peak[chosen],
    )
    write_truth(folder / "truth.h5", some)
    one = load_labelled([folder], registry.entries["base"])[0]
    assert [i for i, name in enumerate(one.names) if name] == [1, 4]
    np.testing.assert_array_equal(one.recording.truth.raster[[1, 4]], truth.raster[[1, 4]])
    with pytest.raises(InputError, match="Label 3 or more"):
        fine_tune(SETTINGS, [folder], tmp_path / "out", registry=registry)
    write_truth(folder / "truth.h5", replace(some, ids=np.array([1, 999])))
    with pytest.raises(InputError, match="ROI 999, which"):
        load_labelled([folder], registry.entries["base"])


def test_cells_are_split_by_seed() -> None:
    names = [f"cell {i}" for i in range(10)] * 2
    parts = split_cells(names, 1)
    assert [len(parts[use]) for use in ("train", "validation", "test")] == [6, 2, 2]
    assert sorted(sum(parts.values(), ())) == sorted(set(names))
    assert parts == split_cells(names[::-1], 1) != split_cells(names, 2)


def no_movie(group: h5py.Group) -> None:
    del group["ci_movie"]


def short_raster(group: h5py.Group) -> None:
    del group["raster_dur"]
    group["raster_dur"] = np.zeros(7)


def not_finite(group: h5py.Group) -> None:
    group["ci_movie"][3, 3, 3] = np.nan


def outside(group: h5py.Group) -> None:
    group["cells_contour"][0, 0] = np.array([90, 95, 95], dtype=np.int32)
    group["cells_contour"][0, 1] = np.array([90, 95, 90], dtype=np.int32)


def invalid(group: h5py.Group) -> None:
    group["invalid_cells"][0] = 1


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (no_movie, "cell_0_0_99: ci_movie: is missing"),
        (short_raster, r"raster_dur: is float64 of shape \(7,\), expected numbers of \(100,\)"),
        (not_finite, "ci_movie: holds NaN"),
        (outside, "cells_contour: of the cell lies outside its patch"),
        (invalid, "invalid_cells: marks the cell itself"),
    ],
)
def test_damaged_segments_are_named(damage: Any, told: str, folders: list[Path], tmp_path: Path) -> None:
    path = write_cinac(tmp_path / "l.cinac", folders[0], [0])
    with h5py.File(path, "r+") as file:
        damage(file["cell_0_0_99"])
    with pytest.raises(InputError, match=told):
        read_segments(path)


def test_wrong_files_are_refused(folders: list[Path], registry: Registry, tmp_path: Path) -> None:
    entry = registry.entries["base"]
    (tmp_path / "text.cinac").write_text("no")
    with pytest.raises(InputError, match="isn't a whole HDF5 file"):
        load_labelled([tmp_path / "text.cinac"], entry)
    write_cinac(tmp_path / "none.cinac", folders[0], [])
    with pytest.raises(InputError, match="no labelled segment"):
        load_labelled([tmp_path / "none.cinac"], entry)
    small = write_cinac(tmp_path / "small.cinac", folders[0], [0], px=13)
    with pytest.raises(InputError, match="patches of 13 pixels, the model reads 16"):
        load_labelled([small], entry)
    path = write_cinac(tmp_path / "l.cinac", folders[0], [0])
    with pytest.raises(InputError, match="no recording of 120 frames or more"):
        load_labelled([path], entry.model_copy(update={"window_frames": 120}))
    with pytest.raises(InputError, match="isn't in the registry"):
        fine_tune(SETTINGS.model_copy(update={"model": "none"}), [path], tmp_path, registry=registry)


def results_of(recording: Path, folder: Path, labelled: list[float]) -> Path:
    """The results of a recording whose first cells are labelled with these probabilities."""
    rois = read_rois(recording / "rois.h5")
    probability = np.full(len(rois), np.nan, np.float32)
    probability[: len(labelled)] = labelled
    for name in ("motion/movie.h5", "active/rois.h5"):
        (folder / name).parent.mkdir(parents=True)
        shutil.copy(recording / Path(name).name, folder / name)
    types = CellTypes(rois.ids, np.tile(np.float32([1, 0, 0]), (len(rois), 1)))
    labels = Labels.of(probability, "interneuron", 0.9)
    (folder / "celltype").mkdir()
    write_celltypes(folder / "celltype" / "celltypes.tsv", replace(types, labels=labels))
    return folder


def test_labels_in_a_structural_channel_are_the_only_types_known(
    folders: list[Path], tiny_view_types: CellArchitecture, tmp_path: Path
) -> None:
    entry = base(tmp_path / "models", tiny_view_types).entries["base"]
    results = results_of(folders[0], tmp_path / "mouse", [0.95, 0.5, 0.99])
    (labelled,) = load_labelled([results], entry)
    rois = read_rois(folders[0] / "rois.h5")
    known = [i for i, name in enumerate(labelled.names) if name]
    assert known == [0, 2]
    assert labelled.names[2] == f"1. mouse: ROI {rois.ids[2]}"
    assert [labelled.recording.truth.cell_types[i] for i in known] == ["interneuron"] * 2


def test_labels_beside_the_movie_instead_of_truth(
    folders: list[Path], tiny_view_types: CellArchitecture, tmp_path: Path
) -> None:
    entry = base(tmp_path / "models", tiny_view_types).entries["base"]
    results = results_of(folders[0], tmp_path / "mouse", [0.95, 0.5, 0.99])
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in ("motion/movie.h5", "active/rois.h5", "celltype/celltypes.tsv"):
        shutil.copy(results / name, flat / Path(name).name)
    (labelled,) = load_labelled([flat], entry)
    assert [i for i, name in enumerate(labelled.names) if name] == [0, 2]


def test_labels_of_one_type_alone_are_not_enough(
    folders: list[Path], tiny_view_types: CellArchitecture, tmp_path: Path
) -> None:
    registry = base(tmp_path / "models", tiny_view_types)
    results = results_of(folders[0], tmp_path / "mouse", [0.95, 0.99, 1.0, 1.0])
    with pytest.raises(InputError, match=r"types: are all interneuron.*another type"):
        fine_tune(SETTINGS, [results], tmp_path / "out", registry=registry)


def test_labels_together_with_truth_of_another_type_train(
    folders: list[Path], tiny_view_types: CellArchitecture, tmp_path: Path
) -> None:
    registry = base(tmp_path / "models", tiny_view_types)
    results = results_of(folders[0], tmp_path / "mouse", [0.95, 0.99])
    metrics = fine_tune(SETTINGS, [results, folders[1]], tmp_path / "out", registry=registry)
    names = [name for cells in metrics["cells"].values() for name in cells]
    assert sum(name.startswith("1. mouse") for name in names) == 2


@pytest.mark.parametrize(
    ("labelled", "task", "message"),
    [([0.5], "celltype", "no cell is labelled"), ([1.0], "activity", "not when they are active")],
)
def test_labels_that_say_nothing_to_this_model(
    labelled: list[float],
    task: str,
    message: str,
    folders: list[Path],
    tiny_views: CellArchitecture,
    tiny_view_types: CellArchitecture,
    tmp_path: Path,
) -> None:
    architecture = tiny_view_types if task == "celltype" else tiny_views
    entry = base(tmp_path / "models", architecture).entries["base"]
    with pytest.raises(InputError, match=message):
        load_labelled([results_of(folders[0], tmp_path / "mouse", labelled)], entry)
