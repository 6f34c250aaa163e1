"""Sphinx configuration."""

from neurocine import __version__

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
