"""ROIs drawn in ImageJ: the pixels that it measures, and errors that name the ROI."""

from __future__ import annotations

import logging
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import roifile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as MatplotlibPath
from numpy.typing import NDArray
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from neurocine.core import DamagedFile, FieldOfViewUnknown, InputError
from neurocine.io.rois import open_rois
from neurocine.io.rois.imagej import reader, shapes

FOV = (24, 30)


def polygon(corners: list[tuple[float, float]], roitype: ROI_TYPE = ROI_TYPE.POLYGON) -> ImagejRoi:
    roi = ImagejRoi.frompoints(np.array(corners))
    roi.roitype = roitype
    return roi


def bounded(roitype: ROI_TYPE, left: int, top: int, right: int, bottom: int, **more: Any) -> ImagejRoi:
    roi = ImagejRoi()
    roi.version = 228
    roi.roitype = roitype
    roi.left, roi.top, roi.right, roi.bottom = left, top, right, bottom
    for name, value in more.items():
        setattr(roi, name, value)
    return roi


def composite(path: list[float], **bounds: int) -> ImagejRoi:
    roi = bounded(ROI_TYPE.RECT, **bounds)
    roi.multi_coordinates = np.array(path, np.float32)
    roi.shape_roi_size = len(path)
    return roi


def mask_of(tmp_path: Path, roi: ImagejRoi) -> NDArray[np.bool_]:
    path = tmp_path / "one.roi"
    path.write_bytes(roi.tobytes())
    return open_rois(path, fov_shape=FOV).mask(0)


def rectangle(top: int, bottom: int, left: int, right: int) -> NDArray[np.bool_]:
    mask = np.zeros(FOV, bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("roitype", [ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED])
def test_corners_lie_between_pixels(tmp_path: Path, roitype: ROI_TYPE) -> None:
    corners = [(5, 3), (9, 3), (9, 10), (7, 10), (7, 5), (5, 5)]
    mask = mask_of(tmp_path, polygon(corners, roitype))
    np.testing.assert_array_equal(mask, rectangle(3, 5, 5, 9) | rectangle(5, 10, 7, 9))


def test_centres_on_a_border_count_as_imagej_counts_them(tmp_path: Path) -> None:
    # Its PolygonFiller: left and upper border outside, right and lower border inside.
    shifted = polygon([(2.5, 1.5), (6.5, 1.5), (6.5, 4.5), (2.5, 4.5)])
    np.testing.assert_array_equal(mask_of(tmp_path, shifted), rectangle(2, 5, 3, 7))
    triangle = polygon([(0, 0), (4, 4), (0, 4)])
    assert np.argwhere(mask_of(tmp_path, triangle)).tolist() == [
        [y, x] for y in range(4) for x in range(4) if x <= y
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-6, 36, width=32), st.floats(-6, 30, width=32)), min_size=3, max_size=9))
def test_pixels_are_those_whose_centre_is_inside(corners: list[tuple[float, float]]) -> None:
    """Compared with another implementation, but for centres close to an edge, which round either way."""
    path = np.array(corners, dtype=np.float64)
    found = np.zeros(FOV, bool)
    found[shapes.polygons([path], FOV)] = True
    rows, columns = np.mgrid[: FOV[0], : FOV[1]]
    centres = np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5
    stop = np.roll(path, -1, axis=0)
    near = np.zeros(len(centres), bool)
    winding = np.zeros(len(centres), int)
    for (x1, y1), (x2, y2) in zip(path, stop, strict=True):
        along = np.array([x2 - x1, y2 - y1])
        length = max(float(along @ along), 1e-12)
        part = np.clip((centres - [x1, y1]) @ along / length, 0, 1)
        near |= np.hypot(*(centres - [x1, y1] - part[:, None] * along).T) < 1e-4
        winding += ((y1 < centres[:, 1]) != (y2 < centres[:, 1])) & (
            centres[:, 0] > x1 + (centres[:, 1] - y1) * (x2 - x1) / (y2 - y1 if y2 != y1 else np.nan)
        )
    expected = winding % 2 == 1
    np.testing.assert_array_equal(found.ravel()[~near], expected[~near])
    if len(corners) == 3:
        inside = MatplotlibPath(path).contains_points(centres)
        np.testing.assert_array_equal(found.ravel()[~near], inside[~near])


