"""What the report says of light of neighbours."""

from __future__ import annotations

from pathlib import Path

from neurocine.config import Config, ReportSettings
from neurocine.core.contamination import Contamination, NeighbourTransient
from neurocine.io.result_files import write_contamination
from neurocine.io.results import results_in
from neurocine.report import write_report
from neurocine.steps import result_path


def page_of(folder: Path) -> str:
    config = Config()
    results = results_in(folder, config.left_out)
    write_report(results, ReportSettings(clip_s=1), config.model_dump(), folder / "report.html")
    return (folder / "report.html").read_text()


def test_the_page_shows_pairs_with_the_most_called_first(results_folder: Path) -> None:
    rows = [(0, 1, 10, True), (0, 1, 30, False), (1, 0, 50, True), (1, 0, 60, True)]
    transients = tuple(NeighbourTransient(a, b, t, t + 3, 0.1, 0.9, called) for a, b, t, called in rows)
    found = Contamination(4, ((0, 1),), transients)
    write_contamination(results_folder / result_path("contamination"), found)
    page = page_of(results_folder)
    assert "2 of 4 cells overlap another, in 1 pair." in page
    assert "the network rejects 1 (25%) and calls the cell active in 3." in page
    assert page.index('<a href="#roi-1">1</a></td><td><a href="#roi-0">0</a></td>') < page.index(
        '<a href="#roi-0">0</a></td><td><a href="#roi-1">1</a></td>'
    )


def test_the_page_says_that_nothing_overlaps(results_folder: Path) -> None:
    page = page_of(results_folder)
    assert "<h2>Contamination by neighbours</h2>" in page
    assert "None of 4 cells overlaps another." in page
