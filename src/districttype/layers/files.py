"""Providers read for their layers: an extract of OpenStreetMap in one pass for all it serves."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import shapely

from districttype.layers import canonical
from districttype.layers.osm import LAYERS as OSM_LAYERS
from districttype.layers.parts import WHOLE, Windows
from districttype.layers.shelf import Room
from districttype.providers import LayerProviders, Provider, Service
from districttype.sources.osmfile import is_extract, objects_about, read_extract
from districttype.sources.osmwindows import read_extract_windows
from districttype.sources.registry import Abundant, Raw, Wanted, read

# Of the objects that an extract is thought to hold its largest layer has a share: the estimate is
# at least twice too high for real files, and buildings are a third to a half of all.
SHARED = 4


class Files:
    """Read providers; an extract of OpenStreetMap in one pass for all the layers it serves."""

    def __init__(self, providers: LayerProviders, directory: Path, room: Room | None) -> None:
        self.directory = directory
        self.room = room
        self._waiting: dict[str, set[str]] = {}
        self._read: dict[tuple[str, str], Raw] = {}
        self._laid: dict[str, set[str]] = {}
        for layer, some in providers.items():
            for provider in some:
                file = _file(provider)
                if is_extract(file):
                    self._waiting.setdefault(file, set()).add(layer)

    @property
    def large(self) -> int:
        """Return from how many rows a provider is read by windows."""
        return sys.maxsize if self.room is None else self.room.large

    def read(self, layer: str, provider: Provider, area: shapely.Geometry | None) -> Raw:
        """Read what a layer wants of a provider; `area` is the city in WGS 84, where known.

        Raises
        ------
        Abundant
            If the rows are more than a large city has at once: `windows` reads them.
        """
        wanted = canonical.wanted(layer, provider, area)
        in_parts = self.room is not None and area is not None and layer not in WHOLE
        if in_parts:
            wanted = replace(wanted, most=self.large)
        file = _file(provider)
        if not is_extract(file):
            return read(provider, self.directory, wanted)
        path = self.directory / file
        about = objects_about(path, area) // SHARED
        abundant = about > self.large
        if abundant and in_parts:
            raise Abundant(about)
        waiting = self._waiting.get(file, set())
        if layer in waiting:
            # Districts say where the city is, so an extract that serves them is read whole; a
            # large one for them alone, and then for what is small.
            together = waiting
            if abundant:
                together = {layer} if area is None else waiting & {*WHOLE}
            wants = {
                name: canonical.wanted(name, provider, area)
                for name in sorted(together)
                if name in OSM_LAYERS
            }
            found = read_extract(path, wants, area)
            self._read |= {(file, name): raw for name, raw in found.items()}
            waiting -= set(wants)
        raw = self._read.pop((file, layer), None)
        return raw or read_extract(path, {layer: wanted}, area)[layer]

    def windows(self, layer: str, provider: Provider, windows: Windows) -> Iterator[Raw]:
        """Yield what a layer wants of a provider of each window, one after another."""
        areas = windows.areas(provider)
        file = _file(provider)
        if is_extract(file):
            yield from self._of_extract(layer, provider, areas)
            return
        rows = 0
        for area in areas:
            wanted = canonical.wanted(layer, provider, area)
            raw = read(provider, self.directory, replace(wanted, part=True))
            rows += len(raw.frame)
            yield raw
        if isinstance(provider, Service):
            from districttype.sources.features import check_count  # noqa: PLC0415 - needs a network

            check_count(rows, provider, Wanted(), provider.provider)

    def _of_extract(
        self, layer: str, provider: Provider, areas: list[shapely.Geometry]
    ) -> Iterator[Raw]:
        """Yield windows of an extract, which is read once for all layers that wait for it."""
        assert self.room is not None
        file = _file(provider)
        folder = self.room.folder / "extracts" / file.replace("/", "_")
        waiting = self._waiting.get(file, set())
        if layer not in self._laid.setdefault(file, set()):
            wants = {
                name: canonical.wanted(name, provider, None)
                for name in sorted({*waiting, layer} - {*WHOLE})
                if name in OSM_LAYERS
            }
            folder.mkdir(parents=True, exist_ok=True)
            boxes = [area.bounds for area in areas]
            for number, found in enumerate(
                read_extract_windows(self.directory / file, wants, boxes, folder)
            ):
                for name, raw in found.items():
                    _laid_raw(folder, name, number).write_bytes(pickle.dumps(raw))
            waiting -= set(wants)
            self._laid[file] |= set(wants)
        for number in range(len(areas)):
            yield pickle.loads(_laid_raw(folder, layer, number).read_bytes())  # noqa: S301 - ours


def _laid_raw(folder: Path, layer: str, number: int) -> Path:
    return folder / f"{layer}.{number}.pickle"


def _file(provider: Provider) -> str:
    return str(getattr(provider, "file", ""))
