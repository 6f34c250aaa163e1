"""Sphinx configuration."""

from collections.abc import Iterable

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from neurocine import __version__
from neurocine.steps import ALL, RECORDING_STEPS, Step

project = "neurocine"
author = "The neurocine developers"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
html_theme = "furo"
html_title = f"neurocine {release}"
exclude_patterns = ["build"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_mock_imports = ["suite2p", "torch", "tensorflow", "keras", "snakemake"]
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
# A noun is documented where it is made and offered where it is used.
suppress_warnings = ["ref.python"]


class StepsTable(Directive):
    """The steps of a recording, from their table."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        head = ("step", "what it does", "reads", "writes")
        return [_table(head, map(_row, RECORDING_STEPS))]


def _row(step: Step) -> tuple[str, ...]:
    reads = "all results" if step.reads == ALL else ", ".join(step.reads)
    return step.name, step.summary, reads, ", ".join(step.path(result) for result in step.writes)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> nodes.table:
    head = list(head)
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _cells(head))
    group += nodes.tbody("", *map(_cells, rows))
    return nodes.table("", group)


def _cells(texts: Iterable[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in texts))


def setup(app: Sphinx) -> None:
    """Add the directive ``steps``."""
    app.add_directive("steps", StepsTable)
