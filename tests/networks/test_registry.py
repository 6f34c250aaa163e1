from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import pytest
import yaml
from typer.testing import CliRunner

from neurocine.cli.models import app
from neurocine.core import InputError
from neurocine.networks.cells import PatchArchitecture, ViewArchitecture
from neurocine.networks.registry import CELL_FIELDS, Metrics, ModelEntry, Registry, install, sha256
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import save_cell_weights, save_segmentation_weights

TINY = PatchArchitecture(
    name="tiny",
    window_frames=5,
    window_px=12,
    n_inputs=3,
    conv_filters=(1, 1, 1, 1),
    lstm_units=(1, 1),
    merge_units=1,
    output="frames",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=5, window_px=12, output="frames", filters=4, dilations=(1, 2)
)


def entry(**changes: Any) -> ModelEntry:
    fields: dict[str, Any] = {
        "task": "activity",
        "architecture": "tiny",
        "frame_rate_hz": 10,
        "pixel_size_um": 2,
        "window_frames": 5,
        "window_px": 12,
        "metrics": Metrics(on="nothing: random weights", values={"f1": 0.0}),
    }
    return ModelEntry(**(fields | changes))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(0)
    save_cell_weights(folder / "w.h5", TINY.build(), TINY, metadata={})
    for name, types, indicators in (
        ("general", ["any"], ["GCaMP6s"]),
        ("pyramidal", ["pyramidal", "noise"], []),
        ("interneuron-6s", ["interneuron"], ["GCaMP6s"]),
        ("interneuron-6f", ["interneuron"], ["GCaMP6f"]),
    ):
        made = entry(types=types, indicators=indicators)
        install(folder / "m", name, made, folder / "w.h5", f"# {name}\n")
    return folder / "m"


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "m"))


def test_installed_models_load(folder: Path) -> None:
    registry = Registry.load(folder)
    assert list(registry.entries) == ["general", "pyramidal", "interneuron-6s", "interneuron-6f"]
    model = registry.model("pyramidal", "activity")
    assert model.architecture == TINY
    assert model.entry.sha256 == sha256(folder / "pyramidal.h5")
    assert (folder / model.entry.card).read_text() == "# pyramidal\n"


@pytest.mark.parametrize(
    ("kind", "indicator", "name"),
    [
        ("pyramidal", "", "pyramidal"),
        ("noise", "GCaMP6s", "pyramidal"),
        ("interneuron", "gcamp6F", "interneuron-6f"),
        ("interneuron", "jRCaMP1a", "interneuron-6s"),
        ("any", "", "general"),
        ("glia", "", "general"),
    ],
)
def test_types_are_served(folder: Path, kind: str, indicator: str, name: str) -> None:
    assert Registry.load(folder).serving(kind, indicator) == name


def test_auto_leaves_out_models_that_are_not_for_it(folder: Path) -> None:
    registry = Registry.load(folder)
    assert registry.serving("pyramidal", "") == "pyramidal"
    registry.entries["pyramidal"] = registry.entries["pyramidal"].model_copy(update={"auto": False})
    assert registry.serving("pyramidal", "") == "general"
    assert registry.get("pyramidal", "activity").auto is False  # by name it can still be had


def test_unserved_types_are_told(folder: Path) -> None:
    registry = Registry.load(folder)
    with pytest.raises(InputError, match="no celltype model"):
        registry.serving("any", "", "celltype")
    registry.entries.pop("general")
    with pytest.raises(InputError, match="no activity model serves 'any'"):
        registry.serving("any", "")


def test_names_and_tasks_are_checked(folder: Path) -> None:
    registry = Registry.load(folder)
    with pytest.raises(InputError, match=r"isn't in the registry.*general, pyramidal"):
        registry.get("generl", "activity")
    with pytest.raises(InputError, match="is a model for activity"):
        registry.get("general", "celltype")


def change(folder: Path, name: str, **fields: Any) -> Registry:
    content = yaml.safe_load((folder / "registry.yaml").read_text())
    content["models"][name] |= fields
    (folder / "registry.yaml").write_text(yaml.safe_dump(content))
    return Registry.load(folder)


def test_changed_weights_are_refused(folder: Path) -> None:
    data = bytearray((folder / "general.h5").read_bytes())
    data[-1] ^= 1
    (folder / "general.h5").write_bytes(bytes(data))
    with pytest.raises(InputError, match="sha256"):
        Registry.load(folder).model("general", "activity")


def test_missing_weights_are_told(folder: Path) -> None:
    (folder / "general.h5").unlink()
    with pytest.raises(InputError, match="weights of 'general' are missing"):
        Registry.load(folder).model("general", "activity")


