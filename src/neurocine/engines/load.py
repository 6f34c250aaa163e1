"""The module of an engine, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from neurocine.config.engines import EngineEntry
from neurocine.core import EngineMissing


def engine_module(
    engines: Mapping[str, EngineEntry], name: str, key: str, otherwise: str = "Or choose another engine."
) -> ModuleType:
    """Return the module of an engine.

    Parameters
    ----------
    engines
        The step's engines by name.
    name
        The one that is asked for.
    key
        Where the config names it, for the message.
    otherwise
        What else can be done than what `EngineEntry.remedy` says.

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
