"""Units, intervals and rates as ImageJ, Fiji and OME spell them; values that aren't plausible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.core import InputError
from neurocine.io.movies import open_movie, probe
from neurocine.io.movies.tiff.units import micrometres, seconds

FRAMES = np.random.default_rng(5).integers(0, 4000, (6, 8, 9)).astype(np.uint16)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        *((unit, 1) for unit in ("µm", "μm", "um", "\\u00B5m", "\\u03bcm", "Âµm")),
        *((unit, 1) for unit in ("micron", "Microns", "micrometers")),
        *((unit, 1e4) for unit in ("cm", "centimeter")),
        *((unit, 25400) for unit in ("inch", "in")),
        *((unit, None) for unit in ("pixel", "pixels", "")),
        ("nm", 1e-3), ("mm", 1e3), ("Å", 1e-4),
    ],
)  # fmt: skip
def test_units_of_length(unit: str, expected: float | None) -> None:
    assert micrometres(unit) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("s", 1),
        ("sec", 1),
        ("seconds", 1),
        ("ms", 1e-3),
        ("msec", 1e-3),
        ("µs", 1e-6),
        ("ns", 1e-9),
        ("min", 60),
        ("d", 86400),
        ("frame", None),
    ],
)
def test_units_of_time(unit: str, expected: float | None) -> None:
    assert seconds(unit) == expected


@pytest.mark.parametrize(
    ("resolution", "metadata", "rate", "size"),
    [
        (8000, {"unit": "cm", "finterval": 50.0, "tunit": "ms"}, 20, 1.25),
        (20000, {"unit": "inch", "finterval": 0.001, "tunit": "min"}, 1 / 0.06, 1.27),
        (0.8, {"unit": "\\u00B5m", "finterval": 40000.0, "tunit": "\\u00B5s"}, 25, 1.25),
        (0.8, {"unit": "micron", "fps": 12.5}, 12.5, 1.25),
        (1, {"unit": "pixel", "finterval": 0.05}, 20, None),
    ],
)
def test_units_of_fiji(
    resolution: float, metadata: dict[str, Any], rate: float, size: float | None, tmp_path: Path
) -> None:
    tifffile.imwrite(
        tmp_path / "m.tif", FRAMES, imagej=True, resolution=(resolution, resolution),
        metadata={"axes": "TYX", **metadata},
    )  # fmt: skip
    movie = probe(tmp_path / "m.tif")
    assert movie.frame_rate_hz == pytest.approx(rate)
    assert movie.pixel_size_um == (None if size is None else pytest.approx(size, rel=1e-4))


def test_the_rate_at_which_imagej_plays_a_movie_is_doubted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for given in ({"fps": 7.0, "finterval": 0.1}, {"fps": 7.0}):
        tifffile.imwrite(tmp_path / "m.tif", FRAMES, imagej=True, metadata={"axes": "TYX", **given})
        movie = probe(tmp_path / "m.tif")
        assert movie.frame_rate_hz == pytest.approx(10 if "finterval" in given else 7)
        assert ("fps, 7 Hz, at which ImageJ plays it" in caplog.text) == ("finterval" not in given)


def test_an_interval_of_ome_that_contradicts_the_times_of_planes_is_doubted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metadata = {"axes": "TYX", "TimeIncrement": 1.0, "Plane": {"DeltaT": [i / 10 for i in range(6)]}}
    tifffile.imwrite(tmp_path / "m.tif", FRAMES, ome=True, metadata=metadata)
    assert probe(tmp_path / "m.tif").frame_rate_hz == 1
    assert "TimeIncrement is 1 s, but DeltaT rises by 0.1 s from page to page: 1 Hz is taken" in caplog.text


def test_the_interval_of_ome_may_be_in_the_times_of_planes(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.31, 0.4, 0.5]
    tifffile.imwrite(
        tmp_path / "m.tif", FRAMES, ome=True, metadata={"axes": "TYX", "Plane": {"DeltaT": times}}
    )
    assert probe(tmp_path / "m.tif").frame_rate_hz == pytest.approx(10)


@pytest.mark.parametrize(("rate", "size"), [(0.033, 1.0), (30000.0, 1.0), (30.0, 352.8), (30.0, 0.0012)])
def test_values_that_are_not_plausible_are_named(
    rate: float, size: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tifffile.imwrite(
        tmp_path / "m.tif", FRAMES, imagej=True, resolution=(1 / size, 1 / size),
        metadata={"axes": "TYX", "unit": "um", "finterval": 1 / rate},
    )  # fmt: skip
    movie = open_movie(tmp_path / "m.tif")
    assert movie.pixel_size_um == pytest.approx(size, rel=1e-3)
    field, option = ("frame_rate_hz", "--frame-rate") if size == 1 else ("pixel_size_um", "--pixel-size")
    (message,) = [record.getMessage() for record in caplog.records]
    assert f"{field} is" in message
    assert f"give the right one in the table (or {option}), with override" in message
    caplog.clear()
    right = open_movie(tmp_path / "m.tif", frame_rate_hz=30, pixel_size_um=1, override=True)
    assert (right.frame_rate_hz, right.pixel_size_um) == (30, 1)
    assert "outside" not in caplog.text
    with pytest.raises(InputError, match="set override"):
        open_movie(tmp_path / "m.tif", frame_rate_hz=31, pixel_size_um=1.5)
