"""What any network is made of, as plain values there and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, Self

from neurocine.core import InputError


@dataclass(frozen=True, kw_only=True)
class Serialisable:
    """Sizes of a network of some family, which a file can hold.

    Attributes
    ----------
    name
        Its name among the known architectures, or one of your own.
    """

    family: ClassVar[str]

    name: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {"family": self.family, **values}

    @classmethod
    def of(cls, values: Mapping[str, Any], where: str) -> Self:
        """Return the architecture of this family with `values`.

        Raises
        ------
        InputError
            If a key is unknown or missing, or a value has the wrong type or is out of bounds.
        """
        known = {f.name for f in fields(cls)}
        needed = {f.name for f in fields(cls) if f.default is MISSING}
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        if not needed <= set(plain) <= known:
            odd = sorted((set(plain) - known) | (needed - set(plain)))[0]
            raise InputError(where, odd, "is missing or unknown", "Give the keys of to_dict().")
        try:
            return cls(**plain)
        except TypeError as error:
            raise InputError(
                where, "architecture", f"has a wrong type ({error})", "Make it again."
            ) from error

    def _wrong(self, name: str, wanted: str) -> InputError:
        return InputError(
            f"architecture {self.name}", name, f"is {getattr(self, name)!r}", f"It must be {wanted}."
        )
