"""Import the module of an engine when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from neurocine.config.engines import EngineEntry
from neurocine.core import EngineMissing


def engine_module(
    engines: Mapping[str, EngineEntry], name: str, key: str, otherwise: str = "Or choose another engine."
) -> Any:
    """Return the module of an engine, which has the functions of its step's protocol.

    Parameters
    ----------
    engines
        The step's engines by name.
    name
        Name of the engine.
    key
        Config key with the name, for the error message.
    otherwise
        Another remedy than `EngineEntry.remedy`, for the error message.

    Raises
    ------
    EngineMissing
        If it can't be loaded.
    """
    entry = engines[name]
    try:
        return import_module(entry.module)
    except (ImportError, RuntimeError) as error:  # torchvision built for another torch: a RuntimeError
        raise EngineMissing(
            "config",
            key,
            f"{name} can't be loaded ({error})",
            f"{entry.remedy} {otherwise}",
            package=error.name if isinstance(error, ModuleNotFoundError) else None,
        ) from error
