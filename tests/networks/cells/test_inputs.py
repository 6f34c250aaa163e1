from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocine.core import InputError, RoiSet
from neurocine.networks.cells.inputs import cut, masked, windows


def rois(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (60, 50)) -> RoiSet:
    masks = np.zeros((len(boxes), *shape), dtype=bool)
    for mask, (top, bottom, left, right) in zip(masks, boxes, strict=True):
        mask[top:bottom, left:right] = True
    return RoiSet.from_masks(masks)


def test_masks_are_the_papers() -> None:
    # The second touches the first's corner pixel; the third lies in the patch but apart.
    three = rois((20, 26, 20, 26), (25, 29, 25, 29), (32, 34, 16, 18))
    cells = masked(three, 25)
    top, left = cells.top[0], cells.left[0]
    target, overlap, neuropil = cells.masks[0]
    patch = np.s_[top : top + 25, left : left + 25]
    np.testing.assert_array_equal(target, three.mask(0)[patch])
    np.testing.assert_array_equal(overlap, three.mask(1)[patch])
    np.testing.assert_array_equal(neuropil, ~(three.mask(0) | three.mask(1))[patch])
    assert target[32 - top - 7, 25 - left]
    assert neuropil[32 - top, 16 - left]


def test_touching_isnt_overlap() -> None:
    two = rois((20, 26, 20, 26), (26, 30, 20, 26))
    assert not masked(two, 25).masks[0, 1].any()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_masks_cover_the_field_and_neuropil_is_apart(data: st.DataObject) -> None:
    height, width = (data.draw(st.integers(6, 40)) for _ in range(2))
    boxes = []
    for _ in range(data.draw(st.integers(1, 5))):
        top, left = data.draw(st.integers(0, height - 3)), data.draw(st.integers(0, width - 3))
        boxes.append((top, top + data.draw(st.integers(1, 3)), left, left + data.draw(st.integers(1, 3))))
    some = rois(*boxes, shape=(height, width))
    cells = masked(some, 15)
    for i, masks in enumerate(cells.masks):
        top, left = int(cells.top[i]), int(cells.left[i])
        seen = cut(np.ones((1, height, width), dtype=bool), top, left, 15)[0]
        assert 0 <= top <= max(0, height - 15)
        assert 0 <= left <= max(0, width - 15)
        np.testing.assert_array_equal(masks.any(axis=0), seen)
        assert not (masks[2] & (masks[0] | masks[1])).any()
        assert masks[0].sum() == some.areas()[i]


def test_windows_shift_inside_at_borders_and_use_every_pixel() -> None:
    corners = rois((0, 2, 0, 2), (58, 60, 48, 50), (29, 31, 24, 26))
    every = masked(corners, 25)
    np.testing.assert_array_equal(every.top, [0, 35, 17])
    np.testing.assert_array_equal(every.left, [0, 25, 12])
    assert every.masks[1, 0, -1, -1]


def test_small_field_is_padded_with_zeros() -> None:
    small = rois((1, 3, 1, 3), shape=(8, 30))
    every = masked(small, 25)
    frames = np.ones((4, 8, 30), dtype=np.float32)
    patches = every.cut(frames, 0)
    assert patches.shape == (3, 4, 25, 25)
    assert patches.sum() == 4 * 8 * 25
    assert not patches[:, :, 8:].any()


def test_types_see_the_cell_and_everything() -> None:
    two = rois((20, 26, 20, 26), (25, 29, 25, 29))
    masks = masked(two, 20, "types").masks[0]
    assert masks.shape == (2, 20, 20)
    assert masks[0].sum() == 36
    assert masks[1].all()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 600), window=st.integers(1, 120), overlap=st.floats(0, 0.99), extra=st.integers(0, 1))
def test_windows_cover_all_frames_and_stay_inside(n: int, window: int, overlap: float, extra: int) -> None:
    n = max(n, window + extra)
    starts = windows(n, window, overlap)
    assert starts[0] == 0
    assert starts[-1] == n - window
    steps = np.diff(starts)
    assert (steps > 0).all()
    assert (steps <= window).all()
    if len(steps) > 1:
        assert len(set(steps[:-1].tolist())) == 1
        assert steps[-1] <= steps[0]


def test_windows_of_the_paper() -> None:
    np.testing.assert_array_equal(windows(2500, 100, 0.5), np.arange(0, 2401, 50))
    np.testing.assert_array_equal(windows(230, 100, 0.7)[:3], [0, 30, 60])
    np.testing.assert_array_equal(windows(210, 100, 0.0), [0, 100, 110])


def test_too_few_frames_are_told() -> None:
    with pytest.raises(InputError, match="99, fewer than the window of 100"):
        windows(99, 100, 0.5)
