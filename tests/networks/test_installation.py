"""Models of another lab: checked as a whole, installed, and found by the settings that name them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import keras
import pytest
import yaml
from typer.testing import CliRunner

from neurocine.cli.models import app
from neurocine.core import InputError
from neurocine.networks.cells import ViewArchitecture
from neurocine.networks.installation import install_models, summary
from neurocine.networks.registry import Metrics, ModelEntry, Registry, install, register_trained
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import save_cell_weights, save_segmentation_weights

VIEWS = ViewArchitecture(
    name="views", window_frames=5, window_px=12, output="frames", filters=4, dilations=(1, 2)
)
SEGMENTING = CompactArchitecture(
    name="segmenting", window_frames=24, maps=2, space_filters=1, time_filters=1, filters=(1, 1, 1)
)
RANDOM = Metrics(on="nothing: random weights", values={"f1": 0.25})
CARD = "# views\n\nFinds transients\x1b[31m.\n\n- Data: none.\n\n## Limits\n\nAll.\n"
VIEWS_ENTRY = ModelEntry(
    task="activity",
    architecture="views",
    frame_rate_hz=10,
    pixel_size_um=2,
    window_frames=5,
    window_px=12,
    normalisation="pixel",
    metrics=RANDOM,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of another lab: one for activity, one that segments."""
    folder = tmp_path_factory.mktemp("theirs")
    keras.utils.set_random_seed(1)
    save_cell_weights(folder / "w.h5", VIEWS.build(), VIEWS, metadata={})
    install(folder / "models", "theirs", VIEWS_ENTRY, folder / "w.h5", CARD)
    (folder / "models" / "theirs.metrics.json").write_text("{}\n")
    save_segmentation_weights(folder / "s.h5", SEGMENTING.build(), SEGMENTING, Postprocessing(), {})
    entry = ModelEntry(
        task="stneuronet",
        architecture="segmenting",
        frame_rate_hz=SEGMENTING.frame_rate_hz,
        pixel_size_um=SEGMENTING.pixel_size_um,
        window_frames=SEGMENTING.window_frames,
        metrics=RANDOM,
    )
    install(folder / "models", "their-segmenter", entry, folder / "s.h5", "# segmenting\n")
    return folder / "models"


@pytest.fixture
def theirs(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "theirs"))


def change(folder: Path, **fields: object) -> None:
    content = yaml.safe_load((folder / "registry.yaml").read_text())
    content["models"]["theirs"] |= fields
    (folder / "registry.yaml").write_text(yaml.safe_dump(content))


