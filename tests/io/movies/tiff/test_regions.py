"""ScanImage's multi-ROI imaging: regions of one picture, one below the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.config import load_recordings
from neurocine.core import InputError, Selection
from neurocine.ingest import ingest
from neurocine.io.movies import open_movie, probe
from neurocine.new_project import init_project

WIDTH = 10
#: Rows of each region, and of the filler between them.
LEFT, RIGHT, FILLER = 14, 8, 3


def region(name: str, rows: int, zs: list[float], *, discrete: bool = False, **more: Any) -> dict[str, Any]:
    field = {
        "centerXY": [0, 0], "sizeXY": [WIDTH * 0.01, rows * 0.01], "pixelResolutionXY": [WIDTH, rows]
    }  # fmt: skip
    fields = [field for _ in zs]
    return {
        "name": name, "zs": zs if len(zs) > 1 else zs[0], "discretePlaneMode": int(discrete), "enable": 1,
        "scanfields": fields if len(fields) > 1 else fields[0],
    } | more  # fmt: skip


def write(
    path: Path, frames: NDArray[Any], regions: list[dict[str, Any]] | dict[str, Any], **more: str
) -> Path:
    settings = {
        "SI.hChannels.channelSave": "1",
        "SI.hRoiManager.mroiEnable": "1",
        "SI.hRoiManager.scanFrameRate": "20",
        "SI.hRoiManager.imagingFovUm": "[]",
        "SI.objectiveResolution": "150",
    } | {key.replace("__", "."): value for key, value in more.items()}
    software = "\n".join(f"{key} = {value}" for key, value in settings.items())
    artist = json.dumps({"RoiGroups": {"imagingRoiGroup": {"rois": regions}, "photostimRoiGroups": None}})
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for frame in frames:
            writer.write(
                frame, contiguous=False, metadata=None, software=software, photometric="minisblack",
                extratags=[(315, "s", 0, artist + "\0", True)],
            )  # fmt: skip
    return path


def pages(n: int) -> NDArray[np.int16]:
    return np.random.default_rng(2).integers(0, 900, (n, LEFT + FILLER + RIGHT, WIDTH)).astype(np.int16)


TWO = [region("V1", LEFT, [0]), region("", RIGHT, [0])]


def test_each_region_is_a_recording_without_the_filler(tmp_path: Path) -> None:
    frames = pages(6)
    path = write(tmp_path / "m.tif", frames, TWO)
    with pytest.raises(InputError, match=r"dataset: there are 2 regions .*: V1, ROI 2\. .*column dataset"):
        open_movie(path)
    with pytest.raises(InputError, match=r"'V2' isn't there, but 2 regions"):
        open_movie(path, selection=Selection(dataset="V2"))
    for name, rows in (("V1", slice(LEFT)), ("ROI 2", slice(LEFT + FILLER, None))):
        movie = open_movie([path, path], selection=Selection(dataset=name))
        np.testing.assert_array_equal(movie.read(0, 12), np.concatenate([frames[:, rows]] * 2))
        assert (movie.frame_rate_hz, movie.pixel_size_um) == (20, pytest.approx(1.5))


def test_crop_and_frames_count_within_the_region(tmp_path: Path) -> None:
    frames = pages(6)
    chosen = Selection(dataset="ROI 2", frames=(1, 4), crop=((2, 5), (0, 3)))
    record = ingest(write(tmp_path / "m.tif", frames, TWO), selection=chosen)
    first = LEFT + FILLER + 2
    np.testing.assert_array_equal(record.open().frames[0:4], frames[1:5, first : first + 4, :4])
    with pytest.raises(InputError, match="rows 0 to 8 aren't all in the movie, which has 8"):
        open_movie(tmp_path / "m.tif", selection=Selection(dataset="ROI 2", crop=((0, 8), (0, 3))))


def test_a_single_region_needs_no_name(tmp_path: Path) -> None:
    frames = pages(4)
    path = write(tmp_path / "m.tif", frames, region("V1", LEFT + FILLER + RIGHT, [0]))
    np.testing.assert_array_equal(open_movie(path).read(0, 4), frames)


def test_regions_of_several_planes(tmp_path: Path) -> None:
    frames = pages(12)
    regions = [
        region("everywhere", LEFT, [0]),
        region("deep", RIGHT, [40], discrete=True),
        region("shallow", RIGHT - 2, [10], discrete=True),
    ]
    path = write(
        tmp_path / "m.tif", frames, regions, SI__hFastZ__enable="true", SI__hStackManager__zs="[10 25 40]",
        SI__hStackManager__numSlices="3", SI__hRoiManager__scanVolumeRate="6.6666667",
    )  # fmt: skip
    for name, plane, rows in (
        ("everywhere", 1, slice(LEFT)),
        ("deep", 2, slice(LEFT + FILLER, LEFT + FILLER + RIGHT)),
        ("shallow", 0, slice(LEFT + FILLER, LEFT + FILLER + RIGHT - 2)),
    ):
        movie = open_movie(path, selection=Selection(dataset=name, plane=plane))
        np.testing.assert_array_equal(movie.read(0, 4), frames[plane::3, rows])
        assert movie.frame_rate_hz == pytest.approx(20 / 3)
    with pytest.raises(InputError, match=r"plane: 'deep' isn't in plane 0\. It is in: 2"):
        open_movie(path, selection=Selection(dataset="deep", plane=0))


def test_init_writes_a_row_per_region(tmp_path: Path) -> None:
    (tmp_path / "movies").mkdir()
    write(tmp_path / "movies" / "m.tif", pages(4), TWO)
    report = init_project(tmp_path / "movies", tmp_path)
    assert len(report.added) == 2
    assert "2 regions (V1, ROI 2), one row for each" in report.notes[0]
    rows = load_recordings(report.table)
    assert [(row.name, row.selection) for row in rows] == [
        ("m_V1", Selection(dataset="V1")), ("m_ROI_2", Selection(dataset="ROI 2"))
    ]  # fmt: skip
    assert rows[0].pixel_size_um == pytest.approx(1.5)


def test_regions_that_cannot_be_read_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = pages(4)
    path = write(tmp_path / "m.tif", frames, [region("V1", LEFT + 20, [0])])
    np.testing.assert_array_equal(open_movie(path, pixel_size_um=1).read(0, 4), frames)
    assert "recorded in several regions, but where these are can't be read" in caplog.text
    with pytest.raises(InputError, match="TIFF files hold a single movie"):
        open_movie(path, pixel_size_um=1, selection=Selection(dataset="V1"))
    assert probe(path).layout.regions == ()
