"""Generate ``config/config.yaml`` and the schemas from the pydantic models."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from neurocine.config.recordings import RecordingRow
from neurocine.config.whole import Config
from neurocine.io.atomic import write_text

_HEADER = """\
# yaml-language-server: $schema=schemas/config.schema.yaml
# Settings of neurocine. Every key is optional: the values shown are the defaults.

"""


def config_text(config: Config | None = None) -> str:
    """Return `config` (the defaults unless given) as commented YAML."""
    return _HEADER + "\n".join(_section_lines(config or Config(), indent=0)) + "\n"


def _section_lines(section: BaseModel, indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            doc = (type(value).__doc__ or "").strip().splitlines()[0]
            lines += ["", f"{pad}# {doc}"] if indent == 0 else [f"{pad}# {doc}"]
            lines += [f"{pad}{name}:", *_section_lines(value, indent + 2)]
        else:
            lines += [f"{pad}# {line}" for line in textwrap.wrap(field.description or "", 100 - indent)]
            lines += _value_lines(name, value, pad)
    return lines


def _value_lines(name: str, value: Any, pad: str) -> list[str]:
    """Return a key and its value on one line, or one line per entry for a dict of dicts."""
    if not isinstance(value, dict) or not all(isinstance(inner, dict) for inner in value.values()):
        return [f"{pad}{name}: {_scalar(value)}"]
    return [f"{pad}{name}:", *(f"{pad}  {_scalar(key)}: {_scalar(inner)}" for key, inner in value.items())]


def _scalar(value: Any) -> str:
    if isinstance(value, tuple):
        value = list(value)
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    return text.removesuffix("...\n").strip()


def schema_text(model: type[BaseModel]) -> str:
    """Return the JSON schema of `model` as YAML."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return yaml.safe_dump(schema, sort_keys=False, allow_unicode=True)


def generated(root: Path) -> dict[Path, str]:
    """Return the generated files of a checkout and their contents."""
    return {
        root / "config" / "config.yaml": config_text(),
        root / "config" / "schemas" / "config.schema.yaml": schema_text(Config),
        root / "config" / "schemas" / "recordings.schema.yaml": schema_text(RecordingRow),
    }


if __name__ == "__main__":
    for path, text in generated(Path(__file__).parents[3]).items():
        write_text(path, text)
