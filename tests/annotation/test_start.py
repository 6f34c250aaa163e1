"""The page is there soon: the command imports nothing that only other steps need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

#: Each takes long to import.
OTHERS_ONLY = {
    "tensorflow",
    "keras",
    "openvino",
    "suite2p",
    "torch",
    "snakemake",
    "matplotlib",
    "sklearn",
    "pynwb",
    "scipy.stats",
    "scipy.optimize",
}


def test_the_address_comes_before_anything_large_is_imported(results_folder: Path) -> None:
    shutil.rmtree(
        results_folder / "contamination", ignore_errors=True
    )  # nor does it wait for what isn't shown
    command = [sys.executable, "-X", "importtime", "-c", "from neurocine.cli import main; main()"]
    command += ["annotate", str(results_folder), "--as", "ana", "--port", "0"]
    said = results_folder.parent / "imports.txt"
    with said.open("w") as imports:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=imports, text=True)
        assert server.stdout is not None
        first = server.stdout.readline()
        server.terminate()
        server.communicate()
    assert first.startswith("Open http://127.0.0.1:")
    imported = {line.rpartition("|")[2].strip() for line in said.read_text().splitlines()}
    assert "neurocine.annotation.launch" in imported
    assert imported & OTHERS_ONLY == set()
