"""The notebook, executed as a user executes it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_notebook_runs_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(ROOT / "examples" / "first_recording.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # committed without results
    NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
    shown = nbformat.writes(notebook)
    assert "600 frames of 128 x 128 pixels" in shown
    assert "http://127.0.0.1" in shown
    assert "image/png" in shown
    (report,) = tmp_path.glob("neurocine-*/results/*/report/report.html")
    assert report.is_file()
