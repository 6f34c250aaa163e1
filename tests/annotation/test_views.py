"""What is shown of a cell: rectangles of the movie, and profiles that tell it from its neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocine.annotation.session import Session
from neurocine.annotation.views import CellViews
from neurocine.core import InvalidFrames, Movie, RoiSet, Validity

CENTRES = ((28, 26), (28, 33))


@pytest.fixture
def views(session: Session) -> CellViews:
    """Two bell-shaped cells that overlap and take turns."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    shapes = np.stack([np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18) for y, x in CENTRES])
    calcium = np.zeros((2, 300))
    for k in range(12):
        calcium[k % 2, 10 + 24 * k : 20 + 24 * k] += np.hanning(10)
    frames = rng.normal(100 + 200 * np.tensordot(calcium.T, shapes, 1), 3).astype(np.float32)
    rois = RoiSet.from_masks(shapes > 0.3)
    results = session.results
    f = np.stack([frames[:, rois.mask(i)].mean(1) for i in range(2)]).astype(np.float32)
    pick = [0, 1]
    return CellViews(
        replace(
            results,
            movie=Movie(frames, 10.0, 2.0),
            summary=replace(results.summary, mean=frames.mean(0), max=frames.max(0)),
            rois=rois,
            traces=replace(results.traces, ids=rois.ids, f=f, fneu=f, dff=f, events=f, snr=f[:, 0]),
            celltypes=replace(
                results.celltypes, ids=rois.ids, probability=results.celltypes.probability[pick]
            ),
            raster=replace(
                results.raster,
                ids=rois.ids,
                probability=results.raster.probability[pick],
                classifier=results.raster.classifier[:2],
            ),
        )
    )


def test_profiles_tell_the_cell_from_its_neighbour(views: CellViews) -> None:
    assert views.neighbours(0) == [1]
    own = views.profiles(0, 10, 15)  # the first cell's own
    foreign = views.profiles(0, 34, 39)  # its neighbour's, which it sees
    for made, right in ((own, 0), (foreign, 1)):
        values = dict(made.correlations)
        assert list(values) == [0, 1]
        assert values[right] > 0.9
        assert values[right] > values[1 - right] + 0.2


def test_patches_stay_in_the_field_of_view(session: Session) -> None:
    for cell in session.results.rois.ids.tolist():
        patch = session.views.patch(cell)
        assert (patch.height, patch.width) == (60, 60)
        assert 0 <= patch.top <= 4
        assert 0 <= patch.left <= 4


def test_a_window_is_a_part_of_what_is_read() -> None:
    frames = np.random.default_rng(0).integers(0, 99, (9, 8, 7)).astype(np.int16)
    validity = Validity(9, (InvalidFrames(3, 4, "blank"),), ((6, 2, 3),))
    for known in (None, validity):
        movie = Movie(frames, 10, 1, validity=known)
        window = movie.window(2, 8, slice(1, 5), slice(2, 6))
        np.testing.assert_array_equal(window, movie.read(2, 8)[:, 1:5, 2:6])
