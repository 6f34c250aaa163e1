"""Provenance and benchmarks."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from neurocine import __version__
from neurocine.config import Config
from neurocine.core import InputError
from neurocine.export import write_provenance
from neurocine.export.provenance import RuleUsage, read_usage, versions
from neurocine.io.results import files_in
from neurocine.steps import IMPL

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def result_files(folder: Path) -> dict[str, Path]:
    return files_in(folder, "export_provenance", Config().left_out)


def write(folder: Path) -> dict[str, object]:
    out = folder / "export" / "provenance.json"
    write_provenance(result_files(folder), {"motion": {"engine": "none"}}, folder.name, out)
    return dict(json.loads(out.read_text(encoding="utf-8")))


def test_it_says_from_what_with_what_and_how(results_folder: Path) -> None:
    record = write(results_folder)
    assert record["recording"] == "mouse <1>"
    assert record["config"] == {"motion": {"engine": "none"}}
    assert record["algorithms"] == IMPL
    assert record["rois_found_by"] == {"truth": 4}
    assert record["activity_classifiers"] == ["sim-all-v1"]
    assert record["versions"]["neurocine"] == __version__  # type: ignore[index]
    assert record["source"]["files"][0]["path"] == "blobs.tif"  # type: ignore[index]


def test_every_result_has_its_checksum_and_stamp(results_folder: Path) -> None:
    files = write(results_folder)["files"]
    assert isinstance(files, dict)
    assert set(files) == {
        str(path.relative_to(results_folder)) for path in result_files(results_folder).values()
    }
    assert {"segmentation/rois.h5", "active/rois.h5"} <= set(files)
    for name, entry in files.items():
        content = (results_folder / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content)
        if not name.endswith(".json"):
            assert entry["config_hash"] == "c" * 64


def test_same_results_give_the_same_bytes_and_name_no_place(results_folder: Path, tmp_path: Path) -> None:
    write(results_folder)
    out = results_folder / "export" / "provenance.json"
    first = out.read_bytes()
    write(results_folder)
    assert out.read_bytes() == first
    assert str(tmp_path).encode() not in first
    assert socket.gethostname().encode() not in first


def test_a_missing_result_is_named(results_folder: Path) -> None:
    (results_folder / "traces" / "traces.h5").unlink()
    with pytest.raises(InputError, match=r"traces\.h5"):
        write(results_folder)


def test_versions_name_installed_packages_only() -> None:
    installed = versions()
    assert installed["numpy"]
    assert "not-installed" not in installed


def test_benchmarks_come_in_the_order_of_the_steps(tmp_path: Path) -> None:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    measured = "12.5\t0:00:12\t800.5\t1\t1\t1\t1\t1\t99\t20.25\n"
    (folder / "motion.tsv").write_text(HEADER + measured)
    (folder / "export_nwb.tsv").write_text(HEADER + measured.replace("12.5", "1.5") + measured)
    (folder / "ingest.tsv").write_text(HEADER + "0.1\t0:00:00" + "\tNA" * 8 + "\n")
    assert read_usage(tmp_path) == [
        RuleUsage("ingest", 0.1, None, None),
        RuleUsage("motion", 12.5, 20.25, 800.5),
        RuleUsage("export_nwb", 12.5, 20.25, 800.5),
    ]
    (folder / "traces.tsv").write_text(HEADER)
    with pytest.raises(InputError, match="holds no run time"):
        read_usage(tmp_path)


def test_without_benchmarks_there_are_none(tmp_path: Path) -> None:
    assert read_usage(tmp_path) == []
