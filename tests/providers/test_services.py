"""One table a provider; a fault is named as it stands in the file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from pydantic import TypeAdapter

from districttype.errors import ConfigError
from districttype.providers import PROTOCOLS, LayerProviders, VectorFile, Wfs, validate
from districttype.sources.registry import SOURCES

WFS = {"provider": "HSY", "source": "wfs", "url": "https://example.org/wfs", "type": "a:b"}


def read(table: dict[str, Any]) -> LayerProviders:
    return validate(table, TypeAdapter(LayerProviders), where="layers.toml")


def test_a_table_without_source_is_a_file() -> None:
    (provider,) = read({"buildings": [{"provider": "Espoo", "file": "b.gpkg"}]})["buildings"]
    assert isinstance(provider, VectorFile)


def test_source_chooses_the_model_of_its_protocol() -> None:
    (provider,) = read({"buildings": [WFS]})["buildings"]
    assert isinstance(provider, Wfs)
    assert provider.version == "2.0.0"


def test_every_protocol_is_read_by_a_module_of_its_own() -> None:
    assert {*PROTOCOLS} - {"figures"} == {*SOURCES}  # figures are drawn, not read
    for name, module in SOURCES.items():
        assert callable(import_module(module).read), name


def test_a_join_names_a_provider_of_its_own() -> None:
    join = {"on": "id", "to": "tunnus", "fill": {"heating": "lammitystapa"}, "provider": WFS}
    (provider,) = read({"buildings": [{**WFS, "joins": [join]}]})["buildings"]
    assert isinstance(provider, Wfs)
    assert isinstance(provider.joins[0].provider, Wfs)


HEIGHTS = {"provider": "C", "source": "webterrain", "url": "https://example.org/{tile}.tif"}
PEOPLE = {**HEIGHTS, "source": "grid", "bands": {"residents": "2020"}}


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({**HEIGHTS, "resolution": 50, "nodata": [0]}, "can no longer be told from a height"),
        ({**PEOPLE, "resolution": 500}, "buildings.0.resolution: "),
        ({**WFS, "typ": "x"}, "layers.toml: buildings.0.typ: unknown key"),
        (
            {**WFS, "source": "wsf"},
            "layers.toml: buildings.0: no such source; known are vectorfile",
        ),
        (
            {**WFS, "url": "kartat.espoo.fi"},
            "buildings.0.url: 'kartat.espoo.fi' is no",
        ),
        ({**WFS, "newest": "a_(?P<year>..)"}, "give one of `type`, `newest` and `like`"),
        ({**WFS, "type": "", "newest": "a_2024"}, "`newest` needs a group named year"),
    ],
)
def test_a_fault_is_named_as_it_stands_in_the_file(table: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as fault:
        read({"buildings": [table]})
    assert line in str(fault.value)
    assert "\n" not in str(fault.value)
