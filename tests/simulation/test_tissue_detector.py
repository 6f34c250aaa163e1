"""From photons to counts, and the strips that registration leaves."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.simulation.tissue.detector import Detector, poisson
from neurocine.simulation.tissue.motion import Borders, fill_borders


def detector(**changes: float) -> Detector:
    """A detector that adds nothing but what `changes` say."""
    plain = {
        "gain": 100.0,
        "offset": 50.0,
        "read_photons": 0.0,
        "smear": 0.0,
        "pulse_spread": 0.0,
        "full_scale": 65535.0,
        "row_noise": 0.0,
        "hum": 0.0,
        "hum_per_row": 0.1,
        "hum_per_frame": 0.3,
    }
    return Detector(**{**plain, **changes})


@pytest.mark.parametrize("mean", [0.1, 1.0, 5.9])
def test_photons_are_poisson_numbers(mean: float) -> None:
    drawn = poisson(np.full((400, 400), mean, dtype=np.float32), np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(mean, rel=0.02)
    assert drawn.var() == pytest.approx(mean, rel=0.02)
    assert np.mean(drawn == 0) == pytest.approx(np.exp(-mean), rel=0.05)


@pytest.mark.parametrize("mean", [0.1, 2.0, 30.0])
@pytest.mark.parametrize("smear", [0.0, 0.2])
def test_noise_is_what_the_detector_says(mean: float, smear: float) -> None:
    light = np.full((300, 300), mean, dtype=np.float32)
    # Counts below 0 are cut: so high an offset leaves none.
    made = detector(pulse_spread=0.6, read_photons=0.3, smear=smear, offset=2000.0)
    counts = made.detect(light, 0, np.random.default_rng(1)).astype(float)
    assert counts.mean() == pytest.approx(2000 + 100 * mean, rel=0.01)
    expected = 100 * float(made.noise(np.array(mean)))
    assert counts.std() == pytest.approx(expected, rel=0.03)


def test_counts_end_at_full_scale() -> None:
    light = np.full((50, 50), 30.0, dtype=np.float32)
    counts = detector(full_scale=2047.0).detect(light, 0, np.random.default_rng(0))
    assert counts.max() == 2047
    assert np.mean(counts == 2047) > 0.9


def test_rows_share_noise_and_hum() -> None:
    light = np.full((64, 2000), 4.0, dtype=np.float32)
    plain, noisy, humming = (
        detector(**changes).detect(light, 3, np.random.default_rng(0)).astype(float).mean(axis=1)
        for changes in ({}, {"row_noise": 1.0}, {"hum": 1.0})
    )
    assert np.std(noisy - plain) == pytest.approx(100, rel=0.35)
    expected = 100 * np.sin(2 * np.pi * (0.1 * np.arange(64) + 0.9))
    np.testing.assert_allclose(humming - plain, expected, atol=2)


def borders(down: float, right: float, fill: str, bend: float = 0.0) -> Borders:
    """One frame's shift in a field of 6 × 8 pixels."""
    along_x = np.linspace(0, bend, 8)
    return Borders(np.array([[down, right]], dtype=np.float32), (np.zeros(6), along_x), fill)


def picture() -> np.ndarray:
    """Rows 10, 20, … and columns 1, 2, …"""
    return (10 * np.arange(1, 7)[:, None] + np.arange(1, 9)[None]).astype(np.uint16)


def test_strips_are_as_wide_as_the_shift_on_the_side_it_came_from() -> None:
    frame = picture()
    fill_borders(frame, borders(1.2, -1.0, "zero"), 0, 0.0)
    empty = np.zeros((6, 8), dtype=bool)
    empty[:2], empty[:, -1:] = True, True
    np.testing.assert_array_equal(frame == 0, empty)
    np.testing.assert_array_equal(frame[~empty], picture()[~empty])


@pytest.mark.parametrize(
    ("fill", "first_row"), [("mean", [7] * 8), ("edge", list(range(31, 39))), ("wrap", list(range(51, 59)))]
)
def test_fills(fill: str, first_row: list[int]) -> None:
    frame = picture()
    fill_borders(frame, borders(2.0, 0.0, fill), 0, 7.2)
    assert frame[0].tolist() == first_row
    np.testing.assert_array_equal(frame[2:], picture()[2:])


def test_strips_bend_where_registration_does() -> None:
    frame = picture()
    fill_borders(frame, borders(-1.0, 0.0, "zero", bend=-2.0), 0, 0.0)
    np.testing.assert_array_equal((frame == 0).sum(axis=0), [1, 2, 2, 2, 3, 3, 3, 3])
    assert frame[0].all()
