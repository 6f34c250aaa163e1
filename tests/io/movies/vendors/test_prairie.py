"""PrairieView's settings beside TIFF files, in the forms of versions 4 and 5."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurocine.core import DamagedFile, InputError
from neurocine.io.movies.vendors.prairie import read_settings, settings_of

STATE_5 = """<PVStateShard>
  <PVStateValue key="activeMode" value="Galvo" />
  <PVStateValue key="framePeriod" value="0.93" />
  <PVStateValue key="maxVoltage"><IndexedValue index="XAxis" value="-9" /></PVStateValue>
  <PVStateValue key="micronsPerPixel">
    <IndexedValue index="XAxis" value="1.18" /><IndexedValue index="YAxis" value="1.18" />
    <IndexedValue index="ZAxis" value="3" />
  </PVStateValue>
  <PVStateValue key="positionCurrent">
    <SubindexedValues index="XAxis"><SubindexedValue subindex="0" value="-157.5" /></SubindexedValues>
  </PVStateValue>
  <PVStateValue key="rastersPerFrame" value="2" />
</PVStateShard>"""
STATE_4 = """<PVStateShard>
  <Key key="framePeriod" permissions="ReadWriteSave" value="0.25" />
  <Key key="micronsPerPixel_XAxis" permissions="ReadWriteSave" value="1.37" />
  <Key key="micronsPerPixel_YAxis" permissions="ReadWriteSave" value="1.37" />
</PVStateShard>"""


def frame(time: float, state: str = "") -> str:
    files = "".join(
        f'<File channel="{c}" channelName="{n}" filename="f" />' for c, n in ((1, "red"), (2, "Ch2"))
    )
    return f'<Frame relativeTime="0" absoluteTime="{time}" index="1">{files}{state}</Frame>'


def write(
    path: Path, state: str, *cycles: list[float], kind: str = "TSeries Timed Element", more: str = ""
) -> Path:
    sequences = "".join(
        f'<Sequence type="{kind}" cycle="{i}" {more}>{"".join(map(frame, times))}</Sequence>'
        for i, times in enumerate(cycles, 1)
    )
    # As PrairieView writes it, with a byte order mark.
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<PVScan version="5.4">{state}{sequences}</PVScan>'
    path.write_text(text, encoding="utf-8")
    return path


def test_times_count_more_than_the_period_that_was_set(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path / "t.xml", STATE_5, [0.17, 2.17, 4.17, 6.17], [100.0, 102.0]))
    assert settings.frame_rate_hz == pytest.approx(0.5)
    assert (settings.n_planes, settings.pixel_size_um) == (1, 1.18)
    assert settings.channels == {1: "red", 2: "Ch2"}


def test_numbers_of_frames_by_their_times(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xml", STATE_5, [0.1, 2.1, 4.0, 10.1], [16.1, 18.0, 22.1, 24.0])
    # The second cycle began after a pause.
    assert read_settings(path).numbers == (1, 2, 3, 6, 9, 10, 12, 13)
    volumes = [[t, t + 0.3] for t in (1.0, 2.0, 3.0, 6.0)]
    path = write(tmp_path / "v.xml", STATE_5, *volumes, kind="TSeries ZSeries Element")
    assert read_settings(path).numbers == (1, 2, 3, 6)


def test_without_frames_the_period_and_the_average_are_used(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path / "t.xml", STATE_5)).frame_rate_hz == pytest.approx(1 / 1.86)


def test_version_4(tmp_path: Path) -> None:
    path = tmp_path / "t.xml"
    path.write_text(f'<PVScan version="4.3"><Sequence type="Single">{frame(0, STATE_4)}</Sequence></PVScan>')
    settings = read_settings(path)
    assert (settings.frame_rate_hz, settings.pixel_size_um) == (4, 1.37)


def test_cycles_that_are_volumes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    volumes = [[0.0, 0.1, 0.2], [0.5, 0.6, 0.7], [1.0, 1.1]]
    path = write(tmp_path / "t.xml", STATE_5, *volumes, kind="TSeries ZSeries Element")
    settings = read_settings(path)
    assert (settings.n_planes, settings.frame_rate_hz) == (3, pytest.approx(2))
    assert caplog.text == ""
    read_settings(
        write(path, STATE_5, *volumes, kind="TSeries ZSeries Element", more='bidirectionalZ="True"')
    )
    assert "bidirectionalZ is on" in caplog.text


def test_settings_are_found_by_the_name_of_a_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "TSeries-01-002.xml", STATE_5)
    assert settings_of(tmp_path / "TSeries-01-002_Cycle00001_Ch2_000001.ome.tif") == path
    assert settings_of(tmp_path / "TSeries-01-003_Cycle00001_Ch2_000001.ome.tif") is None
    assert settings_of(tmp_path / "TSeries-01-002.tif") is None


def test_what_is_not_prairieview(tmp_path: Path) -> None:
    (tmp_path / "t.xml").write_text("<Other/>")
    with pytest.raises(InputError, match="is Other, not PVScan"):
        read_settings(tmp_path / "t.xml")
    (tmp_path / "t.xml").write_text("<PVScan>")
    with pytest.raises(DamagedFile, match="isn't readable XML"):
        read_settings(tmp_path / "t.xml")
