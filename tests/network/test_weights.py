from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.network import Architecture, Networks, build, load_weights, save_weights

TINY = Architecture(
    name="tiny",
    window_frames=5,
    window_px=12,
    n_inputs=2,
    conv_filters=(2, 2, 2, 2),
    conv_strides=(1, 1, 1, 1),
    lstm_units=(2, 2),
    merge_units=2,
    output="types",
    projection=3,
)
WEIGHT = "head/merge/lstm_cell/kernel"


@pytest.fixture(scope="module")
def networks() -> Networks:
    keras.utils.set_random_seed(3)
    return build(TINY)


@pytest.fixture
def saved(tmp_path: Path, networks: Networks) -> Path:
    save_weights(tmp_path / "w.h5", networks, TINY, metadata={"seed": 3})
    return tmp_path / "w.h5"


def test_round_trip(saved: Path, networks: Networks) -> None:
    again, architecture, metadata = load_weights(saved)
    assert architecture == TINY
    assert metadata == {"seed": 3}
    for have, want in zip(again.full.get_weights(), networks.full.get_weights(), strict=True):
        np.testing.assert_array_equal(have, want.astype(np.float16).astype(np.float32))


def test_names_dont_depend_on_what_was_built_before(saved: Path) -> None:
    build(TINY)
    load_weights(saved)
    with h5py.File(saved) as file:
        assert file[WEIGHT].dtype == np.float16


def test_same_weights_give_the_same_bytes(saved: Path, networks: Networks, tmp_path: Path) -> None:
    save_weights(tmp_path / "again.h5", networks, TINY, metadata={"seed": 3})
    assert (tmp_path / "again.h5").read_bytes() == saved.read_bytes()


def test_weights_that_float16_cant_hold_are_refused(tmp_path: Path) -> None:
    large = build(TINY)
    large.head.get_layer("readout").bias.assign([1e6, 0, 0])
    with pytest.raises(InputError, match="float16"):
        save_weights(tmp_path / "w.h5", large, TINY, metadata={})
    assert not list(tmp_path.iterdir())


def _missing(file: h5py.File) -> None:
    del file[WEIGHT]


def _added(file: h5py.File) -> None:
    file["head/extra"] = np.zeros(1, dtype=np.float16)


def _reshaped(file: h5py.File) -> None:
    value = file[WEIGHT][...].T
    del file[WEIGHT]
    file[WEIGHT] = value


def _retyped(file: h5py.File) -> None:
    value = file[WEIGHT][...].astype(np.float64)
    del file[WEIGHT]
    file[WEIGHT] = value


def _infinite(file: h5py.File) -> None:
    file[WEIGHT][0, 0] = np.inf


def _linked(file: h5py.File) -> None:
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["w"] = file[WEIGHT][...]
    del file[WEIGHT]
    file[WEIGHT] = h5py.ExternalLink("other.h5", "/w")


def _virtual(file: h5py.File) -> None:
    shape = file[WEIGHT].shape
    del file[WEIGHT]
    layout = h5py.VirtualLayout(shape, dtype=np.float16)
    layout[:] = h5py.VirtualSource("other.h5", "w", shape)
    file.create_virtual_dataset(WEIGHT, layout)


def _other_architecture(file: h5py.File) -> None:
    file.attrs["architecture"] = json.dumps(TINY.to_dict() | {"merge_units": 3})


def _no_architecture(file: h5py.File) -> None:
    del file.attrs["architecture"]


def _no_json(file: h5py.File) -> None:
    file.attrs["metadata"] = "[1"


def _no_mapping(file: h5py.File) -> None:
    file.attrs["metadata"] = "[1]"


@pytest.mark.parametrize(
    "change",
    [
        _missing,
        _added,
        _reshaped,
        _retyped,
        _infinite,
        _linked,
        _virtual,
        _other_architecture,
        _no_architecture,
        _no_json,
        _no_mapping,
    ],
)
def test_tampered_files_are_refused(saved: Path, change: Callable[[h5py.File], None]) -> None:
    with h5py.File(saved, "r+") as file:
        change(file)
    with pytest.raises(InputError):
        load_weights(saved)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="doesn't exist"):
        load_weights(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("weights")
    with pytest.raises(InputError, match="HDF5"):
        load_weights(tmp_path / "text.h5")
