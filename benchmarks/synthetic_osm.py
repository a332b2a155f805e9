"""Write a made-up OpenStreetMap extract: a jittered grid of houses, courtyards and streets."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Relation, Way

WEST, SOUTH, STEP = 24.5, 60.1, 0.0004


def write_extract(path: Path, buildings: int = 200_000, seed: int = 1) -> None:
    """Write `buildings` houses (1 % of them with a courtyard) and a street for every 20 houses."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(buildings)))
    index = np.arange(buildings)
    lon = WEST + (index % side) * STEP + rng.uniform(0, STEP / 10, buildings)
    lat = SOUTH + (index // side) * STEP / 2 + rng.uniform(0, STEP / 20, buildings)
    wide, deep = rng.uniform(STEP / 5, STEP / 2, (2, buildings))
    corners = np.array([(0, 0), (1, 0), (1, 0.5), (0.6, 0.5), (0.6, 0.9), (0, 0.9)])
    x = lon[:, None] + wide[:, None] * corners[:, 0]
    y = lat[:, None] + deep[:, None] / 2 * corners[:, 1]
    yards = set(index[::100].tolist())
    kinds = rng.choice(["yes", "house", "apartments", "garage", "industrial"], buildings)
    levels = rng.integers(0, 8, buildings)
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as out:
        number = 0
        ways: list[tuple[list[int], dict[str, str]]] = []
        relations: list[tuple[list[int], dict[str, str]]] = []
        for i in range(buildings):
            ring = []
            for j in range(len(corners)):
                number += 1
                out.add_node(Node(id=number, location=(x[i, j], y[i, j])))
                ring.append(number)
            tags = {"building": str(kinds[i]), "addr:street": f"Street {i % 977}"}
            if levels[i]:
                tags["building:levels"] = str(levels[i])
            if i in yards:
                hole = []
                for dx, dy in ((0.2, 0.2), (0.4, 0.2), (0.4, 0.35), (0.2, 0.35)):
                    number += 1
                    spot = (lon[i] + wide[i] * dx, lat[i] + deep[i] / 2 * dy)
                    out.add_node(Node(id=number, location=spot))
                    hole.append(number)
                ways += [([*ring, ring[0]], {}), ([*hole, hole[0]], {})]
                relations.append(([len(ways) - 1, len(ways)], {"type": "multipolygon", **tags}))
            else:
                ways.append(([*ring, ring[0]], tags))
            if i % 20 == 0:
                ends = []
                for dx in range(11):
                    number += 1
                    spot = (lon[i] + dx * STEP, lat[i] - STEP / 8)
                    out.add_node(Node(id=number, location=spot))
                    ends.append(number)
                ways.append((ends, {"highway": "residential", "name": f"Street {i % 977}"}))
        for i, (nodes, tags) in enumerate(ways, 1):
            out.add_way(Way(id=i, nodes=nodes, tags=tags))
        for i, (members, tags) in enumerate(relations, 1):
            roles = ("outer", "inner")
            parts = [("w", way, role) for way, role in zip(members, roles, strict=True)]
            out.add_relation(Relation(id=i, members=parts, tags=tags))


if __name__ == "__main__":
    write_extract(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
