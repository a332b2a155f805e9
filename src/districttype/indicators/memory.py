"""What an earlier run has measured, so that a run that was stopped goes on where it was.

Indicators follow from the zones, the layers and the program, and from nothing else. They are kept
under the fingerprint of all three; whatever differs, they are measured anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from districttype.fingerprint import fingerprint, of_frame, of_parts, of_shape, program
from districttype.layers.layer import Layers
from districttype.zones import Zones

KEY = b"districttype"


@dataclass(frozen=True)
class Memory:
    """Tables of indicators kept in a folder, one file a zone set.

    Attributes
    ----------
    folder
        Where they lie; made when there is something to keep.
    layers
        Fingerprint of the layers they are measured from, and of the program.
    """

    folder: Path
    layers: str

    @classmethod
    def of(cls, layers: Layers, folder: Path) -> Self:
        """Return the memory of what is measured from some layers."""
        told = {field.name: getattr(layers, field.name) for field in fields(layers)}
        beside = {name: str(fact) for name, fact in told.items() if name != "tables"}
        parts: list[str | bytes] = [program(), repr(beside)]
        for name, layer in sorted(layers.items()):
            lacks = repr(sorted(layer.lacks))
            rows = of_parts(layer.frame, layer.by_part())
            parts += [name, rows, of_shape(layer.coverage), lacks]
        return cls(folder, fingerprint(parts))

    def recall(self, zones: Zones, names: Collection[str] | None = None) -> pd.DataFrame | None:
        """Return the indicators of a zone set as they were measured; None if they are not known.

        Parameters
        ----------
        zones
            The zones, as they are now.
        names
            The indicators wanted; all without it.
        """
        try:
            table = pq.read_table(self._file(zones))
        except (OSError, pa.ArrowException):
            return None
        if (table.schema.metadata or {}).get(KEY) != self._key(zones, names):
            return None
        found = table.to_pandas()
        found.index = pd.Index(found.index.astype(object), name=zones.ids.name)
        return found

    def keep(
        self, zones: Zones, indicators: pd.DataFrame, names: Collection[str] | None = None
    ) -> None:
        """Keep the indicators of a zone set; where that cannot be, only time is lost."""
        table = pa.Table.from_pandas(indicators)
        about = {**(table.schema.metadata or {}), KEY: self._key(zones, names)}
        file = self._file(zones)
        part = file.with_name(f".{file.name}.{os.getpid()}")
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                pq.write_table(table.replace_schema_metadata(about), part)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)

    def _file(self, zones: Zones) -> Path:
        return self.folder / f"{zones.name}.parquet"

    def _key(self, zones: Zones, names: Collection[str] | None) -> bytes:
        wanted = "all" if names is None else repr(sorted(names))
        land = [of_shape(shape) for shape in zones.land]
        m2 = zones.land_m2.to_numpy(dtype=float).tobytes()
        return fingerprint([self.layers, wanted, of_frame(zones.frame), *land, m2]).encode()


def recalled(
    memory: Memory | None,
    zones: Zones,
    work: Callable[[], pd.DataFrame],
    names: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the indicators of a zone set as they are remembered; else have them measured."""
    found = None if memory is None else memory.recall(zones, names)
    if found is None:
        found = work()
        if memory is not None:
            memory.keep(zones, found, names)
    return found
