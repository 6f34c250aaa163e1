"""Movies whose anatomy is a real mean image with masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from neurocine.core import InputError
from neurocine.io.result_files import read_rois, read_summary, read_truth
from neurocine.simulation import PRESETS, TissuePreset, simulate
from neurocine.simulation.fields import field_anatomy, read_fields, write_fields
from neurocine.simulation.fields.__main__ import main
from neurocine.simulation.library import load
from neurocine.simulation.presets import preset_of

HEADER = "name\timage\tmasks\tpixel_um\tgroup\n"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five fields of 30 bright discs on a dim background, TIFF and JPEG."""
    folder = tmp_path_factory.mktemp("fields")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :160]
    rows = []
    for index in range(5):
        masks = [np.hypot(y - cy, x - cx) < 6 for cy, cx in rng.uniform(8, 152, (30, 2))]
        image = 60 + 20 * np.sin(x / 20) + 80 * np.any(masks, axis=0)
        name = f"mean{index}.{'tif' if index % 2 else 'jpg'}"
        if index % 2:
            tifffile.imwrite(folder / name, image.astype(np.float32))
        else:
            Image.fromarray(image.astype(np.uint8)).save(folder / name, quality=95)
        k, my, mx = np.nonzero(np.stack(masks))
        np.savez(folder / f"masks{index}.npz", shape=(30, 160, 160), k=k, y=my, x=mx)
        rows.append(f"field {index}\t{name}\tmasks{index}.npz\t1.0\tgroup {index}\n")
    (folder / "fields.tsv").write_text(HEADER + "".join(rows), encoding="utf-8")
    return folder / "fields.tsv"


@pytest.fixture(scope="module")
def fields(table: Path) -> Path:
    """The file of these fields."""
    write_fields(table, table.parent / "fields.h5")
    return table.parent / "fields.h5"


def test_fields_are_split_by_group_and_keep_their_masks(table: Path, fields: Path) -> None:
    read = {split: read_fields(fields, split) for split in ("train", "validation", "test")}
    names = [{field.name for field in part} for part in read.values()]
    assert sorted(set.union(*names)) == [f"field {i}" for i in range(5)]
    assert sum(map(len, names)) == 5
    for field in (f for part in read.values() for f in part):
        with np.load(table.parent / f"masks{field.name[-1]}.npz") as file:
            pixels = set(zip(file["y"].tolist(), file["x"].tolist(), strict=True))
        own = set()
        for corner, crop in zip(field.corners, field.crops, strict=True):
            own |= {(int(y), int(x)) for y, x in np.argwhere(crop) + corner}
        assert own == pixels
        assert field.mean.min() == 0
        assert np.median(field.mean) == pytest.approx(1)


def test_a_recording_of_the_librarys_outlines_keeps_its_split(table: Path, tmp_path: Path) -> None:
    numbers = {layout.name.rsplit("_", 1)[1][:-4]: s for s in ("train", "test") for layout in load(s).layouts}
    chosen = [next(n for n, s in numbers.items() if s == split) for split in ("test", "train", "test")]
    text = table.read_text(encoding="utf-8").splitlines()[1:4]
    rows = ["\t".join([*row.split("\t")[:-1], number]) for row, number in zip(text, chosen, strict=True)]
    (table.parent / "known.tsv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    assert write_fields(table.parent / "known.tsv", tmp_path / "known.h5") == ["test", "train", "test"]


def test_cells_lie_where_the_masks_are_bright(fields: Path) -> None:
    preset = preset_of("tissue-cortex", fov_shape=(96, 96))
    assert isinstance(preset, TissuePreset)
    read = read_fields(fields, "train")
    for seed in range(4):
        anatomy = field_anatomy(np.random.default_rng(seed), preset, load("train"), read)
        assert len(anatomy.cells) >= 5
        for cell in anatomy.cells:
            assert cell.weight[cell.contour].mean() == pytest.approx(1, abs=1e-3)
        assert np.median(anatomy.contrast) > 0.1
        assert anatomy.ground[1].mean() == pytest.approx(1, abs=0.01)
        # Discs of 6 px at 1 µm, the field 0.85 to 1.2 times as large.
        whole = [c.contour.sum() * preset.pixel_size_um**2 for c in anatomy.cells]
        assert 0.8 * np.pi * 36 * 0.85**2 < np.median(whole) < 1.2 * np.pi * 36 * 1.2**2


def test_a_movie_shows_its_field_and_is_the_same_again(fields: Path, tmp_path: Path) -> None:
    given = {"n_frames": 100, "fields": fields}
    first, again = (simulate("tissue-bright", 3, tmp_path / name, **given) for name in ("first", "again"))
    synthetic = simulate("tissue-bright", 3, tmp_path / "other", n_frames=100)
    for name in ("movie.h5", "rois.h5", "truth.h5"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    rois = read_rois(first / "rois.h5")
    mean = read_summary(first / "movie.h5").mean.astype(float)
    inside = np.any([rois.mask(i) for i in range(len(rois))], axis=0)
    assert np.median(mean[inside]) > 1.1 * np.median(mean[~inside])
    assert len(read_truth(first / "truth.h5").ids) == len(rois)
    assert (first / "rois.h5").read_bytes() != (synthetic / "rois.h5").read_bytes()


def test_other_presets_take_no_fields(fields: Path, tmp_path: Path) -> None:
    assert "cortex-6s" in PRESETS
    with pytest.raises(InputError, match="fields: can't be used by 'cortex-6s'"):
        simulate("cortex-6s", 1, tmp_path, fields=fields)


def test_faults_of_the_table_are_named(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "fields.h5"
    with pytest.raises(InputError, match="is missing"):
        write_fields(tmp_path / "none.tsv", out)
    for text, fault in (
        ("name\timage\n1\t2\n", "lack masks, pixel_um, group"),
        (HEADER + "a\tnone.tif\tmasks0.npz\t1.0\tg\n", "none.tif"),
        (HEADER + "a\tsmall.tif\tmasks0.npz\t1.0\tg\n", r"is \(160, 160\), the image's \(20, 30\)"),
    ):
        tifffile.imwrite(table.parent / "small.tif", np.ones((20, 30), dtype=np.float32))
        (table.parent / "wrong.tsv").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=fault):
            write_fields(table.parent / "wrong.tsv", out)
    assert main([str(table.parent / "wrong.tsv"), str(out)]) == 1
    assert main([str(table), str(out)]) == 0


def test_damaged_files_are_named(table: Path, tmp_path: Path) -> None:
    (tmp_path / "image.tif").write_bytes(b"II*\0 nothing")
    np.savez(tmp_path / "masks.npz", shape=(1, 160, 160), k=[0], y=[1])
    (tmp_path / "fields.tsv").write_text(HEADER + "a\timage.tif\tmasks.npz\t1.0\tg\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"image\.tif"):
        write_fields(tmp_path / "fields.tsv", tmp_path / "fields.h5")
    tifffile.imwrite(tmp_path / "image.tif", np.ones((160, 160), dtype=np.float32))
    with pytest.raises(InputError, match=r"masks\.npz.*shape, k, y and x"):
        write_fields(tmp_path / "fields.tsv", tmp_path / "fields.h5")