def test_a_folder_of_models_is_installed(theirs: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    models = install_models(theirs, ours)
    assert [model.name for model in models] == ["theirs", "their-segmenter"]
    assert all(model.new for model in models)
    registry = Registry.load(ours)
    assert registry.model("theirs", "activity").architecture == VIEWS
    assert registry.segmenter("their-segmenter").architecture == SEGMENTING
    assert (ours / "theirs.md").read_text() == CARD
    assert (ours / "theirs.metrics.json").read_text() == "{}\n"
    # The setting auto never picks a model of others unless it may.
    assert not registry.entries["theirs"].auto
    assert install_models(theirs / "theirs.h5", tmp_path / "auto", auto=True)[0].entry.auto
    again = install_models(theirs, ours)
    assert not any(model.new for model in again)
    assert [model.entry for model in again] == [model.entry for model in models]


def test_what_a_training_wrote_is_installed_under_a_name(theirs: Path, tmp_path: Path) -> None:
    trained = tmp_path / "trained"
    trained.mkdir()
    shutil.copy(theirs / "theirs.h5", trained / "weights.h5")
    (trained / "card.md").write_text(CARD)
    (trained / "metrics.json").write_text('{"f1": 0.25}\n')
    register_trained(trained, "activity", VIEWS_ENTRY)
    install_models(trained, tmp_path / "ours", name="retrained")
    assert list(Registry.load(tmp_path / "ours").entries) == ["retrained"]
    assert (tmp_path / "ours" / "retrained.metrics.json").read_text() == '{"f1": 0.25}\n'
    with pytest.raises(InputError, match="fits one model, but here are 2"):
        install_models(theirs, tmp_path / "ours", name="one")


def test_settings_name_a_model_by_its_folder(theirs: Path, tmp_path: Path) -> None:
    install_models(theirs, tmp_path / "ours")
    shipped, folder = Registry.load(), tmp_path / "ours"
    assert shipped.model(f"{folder}/theirs", "activity").architecture == VIEWS
    assert shipped.segmenter(f"{folder}/their-segmenter").architecture == SEGMENTING
    assert shipped.get("cinac-general", "activity") == shipped.entries["cinac-general"]
    with pytest.raises(InputError, match=r"'other': isn't in the registry. Models for activity are: theirs"):
        shipped.get(f"{folder}/other", "activity")
    with pytest.raises(InputError, match="doesn't exist"):
        shipped.get(f"{tmp_path}/nowhere/theirs", "activity")


def test_one_wrong_checksum_installs_nothing(theirs: Path, tmp_path: Path) -> None:
    data = bytearray((theirs / "their-segmenter.h5").read_bytes())
    data[-1] ^= 1
    (theirs / "their-segmenter.h5").write_bytes(bytes(data))
    with pytest.raises(InputError, match="sha256"):
        install_models(theirs, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()
    assert install_models(theirs / "theirs.h5", tmp_path / "ours")[0].name == "theirs"


@pytest.mark.parametrize("fields", [{"architecture": "other"}, {"window_frames": 6}, {"task": "celltype"}])
def test_entries_that_do_not_fit_the_weights_are_refused(
    theirs: Path, tmp_path: Path, fields: dict[str, object]
) -> None:
    change(theirs, **fields)
    with pytest.raises(InputError, match="the registry has"):
        install_models(theirs, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_another_model_of_the_name_stays_unless_forced(theirs: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    keras.utils.set_random_seed(2)
    save_cell_weights(tmp_path / "w.h5", VIEWS.build(), VIEWS, metadata={})
    mine = install(ours, "theirs", VIEWS_ENTRY, tmp_path / "w.h5", "# mine\n")
    with pytest.raises(InputError, match="another model has this name"):
        install_models(theirs, ours)
    assert Registry.load(ours).entries == {"theirs": mine}
    assert (ours / "theirs.md").read_text() == "# mine\n"
    # A file that no entry names is not replaced either.
    (ours / "free.h5").touch()
    with pytest.raises(InputError, match="another model has this name"):
        install_models(theirs / "theirs.h5", ours, name="free")
    assert install_models(theirs / "theirs.h5", ours, force=True)[0].new
    assert Registry.load(ours).model("theirs", "activity").entry.sha256 != mine.sha256


@pytest.mark.parametrize("name", ["../up", "/tmp/up", "a/b", ".hidden", "", "a\nb"])
def test_names_that_leave_the_folder_are_refused(theirs: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="match pattern"):
        install_models(theirs / "theirs.h5", tmp_path / "ours", name=name)
    content = yaml.safe_load((theirs / "registry.yaml").read_text())
    content["models"] = {name: content["models"]["theirs"]}
    (theirs / "registry.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="match pattern"):
        install_models(theirs, tmp_path / "ours")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["theirs"]


@pytest.mark.parametrize("key", ["file", "card"])
def test_files_outside_the_folder_are_refused(theirs: Path, tmp_path: Path, key: str) -> None:
    change(theirs, **{key: "../w.h5"})
    with pytest.raises(InputError, match=rf"models\.theirs\.{key}"):
        install_models(theirs, tmp_path / "ours")


def test_cards_must_be_text(theirs: Path, tmp_path: Path) -> None:
    (theirs / "theirs.md").unlink()
    with pytest.raises(InputError, match="card"):
        install_models(theirs, tmp_path / "ours")
    os.mkfifo(theirs / "theirs.md")
    with pytest.raises(InputError, match="is a pipe or a device"):
        install_models(theirs, tmp_path / "ours")
    (theirs / "theirs.md").unlink()
    (theirs / "theirs.md").write_text("x" * (2**20 + 1))
    with pytest.raises(InputError, match="larger than"):
        install_models(theirs, tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_weights_that_no_registry_names_are_refused(theirs: Path, tmp_path: Path) -> None:
    shutil.copy(theirs / "theirs.h5", theirs / "copy.h5")
    with pytest.raises(InputError, match=r"isn't named in registry\.yaml"):
        install_models(theirs / "copy.h5", tmp_path / "ours")
    (theirs / "registry.yaml").write_text("models: {}\n")
    with pytest.raises(InputError, match="there are none"):
        install_models(theirs, tmp_path / "ours")


def test_the_command_shows_what_the_card_says(theirs: Path, tmp_path: Path) -> None:
    assert summary(CARD) == "Finds transients [31m.\n\n- Data: none."
    command = ["install", str(theirs / "theirs.h5"), "--into", str(tmp_path / "ours"), "--name", "new"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert "new: installed in" in done.stdout
    assert "- Data: none." in done.stdout
    assert "Limits" not in done.stdout
    assert "\x1b" not in done.stdout
    again = CliRunner().invoke(app, command, catch_exceptions=False)
    assert "already installed" in again.stdout
