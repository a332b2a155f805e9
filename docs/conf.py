"""Sphinx: pages in Markdown, tables from the program itself, nothing from elsewhere when read."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from districttype import __version__

project = "districttype"
author = "The districttype developers"
copyright = author  # noqa: A001 - the name Sphinx looks for
release = __version__
language = "en"

extensions = ["myst_parser", "sphinx_copybutton", "tables"]
myst_heading_anchors = 3
nitpicky = True
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["own.css"]
html_title = f"districttype {release}"
html_show_sphinx = False
html_copy_source = False
