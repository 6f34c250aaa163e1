"""The page of a recording: self-contained, escaped, complete, the same bytes twice."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neurocine.config import Config, ReportSettings
from neurocine.core import CellTypes, InputError
from neurocine.drawing.pictures import ACTIVE_COLOURS, UNKNOWN_COLOUR, active_colour
from neurocine.export import tables
from neurocine.export.tables import CELL_COLUMNS, CellColumn, cells_table
from neurocine.io.result_files import read_celltypes, read_rois, write_celltypes, write_rois
from neurocine.io.results import results_in
from neurocine.report import page as page_module
from neurocine.report import write_report
from neurocine.report.downloads import download_of
from neurocine.report.page import duration, metric_rows, number, scale_bar_um, who_found

LEFT_OUT = Config().left_out


#: A short clip and few traces keep the tests fast.
QUICK = ReportSettings(clip_s=2, max_traces=3)
CONFIG = {
    "celltype": {"model": "types-v1"},
    "segmentation": {"stneuronet": {"model": "stneuronet-v1"}},
    "active": {"mode": "union"},
    "note": "<b>&",
}


class Page(HTMLParser):
    """Collects what the tests ask about."""

    VOID = frozenset({"meta", "img", "input", "source", "link", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def links(self) -> list[str]:
        names = ("src", "srcset", "href", "data", "action", "poster")
        return [str(value) for _, attrs in self.tags for name, value in attrs.items() if name in names]


def render(folder: Path) -> str:
    out = folder / "report" / "report.html"
    write_report(results_in(folder, LEFT_OUT), QUICK, CONFIG, out)
    return out.read_text(encoding="utf-8")


def picture(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(results_folder: Path) -> None:
    html = render(results_folder)
    page = Page(html)
    assert page.open == []
    assert all(link.startswith(("data:image/webp;base64,", "#roi-")) for link in page.links())
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "<1>" not in html
    assert "mouse &lt;1&gt;" in html
    assert "&lt;b&gt;&amp;" in html
    assert len(html) < 6_000_000


def test_same_results_give_the_same_page(results_folder: Path) -> None:
    assert render(results_folder) == render(results_folder)


def test_the_numbers_are_those_of_the_results(results_folder: Path) -> None:
    (results_folder / "benchmarks").mkdir()
    (results_folder / "benchmarks" / "motion.tsv").write_text(
        "s\th:m:s\tmax_rss\tcpu_time\n75\t0:01:15\t1234.5\t80\n"
    )
    results = results_in(results_folder, LEFT_OUT)
    page = Page(render(results_folder))
    of_cells = sum(results.is_cell[i] for i in results.raster.transients().roi_id)
    assert "3 cells 1 ROI called noise" in page.text
    assert "2 pyramidal cells" in page.text
    assert "1 interneuron " in page.text
    assert f"{of_cells} transients of all cells" in page.text
    assert "30.0 s recorded 300 frames" in page.text
    assert "3 frames (1.00%) could not be registered well" in page.text
    assert "trained on simulated movies" in page.text
    assert "sim-all-v1" in page.text
    assert "types-v1" in page.text
    assert "motion 1 min 15 s 1 min 20 s 1,234" in page.text
    rows = [attrs["id"] for tag, attrs in page.tags if tag == "tr" and "id" in attrs]
    assert rows == ["roi-0", "roi-1", "roi-2", "roi-3"]
    outlines = [attrs for tag, attrs in page.tags if tag == "a" and str(attrs["class"]).startswith("roi ")]
    assert [str(a["class"]).split()[1] for a in outlines] == list(results.types)


def test_active_neurons_are_counted_and_shown(annotated_folder: Path) -> None:
    html = render(annotated_folder)
    page = Page(html)
    assert "3 active neurons of 4 ROIs, by STNeuroNet" in page.text
    assert "The engine's ROIs were kept, and neurons that only STNeuroNet found were added." in page.text
    assert "stneuronet-v1 active neurons" in page.text
    # Found by, ROIs, called noise, transients, then the medians of probability and seconds: 9 s and 5 s.
    assert re.search(r"suite2p\+stneuronet 2 1 \d+ 0\.81 7\.0 ", page.text)
    assert re.search(r"suite2p 1 0 \d+ 0\.12 – ", page.text)
    outlines = [attrs for tag, attrs in page.tags if tag == "a" and str(attrs["class"]).startswith("roi ")]
    assert [str(a["class"]).split()[2] for a in outlines] == ["both", "engine", "both", "stneuronet"]
    assert [str(a["style"]) for a in outlines][1:4:2] == [
        f"--active:{active_colour(p)}" for p in (0.125, 1.0)
    ]
    titles = [str(attrs["title"]) for tag, attrs in page.tags if tag == "td" and "title" in attrs]
    assert titles == ["0.0 to 4.0 s, 10.0 to 15.0 s", "25.0 to 30.0 s", "2.0 to 6.0 s"]
    assert "; active neuron 88%, found by suite2p+stneuronet" in html
    assert 'id="colour-active"' in html
    assert page.open == []


def test_structural_channel_is_shown_with_the_labelled_rois(labelled_folder: Path) -> None:
    html = render(labelled_folder)
    page = Page(html)
    section = html.split("<h2>Structural channel</h2>")[1].split("</section>")[0]
    assert re.findall(r'class="roi (\w+)"', section) == ["interneuron", "noise", "noise", "noise"]
    assert "bleed-through of 6.2 % of the functional channel. 1 of 4 ROIs is labelled" in page.text
    results = results_in(labelled_folder, LEFT_OUT)
    assert results.structural is not None
    shown = np.asarray(picture(re.findall(r'href="(data:image[^"]+)"', section)[0]).convert("L"), dtype=float)
    assert np.corrcoef(shown.ravel(), results.structural.corrected.ravel())[0, 1] > 0.95
    assert "; labelled 97%" in html
    assert "p(labelled)" in heading_cells(html)
    assert page.open == []


def test_one_channel_has_no_structural_picture(results_folder: Path) -> None:
    assert "Structural channel" not in render(results_folder)


def heading_cells(html: str) -> list[str]:
    head = html.split('<table class="sortable">')[1].split("</thead>")[0]
    return re.findall(r"<th[^>]*>(.*?)</th>", head)


def body_cells(html: str) -> list[list[str]]:
    body = html.split('<table class="sortable">')[1].split("</table>")[0]
    rows = re.findall(r'<tr id="roi-\d+">(.*?)</tr>', body, flags=re.DOTALL)
    return [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_the_table_of_rois_has_the_columns_of_cells_tsv(annotated_folder: Path) -> None:
    html = render(annotated_folder)
    cells = cells_table(results_in(annotated_folder, LEFT_OUT))
    columns = [column for column in CELL_COLUMNS if column.heading]
    assert heading_cells(html) == [column.heading for column in columns]
    expected = [
        [
            number(value, column.style) if column.style else value
            for column, value in zip(columns, row, strict=True)
        ]
        for row in cells[[column.name for column in columns]].itertuples(index=False)
    ]
    assert body_cells(html) == expected


def test_a_new_column_of_cells_tsv_is_in_the_table_of_rois(
    results_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = CellColumn("n_pixels", "Pixels", lambda m: m.results.rois.areas(), "pixels", "d")
    for module in (tables, page_module):
        monkeypatch.setattr(module, "CELL_COLUMNS", (*CELL_COLUMNS, column))
    html = render(results_folder)
    assert heading_cells(html)[-1] == "pixels"
    areas = results_in(results_folder, LEFT_OUT).rois.areas()
    assert [row[-1] for row in body_cells(html)] == [str(area) for area in areas]


def test_a_column_without_values_is_left_out(results_folder: Path) -> None:
    assert "p(active neuron)" not in heading_cells(render(results_folder))


def test_the_tables_are_downloads(results_folder: Path, tmp_path: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    paths = tmp_path / "cells.tsv", tmp_path / "transients.tsv"
    tables.write_tables(results, *paths)
    out = tmp_path / "report" / "report.html"
    write_report(results, QUICK, CONFIG, out, tables=paths)
    page = Page(out.read_text(encoding="utf-8"))
    links = {str(a["download"]): str(a["href"]) for tag, a in page.tags if tag == "a" and "download" in a}
    assert list(links) == ["mouse <1>_cells.tsv", "mouse <1>_transients.tsv"]
    for path, uri in zip(paths, links.values(), strict=True):
        head, content = uri.split(",", 1)
        assert head == "data:text/tab-separated-values;base64"
        assert base64.b64decode(content) == path.read_bytes()
    assert page.open == []


def test_a_large_table_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "transients.tsv"
    path.write_bytes(b"1\t2\n" * 300_000)
    download = download_of(path, "mouse")
    assert download.name == "mouse_transients.tsv.gz"
    assert download.size_bytes < 100_000
    assert gzip.decompress(base64.b64decode(download.uri.split(",", 1)[1])) == path.read_bytes()
    assert download == download_of(path, "mouse")


def test_a_missing_table_is_named(results_folder: Path, tmp_path: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    with pytest.raises(InputError, match=r"cells\.tsv.*export_tables"):
        write_report(results, QUICK, CONFIG, tmp_path / "r" / "x.html", tables=[tmp_path / "cells.tsv"])


def test_nothing_is_said_of_active_neurons_where_nobody_looked(results_folder: Path) -> None:
    html = render(results_folder)
    page = Page(html)
    assert "STNeuroNet" not in page.text
    assert 'id="colour-active"' not in html
    assert "active neuron" not in html.split("</style>")[1]


def test_no_active_neuron_is_said(annotated_folder: Path) -> None:
    path = annotated_folder / "active" / "rois.h5"
    write_rois(path, replace(read_rois(path), engine=("suite2p",) * 4))
    page = Page(render(annotated_folder))
    assert "STNeuroNet found none of the ROIs to be an active neuron" in page.text
    assert "0 active neurons" in page.text


def test_colours_of_active_probability() -> None:
    assert [active_colour(p) for p in (0, 0.25, 1, float("nan"))] == [
        *ACTIVE_COLOURS[:2], ACTIVE_COLOURS[-1], UNKNOWN_COLOUR
    ]  # fmt: skip
    assert active_colour(0.125) not in ACTIVE_COLOURS


@pytest.mark.parametrize(
    ("engine", "who"),
    [("suite2p+stneuronet", "both"), ("suite2p", "engine"), ("", "engine"), ("stneuronet", "stneuronet")],
)
def test_who_found_an_roi(engine: str, who: str) -> None:
    assert who_found(engine) == who


def test_the_outline_lies_on_the_roi(results_folder: Path) -> None:
    page = Page(render(results_folder))
    first = next(str(attrs["d"]) for tag, attrs in page.tags if tag == "path")
    points = np.array([[float(v) for v in pair.split()] for pair in re.findall(r"[\d.]+ [\d.]+", first)])
    # The first disc: centre (16, 16), radius 5, in coordinates whose pixel 0 spans 0 to 1.
    np.testing.assert_allclose(points.mean(axis=0), 16.5, atol=0.6)
    assert np.hypot(*(points - 16.5).T).max() < 6.5


def test_the_clip_moves(results_folder: Path) -> None:
    moving = [picture(link) for link in Page(render(results_folder)).links() if link.startswith("data:")]
    clips = [image for image in moving if getattr(image, "n_frames", 1) > 1]
    assert [(clip.n_frames, clip.size) for clip in clips] == [(20, (384, 384))]


def test_a_recording_without_rois_has_a_page(empty_folder: Path) -> None:
    page = Page(render(empty_folder))
    assert page.open == []
    assert "No ROI was found" in page.text
    assert "0 cells" in page.text
    assert "– transients per minute" in page.text
    assert not [tag for tag, attrs in page.tags if tag == "tr" and "id" in attrs]


def test_all_noise_is_said(results_folder: Path) -> None:
    path = results_folder / "celltype" / "celltypes.tsv"
    ids = read_celltypes(path).ids
    write_celltypes(path, CellTypes(ids, np.tile(np.float32([0, 0, 1]), (len(ids), 1))))
    page = Page(render(results_folder))
    assert "Every ROI was called noise" in page.text
    assert "4 ROIs called noise" in page.text


def test_neurons_of_no_clear_type_are_shown(results_folder: Path) -> None:
    path = results_folder / "celltype" / "celltypes.tsv"
    ids = read_celltypes(path).ids
    split = np.tile(np.float32([0.52, 0.47, 0.01]), (len(ids), 1))
    write_celltypes(path, CellTypes(ids, split, clear=np.zeros(len(ids), dtype=bool)))
    assert f"ROI {ids[0]}: unknown (pyramidal 52%, interneuron 47%)" in render(results_folder)


def test_saturation_is_said(results_folder: Path) -> None:
    source = results_folder / "ingest" / "source.json"
    record = json.loads(source.read_text())
    record["pixels"]["saturated"] = 0.02
    source.write_text(json.dumps(record))
    assert "2.00% of the raw movie's pixels" in Page(render(results_folder)).text


def test_what_was_understood_of_the_raw_movie_and_doubts_about_it_are_shown(results_folder: Path) -> None:
    source = results_folder / "ingest" / "source.json"
    record = json.loads(source.read_text())
    record |= {"facts": {"field": "2 µm per pixel"}, "warnings": ["a file is missing. Copy it"]}
    source.write_text(json.dumps(record))
    page = Page(render(results_folder))
    assert "2 µm per pixel" in page.text
    assert page.text.index("a file is missing. Copy it") < page.text.index("Field of view")


def test_a_missing_result_is_named_and_leaves_no_page(results_folder: Path) -> None:
    (results_folder / "activity" / "activity.h5").unlink()
    with pytest.raises(InputError, match=r"activity\.h5"):
        render(results_folder)
    assert not (results_folder / "report" / "report.html").exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(5.21, "5.2 s"), (59.99, "1 min 0 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_number_of_nothing_is_a_dash() -> None:
    assert number(None) == number(float("nan")) == "–"
    assert number(0.125, ".1%") == "12.5%"


def test_metrics_are_named_with_units_and_unknown_ones_kept() -> None:
    rows = metric_rows({"zeta": 1.0, "max_shift_px": 3.21})
    assert [(row.label, row.value) for row in rows] == [("Largest shift", "3.2 px"), ("zeta", "1")]


def test_scale_bar_is_round_and_about_a_fifth(results_folder: Path) -> None:
    assert scale_bar_um(results_in(results_folder, LEFT_OUT)) == 20.0  # the field of view is 128 µm wide