def test_rectangles(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        mask_of(tmp_path, bounded(ROI_TYPE.RECT, 4, 6, 10, 9)), rectangle(6, 9, 4, 10)
    )
    fine = bounded(ROI_TYPE.RECT, 4, 6, 10, 9, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION)
    fine.xd, fine.yd, fine.widthd, fine.heightd = 4.7, 6.2, 5.1, 2.5
    # ImageJ measures from the whole pixel, over the width rounded up.
    np.testing.assert_array_equal(mask_of(tmp_path, fine), rectangle(6, 9, 4, 10))
    rounded = bounded(ROI_TYPE.RECT, 4, 6, 12, 12, rounded_rect_arc_size=4)
    mask = rectangle(6, 12, 4, 12)
    mask[[6, 6, 11, 11], [4, 11, 4, 11]] = False
    np.testing.assert_array_equal(mask_of(tmp_path, rounded), mask)


def test_ovals(tmp_path: Path) -> None:
    mask = mask_of(tmp_path, bounded(ROI_TYPE.OVAL, 3, 2, 9, 6))
    drawn = np.array([[letter == "#" for letter in row] for row in (".####.", "######", "######", ".####.")])
    np.testing.assert_array_equal(mask[2:6, 3:9], drawn)
    assert mask.sum() == drawn.sum()


def test_composite_shapes_have_holes_and_parts(tmp_path: Path) -> None:
    def box(left: int, top: int, right: int, bottom: int) -> list[float]:
        return [0, left, top, 1, right, top, 1, right, bottom, 1, left, bottom, 4]

    roi = composite(
        [*box(2, 2, 12, 12), *box(5, 5, 8, 8), *box(20, 2, 22, 4)], left=2, top=2, right=22, bottom=12
    )
    expected = (rectangle(2, 12, 2, 12) & ~rectangle(5, 8, 5, 8)) | rectangle(2, 4, 20, 22)
    np.testing.assert_array_equal(mask_of(tmp_path, roi), expected)


def test_curves_of_composite_shapes(tmp_path: Path) -> None:
    # A circle of radius 8 around (14, 12) by four cubic curves, and one by quadratic curves is close to it.
    k = 8 * 0.5522847
    circle = [0, 22, 12, 3, 22, 12 + k, 14 + k, 20, 14, 20, 3, 14 - k, 20, 6, 12 + k, 6, 12]
    circle += [3, 6, 12 - k, 14 - k, 4, 14, 4, 3, 14 + k, 4, 22, 12 - k, 22, 12, 4]
    mask = mask_of(tmp_path, composite(circle, left=6, top=4, right=22, bottom=20))
    rows, columns = np.mgrid[: FOV[0], : FOV[1]]
    np.testing.assert_array_equal(mask, np.hypot(rows + 0.5 - 12, columns + 0.5 - 14) < 8)
    bow = [0, 4, 20, 2, 14, 0, 24, 20, 4]
    mask = mask_of(tmp_path, composite(bow, left=4, top=10, right=24, bottom=20))
    # The top of this parabola is at y = 10.
    np.testing.assert_array_equal(
        mask, (rows + 0.5 < 20) & (rows + 0.5 > 10 + (columns + 0.5 - 14) ** 2 / 10)
    )


