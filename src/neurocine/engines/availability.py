"""Check whether an engine can be run, before any work."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from neurocine.config import EnginesSettings
from neurocine.config.engines import EngineEntry


def why_absent(entry: EngineEntry, engines: EnginesSettings, *, conda: bool = False) -> str | None:
    """Return why an engine can't be run here; None if it can.

    Parameters
    ----------
    entry
        The engine.
    engines
        How programs in their own environments are run.
    conda
        Whether each rule runs in its own conda environment (``--sdm conda``), which has all requirements.
    """
    if entry.package is None or conda:
        return None
    python = engines.caiman.python if entry.package == "caiman" else None
    if python is not None:
        if shutil.which(Path(python).expanduser()):
            return None
        return f"engines.caiman.python names {python}, which can't be run."
    if find_spec(entry.package) is not None:
        return None
    return f"{entry.package} isn't installed. {entry.remedy}"
