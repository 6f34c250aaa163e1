"""A section of the config whose engine may come from a plug-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from neurocine.config.engines import OWN_PLUGINS, EngineTable
from neurocine.config.section import Section

ModelT = TypeVar("ModelT", bound=BaseModel)


class EngineSection(Section):
    """A section that names an engine.

    Beside its own keys it accepts the sections of installed plug-ins, each validated by the plug-in's model;
    other keys are rejected. The section of the chosen engine is filled with its defaults, those of other
    plug-ins are there only if the config has them, so that installed plug-ins don't alter the settings.
    """

    # In the JSON schema, which knows no plug-ins, other keys are sections.
    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": {"type": "object"}})

    engines: ClassVar[EngineTable]
    engine_key: ClassVar[str] = "engine"

    @field_validator("engine", "deconvolution", check_fields=False)
    @classmethod
    def _known(cls, engine: str) -> str:
        return cls.engines.require(engine)

    @model_validator(mode="wrap")
    @classmethod
    def _with_plugins(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(values, Mapping):
            return handler(values)
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        others = {str(key): value for key, value in values.items() if key not in own}
        engine = own.get(cls.engine_key, cls.model_fields[cls.engine_key].default)
        if isinstance(engine, str) and (model := cls.plugin_model(engine)) is not None:
            others.setdefault(engine, {})
        sections: dict[str, Any] = {}
        errors: list[InitErrorDetails] = []
        for name, value in others.items():
            if (model := cls.plugin_model(name)) is None:
                errors.append(InitErrorDetails(type=_unknown(name), loc=(name,), input=value))
                continue
            try:
                sections[name] = model.model_validate(value)
            except ValidationError as error:
                errors += _details(error, name)
        try:
            section = handler(own | sections)
        except ValidationError as error:
            errors = [*_details(error), *errors]
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return section

    @classmethod
    def plugin_model(cls, engine: str) -> type[BaseModel] | None:
        """Return the model of a plug-in's section; None if `engine` isn't a plug-in or has no settings."""
        known = engine not in cls.engines.own and engine in cls.engines
        return cls.engines[engine].settings if known else None

    def of_plugin(self, model: type[ModelT]) -> ModelT:
        """Return the settings of a plug-in, with its defaults if the config has no section of it.

        Parameters
        ----------
        model
            Their model, as in `EngineEntry.settings`.
        """
        sections = (self.model_extra or {}).values()
        return next((section for section in sections if isinstance(section, model)), model())

    def dump_for(self, engine: str) -> dict[str, Any]:
        """Return the settings as plain values, without the sections of engines other than `engine`."""
        sections = {name for name, value in self if isinstance(value, BaseModel)}
        return self.model_dump(exclude={name for name in sections if not engine.startswith(name)})


def _unknown(name: str) -> PydanticCustomError:
    if name in OWN_PLUGINS:
        message = f"the plug-in with this section isn't installed; {OWN_PLUGINS[name]}, or remove the section"
        return PydanticCustomError("plugin", "{message}", {"message": message})
    return PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")


def _details(error: ValidationError, *section: str) -> Iterator[InitErrorDetails]:
    """Yield the errors in `error`, with their keys below `section`."""
    for part in error.errors():
        problem = PydanticCustomError(part["type"], "{message}", {"message": part["msg"]})
        yield InitErrorDetails(type=problem, loc=(*section, *part["loc"]), input=part["input"])
