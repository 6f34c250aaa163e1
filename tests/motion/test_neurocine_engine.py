"""neurocine's own registration against plain NumPy, and against displacements that are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from neurocine.config import EnginesSettings, MotionSettings
from neurocine.motion.control_points import ControlPoints, control_points, products
from neurocine.motion.field_kernels import projections
from neurocine.motion.field_prior import Prior, likeliest
from neurocine.motion.field_refinement import EDGE_PX, estimator, make_level, step
from neurocine.motion.neurocine_engine import NeurocineEngine, half, prepare, warped
from neurocine.motion.rigid_shift import ShiftFilter

SETTINGS = MotionSettings(engine="neurocine", max_shift_um=8)


def scene(shape: tuple[int, int], seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    coarse, fine = (ndimage.gaussian_filter(rng.normal(size=shape), sd) for sd in (2.5, 1.2))
    return (100 + 40 * coarse / coarse.std() + 15 * fine / fine.std()).astype(np.float32)


def dense(points: ControlPoints, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Values at the control points (..., K, C), interpolated at every pixel by one matrix per direction."""
    rows, columns = points.weights()
    return np.asarray(rows @ values.astype(np.float64) @ columns.T)


def read(frame: NDArray[np.float32], field: NDArray[np.float64]) -> NDArray[np.float64]:
    """The frame at each pixel plus its displacement (2, Y, X), by SciPy."""
    at = np.indices(frame.shape) + field
    return np.asarray(ndimage.map_coordinates(frame.astype(np.float64), at, order=1, mode="nearest"))


