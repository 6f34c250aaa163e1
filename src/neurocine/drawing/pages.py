"""Templates of HTML pages, and the format of numbers and pictures in them."""

from __future__ import annotations

import base64

import jinja2


def page_environment(*packages: str) -> jinja2.Environment:
    """Return the templates of `packages`, the first that has one; everything put into them is escaped."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def percent(value: float | None) -> str:
    """Return a share as a percentage, or a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}"


def quartile_text(values: dict[str, float | None]) -> str:
    """Return a median and its quartiles in percent."""
    if values["median"] is None:
        return "–"
    return f"{percent(values['median'])} ({percent(values['q25'])}–{percent(values['q75'])})"


def p_text(value: float | None) -> str:
    """Return p with one to three stars if it is below .05, .01 and .001, as in the paper."""
    if value is None:
        return "–"
    stars = "*" * sum(value < level for level in (0.05, 0.01, 0.001))
    return f"{value:.2g} {stars}".strip()


def spread_text(values: dict[str, float | None]) -> str:
    """Return mean and SD in percent."""
    if values["sd"] is None:
        return percent(values["mean"])
    return f"{percent(values['mean'])} ± {percent(values['sd'])}"


def embedded(png: bytes) -> str:
    """Return a PNG as base64, for a page that needs no other file."""
    return base64.b64encode(png).decode("ascii")
