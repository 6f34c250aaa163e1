"""The index over recordings."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from neurocine.config import Config
from neurocine.io.results import results_in
from neurocine.report import write_card, write_index

LEFT_OUT = Config().left_out


def reported(folder: Path) -> None:
    """Write what the step report leaves."""
    (folder / "report").mkdir()
    (folder / "report" / "report.html").write_text("page")
    write_card(results_in(folder, LEFT_OUT), folder / "report" / "card.json")


def test_reports_are_linked_and_failures_named(results_folder: Path, tmp_path: Path) -> None:
    reported(results_folder)
    damaged = tmp_path / "results" / "damaged"
    shutil.copytree(results_folder, damaged)
    (damaged / "report" / "card.json").write_text("[")
    out = tmp_path / "results" / "index.html"
    write_index([results_folder, damaged, tmp_path / "results" / "lost"], out)
    html = out.read_text(encoding="utf-8")
    links = re.findall(r'class="card" href="([^"]*)"', html)
    assert [(out.parent / unquote(link)).read_text() for link in links] == ["page"]
    assert "3 recordings" in html
    assert "3 cells (2 pyramidal, 1 interneuron)" in " ".join(html.split())
    assert "<b>damaged</b>" in html
    assert "card.json" in html
    assert "<b>lost</b>" in html
    assert "mouse &lt;1&gt;" in html
    assert "http://" not in html


def test_active_neurons_are_counted(annotated_folder: Path) -> None:
    reported(annotated_folder)
    out = annotated_folder.parent / "index.html"
    write_index([annotated_folder], out)
    assert "3 active neurons found by STNeuroNet" in out.read_text("utf-8")


def test_no_recording_gives_a_page(tmp_path: Path) -> None:
    write_index([], tmp_path / "index.html")
    assert "0 recordings" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_an_empty_recording_is_shown(empty_folder: Path) -> None:
    reported(empty_folder)
    write_index([empty_folder], empty_folder.parent / "index.html")
    assert "0 cells (0 pyramidal, 0 interneurons)" in " ".join(
        (empty_folder.parent / "index.html").read_text(encoding="utf-8").split()
    )


def test_the_index_of_200_recordings_stays_under_2_mb(results_folder: Path, tmp_path: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    noise = np.random.default_rng(0).normal(size=(512, 512))  # what a picture can't be made smaller than
    noisy = replace(results, summary=replace(results.summary, mean=noise.astype(np.float32)))
    card = tmp_path / "card.json"
    write_card(noisy, card)
    folders = [tmp_path / "results" / f"m{number:03d}" for number in range(200)]
    for folder in folders:
        (folder / "report").mkdir(parents=True)
        shutil.copy(card, folder / "report" / "card.json")
    write_index(folders, tmp_path / "index.html")
    assert (tmp_path / "index.html").stat().st_size < 2e6
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count('class="card"') == 200
