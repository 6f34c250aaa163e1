"""The page that ships is what its source gives."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "neurocine" / "annotation" / "static"


@pytest.mark.skipif(
    shutil.which("npx") is None or not (ROOT / "web" / "node_modules").is_dir(),
    reason="the page can't be built: needs node, and `npm ci` in web/",
)
def test_the_bundle_is_that_of_the_source(tmp_path: Path) -> None:
    subprocess.run(
        ["npx", "vite", "build", "--outDir", str(tmp_path), "--emptyOutDir"], cwd=ROOT / "web", check=True
    )
    for path in STATIC.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), (
            f"run `make web`: {path.name} differs"
        )


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "<script>" not in page
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < 200_000
