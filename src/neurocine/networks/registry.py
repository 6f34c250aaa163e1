"""The registry of models: which network serves which task, cell type and indicator.

``models/registry.yaml`` names each weights file with its checksum, sampling and metrics; beside it lies the
card of each model. A model that doesn't match its entry is refused.

Settings name a model of the registry that ships with neurocine, or one of a lab's own registry as
``FOLDER/NAME``.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neurocine.core import FileMissing, InputError
from neurocine.io.atomic import atomic_path, write_text
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.networks.cells.normalisation import Normalisation
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import load_cell_weights, load_segmentation_weights
from neurocine.shipped import shipped

#: Of networks that read one cell at a time.
Task = Literal["activity", "celltype"]
AnyTask = Literal["activity", "celltype", "stneuronet"]
ServedType = Literal["pyramidal", "interneuron", "noise", "any"]
Positive = Annotated[float, Field(gt=0)]
#: A name that can't leave the registry's folder.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

FILE = "registry.yaml"
#: Fields of entries that only networks which read one cell at a time have.
CELL_FIELDS = frozenset({"types", "auto", "window_px", "normalisation", "threshold"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Metrics(_Strict):
    """How well a model does, and on which data."""

    on: str = Field(description="the data, and whether training saw it")
    values: dict[str, float] = Field(description="metric name to number")


class ModelEntry(_Strict):
    """One model of the registry; `install` fills in `file`, `card` and `sha256`.

    A model for ``stneuronet`` has none of `CELL_FIELDS`: its weights file says how movies are whitened and
    how probabilities become masks.
    """

    task: AnyTask
    types: tuple[ServedType, ...] = Field(
        ("any",), min_length=1, description="cell types that an activity classifier serves; any: all others"
    )
    auto: bool = Field(True, description="whether `auto` may choose it for its types")
    architecture: str = Field(description="a name in ARCHITECTURES, or a model's own")
    frame_rate_hz: Positive = Field(description="frame rate that movies are resampled or binned to")
    pixel_size_um: Positive = Field(description="pixel size that movies are resampled to")
    indicators: tuple[str, ...] = Field((), description="calcium indicators it was trained on")
    window_frames: int = Field(ge=1, description="frames of a window")
    window_px: int = Field(0, ge=0, description="edge of a patch in pixels")
    normalisation: Normalisation = Field("movie", description="how frames are scaled before they enter")
    threshold: float = Field(
        0.5, ge=0, le=1, description="probability over which metrics count a frame active"
    )
    metrics: Metrics
    file: FileName = Field("weights.h5", description="weights, in this folder")
    card: FileName = Field("card.md", description="what it was trained on and how to repeat that")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="checksum of the weights")

    @model_validator(mode="after")
    def _fields_of_its_task(self) -> Self:
        if self.task in get_args(Task):
            if self.window_px < 1:
                raise ValueError(f"window_px: a model for {self.task} needs it")
        elif foreign := sorted(CELL_FIELDS & self.model_fields_set):
            raise ValueError(f"{foreign[0]}: a model for {self.task} has none")
        return self

    def plain(self) -> dict[str, Any]:
        """Return the fields of its task as plain values, for YAML."""
        exclude = set() if self.task in get_args(Task) else set(CELL_FIELDS)
        return self.model_dump(mode="json", exclude=exclude)


class _File(_Strict):
    models: dict[FileName, ModelEntry]


@dataclass(frozen=True)
class Model:
    """A loaded model: its name, task and entry in the registry, its networks and what they are made of."""

    name: str
    task: Task
    entry: ModelEntry
    networks: Networks
    architecture: CellArchitecture


@dataclass(frozen=True)
class SegmentationModel:
    """A loaded model for ``stneuronet``: what `Segmenter` needs, and how its maps become masks.

    Attributes
    ----------
    name, entry
        Its name and entry in the registry.
    model, architecture
        The Keras model and what it is made of.
    postprocessing
        The values that were chosen for it.
    """

    name: str
    entry: ModelEntry
    model: Any
    architecture: SegmentationArchitecture
    postprocessing: Postprocessing


@dataclass(frozen=True)
class Registry:
    """The models in a folder, by name.

    Attributes
    ----------
    folder
        Where ``registry.yaml`` and the files that it names are.
    entries
        Models by name, in the order of the file.
    """

    folder: Path
    entries: dict[str, ModelEntry]

    @classmethod
    def load(cls, folder: Path | None = None) -> Registry:
        """Return the registry in `folder`, or the one that ships with neurocine.

        Raises
        ------
        InputError
            If there is none, or it isn't valid; the message names the model and the field.
        """
        folder = folder or shipped("models")
        path = folder / FILE
        if not path.is_file():
            raise FileMissing(path, "file", "doesn't exist", "Name a folder that holds models.")
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError(path, "file", f"isn't valid YAML ({error})", "Correct or replace it.") from error
        try:
            content = _File.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InputError(path, field or "file", first["msg"], "Correct this entry.") from error
        return cls(folder, dict(content.models))

    def resolve(self, name: str) -> tuple[Registry, str]:
        """Return the registry that a setting's model is in, and its name there.

        Parameters
        ----------
        name
            A model of this registry, or ``FOLDER/NAME`` for one of the registry in another folder.

        Raises
        ------
        InputError
            If that folder holds no valid registry.
        """
        folder, own = own_registry(name)
        return (self, name) if folder is None else (Registry.load(folder), own)

    def get(self, name: str, task: AnyTask) -> ModelEntry:
        """Return the entry of the model `name`, here or in the folder that the name gives.

        Raises
        ------
        InputError
            If there is none of this name, or it is for another task.
        """
        registry, own = self.resolve(name)
        entry = registry.entries.get(own)
        if entry is None or entry.task != task:
            problem = "isn't in the registry" if entry is None else f"is a model for {entry.task}"
            known = [key for key, value in registry.entries.items() if value.task == task]
            raise InputError(
                registry.folder / FILE,
                f"model {own!r}",
                problem,
                f"Models for {task} are: {', '.join(known) or 'none'}.",
            )
        return entry

    def serving(self, cell_type: str, indicator: str, task: Task = "activity") -> str:
        """Return the name of the model that serves a cell type.

        Models that name the type come first, then those for ``any``; among these one that was trained on
        the indicator, else the first of the file. Models that aren't for ``auto`` never serve.

        Raises
        ------
        InputError
            If none serves it.
        """
        of_task = {name: e for name, e in self.entries.items() if e.task == task and e.auto}
        for wanted in dict.fromkeys((cell_type, "any")):
            serving = {name: entry for name, entry in of_task.items() if wanted in entry.types}
            for name, entry in serving.items():
                if indicator.casefold() in (known.casefold() for known in entry.indicators):
                    return name
            if serving:
                return next(iter(serving))
        remedy = "Name a model in the settings." if of_task else f"Train or install a model for {task}."
        raise InputError(self.folder / FILE, "types", f"no {task} model serves {cell_type!r}", remedy)

    def model(self, name: str, task: Task) -> Model:
        """Return the loaded model `name`, its checksum and sizes checked.

        Raises
        ------
        InputError
            If the weights are missing, aren't those that were registered, or don't fit the entry.
        """
        entry, path = self._weights(name, task)
        networks, architecture, _ = load_cell_weights(path)
        _fit(path, architecture, entry, "architecture", "window_frames", "window_px", "normalisation")
        output = "frames" if task == "activity" else "types"
        if architecture.output != output:
            raise _unfit(path, "output", architecture.output, output)
        return Model(name, task, entry, networks, architecture)

    def segmenter(self, name: str) -> SegmentationModel:
        """Return the loaded model `name` for ``stneuronet``, its checksum and sizes checked.

        Raises
        ------
        InputError
            If the weights are missing, aren't those that were registered, or don't fit the entry.
        """
        entry, path = self._weights(name, "stneuronet")
        model, architecture, postprocessing, _ = load_segmentation_weights(path)
        _fit(path, architecture, entry, "architecture", "window_frames", "frame_rate_hz", "pixel_size_um")
        return SegmentationModel(name, entry, model, architecture, postprocessing)

    def _weights(self, name: str, task: AnyTask) -> tuple[ModelEntry, Path]:
        """Return the entry of the model `name` and its weights file, whose checksum is right."""
        entry = self.get(name, task)
        registry, own = self.resolve(name)
        path = registry.folder / entry.file
        if not path.is_file():
            raise InputError(path, "file", f"the weights of {own!r} are missing", "Get the model again.")
        checksum = sha256(path)
        if checksum != entry.sha256:
            raise InputError(
                path,
                "sha256",
                f"is {checksum[:12]}…, the registry has {entry.sha256[:12] or 'none'}…",
                "The weights were changed or cut off: get them again.",
            )
        return entry, path


def _fit(
    path: Path, architecture: CellArchitecture | SegmentationArchitecture, entry: ModelEntry, *names: str
) -> None:
    for name in names:
        have = architecture.name if name == "architecture" else getattr(architecture, name)
        if have != getattr(entry, name):
            raise _unfit(path, name, have, getattr(entry, name))


def _unfit(path: Path, field: str, have: object, want: object) -> InputError:
    return InputError(path, field, f"is {have!r}, the registry has {want!r}", "Get the model again.")


def own_registry(name: str) -> tuple[Path | None, str]:
    """Return the folder that a setting's model name gives, None if it gives none, and the rest of the name.

    ``FOLDER/NAME`` is the model ``NAME`` of the registry in ``FOLDER``, relative to the working folder.
    """
    folder, _, own = name.rpartition("/")
    return (Path(folder).expanduser(), own) if folder else (None, name)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(folder: Path, name: str, entry: ModelEntry, weights: Path, card: str) -> ModelEntry:
    """Add a model to the registry in `folder`, or replace the one of that name.

    Parameters
    ----------
    folder
        The registry's folder; made if there is none.
    name
        The model's name; its files are ``{name}.h5`` and ``{name}.md``.
    entry
        What it is; file, card and checksum are filled in.
    weights
        A file of `neurocine.networks.weights.save_cell_weights` or of `save_segmentation_weights`.
    card
        Text of its card, Markdown.

    Returns
    -------
    ModelEntry
        The entry as registered.

    Raises
    ------
    InputError
        If the registry there isn't valid, or the name can't be a file's.
    """
    known = Registry.load(folder).entries if (folder / FILE).is_file() else {}
    entry = entry.model_copy(update={"file": f"{name}.h5", "card": f"{name}.md", "sha256": sha256(weights)})
    content = _checked(folder, {**known, name: entry}, name)
    with atomic_path(folder / entry.file) as part:
        shutil.copyfile(weights, part)
    write_text(folder / entry.card, card)
    _write(folder, content)
    return entry


def register_trained(folder: Path, name: str, entry: ModelEntry) -> ModelEntry:
    """Write the registry of the one model that a training left in `folder`, so that it can be installed.

    Parameters
    ----------
    folder
        Where the files ``weights.h5`` and ``card.md`` are.
    name, entry
        The model's name, and what it is; file, card and checksum are filled in.

    Returns
    -------
    ModelEntry
        The entry as registered.
    """
    files = {key: ModelEntry.model_fields[key].default for key in ("file", "card")}
    entry = entry.model_copy(update={**files, "sha256": sha256(folder / files["file"])})
    _write(folder, _checked(folder, {name: entry}, name))
    return entry


def _checked(folder: Path, entries: dict[str, ModelEntry], new: str) -> _File:
    try:
        return _File.model_validate({"models": entries})
    except ValidationError as error:
        raise InputError(folder / FILE, f"model {new!r}", error.errors()[0]["msg"], "Rename it.") from error


def _write(folder: Path, content: _File) -> None:
    plain = {"models": {name: entry.plain() for name, entry in content.models.items()}}
    write_text(folder / FILE, yaml.safe_dump(plain, sort_keys=False))
