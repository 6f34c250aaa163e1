"""What jobs ask for follows from measurements, and grows with the work and the attempt."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurocine.cluster import resources
from neurocine.cluster.resources import (
    EstimatedCost,
    Linear,
    Work,
    activity_jobs,
    costs_with,
    size_bytes,
    work_of,
)
from neurocine.config import Config
from neurocine.config.engines import SEGMENTATION_ENGINES
from neurocine.steps import BY_NAME, RECORDING_STEPS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def costs(request: pytest.FixtureRequest):
    """The program that fits, with the one that reads the table beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks" / "costs"))
        import fit

        yield fit
    for name in ("fit", "measure"):
        del sys.modules[name]


def test_the_coefficients_are_what_the_table_gives(costs) -> None:
    assert json.loads(resources.MEASURED_FILE.read_text()) == costs.fitted(costs.read_table())


def test_every_measured_job_would_have_had_enough_and_the_margin(costs) -> None:
    rows = costs.read_table()
    assert len(rows) > 80
    for row in rows:
        asked = costs_with({row.rule: row.engine})[row.rule]
        work = costs.work(row)
        assert asked.memory_mb(work) >= resources.MEMORY_MARGIN * row.max_rss_mb, row
        assert 60 * asked.runtime_min(work) >= resources.TIME_MARGIN * row.cpu_seconds, row


def test_every_rule_that_runs_by_default_was_measured_with_the_default_engines() -> None:
    costs_by_rule = costs_with(resources.engines_of(Config()))
    for rule in (step.name for step in RECORDING_STEPS if Config().wants(step)):
        assert isinstance(costs_by_rule[rule], resources.MeasuredCost), rule


def test_the_fit_finds_a_known_line_and_no_measurement_lies_above_it(costs) -> None:
    rng = np.random.default_rng(0)
    line = Linear(base=500, per_gpixel=2000, per_mvalue=30)

    def measured(noise: float) -> list:
        rows = []
        for _ in range(60):
            size = [int(rng.uniform(*limits)) for limits in ((600, 9000), (1e4, 3e5), (5, 300))]
            value = line(Work(*size)) * rng.uniform(1 - noise, 1 + noise)
            rows.append(costs.Measurement("motion", "", *size, 1, value, 1.0, 1.0))
        return rows

    exact = costs.fit(measured(0), "max_rss_mb", ("base", "per_gpixel", "per_mvalue"))
    for name in ("base", "per_gpixel", "per_mvalue"):
        assert getattr(exact, name) == pytest.approx(getattr(line, name), rel=0.01)
    rows = measured(0.2)
    over = costs.fit(rows, "max_rss_mb", ("base", "per_gpixel", "per_mvalue"))
    assert all(over(costs.work(row)) >= row.max_rss_mb for row in rows)
    assert max(over(costs.work(row)) / line(costs.work(row)) for row in rows) < 1.6


@pytest.mark.parametrize("engine", ["suite2p", "caiman"])
def test_more_work_and_further_attempts_ask_for_more(engine: str) -> None:
    costs = costs_with({"motion": "suite2p", "segmentation": engine})
    small, large = Work(1000, 128**2, 20), Work(200_000, 512**2, 500)
    for name in ("motion", "segmentation", "active", "traces", "celltype", "activity"):
        cost = costs[name]
        assert cost.memory_mb(large) >= cost.memory_mb(small)
        assert cost.runtime_min(large) > cost.runtime_min(small)
        assert cost.memory_mb(large, 2) == pytest.approx(2 * cost.memory_mb(large), abs=1)
        assert cost.runtime_min(large, 3) == pytest.approx(3 * cost.runtime_min(large), abs=2)
    assert costs["activity"].runtime_min(large.share(4)) <= costs["activity"].runtime_min(large)


def test_controls_ask_for_the_steps_that_they_run_again() -> None:
    engines = {"motion": "suite2p", "segmentation": "suite2p"}
    work = Work(20_000, 256**2, 200)
    costs = costs_with(engines, rounds=2)
    again = [costs[name] for name in ("segmentation", "active", "celltype", "activity")]
    asked = costs["controls"].runtime_min(work)
    assert asked > 3 * sum(cost.runtime_min(work) for cost in again)
    assert asked > costs_with(engines, rounds=1)["controls"].runtime_min(work)
    assert costs["controls"].memory_mb(work) == max(cost.memory_mb(work) for cost in again)


def test_an_engine_without_measurements_asks_for_its_line_or_its_steps() -> None:
    line = SEGMENTATION_ENGINES["caiman"].cost
    assert costs_with({"segmentation": "caiman"})["segmentation"] == EstimatedCost(line)
    assert costs_with({"segmentation": "new"})["segmentation"] == EstimatedCost(BY_NAME["segmentation"].cost)


def test_work_is_guessed_until_steps_have_told_it(tmp_path: Path) -> None:
    movie, results = tmp_path / "movie", tmp_path / "results"
    movie.mkdir()
    for i in range(2):
        with (movie / f"{i}.tif").open("wb") as file:
            file.truncate(512 * 512 * 2 * 50)
    assert size_bytes((movie,)) == 512 * 512 * 2 * 100
    assert work_of((movie,), results) == Work(100, 512**2, 512**2 / 1000)
    (results / "ingest").mkdir(parents=True)
    (results / "ingest" / "source.json").write_text(json.dumps({"shape": [4000, 100, 200]}))
    assert work_of((movie,), results) == Work(4000, 20_000, 20)
    (results / "active").mkdir()
    with h5py.File(results / "active" / "rois.h5", "w") as file:
        file["ids"] = np.arange(7)
    assert work_of((movie,), results) == Work(4000, 20_000, 7)


@pytest.mark.parametrize(("gb", "jobs"), [(0, 1), (8, 1), (8.1, 2), (31, 4)])
def test_large_recordings_are_shared(gb: float, jobs: int) -> None:
    assert activity_jobs(int(gb * 1e9), 8) == jobs
