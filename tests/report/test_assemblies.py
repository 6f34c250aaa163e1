"""Cell assemblies in the report and the provenance, where the config asks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurocine.config import Config, ReportSettings
from neurocine.core import Assemblies, InputError
from neurocine.export.provenance import provenance
from neurocine.io.result_files import read_activity, write_assemblies
from neurocine.io.results import files_in, results_in
from neurocine.report import write_report
from neurocine.steps import result_path

ASKED = Config.model_validate({"assemblies": {"find": True}}).model_dump()


def write_labelled(folder: Path, label: list[int]) -> None:
    """Write assemblies of the four ROIs in `folder`, with six events."""
    raster = read_activity(folder / "activity" / "activity.h5")
    participation = np.tile(np.array(label)[:, None] >= 0, (1, 6))
    count = max(label) + 1
    assemblies = Assemblies(
        raster.ids, 10.0, 5.0, np.arange(6) * 40, participation, np.full(6, count - 1), np.full(6, 0.4),
        0.1, np.array(label), np.ones((6, count), dtype=bool),
    )  # fmt: skip
    write_assemblies(folder / result_path("assemblies"), assemblies)


def provenance_of(folder: Path, config: dict) -> dict:
    left_out = Config.model_validate(config).left_out
    return provenance(files_in(folder, "export_provenance", left_out), config, "mouse")


def page_of(folder: Path, config: dict) -> str:
    results = results_in(folder, Config.model_validate(config).left_out)
    write_report(results, ReportSettings(clip_s=1), config, folder / "report.html")
    return (folder / "report.html").read_text()


def test_the_page_shows_assemblies_only_if_asked_to(results_folder: Path) -> None:
    write_labelled(results_folder, [0, 0, 0, -1])
    ids = read_activity(results_folder / "activity" / "activity.h5").ids
    page = page_of(results_folder, ASKED)
    assert "1 assembly" in page
    assert f'<td>1</td><td class="n">3</td><td class="n">6</td><td>{ids[0]}, {ids[1]}, {ids[2]}</td>' in page
    assert "Cell assemblies" not in page_of(results_folder, Config().model_dump())


def test_the_page_says_that_there_are_none(results_folder: Path) -> None:
    write_labelled(results_folder, [-1, -1, -1, -1])
    page = page_of(results_folder, ASKED)
    assert "0 assemblies" in page
    assert "No group of events" in page


def test_the_provenance_names_their_file(results_folder: Path) -> None:
    write_labelled(results_folder, [0, 0, 0, -1])
    assert result_path("assemblies") in provenance_of(results_folder, ASKED)["files"]
    assert result_path("assemblies") not in provenance_of(results_folder, Config().model_dump())["files"]
    (results_folder / result_path("assemblies")).unlink()
    with pytest.raises(InputError, match="assemblies"):
        provenance_of(results_folder, ASKED)
