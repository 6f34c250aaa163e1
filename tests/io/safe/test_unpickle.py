"""Files with Python objects: plain ones are read, anything that acts is refused and not run."""

from __future__ import annotations

import os
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.safe.unpickle import load_dict, load_npy

PLAIN: dict[str, Any] = {
    "ypix": np.arange(5),
    "lam": np.linspace(0, 1, 5, dtype=np.float32),
    "overlap": np.array([True, False]),
    "names": np.array(["a", "bc"]),
    "npix": np.int64(5),
    "radius": np.float32(2.5),
    "iscell": np.bool_(True),
    "med": [3, 4.5],
    "nested": {"path": None, "range": (0, 10), "flag": True, "raw": b"\x00\xff", "name": "wärme"},
    "objects": np.array([{"x": 1}, [2]], dtype=object),
}


def npy_with(path: Path, stream: bytes, array: NDArray[Any] | None = None) -> Path:
    """Write a ``.npy`` header for one object, followed by any pickle."""
    header = BytesIO()
    np.save(header, np.array(None, dtype=object) if array is None else array)
    head = header.getvalue()
    path.write_bytes(head[: head.index(b"\n") + 1] + stream)
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("numpy_1", [False, True])
def test_plain_objects_of_any_protocol(tmp_path: Path, protocol: int, numpy_1: bool) -> None:
    stream = pickle.dumps(np.array(PLAIN, dtype=object), protocol=protocol)
    if numpy_1 and protocol >= 4:
        stream = stream.replace(b"\x16numpy._core.multiarray", b"\x15numpy.core.multiarray")
        stream = stream.replace(b"\x13numpy._core.numeric", b"\x12numpy.core.numeric")
        stream = pickle.PROTO + bytes([protocol]) + stream[11:]  # the frame's length no longer fits
    elif numpy_1:
        stream = stream.replace(b"numpy._core", b"numpy.core")
    assert (b"numpy._core" in stream) != numpy_1
    read = load_dict(npy_with(tmp_path / "ops.npy", stream))
    assert read.keys() == PLAIN.keys()
    for name, value in PLAIN.items():
        np.testing.assert_array_equal(read[name], value)
        assert type(read[name]) is type(value)
    assert read["nested"] == PLAIN["nested"]


def test_plain_arrays_need_no_pickle(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(3))
    np.testing.assert_array_equal(load_npy(tmp_path / "a.npy"), np.eye(3))


DATES: dict[str, Any] = {
    "date_proc": datetime(2024, 2, 29, 23, 59, 58, 123456),
    "repeated": datetime(2024, 10, 27, 2, 30, fold=1),
    "utc": datetime(2024, 1, 1, tzinfo=UTC),
    "zone": datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2), "CEST")),
    "day": date(1999, 12, 31),
    "took": timedelta(-1, 5, 7),
}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_dates_and_paths(tmp_path: Path, protocol: int) -> None:
    paths = {
        "save_path": PurePosixPath("/data/mouse 1"),
        "fast_disk": PureWindowsPath("D:\\fast", "disk"),
        "here": Path("data.bin"),
        "files": [PurePosixPath("a.tif")],
    }
    stream = pickle.dumps(np.array(DATES | paths, dtype=object), protocol=protocol)
    read = load_dict(npy_with(tmp_path / "ops.npy", stream))
    assert {name: read[name] for name in DATES} == DATES
    assert read["repeated"].fold == (protocol > 3)  # pickles hold it from protocol 4 on
    assert read["zone"].tzname() == "CEST"
    assert read["save_path"] == "/data/mouse 1"
    assert read["fast_disk"] == "D:\\fast\\disk"
    assert (read["here"], read["files"]) == ("data.bin", ["a.tif"])
    assert all(type(read[name]) is str for name in ("save_path", "fast_disk", "here"))


def test_paths_of_other_systems_and_versions(tmp_path: Path) -> None:
    for module in (b"pathlib", b"pathlib._local"):
        for name, text in ((b"WindowsPath", "C:\\x"), (b"PosixPath", "C:/x"), (b"PureWindowsPath", "C:\\x")):
            call = b"c" + module + b"\n" + name + b"\n(VC:/\nVx\ntR"
            whole = pickle.dumps(np.array({"p": "?"}, dtype=object), protocol=2)
            head, tail = whole.split(b"X\x01\x00\x00\x00?q")
            stream = head + call + b"q" + tail
            assert load_dict(npy_with(tmp_path / "ops.npy", stream))["p"] == text