def save_zip(path: Path, rois: dict[str, ImagejRoi]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, roi in rois.items():
            archive.writestr(name, roi.tobytes())
    return path


def test_roi_sets_keep_their_order(tmp_path: Path) -> None:
    path = save_zip(
        tmp_path / "RoiSet.zip",
        {
            "0002-0005.roi": bounded(ROI_TYPE.RECT, 4, 2, 6, 4, position=3, name="größe"),
            "0001-0004.roi": bounded(ROI_TYPE.OVAL, 14, 12, 20, 18),
            "__MACOSX/._0001-0004.roi": bounded(ROI_TYPE.LINE, 0, 0, 1, 1),
            "notes.txt": bounded(ROI_TYPE.LINE, 0, 0, 1, 1),
        },
    )
    rois = open_rois(path, fov_shape=FOV)
    assert rois.ids.tolist() == [0, 1]
    assert rois.centroids().tolist() == [[2.5, 4.5], [14.5, 16.5]]
    assert set(rois.engine) == {"given"}
    with pytest.raises(FieldOfViewUnknown):
        open_rois(path)


@pytest.mark.parametrize(
    ("roi", "kind"),
    [
        (bounded(ROI_TYPE.LINE, 1, 1, 5, 5), "line"),
        (polygon([(1, 1), (4, 4)], ROI_TYPE.POINT), "point"),
        (polygon([(1, 1), (4, 4), (5, 9)], ROI_TYPE.POLYLINE), "polyline"),
        (polygon([(1, 1), (4, 4), (5, 9)], ROI_TYPE.FREELINE), "freeline"),
        (polygon([(1, 1), (4, 4), (5, 9)], ROI_TYPE.ANGLE), "angle"),
        (bounded(ROI_TYPE.RECT, 1, 1, 5, 5, subtype=ROI_SUBTYPE.TEXT, text="A", text_name="Arial"), "text"),
    ],
)
def test_what_is_no_area_is_named(tmp_path: Path, roi: ImagejRoi, kind: str) -> None:
    good = bounded(ROI_TYPE.RECT, 4, 2, 6, 4)
    path = save_zip(tmp_path / "r.zip", {"good.roi": good, "0007-0008.roi": roi})
    with pytest.raises(InputError, match=rf"r\.zip: ROIs: 1 of 2 aren't areas: '0007-0008' \({kind}\)"):
        open_rois(path, fov_shape=FOV)


def test_a_spline_is_refused(tmp_path: Path) -> None:
    roi = polygon([(1, 1), (9, 1), (9, 9), (1, 9)])
    roi.options |= ROI_OPTIONS.SPLINE_FIT
    (tmp_path / "s.roi").write_bytes(roi.tobytes())
    with pytest.raises(InputError, match=r"'s' has a spline through its corners.*Interpolate"):
        open_rois(tmp_path / "s.roi", fov_shape=FOV)


def test_the_field_of_view_cuts_rois(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    np.testing.assert_array_equal(
        mask_of(tmp_path, bounded(ROI_TYPE.RECT, 26, 20, 34, 28)), rectangle(20, 24, 26, 30)
    )
    assert "ROI 'one' reaches beyond the field of view and is cut there" in caplog.text
    caplog.clear()
    mask_of(tmp_path, polygon([(-4, 3), (9, 3), (9, 28), (-4, 28)]))
    assert "is cut there" in caplog.text
    for outside in (bounded(ROI_TYPE.RECT, 30, 2, 40, 9), polygon([(3, 24), (9, 24), (9, 30)])):
        with pytest.raises(InputError, match=r"ROI 'one': lies outside the field of view of 24 x 30"):
            mask_of(tmp_path, outside)


def test_rois_without_pixels_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_zip(
        tmp_path / "r.zip",
        {
            "speck.roi": polygon([(3.6, 3.6), (3.9, 3.6), (3.9, 3.9)]),
            "cell.roi": bounded(ROI_TYPE.RECT, 4, 2, 6, 4),
        },
    )
    with caplog.at_level(logging.WARNING):
        rois = open_rois(path, fov_shape=FOV)
    assert rois.ids.tolist() == [1]
    assert "ROI 'speck' encloses no pixel and is left out" in caplog.text


def test_files_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = bounded(ROI_TYPE.RECT, 4, 2, 6, 4).tobytes()
    whole = polygon([(1, 1), (9, 1), (9, 9)]).tobytes()
    cut = struct.pack(">4sHBxhhhhH", b"Iout", 228, ROI_TYPE.POLYGON, 0, 0, 5, 5, 5000)
    for content, problem in (
        (b"x" * 99, "not an ImageJ ROI"),
        (good[:50], "too short"),
        (cut + good[18:64], "buffer"),
    ):
        (tmp_path / "a.roi").write_bytes(content)
        with pytest.raises(DamagedFile, match=rf"ROI 'a': can't be read \(.*{problem}"):
            open_rois(tmp_path / "a.roi", fov_shape=FOV)
    fine = polygon([(1, 1), (np.nan, 1), (9, 9)])
    fine.options |= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    (tmp_path / "a.roi").write_bytes(fine.tobytes())
    with pytest.raises(DamagedFile, match="coordinates far outside"):
        open_rois(tmp_path / "a.roi", fov_shape=FOV)
    for path in ([0, 1, 1, 1, 5], [1, 5, 5], [9, 1, 1]):
        (tmp_path / "a.roi").write_bytes(
            composite([*map(float, path)], left=0, top=0, right=5, bottom=5).tobytes()
        )
        with pytest.raises(DamagedFile, match="a path has the command"):
            open_rois(tmp_path / "a.roi", fov_shape=FOV)
    save_zip(tmp_path / "e.zip", {"x.txt": roifile.ImagejRoi.frombytes(whole)})
    with pytest.raises(InputError, match=r"holds no \.roi file"):
        open_rois(tmp_path / "e.zip", fov_shape=FOV)
    monkeypatch.setattr(reader, "MAX_WORK", 100)
    (tmp_path / "a.roi").write_bytes(bounded(ROI_TYPE.RECT, 0, 0, 20, 20).tobytes())
    with pytest.raises(InputError, match="far more pixels than cells do"):
        open_rois(tmp_path / "a.roi", fov_shape=FOV)


def test_archives_that_unpack_to_far_more_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", bytes(200 * 2**20))
    with pytest.raises(DamagedFile, match="declares 209,715,200 bytes"):
        open_rois(tmp_path / "bomb.zip", fov_shape=FOV)
