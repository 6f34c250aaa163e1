"""Engines of other distributions, found by entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocine.cli.app import app
from neurocine.cluster.resources import EstimatedCost, costs_with
from neurocine.config import (
    Config,
    MotionSettings,
    SegmentationSettings,
    TracesSettings,
    parse_config,
    tuned,
)
from neurocine.config.engines import SEGMENTATION_ENGINES, EngineTable
from neurocine.config.generate import config_text, schema_text
from neurocine.core import InputError, Movie, RoiSet
from neurocine.engines.plugins import expose_plugins
from neurocine.io.result_files import read_rois
from neurocine.steps import Cost

SOURCE = Path(__file__).parents[2] / "src"

TOY = """
from pydantic import Field
from neurocine.config.engines import EngineEntry
from neurocine.config.section import Section
from neurocine.steps import Cost

class ToySettings(Section):
    level: float = Field(0.9, gt=0)

ENTRY = EngineEntry("toy_engine.find", env="core", cost=Cost(7, 0.0, 7, 0), settings=ToySettings)
PLAIN = EngineEntry("toy_engine.find", env="core")
OTHER = "not an entry"
"""
FIND = """
import numpy as np
from neurocine.core import RoiSet
from toy_engine import ToySettings

def find(request):
    mean = request.movie.read(0, request.movie.n_frames).mean(axis=0)
    level = request.settings.of_plugin(ToySettings).level
    return RoiSet.from_masks((mean > level * mean.max())[None], engine="toy")
