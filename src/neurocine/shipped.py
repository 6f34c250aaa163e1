"""Where the files are that ship beside the package: workflow, profiles, models, example recording."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from neurocine.core import InputError

#: Folder of these files in an installed package; pyproject.toml says what the wheel puts there.
_INSTALLED = "_shipped"


def shipped(name: str = "") -> Path:
    """Return the path of a file or folder that ships with neurocine.

    Parameters
    ----------
    name
        Its path in a checkout, such as ``"models"`` or ``"profiles/slurm"``; empty for the folder of all.

    Returns
    -------
    Path
        In the installed package, or in the checkout that the package lies in.

    Raises
    ------
    InputError
        If it isn't there.

    Examples
    --------
    >>> shipped("models/registry.yaml").name
    'registry.yaml'
    """
    path = (checkout() or _package() / _INSTALLED) / name
    if not path.exists():
        raise InputError(path, "file", "isn't there", "Install neurocine again.")
    return path


def checkout() -> Path | None:
    """Return the checkout that the package lies in; None if it was installed from a wheel."""
    return None if (_package() / _INSTALLED).is_dir() else _package().parents[1]


def _package() -> Path:
    # A job may see the package through a link.
    return Path(str(files("neurocine"))).resolve()
