"""Layers that published figures complete: drawn within the districts that another provider gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import shapely

from districttype.errors import ConfigError
from districttype.layers.area import in_common
from districttype.layers.layer import Layer, Layers
from districttype.layers.reconstructed import figures_layers
from districttype.providers import LayerProviders, Provider, PublishedFigures
from districttype.sources.figures import load_figures, onto, reconstruct

LOST = "rows of figures in no district left out"


@dataclass
class Drawings:
    """Draw what figures are to serve, once for all the layers of a set of figures."""

    providers: LayerProviders
    directory: Path

    def __post_init__(self) -> None:
        self._drawn: dict[str, Mapping[str, Layer]] = {}

    def layer(self, name: str, layers: Layers) -> Layer | None:
        """Return a layer if figures serve it.

        Parameters
        ----------
        name
            Name of the layer.
        layers
            What was collected before, the districts first.

        Raises
        ------
        ConfigError
            If figures share a layer with other providers, or do not tell enough to draw it.
        """
        figures = _figures_of(name, self.providers[name])
        if figures is None:
            return None
        if figures not in self._drawn:
            self._drawn[figures] = self._draw(figures, layers)
        if name not in self._drawn[figures]:
            raise ConfigError(
                f"the figures of {figures} do not tell enough to draw {name}",
                where=f"layer {name}",
                todo=f"they serve {', '.join(self._drawn[figures])}",
            )
        return self._drawn[figures][name]

    def _draw(self, name: str, layers: Layers) -> Mapping[str, Layer]:
        folder = self.directory / name
        own = (folder / "districts.csv").is_file()
        figures = load_figures(folder if own else name)
        wanted = [n for n, some in self.providers.items() if _figures_of(n, some) == name]
        districts = layers.frame("districts")
        area, lost = None, 0
        if districts is not None:
            figures, told, lost = onto(figures, districts)
            if not told.all():
                area = shapely.union_all(districts.geometry.to_numpy()[told])
        made = reconstruct(figures, layers.crs, grid_origin=layers.grid_origin, only=wanted)
        drawn = figures_layers(figures, made)
        return {n: _with_gaps(layer, area, lost) for n, layer in drawn.items()}


def _figures_of(name: str, providers: Sequence[Provider]) -> str | None:
    """Return the figures that serve a layer, None where something else does."""
    sets = [p.figures for p in providers if isinstance(p, PublishedFigures)]
    if not sets:
        return None
    if len(providers) > 1:
        raise ConfigError(
            "figures cannot share a layer with another provider",
            where=f"layer {name}",
            todo="name one provider",
        )
    return sets[0]


def _with_gaps(layer: Layer, area: shapely.Geometry | None, lost: int) -> Layer:
    """Say that nothing is known of a layer outside an area, and count the figures left out."""
    known = in_common([area, layer.coverage])
    if not lost:
        return replace(layer, coverage=known)
    changes = {LOST: lost}
    origins = tuple(part.model_copy(update={"changes": changes}) for part in layer.provenance)
    return replace(layer, coverage=known, provenance=origins)
