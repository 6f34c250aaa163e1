"""Cellpose's ``_seg.npy``, and label images in PNG."""

from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from neurocine.core import DamagedFile, InputError
from neurocine.io.rois import open_rois

FOV = (24, 30)


def labels(highest: int = 2, dtype: str = "uint16") -> NDArray[Any]:
    image = np.zeros(FOV, dtype)
    image[2:5, 3:9], image[10:12, 20:26] = 1, highest
    return image


def save_seg(path: Path, masks: NDArray[Any], **more: Any) -> Path:
    """Write what Cellpose's `masks_flows_to_seg` writes."""
    content = {
        "outlines": masks,
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(2, bool),
        "filename": str(path),
        "flows": [np.zeros((1, *FOV, 3), np.uint8), np.zeros((1, *FOV), np.uint8), None, [1, 2]],
        "diameter": np.nan,
        **more,
    }
    np.save(path, np.array(content), allow_pickle=True)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64"])
@pytest.mark.parametrize("filename", ["a.tif", Path("a.tif"), ["a.tif", "b.tif"], None])
def test_masks_of_cellpose(tmp_path: Path, dtype: str, filename: Any) -> None:
    path = save_seg(tmp_path / "a_seg.npy", labels(200, dtype), filename=filename)
    rois = open_rois(path, fov_shape=FOV)
    assert rois.ids.tolist() == [1, 200]
    for i, label in enumerate((1, 200)):
        np.testing.assert_array_equal(rois.mask(i), labels(200) == label)
    with pytest.raises(InputError, match=r"is \(24, 30\).*\(30, 24\) was expected"):
        open_rois(path, fov_shape=(30, 24))


def test_masks_of_the_first_versions(tmp_path: Path) -> None:
    rois = open_rois(save_seg(tmp_path / "b.npy", labels(2, "int32")[None] - 1))
    assert rois.ids.tolist() == [1, 2]
    np.testing.assert_array_equal(rois.mask(1), labels() == 2)


def test_other_dicts_and_volumes(tmp_path: Path) -> None:
    np.save(tmp_path / "ops.npy", np.array({"Ly": 24, "Lx": 30}), allow_pickle=True)
    with pytest.raises(
        InputError, match=r"ops\.npy: masks: isn't in the file, which holds Lx, Ly.*whole folder"
    ):
        open_rois(tmp_path / "ops.npy")
    save_seg(tmp_path / "z_seg.npy", np.stack([labels()] * 3))
    with pytest.raises(InputError, match=r"labels: have shape \(3, 24, 30\)"):
        open_rois(tmp_path / "z_seg.npy")
    save_seg(tmp_path / "f_seg.npy", labels(2, "float64") + 0.5)
    with pytest.raises(InputError, match="type float64"):
        open_rois(tmp_path / "f_seg.npy")


def test_a_file_that_acts_is_refused_and_not_run(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return Path.mkdir, (tmp_path / "trap",)

    save_seg(tmp_path / "a_seg.npy", labels(), filename=Attack())
    with pytest.raises(DamagedFile, match=r"a_seg\.npy"):
        open_rois(tmp_path / "a_seg.npy")
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (labels(200, "uint8"), [1, 200]),
        (labels(65535, "uint16"), [1, 65535]),
        (labels(300, "uint16"), [1, 300]),
    ],
)
def test_png_of_8_and_16_bits(tmp_path: Path, image: NDArray[Any], expected: list[int]) -> None:
    Image.fromarray(image).save(tmp_path / "a_cp_masks.png")
    rois = open_rois(tmp_path / "a_cp_masks.png", fov_shape=FOV)
    assert rois.ids.tolist() == expected
    np.testing.assert_array_equal(rois.mask(1), image == expected[1])


def png(width: int, height: int, depth: int, rows: bytes) -> bytes:
    """Return a grey PNG of packed rows, each of which begins with its filter, 0."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("depth", "rows", "expected"),
    [(1, b"\0\x80\0\x20", [1]), (2, b"\0\x80\0\x10", [1, 2]), (4, b"\0\x50\0\x07", [5, 7])],
)
def test_png_of_fewer_bits(tmp_path: Path, depth: int, rows: bytes, expected: list[int]) -> None:
    (tmp_path / "a.png").write_bytes(png(4 if depth == 1 else 2, 2, depth, rows))
    assert open_rois(tmp_path / "a.png").ids.tolist() == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_png_in_colour_is_refused(tmp_path: Path, mode: str) -> None:
    Image.fromarray(labels(200, "uint8")).convert(mode).save(tmp_path / "a.png")
    with pytest.raises(
        InputError, match=rf"a\.png: labels: this is a picture in colour.*mode {mode}.*_cp_masks"
    ):
        open_rois(tmp_path / "a.png")


def test_png_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    # The second is beyond Pillow's own limit, the third beyond that of the format.
    for edge in (9000, 20_000, 2**31 - 1):
        (tmp_path / "a.png").write_bytes(png(edge, edge, 16, bytes(1000)))
        with pytest.raises(DamagedFile, match=r"a\.png"):
            open_rois(tmp_path / "a.png")
    Image.fromarray(labels()).save(tmp_path / "b.png")
    whole = (tmp_path / "b.png").read_bytes()
    for content in (whole[:-40], b"GIF89a" + whole):
        (tmp_path / "b.png").write_bytes(content)
        with pytest.raises(DamagedFile, match=r"b\.png"):
            open_rois(tmp_path / "b.png")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
def test_one_label_on_all_cells_is_doubted(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    image = 255 * (labels() > 0).astype(np.uint8)
    diagonal = np.diag([7] * 9).astype(np.uint8)
    for picture, doubted in ((image, True), (diagonal, False), (labels(), False)):
        caplog.clear()
        if name.endswith("npy"):
            np.save(tmp_path / name, picture)
        elif name.endswith("tif"):
            tifffile.imwrite(tmp_path / name, picture)
        else:
            Image.fromarray(picture).save(tmp_path / name)
        with caplog.at_level(logging.WARNING):
            open_rois(tmp_path / name)
        assert ("all 2 pieces have the same label" in caplog.text) is doubted


@pytest.mark.slow
def test_files_that_cellpose_wrote(tmp_path: Path) -> None:
    io = pytest.importorskip("cellpose.io")
    picture = np.random.default_rng(0).integers(0, 255, FOV).astype(np.uint8)
    flows = [np.zeros((*FOV, 3), np.uint8), np.zeros((2, *FOV), np.float32), np.zeros(FOV, np.float32)]
    name = str(tmp_path / "field.tif")
    io.masks_flows_to_seg(picture, labels(), flows, name)
    io.save_masks(picture, labels(), flows, name, png=True, tif=True)
    io.save_rois(labels(), name)
    for file in ("field_seg.npy", "field_cp_masks.png", "field_cp_masks.tif"):
        rois = open_rois(tmp_path / file, fov_shape=FOV)
        assert rois.ids.tolist() == [1, 2]
        np.testing.assert_array_equal(rois.mask(1), labels() == 2)
    # ImageJ's polygons through the centres of the outermost pixels are a row and a column smaller.
    rois = open_rois(tmp_path / "field_rois.zip", fov_shape=FOV)
    assert [rois.areas().tolist(), rois.centroids().tolist()] == [[10, 5], [[2.5, 5], [10, 22]]]
