"""Formats register themselves, and which of them reads a file doesn't depend on their order."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from neurocine.core import DamagedFile, InputError, UnknownFormat
from neurocine.io.formats import FileFormat, FormatRegistry
from neurocine.io.movies import MOVIE_FORMATS, find_movies, movie_files, movie_title
from neurocine.io.rois import ROI_FORMATS
from neurocine.io.rois.registry import RoiFormat, RoiFormats

FORMATS_PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def begins(content: bytes) -> Callable[[Path], bool]:
    def matches(path: Path) -> bool:
        if not path.read_bytes():
            raise ValueError("nothing in it")
        return path.read_bytes().startswith(content)

    return matches


PARTS = (
    FileFormat(name="b", suffixes=(".x",), matches=begins(b"b")),
    FileFormat(name="a", suffixes=(".x", ".y"), matches=begins(b"a")),
    FileFormat(name="any", suffixes=(".x",)),
)


def registry(*parts: FileFormat) -> FormatRegistry[FileFormat]:
    formats: FormatRegistry[FileFormat] = FormatRegistry("neurocine.io.safe", "toy")
    for one in parts:
        formats.register(one)
    return formats


@pytest.mark.parametrize("parts", list(permutations(PARTS)))
def test_the_order_of_registration_does_not_matter(tmp_path: Path, parts: tuple[FileFormat, ...]) -> None:
    formats = registry(*parts)
    assert [one.name for one in formats] == ["a", "any", "b"]
    for content, name in {b"a...": "a", b"b...": "b", b"c...": "any"}.items():
        (tmp_path / "f.X").write_bytes(content)
        assert formats.of_file(tmp_path / "f.X").name == name
    (tmp_path / "f.y").write_bytes(b"c")
    assert formats.of_file(tmp_path / "f.y").name == "a"  # the only one of its suffix: its reader reports


def test_files_that_none_or_several_recognise(tmp_path: Path) -> None:
    formats = registry(*PARTS[:2], FileFormat(name="twin", suffixes=(".x",), matches=begins(b"bb")))
    (tmp_path / "f.x").write_bytes(b"bb")
    with pytest.raises(InputError, match="in several formats: b and twin"):
        formats.of_file(tmp_path / "f.x")
    (tmp_path / "f.x").write_bytes(b"c")
    with pytest.raises(UnknownFormat, match="is none of a, b, twin"):
        formats.of_file(tmp_path / "f.x")
    (tmp_path / "f.x").write_bytes(b"")
    with pytest.raises(DamagedFile, match="nothing in it"):
        formats.of_file(tmp_path / "f.x")
    with pytest.raises(UnknownFormat, match=r"'\.z' isn't a known toy format\. .*: a \(\.x, \.y\);"):
        formats.of_file(tmp_path / "f.z")


def test_folders(tmp_path: Path) -> None:
    def holding(name: str) -> Callable[[Path], list[Path]]:
        return lambda folder: sorted(folder.glob(name))

    loose = FileFormat(name="loose", files_in=holding("*.x"), folder_content="x files", collects_files=True)
    marked = FileFormat(name="marked", files_in=holding("mark"), folder_content="mark")
    other = FileFormat(name="other", files_in=holding("sign"), folder_content="sign")
    formats = registry(loose, other, marked)
    with pytest.raises(UnknownFormat, match=r"holds none of: x files \(loose\), mark \(marked\), sign"):
        formats.of_folder(tmp_path)
    for name in ("2.x", "1.x"):
        (tmp_path / name).touch()
    assert formats.of_folder(tmp_path) == (loose, [tmp_path / "1.x", tmp_path / "2.x"])
    (tmp_path / "mark").touch()
    assert formats.of_folder(tmp_path) == (marked, [tmp_path / "mark"])
    (tmp_path / "sign").touch()
    with pytest.raises(InputError, match="in several formats: marked and other"):
        formats.of_folder(tmp_path)


def test_conflicts_are_mistakes_in_code() -> None:
    formats = registry(*PARTS)
    with pytest.raises(ValueError, match="two formats are called 'a'"):
        formats.register(FileFormat(name="a"))
    with pytest.raises(ValueError, match="one must look into the file"):
        formats.register(FileFormat(name="c", suffixes=(".x",)))
    rois = RoiFormats("neurocine.io.safe", "ROI")
    rois.register(RoiFormat(name="a", read=ROI_FORMATS.of_file(Path("a.nwb")).read, written_as=(".a",)))
    with pytest.raises(ValueError, match="both written as"):
        rois.register(RoiFormat(name="b", read=ROI_FORMATS.of_file(Path("a.nwb")).read, written_as=(".a",)))


def rows(heading: str) -> list[str]:
    """Return the first two cells of each row of the table under a heading of the page of formats."""
    section = FORMATS_PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n#")[0]
    cells = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("|")]
    return ["|".join(row) for row in cells[2:]]


@pytest.mark.parametrize(("formats", "heading"), [(MOVIE_FORMATS, "Movies"), (ROI_FORMATS, "ROIs")])
def test_the_docs_list_every_format(formats: FormatRegistry[FileFormat], heading: str) -> None:
    table = rows(heading)
    assert len(table) == len(list(formats))
    for one in formats:
        name = rf"\b{re.escape(one.name.rstrip('s'))}"
        (row,) = [row for row in table if re.search(name, row.split("|")[0], re.IGNORECASE)]
        if heading == "Movies":
            assert [suffix for suffix in one.suffixes if f"{suffix}`" not in row] == []


def test_folders_that_are_one_movie_are_listed(tmp_path: Path) -> None:
    for folder in ("set.00.01/images", "loose", "suite2p"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("set.00.01/info.json", "loose/1.tif", "suite2p/data.bin", "m.tif", ".hidden.tif", "x.txt"):
        (tmp_path / file).write_text("x")
    (tmp_path / "z.zarr").mkdir()
    assert [path.name for path in find_movies(tmp_path)] == ["m.tif", "set.00.01", "z.zarr"]
    assert [movie_title(path) for path in find_movies(tmp_path)] == ["m", "set.00.01", "z"]
    assert movie_files(tmp_path / "suite2p")[1] == [tmp_path / "suite2p" / "data.bin"]