@pytest.mark.parametrize(
    ("field", "value"), [("architecture", "other"), ("window_frames", 6), ("window_px", 13), ("sha256", "")]
)
def test_entries_must_fit_the_weights(folder: Path, field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        change(folder, "general", **{field: value}).model("general", "activity")


def test_a_classifier_of_activity_is_none_of_types(folder: Path) -> None:
    with pytest.raises(InputError, match="output"):
        change(folder, "general", task="celltype").model("general", "celltype")


@pytest.mark.parametrize(
    "fields",
    [
        {"typo": 1},
        {"file": "../../secret.h5"},
        {"task": "segmentation"},
        {"types": []},
        {"types": ["granule"]},
        {"frame_rate_hz": 0},
        {"normalisation": "none"},
        {"metrics": {"f1": 1}},
        {"sha256": "abc"},
    ],
)
def test_invalid_entries_are_named(folder: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"models\.general\." + next(iter(fields))):
        change(folder, "general", **fields)


def test_yaml_that_holds_code_is_refused(folder: Path) -> None:
    (folder / "registry.yaml").write_text("models: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(InputError, match="YAML"):
        Registry.load(folder)
    (folder / "registry.yaml").unlink()
    with pytest.raises(InputError, match="doesn't exist"):
        Registry.load(folder)


def test_install_replaces_and_keeps_the_rest(folder: Path) -> None:
    weights = folder / "general.h5"
    install(folder, "pyramidal", entry(types=["pyramidal"], threshold=0.4), weights, "# new\n")
    entries = Registry.load(folder).entries
    assert len(entries) == 4
    assert entries["pyramidal"].threshold == 0.4
    with pytest.raises(InputError, match="Rename"):
        install(folder, "../up", entry(), weights, "")


def test_models_of_both_families_live_side_by_side(folder: Path, tmp_path: Path) -> None:
    save_cell_weights(tmp_path / "w.h5", VIEWS.build(), VIEWS, metadata={})
    install(
        folder, "views", entry(architecture="views", normalisation="pixel"), tmp_path / "w.h5", "# views\n"
    )
    registry = Registry.load(folder)
    assert registry.model("views", "activity").architecture == VIEWS
    assert registry.model("general", "activity").architecture == TINY
    with pytest.raises(InputError, match="normalisation"):
        change(folder, "views", normalisation="movie").model("views", "activity")


SEGMENTING = CompactArchitecture(
    name="segmenting", window_frames=24, maps=2, space_filters=1, time_filters=1, filters=(1, 1, 1)
)


def segmenting(**changes: Any) -> ModelEntry:
    fields: dict[str, Any] = {
        "task": "stneuronet",
        "architecture": "segmenting",
        "frame_rate_hz": SEGMENTING.frame_rate_hz,
        "pixel_size_um": SEGMENTING.pixel_size_um,
        "window_frames": SEGMENTING.window_frames,
        "metrics": Metrics(on="nothing: random weights", values={"f1": 0.0}),
    }
    return ModelEntry(**(fields | changes))


@pytest.fixture
def with_segmenting(folder: Path, tmp_path: Path) -> Path:
    chosen = Postprocessing(threshold=0.9)
    save_segmentation_weights(tmp_path / "s.h5", SEGMENTING.build(), SEGMENTING, chosen, {})
    install(folder, "segmenting", segmenting(), tmp_path / "s.h5", "# segmenting\n")
    return folder


def test_models_that_segment_live_beside_the_others(with_segmenting: Path) -> None:
    registry = Registry.load(with_segmenting)
    found = registry.segmenter("segmenting")
    assert (found.name, found.architecture) == ("segmenting", SEGMENTING)
    assert found.postprocessing == Postprocessing(threshold=0.9)
    assert found.model.output_shape == (None, 2, None, None)
    assert registry.model("general", "activity").architecture == TINY
    content = yaml.safe_load((with_segmenting / "registry.yaml").read_text())
    assert not CELL_FIELDS & set(content["models"]["segmenting"])
    assert content["models"]["general"].keys() >= CELL_FIELDS


def test_tasks_are_not_mixed(with_segmenting: Path) -> None:
    registry = Registry.load(with_segmenting)
    with pytest.raises(InputError, match=r"model for activity.*Models for stneuronet are: segmenting"):
        registry.segmenter("general")
    with pytest.raises(InputError, match="model for stneuronet"):
        registry.model("segmenting", "activity")


@pytest.mark.parametrize(
    ("field", "value"),
    [("architecture", "other"), ("window_frames", 48), ("frame_rate_hz", 3.0), ("pixel_size_um", 1.0)],
)
def test_entries_must_fit_the_weights_that_segment(with_segmenting: Path, field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        change(with_segmenting, "segmenting", **{field: value}).segmenter("segmenting")


def test_changed_weights_that_segment_are_refused(with_segmenting: Path) -> None:
    with (with_segmenting / "segmenting.h5").open("ab") as file:
        file.write(b"0")
    with pytest.raises(InputError, match="sha256"):
        Registry.load(with_segmenting).segmenter("segmenting")


@pytest.mark.parametrize("field", ["window_px", "threshold", "types", "normalisation", "auto"])
def test_fields_of_another_task_are_refused(with_segmenting: Path, field: str) -> None:
    value = {"types": ["any"], "normalisation": "movie"}.get(field, 1)
    with pytest.raises(InputError, match=f"{field}: a model for stneuronet has none"):
        change(with_segmenting, "segmenting", **{field: value})
    with pytest.raises(InputError, match="window_px: a model for activity needs it"):
        change(with_segmenting, "general", window_px=0)


def test_models_are_listed_and_checked(with_segmenting: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["list", "--registry", str(with_segmenting)], env={"COLUMNS": "200"})
    assert "stneuronet" in listed.stdout
    checked = runner.invoke(app, ["check", "--registry", str(with_segmenting)])
    assert checked.exit_code == 0
    assert "segmenting: segmenting, " in checked.stdout
