"""A sample of a movie, and what was understood of it, in words."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocine.core import InvalidFrames, Selection
from neurocine.ingest import gathered_warnings, ingest, summary, write_source
from neurocine.ingest.pixels import sample_runs
from neurocine.ingest.summary import facts

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0}


@pytest.mark.parametrize(("n_frames", "most"), [(2, 200), (200, 200), (201, 200), (9000, 200), (9000, 2)])
def test_a_sample_holds_the_first_and_last_frame_and_no_more_than_asked(n_frames: int, most: int) -> None:
    runs = sample_runs(n_frames, most)
    frames = [frame for first, last in runs for frame in range(first, last + 1)]
    assert frames == sorted(set(frames))
    assert len(frames) <= most
    assert (frames[0], frames[-1]) == (0, n_frames - 1)


@pytest.fixture
def long_movie(tmp_path: Path) -> Path:
    """A movie of 2,000 frames with two blank ones, of which the sample holds the second."""
    frames = np.random.default_rng(0).normal(300, 20, (2000, 16, 16)).astype(np.uint16)
    frames[100] = frames[1990] = 0
    np.save(tmp_path / "m.npy", frames)
    return tmp_path / "m.npy"


def test_a_sample_is_read_and_said_to_be_one(long_movie: Path) -> None:
    record = ingest(long_movie, **GIVEN, sample=200)
    assert record.frames_read == 200
    assert record.invalid == (InvalidFrames(1990, 1990, "blank"),)
    assert record.files[0].sha256 == ""
    text = " ".join("\n".join(summary(record)).split())
    assert "bad frames 1 blank (frames 1990), in a sample of 200 frames" in text
    assert "movie 2,000 frames of 16 x 16 pixels (height x width), uint16" in text
    assert "time 10 Hz, 3 min 20 s" in text
    assert "field 2 µm per pixel, 32 x 32 µm" in text


def test_the_whole_movie_says_the_same_of_all_frames(long_movie: Path) -> None:
    record = ingest(long_movie, **GIVEN)
    assert record.frames_read == 2000
    assert "2 blank (frames 100, 1990), in 2,000 frames" in "\n".join(summary(record))
    write_source(long_movie.with_name("source.json"), record)
    facts = json.loads(long_movie.with_name("source.json").read_text())["facts"]
    assert facts["bad frames"] == "2 blank (frames 100, 1990), in 2,000 frames"


def test_warnings_of_readers_are_kept_once_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("neurocine.io.movies")
    with gathered_warnings() as outer, gathered_warnings() as inner:
        for _ in range(2):
            logger.warning("file %d is missing", 3)
        logger.info("no doubt")
    logger.warning("later")
    assert outer == inner == ["file 3 is missing"]
    assert "file 3 is missing" in caplog.text


def test_what_many_files_say_is_said_once() -> None:
    logger = logging.getLogger("neurocine.io.movies")
    with gathered_warnings() as warnings:
        for name in ("a.tif", "b.tif", "b.tif", "c.tif"):
            logger.warning("%s: fps is %g", Path("m") / name, 7)
        logger.warning("%s: fps is %g", Path("m/d.tif"), 8)
    assert warnings == ["m/a.tif: fps is 7 (so in 2 more files)", "m/d.tif: fps is 8"]


def test_no_line_is_longer_than_the_screen_is_wide(long_movie: Path) -> None:
    record = ingest(long_movie, **GIVEN)
    lines = summary(record, ["a word " * 40])
    assert max(map(len, lines)) < 80
    assert [line.split()[0] for line in lines if line[2] != " "][-1] == "warning"


def test_channel_plane_and_part_are_named(long_movie: Path) -> None:
    part = Selection(channel="1", n_channels=2, frames=(0, 499), crop=((0, 7), (4, 15)))
    record = ingest(long_movie, **GIVEN, selection=part)
    text = "\n".join(summary(replace(record, channel_structural="2")))
    assert "  channel       1 (of 2, by the table)\n  structural    2\n" in text
    assert "  part          frames 0-499; rows 0-7, columns 4-15\n" in text
    assert "500 frames of 8 x 12 pixels" in text


@pytest.mark.parametrize(
    ("indicator", "said"),
    [
        ("jGCaMP8m", "jGCaMP8m (decay 0.35 s)"),
        ("GCaMP", "GCaMP (its decay isn't known: 1 s is assumed)"),
        ("", "not known (its decay isn't known: 1 s is assumed)"),
    ],
)
def test_an_indicator_is_shown_with_the_decay_that_follows(
    long_movie: Path, indicator: str, said: str
) -> None:
    assert facts(ingest(long_movie, **GIVEN, indicator=indicator))["indicator"] == said
