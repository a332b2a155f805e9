"""A folium map that stands on its own: Leaflet and our own script and style inside the page.

folium's default lists name four hosts; without a network such a page stays blank. Here they are
empty, Leaflet comes from an installed package, and the page asks nobody for anything.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import files as package_files
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from markupsafe import Markup

from districttype.errors import ConfigError
from districttype.publish.templating import SCRIPTS, environment, static

LEAFLET = "django-js-lib-leaflet"


@cache
def leaflet(name: str) -> str:
    """Return a file of Leaflet (`leaflet.js`, `leaflet.css`) as text.

    Raises
    ------
    ConfigError
        If the package that brings it is not installed whole.
    """
    found = [path for path in package_files(LEAFLET) or () if path.name == name]
    if not found:
        raise ConfigError(
            f"{name} is missing", where=LEAFLET, todo=f"pip install --force-reinstall {LEAFLET}"
        )
    text = found[0].read_text(encoding="utf-8")
    return text.replace("//# sourceMappingURL=leaflet.js.map", "")


class Sheet(Figure):
    """A page with a language, a title, and its script after its content."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.language }}">
<head>
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ this.title|e }}</title>
{{ this.header.render(**kwargs) }}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script>
{{ this.script.render(**kwargs) }}
</script>
</body>
</html>
"""
    )

    def __init__(self, title: str, language: str) -> None:
        super().__init__(title=title)
        self._id = "page"  # folium's ids are random; these pages are to be the same each time
        self.language = language


class PlainMap(folium.Map):
    """A folium map without the scripts and styles of other hosts, and free to be zoomed."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - as folium has it
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - as folium has it
    _template = Template(
        """
{% macro html(this, kwargs) %}
<main id="stage"><div class="folium-map" id={{ this.get_name()|tojson }}></div></main>
{% endmacro %}
{% macro script(this, kwargs) %}
var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
  zoomAnimation: !still, fadeAnimation: !still, inertia: !still,
  center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
});
{% endmacro %}
"""
    )


class Viewer(MacroElement):
    """Our own controls, panel and legend around the map, and the data they show."""

    _template = Template(
        """
{% macro html(this, kwargs) %}{{ this.controls }}
<script type="application/json" id="data">{{ this.data }}</script>{% endmacro %}
{% macro script(this, kwargs) %}
{{ this.code }}
districttype.start({{ this._parent.get_name() }});
{% endmacro %}
"""
    )

    def __init__(self, controls: str, data: str, code: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Viewer", "viewer"
        self.controls, self.data, self.code = controls, data, code


def map_page(payload: dict[str, Any], *, title: str, language: str, page: str) -> str:
    """Return a whole page with a map.

    Parameters
    ----------
    payload
        What the script reads (see `payload.py`); any text in it may hold markup, which shows as
        text.
    title
        Title of the window.
    language
        Language the page opens in where the reader has chosen none.
    page
        Which of the pages it is: `typology` or `focus`.
    """
    west, south, east, north = payload["bounds"]
    chart = PlainMap(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=11,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=120,
        min_zoom=8,
        max_zoom=18,
    )
    chart._id = "city"  # noqa: SLF001 - folium has no other way to name a map
    sheet = Sheet(title, language)
    sheet.add_child(chart)
    for name, css in (("leaflet_css", leaflet("leaflet.css")), ("style", static("map.css"))):
        sheet.header.add_child(Element(_raw(f"<style>\n{css}\n</style>")), name=name)
    sheet.script.add_child(Element(_raw(leaflet("leaflet.js"))), name="leaflet")
    controls = environment().get_template("controls.html").render(page=page)
    code = "\n".join(static(name) for name in SCRIPTS)
    chart.add_child(Viewer(controls, to_script(payload), code))
    return str(sheet.render())


def to_script(data: Any) -> Markup:
    """Return data as JSON that no HTML parser can mistake for markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - it holds no sign that HTML knows


def _raw(text: str) -> str:
    """Keep Jinja from reading a script or a style as a template."""
    return "{% raw %}" + text + "{% endraw %}"
