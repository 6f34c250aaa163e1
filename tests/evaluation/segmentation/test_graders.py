"""Agreement of graders, rank sums, and recall by PSNR."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ranksums

from neurocine.core import InputError, RoiSet
from neurocine.evaluation import ActivityCase
from neurocine.evaluation.segmentation.graders import evaluate_graders, numbered_files
from neurocine.evaluation.segmentation.psnr import peak_over_noise, psnr_of, recall_by_psnr
from neurocine.evaluation.statistics import rank_sum, spread
from neurocine.io.rois import save_rois


def write_masks(path: Path, rois: RoiSet) -> None:
    """Write ROIs as the published masks are: shape, and k, y, x of each pixel."""
    k = np.repeat(np.arange(len(rois)), rois.areas())
    np.savez(path, shape=np.array([len(rois), *rois.fov_shape]), k=k, y=rois.y, x=rois.x)


@pytest.fixture
def folder(tmp_path: Path, cases: list[ActivityCase]) -> Path:
    rois = cases[0].true_rois
    for number, marked in ((101, [0, 1, 2, 3]), (7, [0, 1])):
        write_masks(tmp_path / f"Truth_{number}.npz", rois.select([0, 1, 2, 3]))
        write_masks(tmp_path / f"Marks_{number}.npz", rois.select(marked))
    write_masks(tmp_path / "Marks_55.npz", rois)
    (tmp_path / "notes_7.txt").write_text("not masks")
    return tmp_path


def test_graders(folder: Path) -> None:
    result = evaluate_graders(folder / "Truth_*", folder / "Marks_*")
    assert list(result.recordings) == ["7", "101"]
    assert result.unpaired == ("55",)
    values = json.loads(json.dumps(result.as_dict()))
    assert values["n"] == 2
    assert values["recordings"]["7"]["iou"]["recall"] == 0.5
    f1 = values["containment"]["f1"]
    assert f1["mean"] == pytest.approx((1 + 2 / 3) / 2)
    assert f1["sd"] == pytest.approx(np.std([1, 2 / 3], ddof=1))


def test_one_file_a_number(folder: Path) -> None:
    with pytest.raises(InputError, match="the same number"):
        numbered_files(folder)
    with pytest.raises(InputError, match="no ROI file"):
        numbered_files(folder / "Nobody_*")
    with pytest.raises(InputError, match="none has a number"):
        evaluate_graders(folder / "Truth_*", folder / "Marks_55*")


def test_field_of_view_from_the_other_side(tmp_path: Path, cases: list[ActivityCase]) -> None:
    rois = cases[0].true_rois
    for name in ("truth", "grader"):
        (tmp_path / name).mkdir()
    save_rois(tmp_path / "truth" / "regions_3.json", rois)
    save_rois(tmp_path / "grader" / "rois_3.h5", rois)
    assert evaluate_graders(tmp_path / "truth", tmp_path / "grader").recordings["3"].iou.f1 == 1
    (tmp_path / "grader" / "rois_3.h5").unlink()
    save_rois(tmp_path / "grader" / "regions_3.json", rois)
    with pytest.raises(InputError, match="fov_shape"):
        evaluate_graders(tmp_path / "truth", tmp_path / "grader")


def test_rank_sum() -> None:
    first, second = [0.9, 0.8, 0.85, 0.95], [0.5, 0.6, 0.7, 0.55]
    result = rank_sum(first, second)
    # 2 of the C(8, 4) = 70 orders are as extreme.
    assert result.p == pytest.approx(2 / 70)
    assert result.effect == 1
    assert result.difference == pytest.approx(0.2875)
    assert rank_sum(second, first).effect == -1
    rng = np.random.default_rng(0)
    many, others = rng.normal(0, 1, 60), rng.normal(0.5, 1, 50)
    assert rank_sum(many, others).p == pytest.approx(ranksums(many, others).pvalue, rel=0.02)
    same = rank_sum([0.5, 0.7, 0.9], [0.5, 0.7, 0.9])
    assert same.effect == 0
    assert same.p == pytest.approx(1)


def test_too_few_to_test() -> None:
    one = rank_sum([0.9], [0.5])
    assert (one.p, one.effect, one.difference) == (None, 1, pytest.approx(0.4))
    assert rank_sum([], [0.5]).difference is None
    assert spread([]) == {"mean": None, "sd": None}
    assert spread([2.0]) == {"mean": 2.0, "sd": None}


def test_peak_over_noise() -> None:
    rng = np.random.default_rng(1)
    dff = rng.normal(0, 0.1, (3, 2000)).astype(np.float32)
    dff[0, 500:520] += 2
    dff[2] = 0
    intervals = (np.array([[500, 520]]), np.empty((0, 2), dtype=int), np.empty((0, 2), dtype=int))
    high, noise, flat = peak_over_noise(dff, intervals)
    assert high == pytest.approx(21.5, rel=0.1)
    assert 3 < noise < 5
    assert flat == 0
    always = peak_over_noise(dff[:1], (np.array([[0, 2000]]),))
    assert np.isfinite(always).all()


def test_psnr_of_a_movie(cases: list[ActivityCase]) -> None:
    psnr = psnr_of(cases[0].movie, cases[0].true_rois)
    assert psnr.shape == (5,)
    assert psnr[:4].min() > 2 * psnr[4]


def test_recall_by_psnr() -> None:
    psnr = np.array([1.0, 4.0, 5.0, 9.0, 40.0])
    detected = {"ours": np.array([0, 1, 1, 1, 1], bool), "theirs": np.zeros(5, dtype=bool)}
    rows = recall_by_psnr(psnr, detected, edges=(5.0, 8.0, 9.5))
    assert [row["neurons"] for row in rows] == [2, 1, 1, 1]
    assert [row["recall"]["ours"] for row in rows] == [0.5, 1, 1, 1]
    assert [row["recall"]["theirs"] for row in rows] == [0] * 4
    assert (rows[0]["from"], rows[0]["to"], rows[-1]["to"]) == (None, 5.0, None)
    assert recall_by_psnr(psnr[:1], {"ours": np.ones(1, bool)}, (5.0,))[1]["recall"]["ours"] is None
