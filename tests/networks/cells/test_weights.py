from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.networks.cells import CellArchitecture, Networks, PatchArchitecture, ViewArchitecture
from neurocine.networks.weights import load_cell_weights, save_cell_weights

CINAC = PatchArchitecture(
    name="cinac",
    window_frames=5,
    window_px=12,
    n_inputs=2,
    conv_filters=(2, 2, 2, 2),
    lstm_units=(2, 2),
    merge_units=2,
    output="types",
)
VIEWS = ViewArchitecture(
    name="views", window_frames=5, window_px=12, output="types", filters=4, dilations=(1, 2)
)
#: A weight of each that isn't square.
WEIGHTS = {"patches": "head/merge/lstm_cell/kernel", "views": "head/first/kernel"}


@pytest.fixture(scope="module", params=[CINAC, VIEWS], ids=lambda a: a.name)
def architecture(request: pytest.FixtureRequest) -> CellArchitecture:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def networks(architecture: CellArchitecture) -> Networks:
    keras.utils.set_random_seed(3)
    return architecture.build()


@pytest.fixture
def saved(tmp_path: Path, networks: Networks, architecture: CellArchitecture) -> Path:
    save_cell_weights(tmp_path / "w.h5", networks, architecture, metadata={"seed": 3})
    return tmp_path / "w.h5"


def test_round_trip(saved: Path, networks: Networks, architecture: CellArchitecture) -> None:
    again, found, metadata = load_cell_weights(saved)
    assert found == architecture
    assert metadata == {"seed": 3}
    for have, want in zip(again.full.get_weights(), networks.full.get_weights(), strict=True):
        np.testing.assert_array_equal(have, want.astype(np.float16).astype(np.float32))


def test_names_dont_depend_on_what_was_built_before(saved: Path, architecture: CellArchitecture) -> None:
    architecture.build()
    load_cell_weights(saved)
    with h5py.File(saved) as file:
        assert file[WEIGHTS[architecture.family]].dtype == np.float16


def test_same_weights_give_the_same_bytes(
    saved: Path, networks: Networks, architecture: CellArchitecture, tmp_path: Path
) -> None:
    save_cell_weights(tmp_path / "again.h5", networks, architecture, metadata={"seed": 3})
    assert (tmp_path / "again.h5").read_bytes() == saved.read_bytes()


def test_weights_that_float16_cant_hold_are_refused(architecture: CellArchitecture, tmp_path: Path) -> None:
    large = architecture.build()
    large.head.get_layer("readout").bias.assign([1e6, 0, 0])
    with pytest.raises(InputError, match="float16"):
        save_cell_weights(tmp_path / "w.h5", large, architecture, metadata={})
    assert not list(tmp_path.iterdir())


def _family(file: h5py.File) -> str:
    return str(json.loads(file.attrs["architecture"])["family"])


def _weight(file: h5py.File) -> str:
    return WEIGHTS[_family(file)]


def _missing(file: h5py.File) -> None:
    del file[_weight(file)]


def _added(file: h5py.File) -> None:
    file["head/extra"] = np.zeros(1, dtype=np.float16)


def _reshaped(file: h5py.File) -> None:
    value = file[_weight(file)][...].T
    del file[_weight(file)]
    file[_weight(file)] = value


def _retyped(file: h5py.File) -> None:
    value = file[_weight(file)][...].astype(np.float64)
    del file[_weight(file)]
    file[_weight(file)] = value


def _infinite(file: h5py.File) -> None:
    file[_weight(file)][0, 0] = np.inf


def _linked(file: h5py.File) -> None:
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["w"] = file[_weight(file)][...]
    del file[_weight(file)]
    file[_weight(file)] = h5py.ExternalLink("other.h5", "/w")


def _virtual(file: h5py.File) -> None:
    shape = file[_weight(file)].shape
    del file[_weight(file)]
    layout = h5py.VirtualLayout(shape, dtype=np.float16)
    layout[:] = h5py.VirtualSource("other.h5", "w", shape)
    file.create_virtual_dataset(_weight(file), layout)


def _other_architecture(file: h5py.File) -> None:
    values = json.loads(file.attrs["architecture"])
    changed = {"patches": {"merge_units": 3}, "views": {"filters": 5}}[values["family"]]
    file.attrs["architecture"] = json.dumps(values | changed)


def _other_family(file: h5py.File) -> None:
    other = {"patches": VIEWS, "views": CINAC}[_family(file)]
    file.attrs["architecture"] = json.dumps(other.to_dict())


def _no_family(file: h5py.File) -> None:
    values = json.loads(file.attrs["architecture"])
    del values["family"]
    file.attrs["architecture"] = json.dumps(values)


def _family_of_no_use(file: h5py.File) -> None:
    file.attrs["architecture"] = json.dumps(CINAC.to_dict() | {"family": ["patches"]})


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
        _other_family,
        _no_family,
        _family_of_no_use,
        _no_architecture,
        _no_json,
        _no_mapping,
    ],
)
def test_tampered_files_are_refused(saved: Path, change: Callable[[h5py.File], None]) -> None:
    with h5py.File(saved, "r+") as file:
        change(file)
    with pytest.raises(InputError):
        load_cell_weights(saved)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="doesn't exist"):
        load_cell_weights(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("weights")
    with pytest.raises(InputError, match="HDF5"):
        load_cell_weights(tmp_path / "text.h5")
