"""Masks of many maps become neurons."""

import time
from collections.abc import Iterable

import numpy as np
import pytest

from neurocine.active.fusion import Fusion
from neurocine.active.instances import Mask
from neurocine.core import InputError, RoiSet
from neurocine.networks.segmentation.postprocessing import Postprocessing

SHAPE = (64, 64)
SETTINGS = Postprocessing()


def disc(y: float, x: float, radius: float, probability: float = 0.8) -> Mask:
    """Return a round mask."""
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return mask((rows - y) ** 2 + (columns - x) ** 2 <= radius**2, probability)


def mask(picture: np.ndarray, probability: float = 0.8) -> Mask:
    """Return the mask of a binary picture."""
    y, x = np.nonzero(picture)
    return Mask(y.astype(np.int32), x.astype(np.int32), probability)


def both(*masks: Mask) -> Mask:
    """Return one mask of the pixels of all."""
    picture = np.zeros(SHAPE, dtype=bool)
    for one in masks:
        picture[one.y, one.x] = True
    return mask(picture)


def fused(
    maps: Iterable[list[Mask]], settings: Postprocessing = SETTINGS, pixel_size_um: float = 1.0
) -> RoiSet:
    """Return the neurons of maps of ten frames each."""
    fusion = Fusion(SHAPE, pixel_size_um, settings)
    for i, masks in enumerate(maps):
        fusion.add(masks, 10 * i, 10 * i + 10)
    return fusion.rois()


def same(rois: RoiSet, index: int, one: Mask) -> bool:
    """Return whether an ROI has exactly the pixels of a mask."""
    y, x, _ = rois.pixels(index)
    return set(zip(y.tolist(), x.tolist(), strict=True)) == set(
        zip(one.y.tolist(), one.x.tolist(), strict=True)
    )


def test_a_single_mask_of_a_single_map_is_kept() -> None:
    neuron = disc(20, 20, 5)
    rois = fused([[neuron]])
    assert len(rois) == 1
    assert same(rois, 0, neuron)
    assert rois.engine == ("stneuronet",)
    assert rois.probability[0] == np.float32(0.8)


def test_frames_of_one_neuron_are_joined_and_its_highest_probability_kept() -> None:
    maps = [[disc(20, 20, 5, p)] for p in (0.6, 0.9, 0.7)] + [[], [disc(21, 20, 5, 0.5)]]
    rois = fused(maps)
    assert rois.active_intervals[0].tolist() == [[0, 30], [40, 50]]
    assert rois.probability[0] == np.float32(0.9)
    assert rois.ids.tolist() == [0]


def test_overlapping_windows_are_one_interval() -> None:
    neuron = disc(20, 20, 5)
    fusion = Fusion(SHAPE, 1.0, SETTINGS)
    fusion.add([neuron], 0, 120)
    fusion.add([neuron], 60, 180)
    rois = fusion.rois()
    assert rois.active_intervals[0].tolist() == [[0, 180]]


def test_near_is_of_micrometres() -> None:
    maps = [[disc(20, 20, 5)], [disc(20, 23, 5)]]
    assert len(fused(maps)) == 1
    assert len(fused(maps, pixel_size_um=2.0)) == 2


def test_a_chain_of_near_masks_does_not_merge_neighbours() -> None:
    left, right = disc(20, 20, 5), disc(20, 27, 5)
    between = disc(20, 23.5, 5)
    rois = fused([[left, right]] * 5 + [[between]] * 2 + [[left], [right]] * 5)
    assert len(rois) == 2
    np.testing.assert_allclose(rois.centroids()[:, 1], [20, 27], atol=1)


def test_two_side_by_side_in_the_same_maps_stay_two_however_near() -> None:
    rows = np.arange(SHAPE[0])[:, None] * np.ones(SHAPE[1], dtype=int)
    picture = np.zeros(SHAPE, dtype=bool)
    picture[18:24, 10:30] = True
    upper, lower = mask(picture & (rows < 21)), mask(picture & (rows >= 21))
    assert len(fused([[upper, lower]] * 4)) == 2


def test_the_outline_is_what_most_masks_agree_on() -> None:
    neuron = disc(20, 20, 5)
    smaller, larger = disc(20, 20, 4), disc(20, 20, 7)
    rois = fused([[smaller], [neuron], [neuron], [neuron], [larger]])
    assert same(rois, 0, neuron)


def test_masks_without_a_common_pixel_still_give_a_neuron() -> None:
    left, right = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    left[10:20, 10:12] = right[10:20, 12:14] = True
    third = np.zeros(SHAPE, dtype=bool)
    third[10:20, 8:10] = True
    rois = fused([[mask(left)], [mask(right)], [mask(third)]])
    assert len(rois) == 1
    assert len(rois.y) > 0


