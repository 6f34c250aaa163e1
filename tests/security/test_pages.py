"""Pages show what users and files call things as text: nothing of it becomes a tag, a link or a script."""

from __future__ import annotations

import importlib.util
import json
import re
import tokenize
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurocine.config import Config, ExportSettings, ReportSettings
from neurocine.core import Movie, Raster, RoiSet
from neurocine.drawing.pages import page_environment
from neurocine.export.nwb import write_nwb
from neurocine.export.provenance import provenance
from neurocine.export.tables import write_tables
from neurocine.io.result_files import read_activity, read_rois, write_activity, write_rois
from neurocine.io.results import files_in, results_in
from neurocine.report import write_report
from neurocine.report.index import write_index
from neurocine.report.page import environment

_spec = importlib.util.spec_from_file_location(
    "export_fixtures", Path(__file__).parents[1] / "export" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

SOURCES = Path(__file__).parents[2] / "src" / "neurocine"
TEMPLATES = sorted(SOURCES.rglob("*.j2"))
#: What would act if it weren't escaped. A folder's name can't hold a slash.
ATTACK = (
    "<script>alert(1)<!--\"'><img src=x onerror=alert(1)>{{ 7 * 191 }}&lt;b&gt;$\\frac{javascript:alert(1)"
)

#: Places in the page, embedded pictures and tables, and pages beside it.
LINK = re.compile(r"#|data:(image/(webp|png|svg\+xml)|text/tab-separated-values);base64,|[\w%.-]+/|$")

LEFT_OUT = Config().left_out


class Tags(HTMLParser):
    """Collects tags with their attributes, and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def check(text: str, scripts: int) -> None:
    """Fail unless `text` has so many scripts, no handlers, and no links but to itself and beside it."""
    tags = Tags(text).tags
    assert sum(tag == "script" for tag, _ in tags) == scripts
    assert "1337" not in text
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "srcset", "action", "formaction"):
            link = attributes.get(name) or ""
            assert LINK.match(link), link
            assert not link.lower().startswith(("javascript", "//", "/"))
    assert "&lt;script&gt;alert(1)" in text


@pytest.fixture
def folder(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> Path:
    """Results whose every name is an attack."""
    movie, rois = blobs
    results: Path = _fixtures.write_results(
        tmp_path / "results" / ATTACK, replace(movie, indicator=ATTACK), rois
    )
    path = results / "active" / "rois.h5"
    named = replace(
        read_rois(path),
        engine=(f"{ATTACK}+stneuronet",) * len(rois),
        active_probability=np.full(len(rois), 0.5),
    )
    write_rois(path, named, _fixtures.STAMP)
    activity = read_activity(results / "activity" / "activity.h5")
    write_activity(
        results / "activity" / "activity.h5",
        Raster(activity.ids, 10.0, activity.probability, 0.8, (ATTACK,) * len(rois)),
        _fixtures.STAMP,
    )
    with h5py.File(results / "motion" / "movie.h5", "r+") as file:
        file["motion"].attrs[ATTACK] = 1.0
    source = json.loads((results / "ingest" / "source.json").read_text())
    source["files"][0] |= {"path": f"/data/{ATTACK}.tif", "sha256": ATTACK}
    (results / "ingest" / "source.json").write_text(json.dumps(source))
    (results / "benchmarks").mkdir()
    (results / "benchmarks" / f"{ATTACK}.tsv").write_text("s\tcpu_time\tmax_rss\n1\t1\t1\n")
    return results


def test_the_report_and_the_index(folder: Path) -> None:
    config = {"celltype": {"model": ATTACK}, ATTACK: ATTACK, "active": {"mode": ATTACK}}
    out = folder / "report" / "report.html"
    results = results_in(folder, LEFT_OUT)
    tables = folder / "export" / "cells.tsv", folder / "export" / "transients.tsv"
    write_tables(results, *tables)
    write_report(results, ReportSettings(clip_s=1, max_traces=2), config, out, tables=tables)
    text = out.read_text(encoding="utf-8")
    check(text, scripts=1)
    assert "default-src 'none'" in text
    gone = folder.parent / f"{ATTACK} gone"
    write_index([folder, gone], folder.parent / "index.html")
    check((folder.parent / "index.html").read_text(encoding="utf-8"), scripts=1)


def test_every_template_escapes() -> None:
    assert TEMPLATES
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|Markup|tojson", text), path
        if "<head>" in text:
            assert "default-src 'none'" in text, path
    for made in (environment(), page_environment()):
        assert made.autoescape is True
        assert "&lt;b&gt;" in made.from_string("{{ text }}").render(text="<b>")


@pytest.mark.parametrize("name", ["activity.html.j2", "segmentation.html.j2"])
def test_attributes_of_evaluations_are_quoted(name: str) -> None:
    text = (SOURCES / "evaluation" / "templates" / name).read_text(encoding="utf-8")
    assert not re.search(r"=\{\{", text)
    assert not re.search(r"(?:href|on\w+|style)=", text)


def test_segmentation_page(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    from neurocine.config import EvaluationSettings
    from neurocine.evaluation.segmentation.segmentation_cases import open_segmentation_case
    from neurocine.evaluation.segmentation.segmentation_comparison import compare_segmentations
    from neurocine.evaluation.segmentation.segmentation_report import write_segmentation

    rois = blobs[1]
    for name, saved in (("truth", rois), ("a", rois.select([0, 1])), ("b", rois.select([2]))):
        write_rois(tmp_path / f"{name}.h5", saved)
    case = open_segmentation_case(
        ATTACK, tmp_path / "truth.h5", {ATTACK: tmp_path / "a.h5", "b": tmp_path / "b.h5"}
    )
    comparison = compare_segmentations([case], EvaluationSettings())
    write_segmentation(comparison, tmp_path / "o.json", page=tmp_path / "o.html", table=tmp_path / "o.tsv")
    check((tmp_path / "o.html").read_text(encoding="utf-8"), scripts=0)


def test_provenance_and_nwb_hold_plain_text(folder: Path) -> None:
    record = provenance(
        files_in(folder, "export_provenance", LEFT_OUT), {"export": {"experimenter": ATTACK}}, ATTACK
    )
    assert json.loads(json.dumps(record)) == record
    assert ATTACK in json.dumps(record, ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")
    results = results_in(folder, LEFT_OUT)
    out = folder / "export" / "recording.nwb"
    settings = ExportSettings(experimenter=ATTACK, institution=ATTACK, location=ATTACK)
    write_nwb(results, settings, folder / "motion" / "movie.h5", out)
    with h5py.File(out) as file:
        assert file["general/institution"][()].decode() == ATTACK
        assert file["general/session_id"][()].decode() == ATTACK


def test_no_source_loads_code() -> None:
    """No pickle but the restricted one, no evaluation, no shell, no Keras file, no YAML of objects."""
    patterns: dict[str, tuple[str, ...]] = {
        r"\bpickle\.\w": ("io/safe/unpickle.py",),
        r"allow_pickle=(?!False)": ("io/rois/suite2p/folder.py",),
        r"(?<![\w.])(?:eval|exec|compile)\(": (),
        r"shell\s*=\s*True|os\.system|os\.popen": (),
        r"load_model|model_from_|enable_unsafe|safe_mode": (),
        r"yaml\.(?!safe_load|safe_dump|YAMLError)\w+": (),
        r"torch\.load|joblib|marshal|shelve|extractall|unpack_archive": (),
    }
    hits: dict[str, set[str]] = {pattern: set() for pattern in patterns}
    for path in SOURCES.rglob("*.py"):
        code = without_comments(path)
        for pattern in patterns:
            if re.search(pattern, code):
                hits[pattern].add(path.relative_to(SOURCES).as_posix())
    assert hits == {pattern: set(allowed) for pattern, allowed in patterns.items()}


def without_comments(path: Path) -> str:
    """Return the code of a module without its docstrings and comments."""
    with path.open("rb") as file:
        comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
    lines = path.read_text(encoding="utf-8").splitlines()
    for token in comments:
        row, column = token.start
        lines[row - 1] = lines[row - 1][:column]
    return re.sub(r'""".*?"""', "", "\n".join(lines), flags=re.DOTALL)
