"""Models that another lab shares, or that a training wrote, checked as a whole and put into a registry."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurocine.core import InputError
from neurocine.io.atomic import atomic_path
from neurocine.io.safe.damage import check_regular
from neurocine.networks.registry import FILE, ModelEntry, Registry, install

#: Copied with a model where it is there: ``{name}.metrics.json`` in a registry, ``metrics.json`` in the
#: folder of a training.
EVIDENCE = ("metrics.json", "calibration.json", "curves.csv", "curves.png")
#: No card is larger.
CARD_BYTES = 2**20


@dataclass(frozen=True)
class InstalledModel:
    """A model that `install_models` was asked for.

    Attributes
    ----------
    name, entry
        Its name and entry in the registry that it is in now.
    card
        Text of its card, Markdown.
    new
        Whether it was installed; False: the same weights were there under this name.
    """

    name: str
    entry: ModelEntry
    card: str
    new: bool


def install_models(
    source: Path, into: Path, *, name: str | None = None, auto: bool = False, force: bool = False
) -> list[InstalledModel]:
    """Install the models in `source` into the registry in the folder `into`: all of them, or none.

    Each is loaded first: its checksum, its architecture and every array must be those of its entry.

    Parameters
    ----------
    source
        A folder with ``registry.yaml``, as other labs share and trainings write it; or the weights file of
        one of its models.
    into
        Folder of the registry; made if there is none.
    name
        Name that the model gets, if there is one; its own unless given.
    auto
        Whether the setting ``auto`` may choose them for their cell types; else they serve by name alone.
    force
        Replace other models of the same names.

    Raises
    ------
    InputError
        If a model is missing, damaged or not what its entry says, a name can't be a file's, or another model
        has it.
    """
    registry = _offered(source)
    if name is not None and (n := len(registry.entries)) != 1:
        raise InputError(source, "name", f"fits one model, but here are {n}", "Name a weights file.")
    present = Registry.load(into).entries if (into / FILE).is_file() else {}
    models = []
    for original, entry in registry.entries.items():
        target = original if name is None else name
        model = InstalledModel(target, _with_auto(entry, auto), _card(registry.folder / entry.card), new=True)
        if target in present and present[target].sha256 == entry.sha256:
            model = replace(model, entry=present[target], new=False)
        elif not force:
            _check_free(into, target, present)
        _check_loads(registry, original)
        models.append(model)
    for model, entry in zip(models, registry.entries.values(), strict=True):
        if model.new:
            weights = registry.folder / entry.file
            install(into, model.name, model.entry, weights, model.card)
            _copy_evidence(weights, into, model.name)
    installed = Registry.load(into).entries
    return [replace(model, entry=installed[model.name]) for model in models]


def summary(card: str) -> str:
    """Return what a card says before its first section, without its title and control characters."""
    lines = []
    for line in card.splitlines():
        if line.startswith("## "):
            break
        if not line.startswith("# "):
            lines.append("".join(letter if letter.isprintable() else " " for letter in line))
    return "\n".join(lines).strip()


def _offered(source: Path) -> Registry:
    """Return the registry of the models in `source`: those of a folder, or the one of a weights file."""
    if source.is_dir():
        registry = Registry.load(source)
        if not registry.entries:
            raise InputError(source / FILE, "models", "there are none", "Name a folder that holds models.")
        return registry
    registry = Registry.load(source.parent)
    entries = {name: entry for name, entry in registry.entries.items() if entry.file == source.name}
    if not entries:
        raise InputError(
            source, "file", f"isn't named in {FILE} beside it", "Name a folder, or weights that are."
        )
    return Registry(source.parent, entries)


def _check_free(into: Path, name: str, present: dict[str, ModelEntry]) -> None:
    # The file too: where names that differ in case are the same, another model may own it.
    if name in present or (into / f"{name}.h5").exists():
        raise InputError(
            into / FILE,
            f"model {name!r}",
            "another model has this name",
            "Choose another name with --name, or replace that model with --force.",
        )


def _check_loads(registry: Registry, name: str) -> None:
    task = registry.entries[name].task
    loaded: Any = registry.segmenter(name) if task == "stneuronet" else registry.model(name, task)
    del loaded


def _with_auto(entry: ModelEntry, auto: bool) -> ModelEntry:
    return entry if entry.task == "stneuronet" else entry.model_copy(update={"auto": auto})


def _card(path: Path) -> str:
    check_regular(path)
    if path.is_file() and path.stat().st_size > CARD_BYTES:
        raise InputError(path, "card", f"is larger than {CARD_BYTES:,} bytes", "Get the model again.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "card", f"can't be read ({error})", "Get the model with its card.") from error


def _copy_evidence(weights: Path, into: Path, name: str) -> None:
    prefix = "" if weights.name == ModelEntry.model_fields["file"].default else f"{weights.stem}."
    for evidence in EVIDENCE:
        path = weights.with_name(prefix + evidence)
        if path.is_file():
            with atomic_path(into / f"{name}.{evidence}") as part:
                shutil.copyfile(path, part)