def test_a_merger_gives_way_to_its_parts() -> None:
    a, b = disc(20, 20, 5), disc(20, 29, 5)
    rois = fused([[both(a, b)]] * 3 + [[a]] * 2 + [[b]] * 4)
    assert len(rois) == 2
    assert same(rois, 0, a)
    assert same(rois, 1, b)
    # Both were active in the maps of the merger.
    assert rois.active_intervals[0].tolist() == [[0, 50]]
    assert rois.active_intervals[1].tolist() == [[0, 30], [50, 90]]


def test_a_stray_fragment_does_not_delete_a_neuron_seen_often() -> None:
    neuron, fragment = disc(20, 20, 6), disc(24.5, 20, 1.5)
    rois = fused([[neuron]] * 20 + [[fragment]] + [[neuron]] * 5)
    assert len(rois) == 1
    assert same(rois, 0, neuron)
    assert rois.active_intervals[0].tolist() == [[0, 260]]


def test_one_that_covers_no_more_than_the_share_is_kept() -> None:
    whole, beside = disc(20, 20, 6), disc(27, 20, 6)
    assert len(fused([[whole], [beside]])) == 2


def test_parts_seen_twice_count_even_where_a_merger_was_judged_before_them() -> None:
    a, b, c = disc(20, 20, 5), disc(20, 29, 5), disc(20, 38, 5)
    rois = fused([[both(a, b, c)], [both(a, b)], [a], [a], [b], [b], [c], [c]])
    assert len(rois) == 3
    np.testing.assert_allclose(np.sort(rois.centroids()[:, 1]), [20, 29, 38])


def test_neurons_in_too_few_maps_are_dropped() -> None:
    maps = [[disc(20, 20, 5), disc(40, 40, 5)], [disc(20, 20, 5)]]
    rois = fused(maps, Postprocessing(min_maps=2))
    np.testing.assert_allclose(rois.centroids(), [[20, 20]])


def test_confidence_adds_up_over_maps() -> None:
    often, once, sure = (disc(y, 20, 4, p) for y, p in ((10, 0.6), (30, 0.6), (50, 0.95)))
    rois = fused([[often, once, sure], [often], [often]], Postprocessing(min_confidence=0.9))
    np.testing.assert_allclose(rois.centroids()[:, 0], [10, 50])


def test_it_can_be_asked_at_any_time_and_gives_what_the_batch_gives() -> None:
    rng = np.random.default_rng(0)
    maps = [
        [disc(y, x, 5, float(rng.uniform(0.5, 1))) for y, x in rng.integers(10, 54, (4, 2))]
        for _ in range(30)
    ]
    fusion = Fusion(SHAPE, 1.0, SETTINGS)
    assert len(fusion.rois()) == 0
    for i, masks in enumerate(maps):
        fusion.add(masks, 10 * i, 10 * i + 10)
        assert fusion.rois().ids.tolist() == list(range(len(fusion.rois())))
    batch, streamed = fused(maps), fusion.rois()
    for name in ("indptr", "y", "x", "probability"):
        np.testing.assert_array_equal(getattr(batch, name), getattr(streamed, name))
    for one, other in zip(batch.active_intervals, streamed.active_intervals, strict=True):
        np.testing.assert_array_equal(one, other)


def test_other_values_choose_among_the_same_neurons() -> None:
    fusion = Fusion(SHAPE, 1.0, SETTINGS)
    for i, masks in enumerate([[disc(20, 20, 5), disc(40, 40, 5)], [disc(20, 20, 5)]]):
        fusion.add(masks, i, i + 1)
    assert len(fusion.rois(Postprocessing(min_maps=2))) == 1
    assert len(fusion.rois()) == 2


def test_a_thousand_maps_take_memory_and_time_of_their_neurons_alone() -> None:
    rng = np.random.default_rng(1)
    neurons = [disc(y, x, 4) for y in range(6, 60, 12) for x in range(6, 60, 12)]
    fusion = Fusion(SHAPE, 1.0, SETTINGS)
    began = time.process_time()
    for i in range(1000):
        fusion.add([neurons[j] for j in rng.choice(len(neurons), 5, replace=False)], i, i + 1)
    assert len(fusion.rois()) == len(neurons)
    assert len(fusion._neurons) == len(neurons)
    assert time.process_time() - began < 10  # about 0.4 s; a quadratic one takes minutes


def test_frames_must_be_some() -> None:
    with pytest.raises(InputError, match="frames"):
        Fusion(SHAPE, 1.0, SETTINGS).add([], 5, 5)
    with pytest.raises(InputError, match="pixel_size_um"):
        Fusion(SHAPE, -1.0, SETTINGS)