@pytest.mark.parametrize(
    "call",
    [
        b"cdatetime\ndatetime\n(I2024\nI1\nI1\ntR",
        b"cdatetime\ndatetime\n(C\x0a\x07\xe8\x0d\x01\x00\x00\x00\x00\x00\x00tR",  # month 13
        b"cdatetime\ndatetime\n(C\x0a\x07\xe8\x01\x01\xff\x00\x00\x00\x00\x00tR",  # hour 255
        b"cdatetime\ndatetime\n(C\x0a\x07\xe8\x01\x01\x00\x00\x00\x00\x00\x00V+1\ntR",
        b"cdatetime\ndate\n(C\x04\x00\x00\x01\x01tR",
        b"cdatetime\ntimedelta\n(L99999999999999999999L\ntR",
        b"cdatetime\ntimedelta\n(F1e308\ntR",
        b"cdatetime\ntimezone\n(I1\ntR",
        b"cdatetime\ntzinfo\n(tR",
        b"cpathlib\nPosixPath\n(I1\ntR",
        b"cpathlib\nPosixPath.touch\n(Va\ntR",
        b"cpathlib\nPath\n(Va\ntR",
        b"cpathlib\nPosixPath\n(Va\ntR}V_str\nVb\nsb",  # changes the path
    ],
)
def test_false_dates_and_paths_are_refused(tmp_path: Path, call: bytes) -> None:
    with pytest.raises(InputError, match=r"ops\.npy: content: isn't made of plain"):
        load_npy(npy_with(tmp_path / "ops.npy", b"\x80\x04" + call + b"."))


class Attack:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (exec, "open('{}', 'w')"),
        (Path.touch, "{}"),
        (os.mkdir, "{}"),
        (np.save, "{}", 1),
        (getattr, os, "system"),
        (__import__, "os"),
    ],
    # An address in a name would differ between processes.
    ids=lambda call: call[0].__name__,
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_malicious_pickle_is_refused_and_not_run(
    tmp_path: Path, call: tuple[Any, ...], protocol: int
) -> None:
    trap = tmp_path / "trap"
    arguments = [a.format(trap) if isinstance(a, str) else a for a in call[1:]]
    attack = Attack(call[0], *arguments)
    try:
        stream = pickle.dumps([attack], protocol=protocol)
    except (TypeError, pickle.PicklingError):  # a module as argument: name it by hand
        stream = b"cos\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR."
    path = npy_with(tmp_path / "stat.npy", stream)
    with pytest.raises(InputError, match="it asks for"):
        load_npy(path)
    assert sorted(tmp_path.iterdir()) == [path]
    # The stream is a working attack: an ordinary unpickler does run it.
    if call[0] is os.system:
        pickle.loads(stream)  # noqa: S301
        assert trap.exists()


def test_inner_names_of_allowed_modules_are_refused(tmp_path: Path) -> None:
    stream = b"\x80\x04\x8c\x16numpy._core.multiarray\x94\x8c\x08fromfile\x94\x93."
    with pytest.raises(InputError, match="it asks for"):
        load_npy(npy_with(tmp_path / "a.npy", stream))
    dotted = pickle.PROTO + b"\x04" + b"\x8c\x05numpy\x8c\x0endarray.tofile\x93."
    with pytest.raises(InputError, match=r"numpy\.ndarray\.tofile"):
        load_npy(npy_with(tmp_path / "a.npy", dotted))


@pytest.mark.parametrize(
    "stream", [b"", b"junk", b"\x80\x04]", pickle.dumps([1, 2]), pickle.dumps(b"x" * 99)[:20]]
)
def test_damaged_streams(tmp_path: Path, stream: bytes) -> None:
    with pytest.raises(InputError, match=r"stat\.npy: content"):
        load_npy(npy_with(tmp_path / "stat.npy", stream))


def test_cut_at_any_byte(tmp_path: Path) -> None:
    np.save(tmp_path / "whole.npy", np.array(PLAIN, dtype=object), allow_pickle=True)
    content = (tmp_path / "whole.npy").read_bytes()
    for cut in range(0, len(content), 7):
        (tmp_path / "a.npy").write_bytes(content[:cut])
        with pytest.raises(InputError):
            load_npy(tmp_path / "a.npy")


def test_a_list_is_not_a_dict(tmp_path: Path) -> None:
    np.save(tmp_path / "ops.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="isn't a dict"):
        load_dict(tmp_path / "ops.npy")
    with pytest.raises(InputError, match="doesn't exist"):
        load_dict(tmp_path / "gone.npy")
