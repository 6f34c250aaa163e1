"""An engine's ROIs and STNeuroNet's masks put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurocine.active import match_active
from neurocine.active.match import annotated_already
from neurocine.config import ActiveSettings
from neurocine.core import InputError, RoiSet

FOV = (40, 40)


def square(top: int, left: int, edge: int = 6) -> tuple[Any, Any, None]:
    y, x = np.mgrid[top : top + edge, left : left + edge]
    return y.ravel(), x.ravel(), None


@pytest.fixture
def rois() -> RoiSet:
    """Three ROIs of suite2p: the first two are active neurons."""
    return RoiSet.from_pixels(
        FOV,
        [square(2, 2), square(2, 20), square(30, 30)],
        engine="suite2p",
        ids=[9, 4, 7],
        probability=[0.9, 0.8, 0.7],
        source="engine.h5",
    )


@pytest.fixture
def masks() -> RoiSet:
    """Three masks of STNeuroNet: one of its own, the second ROI's and, moved by a pixel, the first's."""
    return RoiSet.from_pixels(
        FOV,
        [square(20, 4), square(2, 20), square(3, 2)],
        engine="stneuronet",
        probability=[0.75, 0.5, 1.0],
        active_intervals=[[[0, 9]], [[5, 20], [30, 40]], [[2, 3]]],
    )


def settings(mode: str, min_iou: float = 0.5) -> ActiveSettings:
    return ActiveSettings.model_validate({"mode": mode, "min_iou": min_iou})


def summary(rois: RoiSet) -> dict[int, tuple[str, float, list[list[int]]]]:
    """Return what is known of each ROI by its id."""
    return {
        int(rois.ids[i]): (
            rois.engine[i],
            round(float(rois.active_probability[i]), 4),
            rois.active_intervals[i].tolist(),
        )
        for i in range(len(rois))
    }


SEEN = np.array([0.875, 0.25, 0.125], dtype=np.float32)
BOTH = {
    9: ("suite2p+stneuronet", 0.875, [[2, 3]]),
    4: ("suite2p+stneuronet", 0.25, [[5, 20], [30, 40]]),
}
ENGINE_ALONE = {7: ("suite2p", 0.125, [])}
NETWORK_ALONE = {10: ("stneuronet", 0.75, [[0, 9]])}


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("engine", BOTH | ENGINE_ALONE),
        ("intersection", BOTH),
        ("union", BOTH | ENGINE_ALONE | NETWORK_ALONE),
    ],
)
def test_modes_keep_the_engines_rois(rois: RoiSet, masks: RoiSet, mode: str, wanted: dict) -> None:
    matched = match_active(rois, masks, settings(mode), SEEN)
    assert summary(matched) == wanted
    assert matched.source == "engine.h5"
    for i, roi_id in enumerate(matched.ids.tolist()):
        if roi_id in rois.ids:
            before = rois.ids.tolist().index(roi_id)
            np.testing.assert_array_equal(matched.mask(i), rois.mask(before))
            assert matched.probability[i] == rois.probability[before]


def test_stneuronet_alone_keeps_its_masks_and_the_neurons_ids(rois: RoiSet, masks: RoiSet) -> None:
    matched = match_active(rois, masks, settings("stneuronet"))
    assert matched.ids.tolist() == [4, 9, 10]
    assert matched.engine == ("suite2p+stneuronet", "suite2p+stneuronet", "stneuronet")
    assert matched.probability.tolist() == matched.active_probability.tolist() == [0.5, 1.0, 0.75]
    for i, mask in enumerate((1, 2, 0)):
        np.testing.assert_array_equal(matched.mask(i), masks.mask(mask))
        np.testing.assert_array_equal(matched.active_intervals[i], masks.active_intervals[mask])


def test_union_is_in_the_order_of_ids_and_adds_fresh_ones(rois: RoiSet, masks: RoiSet) -> None:
    matched = match_active(rois, masks, settings("union"), SEEN)
    assert matched.ids.tolist() == [4, 7, 9, 10]
    np.testing.assert_array_equal(matched.mask(3), masks.mask(0))
    assert matched.found_by("stneuronet").tolist() == [True, False, True, True]
    assert matched.found_by("suite2p").tolist() == [True, True, True, False]


def test_off_leaves_all_as_it_is(rois: RoiSet, masks: RoiSet) -> None:
    assert match_active(rois, masks, settings("off")) is rois


def test_min_iou_tells_what_is_the_same_neuron(rois: RoiSet, masks: RoiSet) -> None:
    # The first ROI and its mask share 30 pixels of 42: 0.71.
    assert match_active(rois, masks, settings("intersection", 0.7), SEEN).ids.tolist() == [9, 4]
    assert match_active(rois, masks, settings("intersection", 0.75), SEEN).ids.tolist() == [4]
    assert match_active(rois, masks, settings("union", 0.75), SEEN).ids.tolist() == [4, 7, 9, 10, 11]


def test_without_a_probability_of_the_rois_it_is_that_of_their_masks(rois: RoiSet, masks: RoiSet) -> None:
    matched = match_active(rois, masks, settings("engine"))
    np.testing.assert_array_equal(matched.active_probability, np.float32([1.0, 0.5, np.nan]))


@pytest.mark.parametrize("mode", ["engine", "stneuronet", "union", "intersection"])
def test_nothing_found_by_one_or_both(rois: RoiSet, masks: RoiSet, mode: str) -> None:
    none = np.zeros(3, dtype=bool)
    kept = {"engine": [9, 4, 7], "union": [4, 7, 9]}.get(mode, [])
    no_masks = match_active(rois, masks.select(none), settings(mode), SEEN)
    assert no_masks.ids.tolist() == kept
    assert not no_masks.found_by("stneuronet").any()
    no_rois = match_active(rois.select(none), masks, settings(mode), SEEN[:0])
    assert no_rois.ids.tolist() == ([0, 1, 2] if mode in ("stneuronet", "union") else [])
    assert len(match_active(rois.select(none), masks.select(none), settings(mode), SEEN[:0])) == 0


@pytest.mark.parametrize(
    ("known", "found", "alone"),
    [
        ("", "given+stneuronet", "given"),
        ("given", "given+stneuronet", "given"),
        ("caiman", "caiman+stneuronet", "caiman"),
        ("stneuronet", "given+stneuronet", "given"),
        ("suite2p+stneuronet", "suite2p+stneuronet", "suite2p"),
    ],
)
def test_engines_are_named_once(rois: RoiSet, masks: RoiSet, known: str, found: str, alone: str) -> None:
    given = RoiSet.from_pixels(FOV, [rois.pixels(0), rois.pixels(2)], engine=known)
    assert match_active(given, masks, settings("engine")).engine == (found, alone)


def test_roi_and_mask_of_other_fields_of_view_are_refused(rois: RoiSet) -> None:
    other = RoiSet.from_pixels((40, 41), [square(2, 2)], engine="stneuronet")
    with pytest.raises(InputError, match="fov_shape"):
        match_active(rois, other, settings("engine"))


def test_a_probability_too_few_is_refused(rois: RoiSet, masks: RoiSet) -> None:
    with pytest.raises(InputError, match=r"active_probability: has shape \(2,\), expected \(3,\)"):
        match_active(rois, masks, settings("engine"), SEEN[:2])


def test_stneuronets_own_rois_are_told_already(rois: RoiSet, masks: RoiSet) -> None:
    annotated = annotated_already(masks)
    assert annotated is not None
    np.testing.assert_array_equal(annotated.active_probability, masks.probability)
    np.testing.assert_array_equal(annotated.ids, masks.ids)
    assert annotated_already(rois) is None
    # Handed in from elsewhere: they don't say when they are active in this movie.
    assert annotated_already(RoiSet.from_pixels(FOV, [square(2, 2)], engine="stneuronet")) is None
    assert annotated_already(RoiSet.from_pixels(FOV, [])) is None
