"""Real servers on loopback: MapServer and QGIS Server (Debian packages), pygeoapi (from PyPI)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from xml.sax.saxutils import escape

import httpx
import pyogrio
import yaml
from pyproj import CRS

from needs import require_system
from servers.cgi import cgi

MAPSERV = Path("/usr/lib/cgi-bin/mapserv")
QGIS = Path("/usr/bin/qgis_mapserver")
STAMP = "_20260101_0000_0000_000000000000"


@contextmanager
def mapserver(folder: Path, layers: dict[str, Path], *, cap: int | None = None) -> Iterator[str]:
    """Serve layers of GeoPackages by WFS; `cap` is the most rows it gives at once."""
    require_system("MapServer", present=MAPSERV.exists(), install="cgi-mapserver")
    mapfile = folder / "served.map"
    parts = [_mapserver_layer(name, path) for name, path in layers.items()]
    limit = f'"wfs_maxfeatures" "{cap}"' if cap else ""
    (folder / "mapserver.conf").write_text("CONFIG\n  ENV\n  END\nEND\n")
    mapfile.write_text(
        dedent(f"""
        MAP
          NAME "served"
          PROJECTION "init=epsg:3067" END
          EXTENT 350000 6650000 400000 6700000
          OUTPUTFORMAT
            NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json; subtype=geojson"
            FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=SIMPLE"
            FORMATOPTION "LCO:COORDINATE_PRECISION=9" FORMATOPTION "USE_FEATUREID=true"
          END
          WEB METADATA
            "wfs_title" "served" "wfs_enable_request" "*" "wfs_srs" "EPSG:3067 EPSG:3879 EPSG:4326"
            "wfs_onlineresource" "http://localhost/never-asked?" {limit}
          END END
          {" ".join(parts)}
        END
        """)
    )
    config = folder / "mapserver.conf"
    environment = {"MS_MAPFILE": str(mapfile), "MAPSERVER_CONFIG_FILE": str(config)}
    with cgi(str(MAPSERV), environment) as url:
        yield url


def _mapserver_layer(name: str, path: Path) -> str:
    info = pyogrio.read_info(path)
    kind = {"Point": "POINT", "LineString": "LINE"}.get(info["geometry_type"], "POLYGON")
    return f"""
      LAYER
        NAME "{name}" TYPE {kind} STATUS ON
        CONNECTIONTYPE OGR CONNECTION "{path}" DATA "{info["layer_name"]}"
        PROJECTION "init={info["crs"].lower()}" END
        METADATA
          "wfs_title" "{name}" "wfs_srs" "{info["crs"]} EPSG:3067 EPSG:4326"
          "gml_include_items" "all" "gml_featureid" "fid"
          "wfs_use_default_extent_for_getfeature" "false"
          "wfs_getfeature_formatlist" "gml,geojson" "wfs_enable_request" "*"
        END
        TEMPLATE "none"
      END"""


@contextmanager
def qgis_server(folder: Path, layers: dict[str, Path]) -> Iterator[str]:
    """Serve layers of GeoPackages by WFS from a project written by hand."""
    require_system("QGIS Server", present=QGIS.exists(), install="qgis-server")
    project = folder / "served.qgs"
    tree, maps, names, precision = [], [], [], []
    # QGIS takes the last characters of an id for a time stamp: a shorter id is no id.
    for name, path in layers.items():
        info = pyogrio.read_info(path)
        source = f"{path}|layername={info['layer_name']}"
        kind = {"Point": "Point", "LineString": "Line"}.get(info["geometry_type"], "Polygon")
        tree.append(
            f'<layer-tree-layer id="{name}{STAMP}" name="{name}" providerKey="ogr" '
            'checked="Qt::Checked"/>'
        )
        maps.append(
            f'<maplayer type="vector" geometry="{kind}"><id>{name}{STAMP}</id>'
            f"<datasource>{source}</datasource><layername>{name}</layername>"
            f'<provider encoding="UTF-8">ogr</provider>'
            f"<srs>{_qgis_crs(info['crs'])}</srs></maplayer>"
        )
        names.append(f"<value>{name}{STAMP}</value>")
        precision.append(f'<{name}{STAMP} type="int">9</{name}{STAMP}>')
    project.write_text(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis projectname="served" version="3.22.16">'
        f"<projectCrs>{_qgis_crs('EPSG:3067')}</projectCrs>"
        f"<layer-tree-group>{''.join(tree)}</layer-tree-group>"
        f"<projectlayers>{''.join(maps)}</projectlayers>"
        f'<properties><WFSLayers type="QStringList">{"".join(names)}</WFSLayers>'
        f"<WFSLayersPrecision>{''.join(precision)}</WFSLayersPrecision></properties></qgis>"
    )
    port = _free_port()
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)}
    command = [str(QGIS), "-l", "2", "-p", str(project), f"127.0.0.1:{port}"]
    yield from _running(command, environment, f"http://127.0.0.1:{port}/wfs3")


def _qgis_crs(name: str) -> str:
    """Write a coordinate system as QGIS wants it; the name alone is not enough."""
    crs = CRS(name)
    wkt = escape(crs.to_wkt("WKT2_2018"))
    return (
        f"<spatialrefsys><wkt>{wkt}</wkt><srid>{crs.to_epsg()}</srid><authid>{name}</authid>"
        f"<description>{crs.name}</description></spatialrefsys>"
    )


def _running(command: list[str], environment: dict[str, str], ready: str) -> Iterator[str]:
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + 180  # several seconds on a free machine
            while time.monotonic() < until:
                try:
                    httpx.get(ready, timeout=20)
                    break
                except httpx.TransportError:
                    assert process.poll() is None, f"{command[0]} ended"
                    time.sleep(0.2)
            else:
                raise AssertionError(f"{command[0]} does not answer")
            yield ready.rpartition("/")[0] + "/"
        finally:
            process.terminate()
            process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def pygeoapi(folder: Path, layers: dict[str, Path]) -> Iterator[str]:
    """Serve GeoJSON files, in whatever coordinate system they state, by OGC API Features."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    resources = {name: _pygeoapi_layer(name, path) for name, path in layers.items()}
    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": url, "mimetype": "application/json",
            "encoding": "utf-8", "languages": ["en-US"], "pretty_print": False, "gzip": True,
            "limits": {"default_items": 10, "max_items": 1000},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": {"en": "served"}, "description": {"en": "served"}, "keywords": {"en": []},
                "keywords_type": "theme", "terms_of_service": "", "url": url,
            },
            "license": {"name": "CC BY 4.0", "url": ""},
            "provider": {"name": "test", "url": ""},
            "contact": {"name": "test"},
        },
        "resources": resources,
    }  # fmt: skip
    path, api = folder / "pygeoapi.yml", folder / "openapi.yml"
    path.write_text(yaml.safe_dump(config))
    environment = {**os.environ, "PYGEOAPI_CONFIG": str(path), "PYGEOAPI_OPENAPI": str(api)}
    command = [sys.executable, "-W", "ignore", "-c", "from pygeoapi import cli; cli()"]
    generate = [*command, "openapi", "generate", str(path), "--output-file", str(api)]
    subprocess.run(generate, env=environment, check=True, capture_output=True)
    yield from _running([*command, "serve"], environment, f"{url}/conformance")


def _pygeoapi_layer(name: str, path: Path) -> dict[str, object]:
    """Serve GeoJSON: pygeoapi reads other files only with GDAL's own Python bindings."""
    info = pyogrio.read_info(path)
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{info['crs'].rpartition(':')[2]}"
    crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    return {
        "type": "collection", "title": {"en": name}, "description": {"en": name},
        "keywords": {"en": []}, "links": [],
        "extents": {"spatial": {"bbox": [20, 59, 32, 71], "crs": crs84}},
        "providers": [{
            "type": "feature", "name": "GeoJSON", "data": str(path), "id_field": "fid",
            "crs": [crs84, uri], "storage_crs": uri,
        }],
    }  # fmt: skip
