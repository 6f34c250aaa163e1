"""MATLAB files of version 5: what SciPy wrote is read; what a damaged file declares isn't believed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from neurocine.core import DamagedFile
from neurocine.io.safe import matlab_cells
from neurocine.io.safe.matlab_cells import load_cells


@pytest.mark.parametrize("compressed", [False, True])
def test_values_that_scipy_wrote(tmp_path: Path, compressed: bool) -> None:
    cell = np.empty(3, dtype=object)
    cell[:] = [{"x": np.arange(3), "y": 2.5}, np.float32([[1, 2], [3, 4]]), "text"]
    content = {
        "numbers": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        "cell": cell,
        "nested": {"long_name_of_a_field": {"empty": np.array([]), "flags": np.array([True, False])}},
        "structs": np.array([(1, 2.0), (3, 4.0)], dtype=[("a", object), ("b", object)]),
        "unread": np.zeros((500, 500)),
    }
    scipy.io.savemat(tmp_path / "a.mat", content, do_compression=compressed)
    found = load_cells(tmp_path / "a.mat", ("numbers", "cell", "nested", "structs", "absent"))
    assert set(found) == {"numbers", "cell", "nested", "structs"}
    np.testing.assert_array_equal(found["numbers"], content["numbers"])
    first, second, text = found["cell"]
    assert (first["x"].ravel().tolist(), first["y"].item()) == ([0, 1, 2], 2.5)
    np.testing.assert_array_equal(second, [[1, 2], [3, 4]])
    assert text is None
    inner = found["nested"]["long_name_of_a_field"]
    assert (inner["empty"].size, inner["flags"].ravel().tolist()) == (0, [1, 0])
    assert [(one["a"].item(), one["b"].item()) for one in found["structs"]] == [(1, 2.0), (3, 4.0)]


def element(kind: int, content: bytes, order: str) -> bytes:
    return struct.pack(f"{order}II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(kind: int, shape: tuple[int, ...], rest: bytes, name: bytes = b"a", order: str = "<") -> bytes:
    parts = (
        element(6, struct.pack(f"{order}II", kind, 0), order),
        element(5, struct.pack(f"{order}{len(shape)}i", *shape), order),
        element(1, name, order),
    )
    return element(14, b"".join(parts) + rest, order)


def write(path: Path, content: bytes, order: str = "<") -> Path:
    path.write_bytes(bytes(124) + {"<": b"\0\1IM", ">": b"\1\0MI"}[order] + content)
    return path


def test_the_other_byte_order(tmp_path: Path) -> None:
    values = element(4, np.array([1, 2, 515], ">u2").tobytes(), ">")
    path = write(tmp_path / "a.mat", matrix(6, (1, 3), values, order=">"), ">")
    assert load_cells(path, ["a"])["a"].tolist() == [[1, 2, 515]]


DEEP = b""
for _ in range(matlab_cells.MAX_DEPTH + 2):
    DEEP = matrix(1, (1, 1), DEEP)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (matrix(1, (2**15, 2**16), b""), "cut short"),
        (matrix(1, (-1, 5), b""), "shape"),
        (matrix(6, (2, 5), element(9, bytes(16), "<")), "reshape"),
        (matrix(6, (1, 1), element(99, bytes(16), "<")), "kind 99"),
        (matrix(2, (1, 1), element(5, bytes(4), "<") + element(1, b"x", "<")), "no length"),
        (element(14, b"", "<"), "cut short"),
        (struct.pack("<II", 14, 2**31), "cut short"),
        (struct.pack("<II", 15, 8) + bytes(8), "error"),
        (DEEP, "nested too deeply"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(DamagedFile, match=problem):
        load_cells(write(tmp_path / "a.mat", content), ["a"])


def test_more_values_than_results_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matlab_cells, "MAX_VALUES", 10)
    cells: Any = b"".join(matrix(1, (0, 0), b"") for _ in range(11))
    with pytest.raises(DamagedFile, match="too many values"):
        load_cells(write(tmp_path / "a.mat", matrix(1, (1, 11), cells)), ["a"])
