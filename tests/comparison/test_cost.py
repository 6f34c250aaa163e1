"""What jobs took, and which engines can be run."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from neurocine.comparison.available_engines import available_engines
from neurocine.config import EnginesSettings, parse_config
from neurocine.config.engines import EngineEntry
from neurocine.core import InputError
from neurocine.engines.availability import why_absent
from neurocine.io.job_costs import read_job_costs

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return path


def test_the_cost_of_a_job_is_read(tmp_path: Path) -> None:
    (cost,) = read_job_costs(write(tmp_path / "a.tsv", "12.5\t0:00:12\t800.25\t1\t1\t1\t0\t0\t90\t20.5"))
    assert (cost.wall_s, cost.cpu_s, cost.peak_mb) == (12.5, 20.5, 800.25)


def test_what_was_too_short_to_measure_is_not_a_number(tmp_path: Path) -> None:
    (cost,) = read_job_costs(write(tmp_path / "a.tsv", "0.01\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA"))
    assert cost.wall_s == 0.01
    assert math.isnan(cost.peak_mb)


@pytest.mark.parametrize("text", ["", "a\tb\n1\t2\n", HEAD])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(InputError, match="no benchmark of Snakemake"):
        read_job_costs(tmp_path / "a.tsv")


def test_an_engine_that_is_not_there_is_told_with_what_to_do() -> None:
    missing = EngineEntry("a.module", "core", "Install it.", "no_such_package_here")
    assert why_absent(missing, EnginesSettings()) == "no_such_package_here isn't installed. Install it."
    assert why_absent(missing, EnginesSettings(), conda=True) is None
    assert why_absent(EngineEntry("a.module", "core"), EnginesSettings()) is None
    caiman = EngineEntry("a.module", "caiman", "Name one.", "caiman")
    named = EnginesSettings.model_validate({"caiman": {"python": sys.executable}})
    assert why_absent(caiman, named) is None
    wrong = EnginesSettings.model_validate({"caiman": {"python": "/nowhere/python"}})
    assert "can't be run" in str(why_absent(caiman, wrong))


def test_engines_that_cannot_run_are_left_out_and_said_to_be() -> None:
    config = parse_config(
        {
            "engines": {"caiman": {"python": "/nowhere/python"}},
            "comparison": {
                "motion": {"own": {"engine": "cinac"}, "normcorre": {"engine": "caiman"}},
                "segmentation": {"stneuronet": {}, "caiman": {}},
                "activity": ["neurocine", "mcmc", "caiman", "zscore"],
            },
        }
    )
    here = available_engines(config)
    assert list(here.motion) == ["own"]
    assert here.segmentation == ("stneuronet",)
    assert here.deconvolution == ("mcmc",)
    assert list(here.left_out) == ["registration: normcorre", "segmentation: caiman", "activity: caiman"]
    assert available_engines(config, conda=True).left_out == {}
