"""When the network is run, and what is written."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine import pipeline
from neurocine.active import annotate_active
from neurocine.config import ActiveSettings, StneuronetSettings
from neurocine.core import InputError, Movie, RoiSet
from neurocine.io.result_files import read_rois, read_stamp, write_rois


@dataclass(frozen=True)
class Found:
    masks: RoiSet
    roi_probability: NDArray[np.float32] | None


class Network:
    """Stands in for the network: finds the second and the third disc, and remembers what it was asked."""

    def __init__(self, discs: RoiSet) -> None:
        self.asked: list[RoiSet | None] = []
        self.found = replace(
            discs.select([1, 2]),
            engine=("stneuronet",) * 2,
            probability=np.float32([0.75, 0.5]),
            active_intervals=(np.array([[3, 9]]), np.array([[0, 4], [20, 30]])),
        )

    def detect(self, movie, settings, progress, rois: RoiSet | None = None) -> Found:
        self.asked.append(rois)
        seen = None if rois is None else np.linspace(0, 1, len(rois), dtype=np.float32)
        return Found(self.found, seen)


@pytest.fixture
def network(blobs, monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network(blobs[1])
    module = ModuleType("neurocine.active.detect")
    module.detect = network.detect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return network


def tell(movie: Movie, rois: RoiSet, mode: str) -> RoiSet:
    return annotate_active(movie, rois, ActiveSettings.model_validate({"mode": mode}), StneuronetSettings())


def test_the_network_looks_at_the_engines_rois(network: Network, blobs) -> None:
    movie, rois = blobs
    annotated = tell(movie, rois, "engine")
    assert network.asked == [rois]
    assert annotated.engine == ("truth", "truth+stneuronet", "truth+stneuronet", "truth")
    np.testing.assert_array_equal(annotated.active_probability, np.linspace(0, 1, 4, dtype=np.float32))
    assert [a.tolist() for a in annotated.active_intervals] == [[], [[3, 9]], [[0, 4], [20, 30]], []]


def test_masks_alone_need_no_look_at_the_rois(network: Network, blobs) -> None:
    annotated = tell(*blobs, "stneuronet")
    assert network.asked == [None]
    assert annotated.active_probability.tolist() == [0.75, 0.5]


def test_off_and_stneuronets_own_rois_dont_run_it(network: Network, blobs) -> None:
    movie, rois = blobs
    assert tell(movie, rois, "off") is rois
    for mode in ("engine", "union", "intersection", "stneuronet"):
        annotated = tell(movie, network.found, mode)
        assert annotated.active_probability.tolist() == [0.75, 0.5]
        assert annotated.engine == ("stneuronet", "stneuronet")
    assert network.asked == []


def test_it_runs_without_rois_where_it_may_add_some(network: Network, blobs) -> None:
    movie, rois = blobs
    none = rois.select(np.zeros(4, dtype=bool))
    assert len(tell(movie, none, "engine")) == len(tell(movie, none, "intersection")) == 0
    assert network.asked == []
    assert tell(movie, none, "union").ids.tolist() == [0, 1]
    assert tell(movie, none, "stneuronet").engine == ("stneuronet", "stneuronet")


@pytest.mark.parametrize("n", [4, 0])
def test_the_step_writes_what_goes_on(network: Network, blobs, tmp_path: Path, n: int) -> None:
    movie, rois = blobs
    write_rois(tmp_path / "rois.h5", rois.select(np.arange(4) < n))
    stamps = set()
    for mode in ("off", "union"):
        out = tmp_path / f"{mode}.h5"
        asked = ActiveSettings.model_validate({"mode": mode})
        pipeline.active(movie, tmp_path / "rois.h5", out, asked, StneuronetSettings())
        stamps.add(read_stamp(out).config_hash)
    asked = ActiveSettings(mode="union")
    pipeline.active(movie, tmp_path / "rois.h5", out, asked, StneuronetSettings(threshold=0.25))
    stamps.add(read_stamp(out).config_hash)
    assert len(stamps) == 3
    assert len(read_rois(tmp_path / "off.h5")) == n
    assert np.isnan(read_rois(tmp_path / "off.h5").active_probability).all()
    annotated = read_rois(tmp_path / "union.h5")
    assert len(annotated) == (4 if n else 2)
    assert annotated.found_by("stneuronet").sum() == 2


def test_rois_of_another_movie_are_refused(network: Network, blobs, tmp_path: Path) -> None:
    movie, _ = blobs
    write_rois(tmp_path / "rois.h5", RoiSet.from_pixels((8, 8), [([1], [1], None)]))
    with pytest.raises(InputError, match="fov"):
        pipeline.active(
            movie, tmp_path / "rois.h5", tmp_path / "a.h5", ActiveSettings(), StneuronetSettings()
        )
    assert not (tmp_path / "a.h5").exists()
    assert network.asked == []
