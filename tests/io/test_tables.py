"""Tables as text: what is written is the same everywhere, and reads back as it was."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from neurocine.core import InputError
from neurocine.io.job_costs import JobCost, mean_job_cost, read_job_costs
from neurocine.io.tables import read_table, write_table


def test_missing_values_are_empty_and_floats_have_six_digits(tmp_path: Path) -> None:
    rows = [{"name": "é", "n": 3, "f1": 2 / 3}, {"name": None, "n": 4, "f1": None, "late": 1e-9}]
    write_table(tmp_path / "new" / "t.tsv", rows)
    text = (tmp_path / "new" / "t.tsv").read_bytes().decode("utf-8")
    assert text == "name\tn\tf1\tlate\né\t3\t0.666667\t\n\t4\t\t1e-09\n"


def test_named_columns_stand_in_order_even_without_rows(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", [], columns=("b", "a"), separator=",")
    assert (tmp_path / "t.csv").read_text() == "b,a\n"


def test_text_that_pandas_takes_for_missing_stays_text(tmp_path: Path) -> None:
    write_table(tmp_path / "t.tsv", [{"name": "NA", "x": 0.5}, {"name": "None", "x": math.nan}])
    table = read_table(tmp_path / "t.tsv")
    assert table["name"].tolist() == ["NA", "None"]
    assert table["x"].isna().tolist() == [False, True]


@pytest.mark.parametrize("data", [b"", b"a\tb\n1\t2\t3\t4\n1\n2\t2\t2\t2\t2\n", b"a\xff\n1\n"])
def test_a_file_that_is_no_table_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.tsv").write_bytes(data)
    with pytest.raises(InputError, match=r"t\.tsv: file: isn't a table"):
        read_table(tmp_path / "t.tsv")


def test_each_run_of_a_job_has_its_cost(tmp_path: Path) -> None:
    (tmp_path / "b.tsv").write_text("s\tmax_rss\tcpu_time\n2\t100\t3\n4\t300\t5\nNA\tNA\tNA\n")
    assert read_job_costs(tmp_path / "b.tsv") == [JobCost(2, 3, 100), JobCost(4, 5, 300)]
    assert mean_job_cost(tmp_path / "b.tsv") == JobCost(3, 4, 200)