"""
ENTRY_POINTS = """
[neurocine.segmentation_engines]
toy = toy_engine:ENTRY
suite2p = toy_engine:ENTRY
broken = toy_engine:MISSING
other = toy_engine:OTHER
[neurocine.motion_engines]
toy = toy_engine:PLAIN
[neurocine.deconvolution_engines]
toy = toy_engine:ENTRY
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with the distribution of an engine."""
    site = tmp_path / "site"
    for name, text in {
        "toy_engine/__init__.py": TOY,
        "toy_engine/find.py": FIND,
        "toy_engine-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: toy-engine\nVersion: 1.0\n",
        "toy_engine-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    monkeypatch.syspath_prepend(site)
    for name in ("toy_engine", "toy_engine.find"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return site


@pytest.fixture
def movie(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> Path:
    path = tmp_path / "movie.npy"
    np.save(path, blobs[0].read(0, 50))
    return path


def run(*arguments: str | Path) -> None:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_the_command_runs_the_engine_of_a_plugin(toy: Path, movie: Path, tmp_path: Path) -> None:
    call = ["segmentation", movie, "--engine", "toy", "--frame-rate", "10", "--pixel-size", "2"]
    run(*call, "--out", tmp_path / "default.h5")
    config = tmp_path / "config.yaml"
    config.write_text("segmentation: {toy: {level: 0.01}}")
    run(*call, "--config", config, "--out", tmp_path / "low.h5")
    default, low = (read_rois(tmp_path / name) for name in ("default.h5", "low.h5"))
    assert set(default.engine) == {"toy"}
    assert 0 < len(default.y) < len(low.y) == 64 * 64


def test_settings_of_a_plugin_are_validated_with_the_others(toy: Path) -> None:
    config = parse_config({"segmentation": {"engine": "toy", "toy": {"level": 2}}})
    assert config.segmentation.model_dump()["toy"] == {"level": 2.0}
    assert parse_config(config.model_dump()) == config
    assert SegmentationSettings(engine="toy").model_dump()["toy"] == {"level": 0.9}
    wrong = {"engine": "toy", "tau_s": 0, "toy": {"level": 0, "levell": 1}, "magic": {}}
    with pytest.raises(InputError) as caught:
        parse_config({"segmentation": wrong})
    assert set(caught.value.field.split(", ")) == {
        "segmentation.tau_s",
        "segmentation.toy.level",
        "segmentation.toy.levell",
        "segmentation.magic",
    }
    assert "unknown key segmentation.magic; known keys: engine" in caught.value.problem
    assert "unknown key segmentation.toy.levell; known keys: level" in caught.value.problem
    assert "segmentation.toy.level is 0: input should be greater than 0" in caught.value.problem


def test_plugins_that_are_not_used_leave_the_settings_alone(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, text, schema = SegmentationSettings(), config_text(), schema_text(Config)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(toy)])
    assert SegmentationSettings().model_dump() == settings.model_dump()
    assert (config_text(), schema_text(Config)) == (text, schema)
    assert "toy" not in text + schema
    assert "toy" not in SEGMENTATION_ENGINES


def test_jobs_of_other_engines_do_not_depend_on_the_section(toy: Path) -> None:
    with_section = SegmentationSettings.model_validate({"toy": {"level": 2}})
    assert with_section.dump_for("caiman-online") == SegmentationSettings().dump_for("caiman-online")
    assert "caiman" in with_section.dump_for("caiman-online")
    assert "stneuronet" not in with_section.dump_for("caiman-online")
    assert "toy" in with_section.dump_for("toy")


def test_all_steps_with_engines_take_plugins(toy: Path) -> None:
    assert MotionSettings(engine="toy").model_extra == {}
    assert "toy" in TracesSettings(deconvolution="toy").model_dump()
    assert costs_with({"segmentation": "toy"})["segmentation"] == EstimatedCost(Cost(7, 0.0, 7, 0))
    assert tuned(SegmentationSettings(), "toy", {"toy.level": 0.2}).model_dump()["toy"] == {"level": 0.2}


def test_engines_of_neurocine_come_first_and_stay(toy: Path) -> None:
    assert SEGMENTATION_ENGINES["suite2p"].module == "neurocine.segmentation.suite2p_engine"
    assert list(SEGMENTATION_ENGINES).count("suite2p") == 1
    assert list(SEGMENTATION_ENGINES)[-3:] == ["toy", "broken", "other"]
    with pytest.raises(KeyError):
        SEGMENTATION_ENGINES["magic"]


@pytest.mark.parametrize(("engine", "problem"), [("broken", "can't be loaded"), ("other", "is a str")])
def test_a_broken_plugin_is_an_input_error(toy: Path, engine: str, problem: str) -> None:
    with pytest.raises(InputError, match=f"plug-in toy_engine:[A-Z]+ {problem}"):
        parse_config({"segmentation": {"engine": engine}})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"segmentation": {"engine": "hnccorr"}}, "segmentation.engine"),
        ({"segmentation": {"hnccorr": {"bin_s": 1.0}}}, "segmentation.hnccorr"),
        ({"comparison": {"segmentation": {"hnccorr": {}}}}, "comparison.segmentation"),
    ],
)
def test_without_the_plugin_the_error_says_how_to_install_it(values: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=r"isn't installed.*pip install plugins/neurocine-hnccorr") as caught:
        parse_config(values)
    assert caught.value.field == field
    assert "unknown" not in str(caught.value)
    assert (SOURCE.parent / "plugins" / "neurocine-hnccorr" / "pyproject.toml").is_file()


def test_jobs_in_other_environments_find_the_plugin(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    folder = tmp_path / "exposed"
    for _ in range(2):
        expose_plugins(folder)
    assert os.environ["PYTHONPATH"] == os.pathsep.join([str(SOURCE), str(folder)])
    code = (
        "from neurocine.config import SegmentationSettings;"
        "from neurocine.engines.plugins import expose_plugins; from pathlib import Path;"
        f"expose_plugins(Path({str(folder)!r}));"  # as a job does that runs Snakemake again
        "print(SegmentationSettings(engine='toy').model_dump()['toy'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'level': 0.9}"
    assert (folder / "toy_engine").resolve() == (toy / "toy_engine").resolve()


def test_without_plugins_nothing_is_exposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineTable, "plugins", lambda self: ())
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    expose_plugins(tmp_path / "exposed")
    assert os.environ["PYTHONPATH"] == "somewhere"
    assert not list(tmp_path.iterdir())
