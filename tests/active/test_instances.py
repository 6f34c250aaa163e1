"""Maps of probabilities become masks."""

import numpy as np
import pytest

from neurocine.active.instances import Mask, instances
from neurocine.core import InputError
from neurocine.networks.segmentation.postprocessing import Postprocessing

SETTINGS = Postprocessing(threshold=0.5, min_area_um2=20.0, mean_area_um2=107.5)


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> np.ndarray:
    """Return a binary disc (Y, X)."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def pixels(mask: Mask) -> set[tuple[int, int]]:
    """Return the pixels of a mask."""
    return set(zip(mask.y.tolist(), mask.x.tolist(), strict=True))


def of(picture: np.ndarray) -> set[tuple[int, int]]:
    """Return the pixels of a binary picture."""
    return {(int(y), int(x)) for y, x in np.argwhere(picture)}


def test_a_single_neuron_is_found_alone_in_its_map() -> None:
    neuron = disc((32, 40), 12, 25, 5)
    (mask,) = instances(np.where(neuron, 0.8, 0.1).astype(np.float32), 1.0, SETTINGS)
    assert pixels(mask) == of(neuron)
    assert mask.probability == pytest.approx(0.8)
    assert mask.y.dtype == mask.x.dtype == np.int32


def test_the_threshold_itself_is_a_neuron() -> None:
    neuron = disc((32, 32), 12, 12, 5)
    assert len(instances(np.where(neuron, 0.5, 0.49).astype(np.float32), 1.0, SETTINGS)) == 1
    assert not instances(np.where(neuron, 0.49, 0.2).astype(np.float32), 1.0, SETTINGS)


def test_pieces_that_touch_at_a_corner_are_two() -> None:
    picture = np.zeros((20, 20), dtype=np.float32)
    picture[2:8, 2:8] = picture[8:14, 8:14] = 1
    first, second = instances(picture, 1.0, SETTINGS)
    assert (len(first.y), len(second.y)) == (36, 36)


def test_two_that_overlap_are_split_and_no_pixel_is_lost() -> None:
    one, other = disc((48, 48), 20, 14, 8), disc((48, 48), 20, 28, 8)
    masks = instances((one | other).astype(np.float32), 1.0, SETTINGS)
    assert len(masks) == 2
    for mask, whole in zip(sorted(masks, key=lambda m: m.x.mean()), (one, other), strict=True):
        shared = pixels(mask) & of(whole)
        assert len(shared) / len(pixels(mask) | of(whole)) > 0.85
    assert pixels(masks[0]) | pixels(masks[1]) == of(one | other)
    assert not pixels(masks[0]) & pixels(masks[1])


def test_what_is_no_larger_than_a_neuron_stays_whole() -> None:
    pair = disc((48, 48), 20, 14, 8) | disc((48, 48), 20, 28, 8)
    large = Postprocessing(min_area_um2=20.0, mean_area_um2=float(pair.sum()))
    (mask,) = instances(pair.astype(np.float32), 1.0, large)
    assert pixels(mask) == of(pair)


def test_a_large_round_neuron_stays_whole_despite_its_notched_outline() -> None:
    rng = np.random.default_rng(0)
    neuron = disc((48, 48), 24, 24, 9) & (disc((48, 48), 24, 24, 8) | (rng.random((48, 48)) < 0.5))
    assert len(instances(neuron.astype(np.float32), 1.0, SETTINGS)) == 1


def test_areas_are_of_square_micrometres() -> None:
    neuron = disc((32, 32), 12, 12, 3).astype(np.float32)  # 29 pixels
    assert len(instances(neuron, 1.0, SETTINGS)) == 1
    assert not instances(neuron, 0.8, SETTINGS)
    exactly = Postprocessing(min_area_um2=29.0)
    assert len(instances(neuron, 1.0, exactly)) == 1


def test_parts_too_small_are_dropped_after_the_split() -> None:
    dumbbell = disc((48, 48), 20, 14, 8) | disc((48, 48), 20, 26, 3)
    dumbbell[20, 14:26] = True
    settings = Postprocessing(min_area_um2=60.0, mean_area_um2=100.0)
    (mask,) = instances(dumbbell.astype(np.float32), 1.0, settings)
    assert abs(mask.x.mean() - 14) < 1.5


def test_neurons_at_the_edge_are_found_and_split() -> None:
    pair = disc((40, 48), 0, 12, 9) | disc((40, 48), 0, 28, 9)
    assert len(instances(pair.astype(np.float32), 1.0, SETTINGS)) == 2


def test_a_full_and_an_empty_map() -> None:
    assert not instances(np.zeros((16, 16), dtype=np.float32), 1.0, SETTINGS)
    (mask,) = instances(np.ones((16, 16), dtype=np.float32), 1.0, SETTINGS)
    assert len(mask.y) == 256


def test_edges_less_sure_than_the_core_belong_to_the_neuron() -> None:
    core, whole = disc((40, 40), 18, 18, 4), disc((40, 40), 18, 18, 6)
    picture = np.where(core, 0.9, np.where(whole, 0.6, 0.1)).astype(np.float32)
    picture[32:39, 32:39] = 0.6  # nothing sure there
    sure = Postprocessing(threshold=0.8, outline=0.5, min_area_um2=20.0)
    (mask,) = instances(picture, 1.0, sure)
    assert pixels(mask) == of(whole)
    assert mask.probability == pytest.approx(0.9)
    (mask,) = instances(picture, 1.0, Postprocessing(threshold=0.8, outline=1.0, min_area_um2=20.0))
    assert pixels(mask) == of(core)
    large = Postprocessing(threshold=0.8, outline=0.5, min_area_um2=float(core.sum()) + 1)
    assert not instances(picture, 1.0, large)


def test_two_that_grow_into_each_other_meet_in_the_valley() -> None:
    columns = np.arange(40)
    ridge = np.maximum(1 - abs(columns - 12) * 0.06, 1 - abs(columns - 26) * 0.06)
    picture = np.zeros((30, 40), dtype=np.float32)
    picture[10:20] = ridge
    settings = Postprocessing(threshold=0.8, outline=0.4, min_area_um2=20.0)
    left, right = instances(picture, 1.0, settings)
    assert not pixels(left) & pixels(right)
    assert pixels(left) | pixels(right) == of(picture >= 0.4)
    assert left.x.max() <= 19 <= right.x.min()


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="expected \\(Y, X\\)"):
        instances(np.zeros((2, 8, 8), dtype=np.float32), 1.0, SETTINGS)
    with pytest.raises(InputError, match="pixel_size_um"):
        instances(np.zeros((8, 8), dtype=np.float32), 0.0, SETTINGS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 1.5), ("min_confidence", -0.1), ("min_area_um2", 0.0), ("min_maps", 0), ("min_maps", 1.5)],
)
def test_values_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        Postprocessing(**{name: value})
