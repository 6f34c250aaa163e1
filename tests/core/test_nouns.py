"""The core nouns refuse what can't be, and compute what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurocine.core import CellTypes, InputError, Labels, Movie, Raster, RoiSet, Traces, clear_types
from neurocine.core.raster import active_runs


def movie(shape: tuple[int, ...] = (10, 8, 6), dtype: str = "uint16", **more: float) -> Movie:
    return Movie(np.zeros(shape, dtype), **{"frame_rate_hz": 10.0, "pixel_size_um": 1.0, **more})


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((10, 8, 6, 3), "uint8", "colour"),
        ((10, 8), "uint8", "expected \\(T, Y, X\\)"),
        ((1, 8, 6), "uint8", "at least 2"),
        ((10, 0, 6), "uint8", "empty axis"),
        ((10, 8, 6), "complex64", "dtype"),
        ((10, 8, 6), "bool", "dtype"),
    ],
)
def test_movie_refuses(shape: tuple[int, ...], dtype: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        movie(shape, dtype)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_movie_needs_a_positive_rate(rate: float) -> None:
    with pytest.raises(InputError, match="frame_rate_hz"):
        movie(frame_rate_hz=rate)


@pytest.mark.parametrize("block_bytes", [1, 500, 10_000, 10**9])
def test_blocks_cover_the_movie_once(block_bytes: int) -> None:
    frames = np.arange(200 * 6 * 5, dtype=np.uint16).reshape(200, 6, 5)
    blocks = list(Movie(frames, 10.0, 1.0).blocks(block_bytes))
    assert [start for start, _ in blocks] == list(np.cumsum([0] + [len(b) for _, b in blocks[:-1]]))
    np.testing.assert_array_equal(np.concatenate([b for _, b in blocks]), frames)


def test_roiset_from_masks_gives_them_back() -> None:
    masks = np.random.default_rng(0).random((5, 9, 7)) > 0.6
    rois = RoiSet.from_masks(masks)
    for i, mask in enumerate(masks):
        np.testing.assert_array_equal(rois.mask(i), mask)
    np.testing.assert_array_equal(rois.areas(), masks.sum((1, 2)))
    np.testing.assert_allclose(rois.centroids(), [np.argwhere(mask).mean(0) for mask in masks])
    np.testing.assert_array_equal(rois.matrix().toarray().reshape(masks.shape) > 0, masks)


@given(hnp.arrays(np.int32, (6, 7), elements=st.integers(0, 5)))
def test_roiset_from_label_image_keeps_labels_as_ids(labels: np.ndarray) -> None:
    rois = RoiSet.from_label_image(labels)
    back = np.zeros_like(labels)
    for i, label in enumerate(rois.ids):
        back[rois.mask(i)] = label
    np.testing.assert_array_equal(back, labels)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_changed_matrix_leaves_the_rois_as_they_are(weighted: bool) -> None:
    rois = RoiSet.from_masks(np.random.default_rng(1).random((4, 6, 7)))
    indptr, weight = rois.indptr.copy(), rois.weight.copy()
    matrix = rois.matrix(weighted=weighted)
    matrix.data[::2] = 0
    matrix.eliminate_zeros()
    np.testing.assert_array_equal(rois.indptr, indptr)
    np.testing.assert_array_equal(rois.weight, weight)


def test_roiset_names_the_roi_outside_the_field() -> None:
    with pytest.raises(
        InputError, match=r"ROI 1 has the pixel \(y=3, x=9\) outside the field of view of 5 x 9"
    ):
        RoiSet.from_pixels((5, 9), [([0], [0], None), ([3], [9], None)])


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan, np.inf])
def test_roiset_needs_positive_weights(weight: float) -> None:
    with pytest.raises(InputError, match="weight"):
        RoiSet.from_pixels((5, 5), [([0], [0], [weight])])


def test_roiset_refuses_empty_rois_repeated_ids_and_odd_probabilities() -> None:
    with pytest.raises(InputError, match="ROI 0 has none"):
        RoiSet.from_pixels((5, 5), [([], [], None)])
    with pytest.raises(InputError, match="id 4 occurs more than once"):
        RoiSet.from_pixels((5, 5), [([0], [0], None)] * 2, ids=[4, 4])
    with pytest.raises(InputError, match="outside"):
        RoiSet.from_pixels((5, 5), [([0], [0], None)], probability=[1.5])
    with pytest.raises(InputError, match="active_probability: lies outside"):
        RoiSet.from_pixels((5, 5), [([0], [0], None)], active_probability=[-0.1])


def test_roiset_select_keeps_identity() -> None:
    rois = RoiSet.from_pixels(
        (5, 5),
        [([i], [i], None) for i in range(4)],
        ids=[7, 8, 9, 3],
        engine=["a", "b", "b+c", "c+d"],
        active_probability=[0.5, 0, 1, np.nan],
    )
    chosen = rois.select(np.array([True, False, False, True]))
    assert chosen.ids.tolist() == [7, 3]
    assert chosen.engine == ("a", "c+d")
    np.testing.assert_array_equal(chosen.active_probability, np.float32([0.5, np.nan]))
    assert rois.found_by("c").tolist() == [False, False, True, True]
    assert rois.select([]).found_by("c").tolist() == []


def test_no_rois_at_all() -> None:
    rois = RoiSet.from_pixels((5, 5), [])
    assert len(rois) == 0
    assert rois.centroids().shape == (0, 2)
    assert rois.matrix().shape == (0, 25)
    assert len(rois.select([])) == 0


def test_traces_name_both_shapes() -> None:
    good = np.zeros((2, 5), np.float32)
    with pytest.raises(InputError, match=r"dff: has shape \(2, 4\), expected \(2, 5\)"):
        Traces(np.arange(2), 10.0, good, good, good[:, :4], good, np.zeros(2, np.float32))


def test_celltypes_are_the_most_probable_and_found_by_id() -> None:
    types = CellTypes(np.array([5, 2]), np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]], np.float32))
    assert types.types == ("pyramidal", "noise")
    assert types.of(np.array([2])) == ("noise",)
    with pytest.raises(InputError, match="no row for ROI 3"):
        types.of(np.array([3]))
    with pytest.raises(InputError, match="sum to 1"):
        CellTypes(np.array([5]), np.array([[0.7, 0.2, 0.2]], np.float32))
    with pytest.raises(InputError, match="label: 'glia' is no cell type"):
        replace(types, labels=Labels(np.float32([1, 0]), ("glia", "")))


def test_a_neuron_that_may_as_well_be_of_the_other_type_is_unknown() -> None:
    probability = np.float32([[0.55, 0.4, 0.05], [0.3, 0.2, 0.5], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]])
    never = CellTypes(np.arange(4), probability, clear=clear_types(probability, 0.5))
    assert never.types == ("pyramidal", "noise", "interneuron", "pyramidal")
    some = replace(never, clear=clear_types(probability, 0.7))
    assert some.types == ("unknown", "noise", "interneuron", "unknown")
    assert some.of(np.array([3, 2])) == ("unknown", "interneuron")
    with pytest.raises(InputError, match="clear"):
        replace(never, clear=np.ones(3, dtype=bool))


def test_only_clear_labels_tell_a_type() -> None:
    labels = Labels.of(np.float32([0.9, 0.89, np.nan, 1]), "interneuron", np.float32(0.9))
    assert labels.types == ("interneuron", "", "", "interneuron")


@given(hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 30))))
def test_active_runs_draw_the_raster_again(active: np.ndarray) -> None:
    row, onset, peak = active_runs(active)
    drawn = np.zeros_like(active)
    for i, a, b in zip(row, onset, peak, strict=True):
        assert not drawn[i, a : b + 1].any()
        drawn[i, a : b + 1] = True
    np.testing.assert_array_equal(drawn, active)


def test_raster_gives_transients_with_their_probability() -> None:
    probability = np.array([[0.1, 0.9, 0.6, 0.1, 0.8]], np.float32)
    transients = Raster(np.array([4]), 10.0, probability, 0.5, ("m",)).transients()
    assert transients.roi_id.tolist() == [4, 4]
    assert transients.onset.tolist() == [1, 4]
    assert transients.peak.tolist() == [2, 4]
    np.testing.assert_allclose(transients.probability, [0.9, 0.8])


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_raster_refuses_what_is_no_probability(value: float) -> None:
    with pytest.raises(InputError, match="probability"):
        Raster(np.array([4]), 10.0, np.array([[0.5, value]], np.float32), 0.5, ("m",))
