"""The rule runs only where it is asked for, and movies can hold planted assemblies."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from neurocine.io.result_files import read_stamp, read_truth, settings_hash
from neurocine.simulation import PRESETS, PlantedAssemblies, simulate

ROOT = Path(__file__).parents[2]


def dry_run(*config: str) -> str:
    command = [sys.executable, "-m", "snakemake", "-n", "--config", *config]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rule_is_part_of_everything_if_asked_for(tmp_path: Path) -> None:
    results = f"results={tmp_path}"
    assert "Finding the cell assemblies" not in dry_run(results)
    assert "Finding the cell assemblies" in dry_run(results, 'assemblies={"find": true}')


def test_movies_hold_planted_assemblies_only_if_asked_to(tmp_path: Path) -> None:
    small = replace(PRESETS["ca1-development"], fov_shape=(64, 64))
    planted = replace(small, assemblies=PlantedAssemblies(n=2, share=0.5))
    for preset, name in ((small, "without"), (planted, "with")):
        simulate(preset, 3, tmp_path / name, n_frames=200)
    without, planted = (read_truth(tmp_path / name / "truth.h5") for name in ("without", "with"))
    assert without.hybrid is not None
    assert without.hybrid.assembly is None
    with h5py.File(tmp_path / "without" / "truth.h5") as file:
        assert "assembly" not in file["hybrid"]
    assert planted.hybrid is not None
    assert planted.hybrid.assembly is not None
    neurons = np.array(planted.cell_types) != "noise"
    assert (planted.hybrid.assembly[~neurons] == -1).all()
    assert np.count_nonzero(planted.hybrid.assembly >= 0) == round(0.5 * np.count_nonzero(neurons))
    assert planted.raster.sum() > without.raster.sum()
    hashes = {read_stamp(tmp_path / name / "truth.h5").config_hash for name in ("without", "with")}
    assert len(hashes) == 2


def test_the_hash_of_movies_without_later_settings_is_as_before(tmp_path: Path) -> None:
    small = replace(PRESETS["low-rate"], fov_shape=(32, 32), n_frames=100)
    simulate(small, 1, tmp_path)
    later = {"assemblies", "common_kinetics"}
    values = {name: getattr(small, name) for name in small.__dataclass_fields__ if name not in later}
    assert read_stamp(tmp_path / "truth.h5").config_hash == settings_hash(
        {"preset": values, "seed": 1, "split": "train"}
    )
