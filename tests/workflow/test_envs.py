"""The conda environments, the lock file and what runs here name the same versions."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from neurocine.config.engines import ENGINES

ROOT = Path(__file__).parents[2]


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        _canonical(pin.name): next(iter(pin.specifier)).version
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_lock_pins_every_package_that_runs_here() -> None:
    for name, pin in locked().items():
        # A build made for this kind of machine has a local version: 2.13.0+cpu is 2.13.0.
        assert version(name).split("+")[0] == pin, name


#: CaImAn's NumPy is older than ours, and the lock knows nothing of CaImAn.
OLD = {"caiman", "numpy"}
#: The plug-in of HNCcorr.
PLUGIN = ROOT / "plugins" / "neurocine-hnccorr"
ENVIRONMENTS = [
    *sorted((ROOT / "envs").glob("*.yaml")),
    PLUGIN / "src" / "neurocine_hnccorr" / "environment.yaml",
]
#: Packages of the plug-in that the lock doesn't have.
OPTIONAL = {"hnccorr", "closure-problem", "pseudoflow", "sparsecomputation", "sklearn"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_is_well_formed_and_agrees_with_the_lock(path: Path) -> None:
    env = yaml.safe_load(path.read_text())
    assert set(env) <= {"channels", "dependencies"}
    assert env["channels"] == ["conda-forge", "nodefaults"]
    conda = [item for item in env["dependencies"] if isinstance(item, str)]
    pip = [pin for item in env["dependencies"] if isinstance(item, dict) for pin in item["pip"]]
    assert "python=3.11" in conda
    pins = dict(item.split("=") for item in conda if "=" in item)
    pins |= {Requirement(pin).name: next(iter(Requirement(pin).specifier)).version for pin in pip}
    pins.pop("python")
    if path.stem == "caiman":
        assert set(pins) >= OLD
        assert pins["numpy"].startswith("1.26.")
        pins = {name: pin for name, pin in pins.items() if name not in OLD}
    if path.is_relative_to(PLUGIN):
        assert set(pins) >= OPTIONAL
        pins = {name: pin for name, pin in pins.items() if name not in OPTIONAL}
    lock = locked()
    # The GPU build of TensorFlow has the CPU build's version.
    lock["tensorflow"] = lock.get("tensorflow", lock.get("tensorflow-cpu", ""))
    assert {name: lock[_canonical(name)] for name in pins} == pins


def test_every_rule_names_an_environment_that_exists() -> None:
    for path in (ROOT / "rules").glob("*.smk"):
        for name in re.findall(r'"\.\./envs/(\w+)\.yaml"', path.read_text()):
            assert (ROOT / "envs" / f"{name}.yaml").is_file()


def test_every_engine_names_an_environment_that_exists() -> None:
    for entry in (entry for engines in ENGINES.values() for entry in engines.own.values()):
        assert (ROOT / "envs" / f"{entry.env}.yaml").is_file()
