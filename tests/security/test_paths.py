"""Names and texts of tables and configs: none leaves its folder, breaks a file or ends a program."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocine.config import load_config, load_recordings, parse_config
from neurocine.core import InputError
from neurocine.networks.registry import Registry
from neurocine.new_project import init_project

fuzzed = settings(max_examples=200, derandomize=True, deadline=None, database=None)


def table_with(path: Path, recording: str, movie: str = "m.npy") -> Path:
    path.write_text(f"recording\tmovie\n{recording}\t{movie}\n", encoding="utf-8", newline="")
    return path


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.npy").write_bytes(b"movie")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        ".",
        "/tmp/x",
        "a/b",
        "a\\b",
        "C:\\x",
        "C:x",
        "~",
        "~root",
        "-rf",
        "a\x00b",
        "a\rb",
        '"a\nb"',
        "a b",
        "<script>",
        "a'b",
        "$(id)",
        "`id`",
        "a;b",
        "a|b",
        "a&b",
        "{rule}",
        "a{b}",
        "%2e%2e",
        "a\u202eb",
        "a\u2215b",
        "x" * 101,
        "語" * 90,
        "CON",
        "nul",
        "com1.tif",
        "LPT9",
        "a.",
        "evaluation",
        "LOGS",
        "=1+1",
        "@x",
        "+x",
    ],
)
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        load_recordings(table_with(tmp_path / "r.tsv", name))


@pytest.mark.parametrize("name", ["mouse_1", "Maus-37.2", "souris_é", "鼠1", "console", "a..b", "1"])
def test_names_that_are_taken(tmp_path: Path, name: str) -> None:
    assert load_recordings(table_with(tmp_path / "r.tsv", name))[0].name == name


@fuzzed
@given(st.text(max_size=120))
def test_any_name_stays_in_the_results(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = Path.cwd()
    try:
        table = table_with(folder / "r.tsv", name)
    except UnicodeEncodeError:  # half a surrogate can't be in a file
        return
    try:
        recordings = load_recordings(table)
    except InputError:
        return
    for recording in recordings:
        results = folder / "results"
        made = results / recording.name / "motion" / "movie.h5"
        made.parent.mkdir(parents=True, exist_ok=True)
        assert made.resolve().parents[2] == results.resolve()


def test_accents_written_in_two_ways_are_one_name(tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_text("recording\tmovie\ne\u0301\tm.npy\n\u00e9\tm.npy\n", encoding="utf-8")
    with pytest.raises(InputError):
        load_recordings(tmp_path / "r.tsv")


@pytest.mark.parametrize("movie", ["x" * 5000, "a\x00b", "**/" * 400 + "x", "/proc/self/mem/x", "[" * 500])
def test_paths_that_are_none(tmp_path: Path, movie: str) -> None:
    with pytest.raises(InputError):
        load_recordings(table_with(tmp_path / "r.tsv", "a", movie))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"recording\tmovie\n" + b"x" * 200_000 + b"\tm.npy\n",
        b"recording\tmovie\n\x00\t\x00\n",
        b'"' * 999,
        b"recording\n" * 3,
        b"recording\tmovie\trecording\na\tm.npy\tb\n",
        b"\tmovie\na\tm.npy\n",
        b"\n\n\n",
    ],
)
def test_tables_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.tsv").write_bytes(content)
    try:
        recordings = load_recordings(tmp_path / "r.tsv")
    except InputError:
        return
    assert [one.name for one in recordings] in (["b"], ["a"])  # the header names a column twice


LAUGHS = "a0: &a0 [0, 0]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch trap']",
        "results: !!python/object/apply:os.system ['touch trap']",
        "results: !!python/name:os.system",
        "results: !!python/module:os",
        "!!python/object/new:os.system [touch trap]",
        LAUGHS,
        f"{LAUGHS}results: *a11",
        "[" * 5000,
        "results: " + "{a: " * 3000,
        "a: &a [*a]",
        "- 1",
        "results: 2024-99-99",
        'results: "a\\0b"',
        'export: {experimenter: "a\\nb"}',
        'export: {institution: "\\u202e"}',
        "results: " + "9" * 10_000,
    ],
)
def test_configs_run_nothing_and_fill_nothing(tmp_path: Path, text: str) -> None:
    for name in ("config.yaml", "registry.yaml"):
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as error:
        load_config(tmp_path / "config.yaml")
    assert len(str(error.value)) < 20_000
    with pytest.raises(InputError):
        Registry.load(tmp_path)
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("name", ["../x.h5", "/etc/passwd", "a/b.h5", "..", ".x", "a\nb"])
def test_a_registry_names_files_of_its_folder(tmp_path: Path, name: str) -> None:
    entry = yaml.safe_load((Path(__file__).parents[2] / "models" / "registry.yaml").read_text())["models"]
    first, values = next(iter(entry.items()))
    for key in ("file", "card"):
        (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"models": {first: values | {key: name}}}))
        with pytest.raises(InputError):
            Registry.load(tmp_path)
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"models": {name: values}}))
    with pytest.raises(InputError):
        Registry.load(tmp_path)


@fuzzed
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["results", "motion", "export", "segmentation", "training", "report", "evaluation"]),
)
def test_any_value_in_a_config(value: object, key: str) -> None:
    with suppress(InputError):
        parse_config({key: value})


def test_names_of_movies_become_names_of_recordings(tmp_path: Path) -> None:
    import numpy as np

    movies = tmp_path / "movies"
    movies.mkdir()
    for name in ("<script>", "-rf $(id)", "a\tb", "..", "é" * 60):
        np.save(movies / f"{name}.npy", np.arange(48).reshape(3, 4, 4))
    table = init_project(movies, tmp_path / "project").table
    for line in table.read_text().splitlines()[1:]:
        name = line.split("\t")[0]
        assert "/" not in name
        assert not set(name) & set("<>$() ")
