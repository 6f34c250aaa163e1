"""Tables as editors and Excel save them: read alike, and longer by rows without another change."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from neurocine.core import InputError
from neurocine.io.edited_table import read_edited_table

REQUIRED = ("recording", "movie")
TEXT = "# ours\nrecording\tmovie\tindicator\nm1\ta, b.tif\tGCaMP6s\n\n#m2\tb.tif\tGCaMP6f\nm3\tc.tif\n"


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "recordings.tsv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-8", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r\n")]
)
def test_encodings_and_line_ends_are_read_and_kept(tmp_path: Path, encoding: str, end: str) -> None:
    before = TEXT.replace("m1", "größe").replace("\n", end)
    table = read_edited_table(saved(tmp_path, before.encode(encoding)), REQUIRED)
    assert table.columns == ("recording", "movie", "indicator")
    assert table.rows == (
        (3, {"recording": "größe", "movie": "a, b.tif", "indicator": "GCaMP6s"}),
        (6, {"recording": "m3", "movie": "c.tif"}),
    )
    assert (5, {"recording": "m2", "movie": "b.tif", "indicator": "GCaMP6f"}) in table.comments
    after = table.with_rows([{"recording": "m4", "movie": "µ.tif"}]).decode(encoding)
    assert after == f"{before}m4\tµ.tif\t{end}"


def test_columns_in_capitals_are_the_same(tmp_path: Path) -> None:
    table = read_edited_table(saved(tmp_path, b"Recording\tMOVIE\nm1\tA.tif\n"), REQUIRED)
    assert table.rows == ((2, {"recording": "m1", "movie": "A.tif"}),)
    assert (
        table.with_rows([{"recording": "m2", "plane": 1}]) == b"Recording\tMOVIE\tplane\nm1\tA.tif\nm2\t\t1\n"
    )
    with pytest.raises(InputError, match="movie: there are several of this name"):
        read_edited_table(saved(tmp_path, b"recording\tmovie\tMovie\nm1\tA.tif\tB.tif\n"), REQUIRED)


def test_utf_16_without_its_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"UTF-16 that begins with its mark\. Save it as 'Unicode Text"):
        read_edited_table(saved(tmp_path, TEXT.encode("utf-16-le")), REQUIRED)


def test_what_excel_adds_is_left_out(tmp_path: Path) -> None:
    text = 'recording\tmovie\t\t\r\nm1\t"a, b.tif"\t\t\r\n\t\t\t\r\n'
    assert read_edited_table(saved(tmp_path, text.encode()), REQUIRED).rows == (
        (2, {"recording": "m1", "movie": "a, b.tif"}),
    )


def test_rows_bring_their_columns_and_end_the_last_line(tmp_path: Path) -> None:
    table = read_edited_table(saved(tmp_path, b"movie\trecording\na.tif\tm1"), REQUIRED)
    row = {"recording": "m2", "movie": 'a "b".tif', "plane": 2, "indicator": ""}
    assert table.with_rows([row]) == b'movie\trecording\tplane\na.tif\tm1\n"a ""b"".tif"\tm2\t2\n'


@pytest.mark.parametrize(
    "header", ["recording;movie", '"recording";"movie"', "recording,movie", "recording movie"]
)
def test_other_separators_are_quoted(tmp_path: Path, header: str) -> None:
    with pytest.raises(InputError, match=r"aren't separated by tabs.*Separate columns by tabs") as caught:
        read_edited_table(saved(tmp_path, f"{header}\nm1;a.tif\n".encode()), REQUIRED)
    assert repr(header) in str(caught.value)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("recording\tmovie\trois\tmovie\t\t\na\tb\t\tc\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1: columns: movie: there are several of this name"):
        read_edited_table(tmp_path / "t.tsv", ("recording", "movie"))


def test_a_row_longer_than_the_header_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: columns: the row has more cells"):
        read_edited_table(saved(tmp_path, b"# x\nrecording\tmovie\nm1\ta.tif\t3\n"), REQUIRED)


def test_files_that_are_not_text(tmp_path: Path) -> None:
    workbook = tmp_path / "recordings.tsv"
    with zipfile.ZipFile(workbook, "w") as file:
        file.writestr("xl/workbook.xml", "")
    with pytest.raises(InputError, match=r"is a spreadsheet's own file.*Save it as 'Unicode Text"):
        read_edited_table(workbook, REQUIRED)
    with pytest.raises(InputError, match=r"isn't text in UTF-8 or UTF-16.*Save it as"):
        read_edited_table(saved(tmp_path, TEXT.replace("m1", "größe").encode("cp1252")), REQUIRED)
    with pytest.raises(InputError, match=r"line 2: row: can't be read"):
        read_edited_table(saved(tmp_path, b"recording\tmovie\nm1\t" + b"x" * 200_000), REQUIRED)
