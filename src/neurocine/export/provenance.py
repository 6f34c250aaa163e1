"""``provenance.json``: the versions, settings and files that the results of a recording were made with."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from neurocine.core import FileMissing
from neurocine.io.atomic import write_text
from neurocine.io.job_costs import read_job_costs
from neurocine.io.result_files import read_activity, read_rois, read_stamp, settings_hash
from neurocine.io.results import read_source_record
from neurocine.steps import IMPL

#: Packages whose version can change a result.
PACKAGES = (
    "numpy", "scipy", "h5py", "tifffile", "zarr", "scikit-image", "scikit-learn", "suite2p", "oasis-deconv",
    "torch", "tensorflow", "tensorflow-cpu", "keras", "openvino", "snakemake", "pydantic", "pynwb", "hdmf",
    "matplotlib", "pillow",
)  # fmt: skip


@dataclass(frozen=True)
class RuleUsage:
    """What one rule took, as Snakemake measured it.

    Attributes
    ----------
    step
        Name of the step.
    wall_s
        Run time in seconds.
    cpu_s
        Processor time in seconds; None if it wasn't measured.
    peak_mb
        Largest resident memory in MB; None if the rule ended before it was measured.
    """

    step: str
    wall_s: float
    cpu_s: float | None
    peak_mb: float | None


def versions() -> dict[str, str]:
    """Return the versions of neurocine, Python and the installed packages that can change a result."""
    installed = {"neurocine": version("neurocine"), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed


def read_usage(folder: Path) -> list[RuleUsage]:
    """Return what the rules of the recording in `folder` took, in the order of the steps.

    A rule that Snakemake timed more than once counts with its last run.

    Raises
    ------
    InputError
        If a benchmark file has no run time.
    """
    usage = []
    for path in (folder / "benchmarks").glob("*.tsv"):
        cost = read_job_costs(path)[-1]
        usage.append(RuleUsage(path.stem, cost.wall_s, _measured(cost.cpu_s), _measured(cost.peak_mb)))
    order = list(IMPL)

    def place(benchmark: RuleUsage) -> tuple[int, str]:
        section = benchmark.step.split("_")[0]
        return (order.index(section) if section in order else len(order), benchmark.step)

    return sorted(usage, key=place)


def _measured(value: float) -> float | None:
    return None if math.isnan(value) else value


def provenance(files: Mapping[str, Path], config: Mapping[str, Any], recording: str) -> dict[str, Any]:
    """Return how the results of a recording were made; no dates, hosts or users are in it.

    Parameters
    ----------
    files
        All results, by name (`neurocine.steps.inputs`).
    config
        The settings that the results were made with.
    recording
        Name of the recording.

    Raises
    ------
    InputError
        If a result is missing.
    """
    checksums = {f"{path.parent.name}/{path.name}": _describe(path) for path in files.values()}
    rois, raster = read_rois(files["rois"]), read_activity(files["activity"])
    source = dict(read_source_record(files["source"]))
    # The checksum identifies the file; its folder on some disk doesn't.
    source["files"] = [{**file, "path": Path(file["path"]).name} for file in source["files"]]
    return {
        "recording": recording,
        "versions": versions(),
        "algorithms": dict(IMPL),
        "config": dict(config),
        "config_hash": settings_hash(config),
        "source": source,
        "rois_found_by": dict(sorted(Counter(rois.engine).items())),
        "activity_classifiers": sorted(set(raster.classifier)),
        "files": checksums,
    }


def write_provenance(files: Mapping[str, Path], config: Mapping[str, Any], recording: str, out: Path) -> None:
    """Write the `provenance` of a recording's results to `out` as JSON, atomically."""
    content = provenance(files, config, recording)
    write_text(out, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n")


def _describe(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileMissing(path, "file", "doesn't exist", "Run the step that makes it.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size, **_stamp(path)}


def _stamp(path: Path) -> dict[str, Any]:
    """Return the stamp of a result file; ``source.json`` has none, as it is where the checksum comes from."""
    if path.suffix == ".h5":
        stamp = read_stamp(path)
        return {"config_hash": stamp.config_hash, "schema_version": stamp.schema_version}
    if path.suffix == ".tsv":
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = dict(line[2:].split("=", 1) for line in lines if line.startswith("# ") and "=" in line)
        return {
            "config_hash": pairs.get("config_hash", ""),
            "schema_version": int(pairs.get("schema_version", 0)),
        }
    return {}
