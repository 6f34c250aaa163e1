"""Many recordings, and large ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("n", "gb", "a_recording"), [(200, 5, 11), (3, 40, 14)])
def test_a_plan_of_many_recordings_is_small(n: int, gb: float, a_recording: int) -> None:
    """11 jobs a recording; of 40 GB, three more that share the inference of its activity."""
    command = [sys.executable, str(ROOT / "benchmarks" / "dag.py"), str(n), str(gb)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = re.fullmatch(
        rf"{n} recordings: (\d+) jobs planned in .* s \(.*\), (\d+) MB at most\n", done.stdout
    )
    assert found
    jobs, peak_mb = map(int, found.groups())
    assert jobs == n * a_recording + 2  # and the index, and all
    assert peak_mb < 300  # 1,000 recordings: under 1 GiB
