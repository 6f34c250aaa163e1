"""Snakemake's profiles: those that ship with neurocine, a project's and the user's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from neurocine.core import InputError
from neurocine.io.atomic import write_text
from neurocine.shipped import shipped


def profile_folder(name: str) -> Path:
    """Return the folder of a profile, by its name or path.

    Looked for are, in this order, ``profiles/NAME`` in the project, the profiles that ship with neurocine,
    the folder ``NAME`` itself, and where Snakemake looks for the user's and the system's profiles.

    Raises
    ------
    InputError
        If there is none.
    """
    own = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "snakemake"
    ours = shipped("profiles")
    for place in (Path("profiles"), ours, Path(), own, Path("/etc/xdg/snakemake")):
        if (place / name).is_dir():
            return (place / name).absolute()
    known = ", ".join(sorted(folder.name for folder in ours.iterdir() if folder.is_dir()))
    raise InputError(name, "profile", "isn't there", f"Choose one of {known}, or give the folder of one.")


def copy_profile(name: str, project: Path, *, force: bool = False) -> Path:
    """Copy a profile that ships into a project's ``profiles/``, where `profile_folder` finds it first.

    Parameters
    ----------
    name
        Its name.
    project
        The project's folder.
    force
        Whether one that is already there is replaced; else it stays as it is.

    Returns
    -------
    Path
        The profile's file in the project.

    Raises
    ------
    InputError
        If none of this name ships.
    """
    file = shipped(f"profiles/{name}/config.yaml")
    copy = project / "profiles" / name / file.name
    if force or not copy.exists():
        write_text(copy, file.read_text(encoding="utf-8"))
    return copy


def read_profile(folder: Path) -> dict[str, Any]:
    """Return the content of a profile's newest ``config*.yaml``.

    Raises
    ------
    InputError
        If there is none, or it isn't a mapping in YAML.
    """
    files = sorted(folder.glob("config*.yaml"), reverse=True)
    if not files:
        raise InputError(folder, "profile", "holds no config.yaml", "See profiles/slurm for one.")
    try:
        content = yaml.safe_load(files[0].read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(files[0], "YAML", str(error).replace("\n", " "), "Correct it.") from error
    if not isinstance(content, dict):
        raise InputError(
            files[0], "content", "isn't a mapping", "Write keys and values, as in profiles/slurm."
        )
    return content
