"""Files made by hand to run something, to fill the memory or to go on for ever."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.core import InputError, RoiSet
from neurocine.io.movies import open_movie, probe
from neurocine.io.rois import open_rois
from neurocine.io.safe.unpickle import load_dict, load_npy

Reading = Callable[[str, Path], str]
PROTO = b"\x80\x04"
DTYPE = b"\x8c\x05numpy\x8c\x05dtype\x93"
RECONSTRUCT = b"\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93\x8c\x05numpy\x8c\x07ndarray\x93"
ARRAY = RECONSTRUCT + b"K\x00\x85C\x01b\x87R"  # _reconstruct(ndarray, (0,), b"b")


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def dtype(name: str) -> bytes:
    return DTYPE + text(name) + b"\x89\x88\x87R"


def state(shape: bytes, kind: bytes, values: bytes) -> bytes:
    """What gives an array its shape, type and values."""
    return b"(K\x01" + shape + kind + b"\x89" + values + b"tb"


def wide(n: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", n) + b"\x85"


class Twice:
    """Nested reductions: what one returns is called again."""

    def __reduce__(self) -> Any:
        return (getattr, (Once(), "system"))


class Once:
    def __reduce__(self) -> Any:
        return (__import__, ("os",))


def laughs(depth: int) -> bytes:
    """Lists of ten times the same list of ten times the same list …"""
    value: list[Any] = [0] * 10
    for _ in range(depth):
        value = [value] * 10
    return pickle.dumps(value, protocol=4)


STREAMS = {
    "nested reductions": pickle.dumps(Twice(), 4),
    "an array of 8 TB": PROTO + ARRAY + state(wide(10**12), dtype("f8"), b"C\x00") + b".",
    "a list of 8 TB": PROTO + ARRAY + state(wide(10**12), dtype("O8"), b"]") + b".",
    "a type of 2 GB": PROTO
    + b"\x8c\x16numpy._core.multiarray\x8c\x06scalar\x93"
    + dtype("V2147483647")
    + b"\x85R.",
    "a made shape": PROTO + RECONSTRUCT + wide(10**12) + b"C\x01O\x87R.",
    "objects from bytes": PROTO + ARRAY + state(b"K\x01\x85", dtype("O8"), b"C\x08" + b"A" * 8) + b".",
    # A structure whose field says that it is an object, and whose flags say that there is none.
    "an address": PROTO
    + ARRAY
    + state(
        b"K\x01\x85",
        dtype("V8") + b"(K\x03" + text("|") + b"N" + text("a") + b"\x85}" + text("a")
        + dtype("O8") + b"K\x00\x86sK\x08K\x01K\x00tb",
        b"C\x08" + b"A" * 8,
    )
    + b".",
    "a memo of 32 GB": PROTO + b"Nr" + struct.pack("<I", 2**32 - 1) + b".",
    "bytes of 1 TB": PROTO + b"\x8e" + struct.pack("<Q", 2**40) + b".",
    "a bytearray of 1 TB": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",
    "a bytearray of 4 GB": b"\x80\x05\x96" + struct.pack("<Q", 2**32) + b".",
    "text of 1 TB": PROTO + b"\x8d" + struct.pack("<Q", 2**40) + b".",
    "a frame of 1 TB": PROTO + b"\x95" + struct.pack("<Q", 2**40) + b"N.",
    "a number of 2 GB": PROTO + b"\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    "a number of a million digits": b"L" + b"9" * 10**6 + b"L\n.",
    "10^12 values of some bytes": laughs(12),
    "a list that holds itself": PROTO + b"]\x94h\x00a.",
    "tuples in each other": PROTO + b"N" + b"\x85" * 10**6 + b".",
    # Hashing these takes a frame of C's stack per level.
    "a key of tuples in each other": PROTO + b"}N" + b"\x85" * 10**6 + b"Ns.",
    "keys of tuples in each other": PROTO + b"}(N" + b"\x85" * 10**6 + b"Nu.",
    "a dict of tuples in each other": PROTO + b"(N" + b"\x85" * 10**6 + b"Nd.",
    "a set of tuples in each other": PROTO + b"\x8f(N" + b"\x85" * 10**6 + b"\x90.",
    "a frozen set of tuples in each other": PROTO + b"(N" + b"\x85" * 10**6 + b"\x91.",
    "a changed function": PROTO + DTYPE + b"N}" + text("__defaults__") + b"Ns\x86b.",
    "a changed class": PROTO + dtype("f8") + b"N}" + text("dtype") + b"Ns\x86b.",
    "a called class": PROTO + b"\x8c\x05numpy\x8c\x07ndarray\x93" + wide(10**12) + b"\x85R.",
    "a new object": PROTO + b"\x8c\x05numpy\x8c\x07ndarray\x93" + wide(10**12) + b"\x85\x81.",
    "a persistent name": b"Pname\n.",
    "an extension": PROTO + b"\x82\x01.",
    "an instance": b"(ios\nsystem\n.",
    "a dotted name": PROTO + b"\x8c\x05numpy\x8c\x13dtype.__class__.mro\x93.",
    "the other byte order": PROTO + ARRAY + state(b"K\x01\x85", dtype("O8") + b"(K\x03" + text(">")
    + b"NNNK\x08K\x08K\x3ftb", b"]K\x01a") + b".",
}  # fmt: skip


def with_header(path: Path, stream: bytes) -> Path:
    header = BytesIO()
    np.save(header, np.array(None, dtype=object), allow_pickle=True)
    head = header.getvalue()
    path.write_bytes(head[: head.index(b"\n") + 1] + stream)
    return path


@pytest.mark.parametrize("name", STREAMS)
def test_pickles(name: str, tmp_path: Path, reading: Reading) -> None:
    path = with_header(tmp_path / "stat.npy", STREAMS[name])
    answer = reading("npy", path)
    assert answer.startswith(f"refused: {path}: ") or (name == "the other byte order" and answer == "ok")
    assert reading("rois", path).startswith("refused: ")


def test_what_a_pickle_changes_is_gone_with_it(tmp_path: Path) -> None:
    for name in ("a changed function", "a changed class"):
        with pytest.raises(InputError):
            load_npy(with_header(tmp_path / "stat.npy", STREAMS[name]))
    for order in "<>":
        np.save(tmp_path / "ops.npy", np.array({"a": np.arange(3, dtype=f"{order}f4")}), allow_pickle=True)
        np.testing.assert_array_equal(load_dict(tmp_path / "ops.npy")["a"], [0, 1, 2])


def npy_header(shape: str, kind: str = "<f8") -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("(1000000, 1000, 1000)", "<f8"),
        ("(2, -3, 4)", "<f8"),
        ("(" * 3000 + ")" * 3000, "<f8"),
        ("(2, 2, 2)", "V2147483647"),
        ("(9223372036854775807, 2, 2)", "<u1"),
        ("(2, 2, 2)", "O"),
        ("(__import__('os').system('true'), 2, 2)", "<u1"),
    ],
)
@pytest.mark.parametrize("reader", ["movie", "rois", "npy"])
def test_numpy_headers(reader: str, shape: str, kind: str, tmp_path: Path, reading: Reading) -> None:
    (tmp_path / "m.npy").write_bytes(npy_header(shape, kind) + bytes(64))
    assert reading(reader, tmp_path / "m.npy").startswith("refused: ")
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("masks.npy", npy_header(shape, kind) + bytes(64))
    assert reading("rois", tmp_path / "m.npz").startswith("refused: ")


def test_archives_that_unpack_to_more_than_they_are(tmp_path: Path, reading: Reading) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(24):
            archive.writestr(f"{i}.npy", npy_header("(32, 1024, 1024)", "|u1") + bytes(2**25))
    assert (tmp_path / "m.npz").stat().st_size < 10**6
    answer = reading("rois", tmp_path / "m.npz")
    assert "unpacks to 805," in answer


def test_nothing_is_unpacked_beside_an_archive(tmp_path: Path, reading: Reading) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(inside / "m.npz", "w") as archive:
        for name in ("../out.npy", "/tmp/out-of-neurocine.npy", "masks.npy"):
            archive.writestr(name, npy_header("(1, 24, 30)", "|u1") + bytes([1] * 720))
    assert reading("rois", inside / "m.npz").startswith("refused: ")  # three stacks
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["m.npz"]
    assert not Path("/tmp/out-of-neurocine.npy").exists()


def tiff_with(path: Path, tags: dict[int, tuple[int, int, int]], following: int = 0) -> Path:
    """A TIFF file of one header, with type, count and value of each tag."""
    entries = b"".join(struct.pack("<HHII", code, *tags[code]) for code in sorted(tags))
    path.write_bytes(
        b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries
        + struct.pack("<I", following) + bytes(200)
    )  # fmt: skip
    return path


PLAIN = {256: (4, 1, 8), 257: (4, 1, 8), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 140),
         277: (3, 1, 1), 278: (4, 1, 8), 279: (4, 1, 64)}  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "following"),
    [
        ({256: (4, 1, 2**31), 257: (4, 1, 2**31)}, 0),
        ({256: (4, 1, 10**6), 257: (4, 1, 10**6), 259: (3, 1, 8)}, 0),
        ({322: (4, 1, 2**30), 323: (4, 1, 2**30), 324: (4, 1, 140), 325: (4, 1, 64), 259: (3, 1, 8)}, 0),
        ({273: (4, 2**30, 140), 279: (4, 2**30, 140)}, 0),
        ({258: (3, 2**31 - 1, 8)}, 0),
        ({270: (2, 2**32 - 1, 140)}, 0),
        ({277: (3, 1, 65535)}, 0),
        ({256: (4, 1, 0)}, 0),
        ({}, 8),
        ({330: (4, 1, 8)}, 0),
        ({}, 2**32 - 1),
    ],
)
@pytest.mark.parametrize("reader", ["movie", "growing", "rois"])
def test_tiff_headers(
    reader: str, tags: dict[int, tuple[int, int, int]], following: int, tmp_path: Path, reading: Reading
) -> None:
    answer = reading(reader, tiff_with(tmp_path / "m.tif", PLAIN | tags, following))
    assert answer == "ok" or answer.startswith("refused: "), answer
    if reader != "rois":  # a single picture is no movie
        assert answer != "ok"


OME = """<?xml version="1.0"?>{doctype}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image
ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="8" SizeY="8" SizeC="1" SizeZ="1"
SizeT="{n}"><TiffData IFD="0" FirstT="0" PlaneCount="{n}"><UUID FileName="{name}">urn:uuid:0</UUID></TiffData>
</Pixels></Image></OME>"""
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghij", "bcdefghijk", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "description",
    [
        OME.format(doctype="", n=10**12, name="m.tif"),
        OME.format(doctype="", n=2, name="/etc/passwd"),
        OME.format(doctype="", n=2, name="../other.tif"),
        OME.format(doctype=LAUGHS, n=2, name="&k;"),
        OME.format(doctype='<!DOCTYPE l [<!ENTITY k SYSTEM "file:///etc/passwd">]>', n=2, name="&k;"),
        "ImageJ=1.11a\nimages=1000000000000\nframes=1000000000000\n",
        '{"shape": [1000000000000, 8, 8]}',
        '{"shape": ' + "[" * 5000 + "]" * 5000 + "}",
        "SI.hRoiManager.scanFrameRate = 1e999\nstate.acq.frameRate=0\n",
    ],
)
def test_tiff_descriptions(description: str, tmp_path: Path, reading: Reading) -> None:
    frames = np.arange(128, dtype=np.uint8).reshape(2, 8, 8)
    tifffile.imwrite(tmp_path / "other.tif", frames, photometric="minisblack")
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "m.tif"
    tifffile.imwrite(path, frames, photometric="minisblack", description=description, metadata=None)
    for reader in ("movie", "open_movie", "growing", "rois"):
        answer = reading(reader, path)
        assert answer == "ok" or answer.startswith("refused: "), answer
    with suppress(InputError):
        assert probe(path).frames.shape == (2, 8, 8)  # its own, not another file's


REGIONS = {
    "deep": "[" * 10**5,
    "far": json.dumps([{"coordinates": [[2**32 + 5, 5]]}]),
    "farther": json.dumps([{"coordinates": [[10**30, 5]]}]),
    "infinite": '[{"coordinates": [[Infinity, NaN]]}]',
    "real": '[{"coordinates": [[1e308, 5]]}]',
    "negative": json.dumps([{"coordinates": [[-1, 5]]}]),
    "ragged": json.dumps([{"coordinates": [[1, 5], [1]]}]),
    "text": json.dumps([{"coordinates": "many"}]),
    "an object": json.dumps({"coordinates": [[1, 1]]}),
    "a number": "1" * 5000,
    "ids": json.dumps([{"coordinates": [[1, 1]], "id": 10**30}]),
}


@pytest.mark.parametrize("name", REGIONS)
def test_regions(name: str, tmp_path: Path) -> None:
    (tmp_path / "regions.json").write_text(REGIONS[name])
    with pytest.raises(InputError):
        open_rois(tmp_path / "regions.json", fov_shape=(24, 30))


@pytest.mark.parametrize("fov_shape", [(10**9, 10**9), (0, 5), (-3, 5)])
def test_fields_of_view(fov_shape: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="fov_shape"):
        RoiSet.from_pixels(fov_shape, [([1], [1], None)])


def test_coordinates_dont_wrap_around() -> None:
    for far in (2**32 + 5, -(2**32) + 5, 2.0**40, np.nan, np.uint64(2**63)):
        with pytest.raises(InputError, match="outside"):
            RoiSet.from_pixels((24, 30), [([far], [5], None)])


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [10**9, 1000, 1000]},
        {"chunks": [10**6, 1000, 1000]},
        {"filters": [{"id": "pickle"}]},
        {"filters": [{"id": "shuffle", "elementsize": 2}, {"id": "pickle"}]},
        {"compressor": {"id": "pickle"}},
        {"dtype": "|O", "filters": [{"id": "pickle"}]},
    ],
)
def test_zarr(
    change: dict[str, Any],
    tmp_path: Path,
    samples: dict[str, Any],
    copied: Callable[..., Any],
    reading: Reading,
) -> None:
    copy = copied(samples["zarr 2"], tmp_path / "file")
    copy.file.write_text(json.dumps(json.loads(copy.file.read_text()) | change))
    trap = tmp_path / "trap"
    (copy.path / "0.0.0").write_bytes(b"cos\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR.")
    assert reading("movie", copy.path).startswith("refused: ")
    assert not trap.exists()


@pytest.mark.parametrize(
    "name", ["m.tif", "m.h5", "m.nwb", "m.npy", "data.bin", "r.json", "r.cinac", "stat.npy", ""]
)
def test_pipes_are_not_waited_for(name: str, tmp_path: Path) -> None:
    path = tmp_path / (name or "folder")
    os.mkfifo(path)
    for read in (open_movie, open_rois):
        with pytest.raises(InputError):
            read(path)


def test_numbers_of_images_far_apart(
    tmp_path: Path, samples: dict[str, Any], copied: Callable[..., Any]
) -> None:
    copy = copied(samples["neurofinder's info"], tmp_path / "file")
    images = copy.path / "images"
    (images / "image00005.tiff").rename(images / f"image{'9' * 18}.tiff")
    with pytest.raises(InputError, match="missing"):
        probe(copy.path)
