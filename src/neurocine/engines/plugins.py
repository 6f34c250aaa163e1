"""Make installed plug-ins importable for jobs that run in other environments."""

from __future__ import annotations

import os
from collections import defaultdict
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from neurocine.config.engines import ENGINES
from neurocine.io.atomic import replace_link, write_text


def expose_plugins(folder: Path) -> None:
    """Add a folder with the installed plug-ins to ``PYTHONPATH``; do nothing if there are none.

    A job in a conda environment of its own doesn't see what is installed here. The folder holds links to the
    packages of the plug-ins, and metadata with their entry points.

    Parameters
    ----------
    folder
        Folder to write. Several processes may do so at the same time.
    """
    by_distribution: dict[str, list[EntryPoint]] = defaultdict(list)
    for engines in ENGINES.values():
        for plugin in engines.plugins():
            by_distribution[plugin.dist.name if plugin.dist else plugin.module].append(plugin)
    for name, plugins in by_distribution.items():
        _expose(name, plugins, folder)
    if by_distribution:
        others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([*others, str(folder.absolute())]))


def _expose(name: str, plugins: list[EntryPoint], folder: Path) -> None:
    """Write metadata of the distribution `name` and links to its packages into `folder`."""
    info = folder / f"{name.replace('-', '_')}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    version = plugins[0].dist.version if plugins[0].dist else "0"
    write_text(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"[{plugin.group}]\n{plugin.name} = {plugin.value}\n" for plugin in plugins]
    write_text(info / "entry_points.txt", "".join(lines))
    for package in {plugin.module.partition(".")[0] for plugin in plugins}:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin).resolve()  # in a job, the package may be such a link
        target = origin.parent if origin.name == "__init__.py" else origin
        replace_link(folder / target.name, target)
