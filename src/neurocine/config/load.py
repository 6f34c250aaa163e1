"""Read and check a config file."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from neurocine.config.engine_section import EngineSection
from neurocine.config.whole import Config
from neurocine.core import FileMissing, InputError

#: Former names of keys, and their names now.
RENAMED = {"benchmark": "comparison", "evaluation.rivals": "evaluation.baselines"}

#: Shortens values in messages: with YAML aliases, a few bytes can expand to pages.
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 200
_SHOWN.maxlevel = 3


def parse_config(values: Mapping[str, Any], where: str | Path = "config") -> Config:
    """Return the validated config of `values`; missing keys take their defaults.

    Raises
    ------
    InputError
        On an unknown key or an impossible value, with the key's path and what is allowed.
    """
    try:
        return Config.model_validate(dict(values))
    except ValidationError as error:
        raise InputError(where, *explain(error, Config)) from error


def load_config(path: Path) -> Config:
    """Return the validated config of a YAML file.

    Raises
    ------
    InputError
        If the file is missing, isn't YAML, or `parse_config` refuses it.
    """
    if not path.is_file():
        remedy = "Go to the folder of your project, or set one up: `neurocine init MOVIES`."
        raise FileMissing(path, "file", "doesn't exist", remedy)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(path, "YAML", str(error).replace("\n", " "), "Correct the file.") from error
    if not isinstance(values, dict | None):
        raise InputError(path, "YAML", f"is a {type(values).__name__}", "Write `key: value` lines.")
    return parse_config(values or {}, path)


def explain(error: ValidationError, model: type[BaseModel]) -> tuple[str, str, str]:
    """Return the fields, problems and remedy of a validation error, worded for the user."""
    fields, problems = [], []
    for part in error.errors():
        key = ".".join(str(step) for step in part["loc"])
        if part["type"] == "extra_forbidden":
            section = _section(model, part["loc"][:-1])
            known = f"known keys: {', '.join(section.model_fields)}"
            renamed = f"its name is now {RENAMED.get(key)}"
            problems.append(f"unknown key {key}; {renamed if key in RENAMED else known}")
        elif part["type"] == "missing":
            problems.append(f"{key} is missing")
        else:
            message = part["msg"].removeprefix("Value error, ")
            problems.append(f"{key} is {_SHOWN.repr(part['input'])}: {message[:1].lower()}{message[1:]}")
        fields.append(key)
    return ", ".join(fields), "; ".join(problems), "Correct the value, or remove the key to use its default."


def _section(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    for step in path:
        annotation = _annotation(model, str(step))
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return model


def _annotation(model: type[BaseModel], key: str) -> object:
    if key not in model.model_fields and issubclass(model, EngineSection):
        return model.plugin_model(key)
    return model.model_fields[key].annotation
