"""Movies of tissue: depth, vessels, unlisted sources, and d′ among all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from neurocine.core import InputError
from neurocine.core.truth import SPLITS
from neurocine.simulation import PRESETS, TissuePreset, simulate
from neurocine.simulation.hybrid.activity import draw_cells
from neurocine.simulation.hybrid.detectability import detectability_of
from neurocine.simulation.hybrid.footprints import CellFootprint
from neurocine.simulation.library import load
from neurocine.simulation.presets import sampled
from neurocine.simulation.tissue.detectability import detectability_among, disturbance
from neurocine.simulation.tissue.make import make_tissue
from neurocine.simulation.tissue.neuropil import ground_planes
from neurocine.simulation.tissue.ranges import (
    TISSUE_PRESETS,
    BorderRanges,
    DepthRanges,
    DetectorRanges,
    NeuropilRanges,
    UnlistedRanges,
    VesselRanges,
)
from neurocine.simulation.tissue.sources import nearness, profile_of
from neurocine.simulation.tissue.trains import bursting, tonic
from neurocine.simulation.tissue.vessels import draw_vessels

#: Nothing moves, flickers or fires beside the listed cells, and no noise but the photons'.
STILL = TissuePreset(
    fov_shape=(64, 64),
    n_frames=200,
    photons=(5.0, 5.0),
    neuropil=(1e-6, 1e-6),
    motion_px=(0.0, 0.0),
    jerks_per_min=(0.0, 0.0),
    axial_um=(0.0, 0.0),
    bleaching=(0.0, 0.0),
    depth=DepthRanges(jitter_um=(1e-9, 1e-9)),
    vessels=VesselRanges(wide_per_mm2=(0.0, 0.0), narrow_per_mm2=(0.0, 0.0)),
    structure=NeuropilRanges(bundles_per_mm2=(1e-6, 1e-6)),
    unlisted=UnlistedRanges(hazy_per_mm2=(1e-6, 1e-6), caps_per_mm2=(1e-6, 1e-6), spots_per_mm2=(1e-6, 1e-6)),
    detector=DetectorRanges(
        smear=(0.0, 0.0), row_noise=(0.0, 0.0), hum=(0.0, 0.0), laser=(0.0, 0.0), phase_share=0.0
    ),
    borders=BorderRanges(share=0.0, margin_share=0.0),
)


def test_same_seed_same_bytes_other_split_not(tmp_path: Path) -> None:
    preset = replace(TISSUE_PRESETS["tissue-moving"], fov_shape=(48, 48), n_frames=100)
    first, again = (simulate(preset, 5, tmp_path / name) for name in ("first", "again"))
    other = simulate(preset, 5, tmp_path / "other", split="test")
    for name in ("movie.h5", "rois.h5", "truth.h5"):
        assert (first / name).read_bytes() == (again / name).read_bytes(), name
        assert (first / name).read_bytes() != (other / name).read_bytes(), name


def test_frames_are_the_same_in_whatever_blocks_they_are_read() -> None:
    frames = make_tissue(replace(STILL, n_frames=100), 1, "train", "x")[2]
    np.testing.assert_array_equal(frames[0:100][40:60], frames[40:60])


def test_each_movie_has_ranges_of_its_own() -> None:
    made = [make_tissue(replace(STILL, photons=(0.1, 20.0)), seed, "train", "x")[2] for seed in range(4)]
    for name in ("gain", "read_photons", "pulse_spread", "offset"):
        assert len({getattr(frames.detector, name) for frames in made}) == 4, name


def test_kinds_keep_light_a_square_micrometre_at_another_scale() -> None:
    preset = TISSUE_PRESETS["tissue-dim"]
    larger = sampled(preset, pixel_size_um=2 * preset.pixel_size_um)
    assert isinstance(larger, TissuePreset)
    assert larger.photons == (4 * preset.photons[0], 4 * preset.photons[1])
    assert larger.vessels == preset.vessels


def test_unknown_fill_is_refused() -> None:
    with pytest.raises(InputError, match=r"borders\.fills"):
        TissuePreset(borders=BorderRanges(fills=("black",)))


def test_nothing_but_listed_cells_changes_in_a_still_field() -> None:
    rois, truth, frames = make_tissue(STILL, 2, "train", "x")
    clean = frames.clean(range(200)).reshape(200, -1)
    assert truth.hybrid is not None
    active = truth.calcium.max(axis=1) > 0
    # Cells bleed into the background by their dendrites and blur, not further.
    silent = clean.std(axis=0)[clean.std(axis=0) < np.percentile(clean.std(axis=0), 5)]
    assert silent.max() < 0.02 * clean.mean()
    traces = rois.matrix() @ clean.T
    r = [np.corrcoef(traces[i], truth.calcium[i])[0, 1] for i in np.flatnonzero(active)]
    assert np.median(r) > 0.97


def test_unlisted_sources_flash_but_are_in_no_list() -> None:
    lively = replace(
        STILL,
        n_frames=600,
        type_shares=(0.0, 1e-9, 1.0),
        unlisted=UnlistedRanges(
            hazy_per_mm2=(900.0, 900.0),
            caps_per_mm2=(900.0, 900.0),
            spots_per_mm2=(900.0, 900.0),
            contrast=(4.0, 4.0),
        ),
    )
    rois, truth, frames = make_tissue(lively, 1, "train", "x")
    assert set(truth.cell_types) == {"noise"}
    assert not truth.raster.any()
    assert len(frames.sources.courses) > 2 * len(rois)
    quiet = make_tissue(replace(lively, unlisted=STILL.unlisted), 1, "train", "x")[2]
    with_them, without = (f.clean(range(600)) for f in (frames, quiet))
    assert np.percentile(with_them.max(axis=0) / np.median(with_them, axis=0), 95) > 1.1
    assert np.max(without.max(axis=0) / without.min(axis=0)) < 1.001


def test_every_source_changes_with_depth_in_its_own_way() -> None:
    moving = replace(STILL, depth=DepthRanges(jitter_um=(1.5, 1.5)), type_shares=(0.0, 1e-9, 1.0))
    rois, truth, frames = make_tissue(moving, 1, "train", "x")
    assert truth.hybrid is not None
    assert truth.hybrid.axial.std() == pytest.approx(1.5, rel=0.2)
    steps = np.corrcoef(truth.hybrid.axial[1:], truth.hybrid.axial[:-1])[0, 1]
    assert abs(steps) < 0.25  # from frame to frame
    clean = frames.clean(range(200)).reshape(200, -1)
    background = ~np.any([rois.mask(i) for i in range(len(rois))], axis=0).ravel()
    r = [np.corrcoef(clean[:, p], truth.hybrid.axial)[0, 1] for p in np.flatnonzero(background)[::40]]
    assert min(r) < -0.5
    assert max(r) > 0.5


def test_planes_seen_sum_to_one_and_depth_beyond_them_is_cut() -> None:
    seen = nearness(np.array([-9.0, -5.0, -2.5, 0.0, 5.0], dtype=np.float32))
    np.testing.assert_allclose(seen.sum(axis=0), 1)
    np.testing.assert_allclose(seen[:, 2], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(seen[:, 0], seen[:, 1])


def test_what_lies_above_brightens_as_the_plane_rises() -> None:
    below, rest, above = profile_of(9.0, 6.0, 3.0)
    assert rest == 1
    assert below < 0.2 < 1 < above
    np.testing.assert_allclose(profile_of(-9.0, 6.0, 3.0), [above, rest, below])


def test_background_has_grain() -> None:
    scene = load("train").scene
    fine = []
    for grain in (0.0, 0.3):
        preset = replace(STILL, structure=NeuropilRanges(grain=(grain, grain)))
        plane = np.log(ground_planes(np.random.default_rng(0), preset, scene)[1])
        fine.append((plane - ndimage.uniform_filter(plane, 3))[2:-2, 2:-2].std())
    assert fine[1] > 2 * fine[0]


def test_lumen_is_dark_and_stretches_flicker() -> None:
    preset = replace(
        STILL,
        vessels=VesselRanges(
            wide_per_mm2=(800.0, 800.0), above=(0.0, 0.0), darkness=(0.9, 0.9), flicker_per_mm=(40.0, 40.0)
        ),
    )
    vessels = draw_vessels(np.random.default_rng(1), preset, load("train").scene)
    assert vessels.lumen.max() == pytest.approx(0.9, abs=0.05)
    assert vessels.passing.min() == 1
    assert len(vessels.flicker.courses) > 3
    np.testing.assert_allclose(vessels.flicker.courses.std(axis=1), 1, rtol=0.7)
    rois, _, frames = make_tissue(preset, 1, "train", "x")
    assert rois.fov_shape == frames.fov_shape


def test_vessels_above_cast_shadows_and_leave_the_lumen_alone() -> None:
    above = VesselRanges(wide_per_mm2=(800.0, 800.0), narrow_per_mm2=(0.0, 0.0), above=(1.0, 1.0))
    vessels = draw_vessels(np.random.default_rng(1), replace(STILL, vessels=above), load("train").scene)
    assert vessels.passing.min() < 0.7
    assert not vessels.lumen.any()


def test_detectability_without_others_is_that_of_the_matched_filter() -> None:
    rng = np.random.default_rng(0)
    signals = np.cumsum(rng.normal(size=(2, 900)), axis=1)
    onsets = [np.array([10, 50, 59, 700]), np.array([3])]
    sigma = np.array([2.0, 0.5])
    found = detectability_among(signals, sigma, np.zeros((2, 900)), onsets, 10.0)
    for trace, s, onset, dprime in zip(signals, sigma, onsets, found, strict=True):
        np.testing.assert_allclose(dprime, detectability_of(trace, float(s), onset, 10.0), rtol=1e-6)


def test_others_count_as_noise_of_their_spectrum() -> None:
    rng = np.random.default_rng(0)
    signal = np.zeros((1, 20_000))
    signal[0, 101:140] = np.exp(-np.arange(39) / 8)
    onset, sigma = [np.array([100])], np.array([1.0])
    alone, white = (
        detectability_among(signal, sigma, others, onset, 10.0)[0][0]
        for others in (np.zeros((1, 20_000)), rng.normal(size=(1, 20_000)))
    )
    assert white == pytest.approx(alone / np.sqrt(2), rel=0.05)
    # Fast noise hides a slow transient less than slow noise of the same size.
    slow = np.convolve(rng.normal(size=20_000), np.ones(30) / np.sqrt(30), mode="same")[None]
    fast = np.diff(rng.normal(size=20_001))[None] / np.sqrt(2)
    hidden, seen = (detectability_among(signal, sigma, o, onset, 10.0)[0][0] for o in (slow, fast))
    assert hidden < 0.9 * white < white < seen


def test_neuropil_and_depth_lower_detectability() -> None:
    def median(preset: TissuePreset) -> float:
        truth = make_tissue(preset, 3, "train", "x")[1]
        assert truth.hybrid is not None
        return float(np.median(truth.hybrid.detectability))

    bright = replace(STILL, photons=(20.0, 20.0), n_frames=400)
    deep = replace(bright, depth=DepthRanges(jitter_um=(1.5, 1.5)))
    assert median(deep) < 0.8 * median(bright)


def test_disturbance_leaves_out_the_cells_own_spikes() -> None:
    preset = replace(STILL, type_shares=(1.0, 0.0, 0.0), density=(0.05, 0.05))
    rois, truth, frames = make_tissue(preset, 1, "train", "x")
    masks = [rois.mask(i) for i in range(len(rois))]
    patches = [CellFootprint((0, 0), m.astype(np.float32), m) for m in masks]
    others = disturbance(patches, frames, np.arange(len(rois)), preset.pixel_size_um)
    signal = truth.calcium / frames.detector.gain
    assert np.median(others.std(axis=1) / np.maximum(signal.std(axis=1), 1e-9)) < 0.2


@pytest.mark.parametrize("size", [2.0, 6.0])
def test_bursts_have_their_size_and_rate(size: float) -> None:
    spikes = bursting(np.random.default_rng(0), 6000.0, 6.0, size, np.empty(0))
    assert len(spikes) == pytest.approx(600 * size, rel=0.1)
    assert np.all(np.diff(spikes) >= 0)
    assert len(bursting(np.random.default_rng(0), 10.0, 0.0, size, np.empty(0))) == 0


def test_tonic_cells_fire_all_the_time() -> None:
    spikes = tonic(np.random.default_rng(0), 3000.0, 2.0)
    assert len(spikes) / 3000 == pytest.approx(2.0, rel=0.15)
    assert np.histogram(spikes, np.arange(0, 3001, 30))[0].min() > 20


@pytest.mark.parametrize("name", TISSUE_PRESETS)
def test_every_kind_is_in_every_split(name: str) -> None:
    assert PRESETS[name] is TISSUE_PRESETS[name]
    for split in SPLITS:
        preset = replace(TISSUE_PRESETS[name], n_frames=100, fov_shape=(64, 64))
        rois, truth, frames = make_tissue(preset, 1, split, name)
        assert len(rois) == len(truth.ids) > 0
        assert frames[0:2].max() > 0


def test_neither_kinetics_nor_the_number_of_neurons_tells_types() -> None:
    library = load("train")
    preset = replace(TISSUE_PRESETS["tissue-types"], n_frames=100, common_kinetics=1.0)
    kinds = ("pyramidal", "interneuron") * 150
    cells = draw_cells(np.random.default_rng(0), preset, library.neurons + library.further, kinds)
    pairs = [name.split(" + ") for name in cells.neurons]
    glowing = [{glow for _, glow in pairs[offset::2]} for offset in (0, 1)]
    assert len(glowing[0] | glowing[1]) <= 2
    sets = [Counter(own.split("/")[0] for own, _ in pairs[offset::2]) for offset in (0, 1)]
    assert set(sets[0]) == set(preset.pyramidal_sets)
    assert set(sets[1]) == set(preset.interneuron_sets)
    assert min(min(of.values()) for of in sets) > 10
    apart = replace(preset, common_kinetics=0.0)
    cells = draw_cells(np.random.default_rng(0), apart, library.neurons + library.further, kinds)
    interneurons = {name.split(" + ")[1].split("/")[0] for name in cells.neurons[1::2]}
    assert interneurons <= set(preset.interneuron_sets)
