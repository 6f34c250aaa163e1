"""Controls in the report and the index, where the config asks for them."""

from __future__ import annotations

from pathlib import Path

from neurocine.config import Config, ReportSettings
from neurocine.core.controls import Controls, DprimeShare, Estimate
from neurocine.io.result_files import write_controls
from neurocine.io.results import results_in
from neurocine.report import write_card, write_index, write_report
from neurocine.steps import result_path

ASKED = Config.model_validate({"controls": {"run": True}})
KNOWN, UNKNOWN = Estimate(0.9, 0.8, 0.95, 40), Estimate(None, None, None, 0)


def write(folder: Path) -> None:
    controls = Controls(
        rounds=2, cells=12, silent_cells=4, recall=(), neurons_found=UNKNOWN,
        sensitivity=(DprimeShare(2.0, 3.0, 10, 4), DprimeShare(12.0, None, 7, 7)), visible_found=KNOWN,
        coverage=KNOWN, precision=KNOWN, silent_per_min=Estimate(0.25, 0, 0.75, 4), mirrored_per_min=KNOWN,
        false_masks=UNKNOWN, false_by_planted=Estimate(0.05, 0.02, 0.1, 12), false_by_mirror=KNOWN,
    )  # fmt: skip
    write_controls(folder / result_path("controls"), controls)


def test_the_page_and_the_index_say_what_the_controls_say(results_folder: Path, tmp_path: Path) -> None:
    write(results_folder)
    results = results_in(results_folder, ASKED.left_out)
    write_report(results, ReportSettings(clip_s=1), ASKED.model_dump(), results_folder / "report.html")
    page = (results_folder / "report.html").read_text()
    assert "<h2>Controls</h2>" in page
    assert "90 % (80 to 95 %) are found" in page
    assert "5 % (2 to 10 %) by planted cells" in page
    assert "12 cells planted into this movie in 2 rounds, 4 of them" in page
    assert "0.25 a minute (0.00 to 0.75)" in page
    write_card(results, results_folder / result_path("card"))
    write_index([results_folder], tmp_path / "index.html")
    assert "5 % (2 to 10 %) by planted cells" in (tmp_path / "index.html").read_text()


def test_nothing_is_said_where_nobody_asked(results_folder: Path) -> None:
    write(results_folder)
    config = Config()
    results = results_in(results_folder, config.left_out)
    write_report(results, ReportSettings(clip_s=1), config.model_dump(), results_folder / "report.html")
    assert "<h2>Controls</h2>" not in (results_folder / "report.html").read_text()
    write_card(results, results_folder / result_path("card"))
    assert '"controls": null' in (results_folder / result_path("card")).read_text()
