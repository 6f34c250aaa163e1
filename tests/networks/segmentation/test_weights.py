from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.networks.cells import ViewArchitecture
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.dense import DenseArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import load_segmentation_weights, save_cell_weights, save_segmentation_weights

COMPACT = CompactArchitecture(
    name="tiny", window_frames=24, maps=2, space_filters=2, time_filters=2, filters=(2, 2, 2)
)
DENSE = DenseArchitecture(name="dense", window_frames=8, dropout=0.1)
CHOSEN = Postprocessing(threshold=0.9, min_area_um2=55.5)
KERNEL, VARIANCE = "space/kernel", "time_norm/moving_variance"


def made(architecture: SegmentationArchitecture) -> Any:
    keras.utils.set_random_seed(3)
    model, rng = architecture.build(), np.random.default_rng(3)
    for weight in model.weights:
        if weight.path.endswith("moving_mean"):  # large beside their SD: float16 would lose them
            weight.assign(1000 + rng.normal(0, 0.01, weight.shape))
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    return made(COMPACT)


@pytest.fixture
def saved(tmp_path: Path, model: Any) -> Path:
    save_segmentation_weights(tmp_path / "w.h5", model, COMPACT, CHOSEN, {"seed": 3})
    return tmp_path / "w.h5"


@pytest.mark.parametrize("architecture", [COMPACT, DENSE], ids=lambda a: a.family)
def test_round_trip(architecture: SegmentationArchitecture, tmp_path: Path) -> None:
    model = made(architecture)
    save_segmentation_weights(tmp_path / "w.h5", model, architecture, CHOSEN, {"seed": 3})
    again, found, postprocessing, metadata = load_segmentation_weights(tmp_path / "w.h5")
    assert (found, postprocessing, metadata) == (architecture, CHOSEN, {"seed": 3})
    assert len(again.weights) == len(model.weights)
    for have, want in zip(again.weights, model.weights, strict=True):
        wanted = np.asarray(want)
        if not want.path.endswith(("moving_mean", "moving_variance")):
            wanted = wanted.astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(have), wanted)


def test_same_weights_give_the_same_bytes(saved: Path, model: Any, tmp_path: Path) -> None:
    save_segmentation_weights(tmp_path / "again.h5", model, COMPACT, CHOSEN, {"seed": 3})
    assert (tmp_path / "again.h5").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize(("name", "value"), [(KERNEL, 1e6), (VARIANCE, np.nan)])
def test_weights_that_arent_finite_are_not_saved(tmp_path: Path, name: str, value: float) -> None:
    bad = COMPACT.build()
    weight = next(w for w in bad.weights if w.path == name)
    weight.assign(np.full(weight.shape, value))
    with pytest.raises(InputError, match=name):
        save_segmentation_weights(tmp_path / "w.h5", bad, COMPACT, CHOSEN, {})
    assert not list(tmp_path.iterdir())


def _missing(file: h5py.File) -> None:
    del file[VARIANCE]


def _added(file: h5py.File) -> None:
    file["extra"] = np.zeros(1, np.float16)


def _retyped(file: h5py.File) -> None:
    value = file[VARIANCE][...].astype(np.float16)
    del file[VARIANCE]
    file[VARIANCE] = value


def _infinite(file: h5py.File) -> None:
    file[KERNEL][0, 0, 0, 0, 0] = np.inf


def _negative(file: h5py.File) -> None:
    file[VARIANCE][0] = -1


def _linked(file: h5py.File) -> None:
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["w"] = file[KERNEL][...]
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink("other.h5", "/w")


def _attribute(name: str, **changes: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file.attrs[name] = json.dumps(json.loads(file.attrs[name]) | changes)

    return change


def _no_postprocessing(file: h5py.File) -> None:
    del file.attrs["postprocessing"]


@pytest.mark.parametrize(
    "change",
    [
        _missing,
        _added,
        _retyped,
        _infinite,
        _negative,
        _linked,
        _no_postprocessing,
        _attribute("architecture", family="other"),
        _attribute("architecture", time_filters=3),
        _attribute("architecture", odd=1),
        _attribute("postprocessing", odd=1),
        _attribute("postprocessing", threshold="high"),
        _attribute("postprocessing", threshold=True),
        _attribute("postprocessing", threshold=1.5),
    ],
)
def test_tampered_files_are_refused(saved: Path, change: Callable[[h5py.File], None]) -> None:
    with h5py.File(saved, "r+") as file:
        change(file)
    with pytest.raises(InputError):
        load_segmentation_weights(saved)


def test_files_of_other_networks_are_refused(tmp_path: Path) -> None:
    other = ViewArchitecture(
        name="views", window_frames=5, window_px=12, output="frames", filters=4, dilations=(1, 2)
    )
    save_cell_weights(tmp_path / "w.h5", other.build(), other, metadata={})
    with pytest.raises(InputError, match="weights"):
        load_segmentation_weights(tmp_path / "w.h5")
