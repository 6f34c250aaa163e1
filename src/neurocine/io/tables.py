"""Tables for people and other programs: text with one header line, written and read by pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocine.core import InputError
from neurocine.io.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd

#: Six significant digits: the same values give the same text on every machine.
FLOAT_FORMAT = "%.6g"


def write_table(
    path: Path,
    rows: pd.DataFrame | Iterable[Mapping[str, Any]],
    *,
    columns: Sequence[str] | None = None,
    separator: str = "\t",
) -> None:
    r"""Write `rows` as UTF-8 text, atomically; lines end in ``\n`` and missing values are empty.

    Parameters
    ----------
    path
        The file to write.
    rows
        A data frame, or the values of each row by column. None, NaN and columns that a row lacks are empty.
    columns
        Names of the columns in order; unless given, all that occur, in the order in which they first do.
    separator
        What stands between two cells.
    """
    import pandas as pd

    values = rows if isinstance(rows, pd.DataFrame) else list(rows)
    frame = pd.DataFrame(values, columns=None if columns is None else list(columns))
    with atomic_path(path) as part:
        frame.to_csv(
            part, sep=separator, index=False, float_format=FLOAT_FORMAT, lineterminator="\n", encoding="utf-8"
        )


def read_table(path: Path, *, separator: str = "\t", missing: Sequence[str] = ("",)) -> pd.DataFrame:
    """Return a table with a header line; columns of numbers are numeric.

    Parameters
    ----------
    path
        The file to read.
    separator
        What stands between two cells.
    missing
        Texts that stand for a missing value, which is read as NaN.

    Raises
    ------
    InputError
        If the file isn't a table in UTF-8.
    """
    import pandas as pd

    try:
        return pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8",
            keep_default_na=False,
            na_values=list(missing),
        )
    except ValueError as error:  # of pandas and of the decoder: its parts are many
        raise InputError(path, "file", f"isn't a table ({error})", "Save it as text, UTF-8.") from error
