"""What the compact network sees of a cell: its light without that of neighbours, background and motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from neurocine.core import RoiSet
from neurocine.networks.cells.filters import BLUR_PX, LISTED, VIEWS, filtered
from neurocine.networks.cells.inputs import Cells, masked
from neurocine.networks.cells.normalisation import Statistics

PX = 25
SHAPE = (60, 50)
TARGET, MEAN, FIRST, SECOND, BACKGROUND, DOWN, RIGHT = range(len(LISTED))
ABOVE, BESIDE, BELOW, LEFT, WIDE = range(len(LISTED), len(VIEWS))
DEMIXED = [TARGET, BACKGROUND, DOWN, RIGHT]


def discs(*cells: tuple[int, int, float], shape: tuple[int, int] = SHAPE) -> RoiSet:
    """ROIs with centre row, centre column and radius."""
    rows, columns = np.indices(shape)
    return RoiSet.from_masks(
        np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= radius**2 for y, x, radius in cells])
    )


def scene(shape: tuple[int, int] = SHAPE, seed: int = 0) -> Statistics:
    """A mean picture with structure to shift, and a noise of its own at each pixel."""
    rng = np.random.default_rng(seed)
    mean = 500 + 3000 * ndimage.gaussian_filter(rng.standard_normal(shape), 1.5)
    return Statistics(mean.astype(np.float32), rng.uniform(10, 25, shape).astype(np.float32))


def blurred(rois: RoiSet, index: int) -> np.ndarray:
    """What a cell looks like, counts."""
    return ndimage.gaussian_filter(rois.mask(index).astype(float), BLUR_PX, mode="constant")


def seen(cells: Cells, statistics: Statistics, *changes: np.ndarray) -> np.ndarray:
    """Views (N, 12, n) of the mean picture with `changes` (Y, X) in counts, one a frame."""
    frames = statistics.normalise(statistics.mean + np.stack(changes))
    return cells.weighed(frames, np.arange(len(cells)))


def test_filters_have_unit_length_so_that_noise_stays_that_of_a_pixel() -> None:
    statistics = scene()
    cells = filtered(discs((20, 20, 4), (23, 24, 4), (19, 14, 4)), statistics, PX)
    assert cells.masks.shape == (3, len(VIEWS), PX, PX)
    assert cells.masks.dtype == np.float32
    wanted = np.ones((3, len(VIEWS)))
    wanted[1:, SECOND] = 0  # only the first has two neighbours
    np.testing.assert_allclose(np.linalg.norm(cells.masks, axis=(2, 3)), wanted, rtol=1e-5)
    noise = np.random.default_rng(1).standard_normal((3000, *SHAPE)) * statistics.scale
    np.testing.assert_allclose(seen(cells, statistics, *noise).std(axis=2), wanted, atol=0.06)


def test_the_mean_is_that_of_the_target_s_pixels() -> None:
    rois = discs((20, 20, 4), (23, 24, 4))
    mask = filtered(rois, scene(), PX).masks[:, MEAN]
    outlines = masked(rois, PX).masks[:, 0]
    np.testing.assert_allclose(mask, outlines / np.sqrt(rois.areas())[:, None, None], rtol=1e-6)


def test_each_view_is_blind_to_all_but_its_own() -> None:
    rois, statistics = discs((20, 20, 5), (24, 25, 5)), scene()
    cells = filtered(rois, statistics, PX)
    parts = {
        "target": 40 * blurred(rois, 0),
        "neighbour": 40 * blurred(rois, 1),
        "background": np.full(SHAPE, 20.0),
        "down": 0.2 * np.gradient(statistics.mean.astype(float), axis=0),
        "right": -0.2 * np.gradient(statistics.mean.astype(float), axis=1),
    }
    found = dict(zip(parts, seen(cells, statistics, *parts.values())[0].T, strict=True))
    owner = {"target": TARGET, "neighbour": FIRST, "background": BACKGROUND, "down": DOWN, "right": RIGHT}
    for part, view in owner.items():
        assert abs(found[part][view]) > 5
        others = [v for v in owner.values() if v != view]
        # Not to the last bit: the ridge trades some of it for less noise.
        assert np.abs(found[part][others]).max() < 0.05 * abs(found[part][view])
    assert found["target"][TARGET] > 0
    assert found["right"][RIGHT] < 0 < found["down"][DOWN]
    # The plain mean takes all of these for the cell's light.
    assert found["neighbour"][MEAN] > 0.1 * found["target"][MEAN]
    assert found["background"][MEAN] > 0.3 * found["target"][MEAN]


def test_a_sum_of_all_leaves_the_target_s_share() -> None:
    rois, statistics = discs((20, 20, 5), (24, 25, 5)), scene()
    cells = filtered(rois, statistics, PX)
    rng = np.random.default_rng(3)
    n = 200
    shares = rng.normal(0, [[20], [60], [15]], (3, n))
    pictures = np.stack([blurred(rois, 0), blurred(rois, 1), np.ones(SHAPE)])
    frames = np.tensordot(shares.T, pictures, 1)
    # Shifts as a movie has them, not as the filters take them: by interpolation.
    mean = statistics.mean.astype(float)
    moved = rng.uniform(-0.2, 0.2, (n, 2))
    frames += [ndimage.shift(mean, by, order=3, mode="nearest") - mean for by in moved]
    views = seen(cells, statistics, *frames)[0]
    assert np.corrcoef(views[TARGET], shares[0])[0, 1] > 0.99
    assert np.corrcoef(views[FIRST], shares[1])[0, 1] > 0.99
    assert np.corrcoef(views[MEAN], shares[0])[0, 1] < 0.7


def test_light_of_unlisted_cells_is_left_over_where_it_lies() -> None:
    statistics = scene()
    rois = discs((30, 25, 4), (30, 16, 4))
    cells = filtered(rois, statistics, PX)
    unlisted = discs((22, 25, 4), (30, 33, 4), (38, 25, 4))
    sides = [40 * blurred(unlisted, i) for i in range(3)]
    wide = 40 * ndimage.gaussian_filter(rois.mask(0).astype(float), 3.0)
    own = [40 * blurred(rois, i) for i in range(2)]
    found = seen(cells, statistics, *sides, wide, *own)[0]
    for frame, side in enumerate((ABOVE, BESIDE, BELOW)):
        assert found[[ABOVE, BESIDE, BELOW, LEFT], frame].argmax() == side - ABOVE
        assert found[side, frame] > 5
    assert found[WIDE, 3] > 3
    # What the pictures account for leaves nothing: the ridge trades some of it for less noise.
    assert np.abs(found[ABOVE:, 4:]).max() < 0.06 * found[TARGET, 4]


def test_fewer_views_are_the_first_ones() -> None:
    rois, statistics = discs((20, 20, 4), (23, 24, 4)), scene()
    few = filtered(rois, statistics, PX, len(LISTED))
    np.testing.assert_array_equal(few.masks, filtered(rois, statistics, PX).masks[:, : len(LISTED)])


def test_neighbours_are_seen_in_the_order_of_their_overlap() -> None:
    rois = discs((30, 20, 5), (30, 12, 5), (31, 26, 5), (22, 20, 4), (50, 40, 3))
    statistics = scene()
    cells = filtered(rois, statistics, PX)
    lights = [30 * blurred(rois, i) for i in range(len(rois))]
    found = seen(cells, statistics, *lights)
    # Of the first, the third overlaps most, then the second; the fourth touches it with its blur.
    assert found[0, FIRST].argmax() == 2
    assert found[0, SECOND].argmax() == 1
    assert found[0, TARGET].argmax() == 0
    for cell in (1, 2, 3):
        assert found[cell, FIRST].argmax() == 0  # the overlap is mutual
        assert found[cell, TARGET].argmax() == cell
    # All are accounted for, with a view of their own or not.
    assert np.abs(found[0, TARGET, 1:]).max() < 0.06 * found[0, TARGET, 0]


def test_a_cell_without_neighbours_has_none_to_see() -> None:
    apart = filtered(discs((20, 12, 4), (22, 28, 4)), scene(), PX)  # in each other's patch
    assert not apart.masks[:, [FIRST, SECOND]].any()
    assert apart.masks[:, DEMIXED].any(axis=(2, 3)).all()
    pair = filtered(discs((20, 20, 4), (23, 24, 4)), scene(), PX)
    assert pair.masks[:, FIRST].any(axis=(1, 2)).all()
    assert not pair.masks[:, SECOND].any()


def test_no_cells_have_no_filters() -> None:
    none = discs((20, 20, 4)).select([])
    cells = filtered(none, scene(), PX)
    assert cells.masks.shape == (0, len(VIEWS), PX, PX)
    assert cells.weighed(np.ones((3, *SHAPE), dtype=np.float32), np.arange(0)).shape == (0, len(VIEWS), 3)


def test_patches_lie_inside_at_the_border_of_the_field() -> None:
    rois = discs((0, 0, 4), (59, 49, 4), (30, 25, 4))
    cells = filtered(rois, scene(), PX)
    np.testing.assert_array_equal(cells.top, [0, 35, 18])
    np.testing.assert_array_equal(cells.left, [0, 25, 13])
    statistics = scene()
    found = seen(cells, statistics, *(30 * blurred(rois, i) for i in range(3)))
    np.testing.assert_array_equal(found[:, TARGET].argmax(axis=1), [0, 1, 2])
    np.testing.assert_allclose(np.linalg.norm(cells.masks[:, TARGET], axis=(1, 2)), 1, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 40), (40, 9), (12, 11)])
def test_small_fields_are_zero_beyond(shape: tuple[int, int]) -> None:
    cells = filtered(discs((4, 4, 2), (5, 6, 2), shape=shape), scene(shape), PX)
    height, width = (min(n, PX) for n in shape)
    assert cells.masks.shape[2:] == (PX, PX)
    assert not cells.masks[:, :, height:].any()
    assert not cells.masks[:, :, :, width:].any()
    np.testing.assert_allclose(np.linalg.norm(cells.masks[:, :3], axis=(2, 3)), 1, rtol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_weighed_is_the_sum_over_patches(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(6, 40), st.integers(6, 40)))
    n = data.draw(st.integers(1, 4))
    places = [
        (data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))) for _ in range(n)
    ]
    rois = discs(*((y, x, data.draw(st.sampled_from([1, 2, 4]))) for y, x in places), shape=shape)
    chosen = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=5)), dtype=np.int64)
    frames = np.random.default_rng(n).normal(size=(7, *shape)).astype(np.float32)
    for cells in (filtered(rois, scene(shape, n), 15), masked(rois, 15)):
        found = cells.weighed(frames, chosen)
        assert found.dtype == np.float32
        assert found.shape == (len(chosen), cells.masks.shape[1], 7)
        assert np.isfinite(cells.masks).all()
        for row, cell in enumerate(chosen):
            wanted = cells.cut(frames, int(cell)).astype(float).sum(axis=(2, 3))
            np.testing.assert_allclose(found[row], wanted, atol=1e-4)


def test_brightness_and_gain_of_a_movie_leave_the_filters() -> None:
    rois, statistics = discs((20, 20, 5), (24, 25, 5)), scene()
    bright = Statistics(3 * statistics.mean + 200, 3 * statistics.scale)
    one, other = (filtered(rois, s, PX).masks for s in (statistics, bright))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_noisy_pixel_counts_little() -> None:
    statistics = scene()
    scale = statistics.scale.copy()
    scale[20, 20] *= 30
    rois = discs((20, 20, 4))
    before, after = (
        filtered(rois, replace(statistics, scale=s), PX).masks[0, TARGET] for s in (statistics.scale, scale)
    )
    assert abs(after[12, 12]) < 0.1 * abs(before[12, 12])