def some_field(points: ControlPoints, sd: float, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, sd, (2, *points.shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(40, 57), (33, 64)])
def test_halves_and_warps_are_those_of_numpy_and_scipy(shape: tuple[int, int]) -> None:
    frame, points = scene(shape), control_points(shape, (3, 4))
    y, x = (n // 2 for n in shape)
    blocks = frame[: 2 * y, : 2 * x].reshape(y, 2, x, 2)
    np.testing.assert_allclose(half(frame), blocks.mean(axis=(1, 3)), rtol=1e-5)
    field = some_field(points, 3)
    np.testing.assert_allclose(warped(frame, field, points), read(frame, dense(points, field)), atol=2e-2)
    np.testing.assert_allclose(warped(frame, np.zeros_like(field), points), frame, atol=1e-4)


def test_projections_and_products_are_those_of_full_matrices() -> None:
    shape = (30, 41)
    frame, template, points = scene(shape), scene(shape, 5), control_points(shape, (3, 4))
    pictures = np.random.default_rng(2).normal(size=(4, *shape)).astype(np.float32)
    field = some_field(points, 2)
    every = dense(points, field)
    at = np.indices(shape) + every
    inside = ((at >= 0) & (at <= np.array(shape)[:, None, None] - 1)).all(axis=0)
    residual = np.where(inside, read(frame, every) - template, 0)
    assert not inside.all()
    rows, columns = points.weights()
    expected = np.einsum("yx,myx,yk,xc->mkc", residual, pictures, rows, columns)
    sums = np.empty((4, 3, 4), dtype=np.float32)
    projections(frame, field, *points.arrays, template, pictures, sums)
    np.testing.assert_allclose(sums, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    basis = np.einsum("yk,xc->yxkc", rows, columns).reshape(-1, 12)
    np.testing.assert_allclose(
        products(points, pictures[0].astype(np.float64)), basis.T @ (pictures[0].reshape(-1, 1) * basis)
    )


def test_responses_are_those_of_the_whole_inverse_transform() -> None:
    template = scene((48, 60))
    find = ShiftFilter(template, 50.0, 6)
    frame = np.roll(template, (3, -2), (0, 1)) + np.random.default_rng(1).normal(0, 5, template.shape)
    frame = frame.astype(np.float32)
    full = np.fft.irfft2(np.fft.rfft2(frame) * find._filter, s=frame.shape) * frame.size
    lags = np.arange(-6, 7)
    expected = full[np.ix_(lags % 48, lags % 60)]
    np.testing.assert_allclose(find.correlation(frame), expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(find(frame), [3, -2], atol=0.2)


def test_a_step_is_the_solution_of_the_whole_least_squares_problem() -> None:
    shape, noise = (40, 48), 9.0
    template, points = scene(shape), control_points(shape, (3, 3))
    level = make_level(points, 1, template, np.full(shape, noise, dtype=np.float32))
    prior = Prior(sd_px=0.7, scale_px=30.0, noise=2.0)
    covariance = prior.covariance(points)
    field = some_field(points, 0.1)
    frame = read(template, -dense(points, some_field(points, 0.5, 7))).astype(np.float32) * 1.1 + 4
    got = step(level, estimator(level, covariance, prior.noise), frame, field)
    # Plainly: gradients, gain and offset at every control point, and one row for each thing that is known.
    rows, columns = points.weights()
    basis = np.einsum("yk,xc->yxkc", rows, columns).reshape(-1, 9)
    pixel = np.zeros(shape)
    pixel[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX] = 1 / noise
    every = dense(points, field)
    at = np.indices(shape) + every
    inside = ((at >= 0) & (at <= np.array(shape)[:, None, None] - 1)).all(axis=0)
    residual = np.where(inside, read(frame, every) - template, 0).ravel()
    gradients = np.gradient(ndimage.gaussian_filter(template.astype(np.float64), 0.6))
    mean = template.astype(np.float64).mean()
    jacobian = np.hstack(
        [part.reshape(-1, 1) * basis for part in (*gradients, template, np.full(shape, mean))]
    )
    normal = jacobian.T @ (pixel.reshape(-1, 1) * jacobian)
    right = jacobian.T @ (pixel.ravel() * residual)
    normal[18:, 18:] += np.eye(18)
    # In displacements: (A + noise / covariance) d = A field - b, gain and offset eliminated.
    cross = normal[:18, 18:] @ np.linalg.inv(normal[18:, 18:])
    information = normal[:18, :18] - cross @ normal[18:, :18]
    shown = information @ field.ravel() - (right[:18] - cross @ right[18:])
    expected = np.linalg.solve(information + prior.noise * np.linalg.inv(covariance), shown)
    np.testing.assert_allclose(got.ravel(), expected, atol=2e-3)


@pytest.mark.parametrize(("sd", "scale"), [(0.6, 60.0), (1.0, 240.0), (0.0, 60.0)])
def test_the_likeliest_prior_is_the_one_that_made_the_displacements(sd: float, scale: float) -> None:
    rng = np.random.default_rng(4)
    points = control_points((200, 200), (6, 6))
    true = Prior(sd, scale, noise=2.0)
    root = rng.normal(size=(72, 90))
    information = root @ root.T * 0.5
    fields = rng.multivariate_normal(np.zeros(72), true.covariance(points), 150)
    shown = fields @ information + rng.multivariate_normal(np.zeros(72), 2 * information, 150)
    got = likeliest(points, information, shown)
    assert (got.sd_px, got.noise) == (sd, 2.0)
    assert sd == 0 or got.scale_px == scale
    assert likeliest(points, information, shown, nonrigid=False).sd_px == 0


def moving(
    n: int, shape: tuple[int, int], photons: float, seed: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Frames whose left and right halves move differently, and the displacement of each pixel."""
    rng = np.random.default_rng(seed)
    big = scene((shape[0] + 20, shape[1] + 20))
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    bend = np.tanh((columns - shape[1] / 2) / 40)
    fields = np.stack(
        [
            rng.normal(0, 1.5, 2)[:, None, None] + np.stack([a * bend, b * bend])
            for a, b in rng.normal(0, 1, (n, 2))
        ]
    )
    clean = np.stack(
        [ndimage.map_coordinates(big, [rows + 10 - dy, columns + 10 - dx], order=3) for dy, dx in fields]
    )
    return rng.poisson(np.maximum(clean, 0) * photons / 100).astype(np.float32), fields


def error(engine: NeurocineEngine, frames: NDArray[np.float32], fields: NDArray[np.float64]) -> float:
    """Root mean square of the displacement error per axis, away from the edges."""
    moved = engine.apply(frames)
    found = dense(engine.points, moved.move_alike.keywords["fields"])  # type: ignore[union-attr]
    true = np.stack(
        [
            [read(part, one) for part in field]
            for field, one in zip(fields.astype(np.float32), found, strict=True)
        ]
    )
    off = (found - true)[:, :, 12:-12, 12:-12]
    return float(np.sqrt(((off - np.median(off, axis=0)) ** 2).mean()))


@pytest.mark.parametrize(("photons", "most"), [(20.0, 0.08), (0.3, 0.35)])
def test_known_displacements_are_found(photons: float, most: float) -> None:
    frames, fields = moving(50, (100, 128), photons)
    engine = prepare(frames, SETTINGS, 1.0, EnginesSettings())
    assert engine.prior.sd_px > 0
    assert error(engine, frames, fields) < most
    rigid = prepare(frames, SETTINGS.model_copy(update={"nonrigid": False}), 1.0, EnginesSettings())
    found = rigid.apply(frames[:3]).move_alike.keywords["fields"]  # type: ignore[union-attr]
    assert np.ptp(found, axis=(2, 3)).max() < 1e-3
    assert error(rigid, frames, fields) > 0.5


def test_brighter_neuropil_and_cells_do_not_move_the_frame() -> None:
    frames, _ = moving(40, (100, 128), 20.0)
    engine = prepare(frames, SETTINGS, 1.0, EnginesSettings())
    slope = np.linspace(0.9, 1.4, 128, dtype=np.float32)
    changed = frames[:10] * slope + 5
    changed[:, 40:48, 60:68] *= 2
    for got, expected in zip(engine.apply(changed)[1:3], engine.apply(frames[:10])[1:3], strict=True):
        np.testing.assert_allclose(got, expected, atol=0.1)


def test_bad_frames_of_the_sample_have_no_part_in_the_template() -> None:
    frames, _ = moving(50, (64, 80), 20.0)
    clean = prepare(frames, SETTINGS, 1.0, EnginesSettings()).template
    spoilt = frames.copy()
    spoilt[::10] = 5 * np.random.default_rng(3).poisson(4, spoilt[::10].shape)
    template = prepare(spoilt, SETTINGS, 1.0, EnginesSettings()).template
    inside = (slice(10, -10), slice(10, -10))
    assert np.corrcoef(template[inside].ravel(), clean[inside].ravel())[0, 1] > 0.99
    assert abs(template.mean() - clean.mean()) < 0.2


def test_rows_that_moved_while_the_frame_was_scanned_are_moved_back() -> None:
    rng = np.random.default_rng(6)
    big, rows = scene((116, 148)), np.arange(96.0)
    frames, shifts = [], []
    for phase, size in zip(rng.uniform(0, 6, 50), rng.uniform(0.5, 2, 50), strict=True):
        shear = size * np.sin(rows / 12 + phase)
        at = [(rows + 10)[:, None] + np.zeros(128), np.arange(128) + 10 - shear[:, None]]
        frames.append(ndimage.map_coordinates(big, at, order=3) + rng.normal(0, 8, (96, 128)))
        shifts.append(np.stack([np.zeros((96, 128)), np.broadcast_to(shear[:, None], (96, 128))]))
    movie, fields = np.stack(frames).astype(np.float32), np.stack(shifts)
    errors = {}
    for within in (False, True):
        settings = SETTINGS.model_copy(update={"within_frame": within})
        errors[within] = error(prepare(movie, settings, 1.0, EnginesSettings()), movie, fields)
    assert errors[True] < 0.1
    assert errors[True] < 0.5 * errors[False]
