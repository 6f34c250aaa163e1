"""Sphinx configuration."""

from neurocine import __version__

project = "neurocine"
author = "The neurocine developers"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"]
html_theme = "furo"
html_title = f"neurocine {release}"
exclude_patterns = ["build"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_mock_imports = ["suite2p", "torch", "tensorflow", "keras", "snakemake"]
autosummary_generate = True
numpydoc_show_class_members = False
