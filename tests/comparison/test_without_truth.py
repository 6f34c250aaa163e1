"""Engines compared on recordings without truth."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurocine.comparison import without_truth
from neurocine.comparison.tuning import TunedSettings
from neurocine.config import Config
from neurocine.core.controls import MEASURES, Controls, Estimate
from neurocine.io.tables import read_table

UNKNOWN = Estimate(None, None, None, 0)


def found(precision: float) -> Controls:
    known = Estimate(precision, precision - 0.1, precision + 0.05, 40)
    return Controls(
        rounds=2, cells=12, silent_cells=4, recall=(), neurons_found=UNKNOWN, sensitivity=(),
        visible_found=known, coverage=known, precision=known, silent_per_min=known, mirrored_per_min=known,
        false_masks=UNKNOWN, false_by_planted=known, false_by_mirror=known,
    )  # fmt: skip


def test_each_engine_runs_alone_with_its_tuned_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[Config] = []

    def recorded(path: Path, config: Config, progress: object) -> SimpleNamespace:
        assert path == tmp_path / "movie.h5"
        ran.append(config)
        return SimpleNamespace(name="results")

    def run_controls(results: SimpleNamespace, config: Config, progress: object) -> Controls:
        assert results.name == "results"
        assert config is ran[0]
        return found(0.75)

    monkeypatch.setattr(without_truth, "recorded", recorded)
    monkeypatch.setattr(without_truth, "run_controls", run_controls)
    best = TunedSettings("suite2p", {"threshold_scaling": 1.5}, 0.9, (), 0)
    config = Config.model_validate({"segmentation": {"engine": "stneuronet"}, "active": {"mode": "union"}})
    controls = without_truth.controls_by_engine(tmp_path / "movie.h5", best, config)
    assert controls.precision.value == 0.75
    (used,) = ran
    assert (used.segmentation.engine, used.segmentation.threshold_scaling) == ("suite2p", 1.5)
    assert used.active.mode == "off"


def test_table_page_and_json_name_every_engine(tmp_path: Path) -> None:
    controls = {"mouse <1>": {"suite2p": found(0.75), "stneuronet": found(0.5)}}
    out = tmp_path / "w.json"
    without_truth.write_without_truth(controls, out, table=tmp_path / "w.tsv", page=tmp_path / "w.html")
    assert json.loads(out.read_text())["mouse <1>"]["stneuronet"]["precision"]["value"] == 0.5
    table = read_table(tmp_path / "w.tsv")
    assert len(table) == 2 * len(MEASURES)
    row = table[(table["engine"] == "suite2p") & (table["measure"] == "precision")].iloc[0]
    assert (row["value"], row["low"], row["n"]) == (0.75, 0.65, 40)
    page = (tmp_path / "w.html").read_text()
    assert "mouse &lt;1&gt;" in page
    assert "75 (65–80)" in page
    assert "<th>suite2p</th><th>stneuronet</th>" in page
