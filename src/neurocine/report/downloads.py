"""Tables inside the report's page, which a link saves as files."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path

from neurocine.core import FileMissing

#: Larger files are compressed, to keep the page small; R and pandas read them as they are.
MAX_PLAIN_BYTES = 1_000_000


@dataclass(frozen=True)
class Download:
    """A file inside the page.

    Attributes
    ----------
    name
        Name under which the browser saves it.
    uri
        Its content as a ``data:`` URI.
    size_bytes
        Size of the saved file.
    """

    name: str
    uri: str
    size_bytes: int


def download_of(path: Path, recording: str) -> Download:
    """Return a table as a download, named after its recording; compressed by gzip if it is large.

    Raises
    ------
    FileMissing
        If the table doesn't exist.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step export_tables, or neurocine export.")
    content, name, media_type = path.read_bytes(), f"{recording}_{path.name}", "text/tab-separated-values"
    if len(content) > MAX_PLAIN_BYTES:
        # Without the time of compression: the same table gives the same bytes.
        content, name, media_type = gzip.compress(content, mtime=0), f"{name}.gz", "application/gzip"
    encoded = base64.b64encode(content).decode("ascii")
    return Download(name, f"data:{media_type};base64,{encoded}", len(content))
