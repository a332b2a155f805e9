"""The kernel: what lies in which zone, exactly and fast.

Every indicator comes down to one question: how much of each thing (a building, a street, a stop, a
patch of clay) lies in each zone. `overlap` answers it as one sparse matrix, `Overlaps`, whose
methods do the sums. What straddles a border is cut; what lies wholly inside a zone never is, so
its measure is its own area to the last bit.
"""

from districttype.indicators.zonal.areas import Areas
from districttype.indicators.zonal.distance import nearest, within
from districttype.indicators.zonal.overlaps import Geometries, Overlaps
from districttype.indicators.zonal.overlay import overlap, overlap_chunks
from districttype.indicators.zonal.planar import partition
from districttype.indicators.zonal.rasters import raster_shares, raster_total
from districttype.indicators.zonal.things import Things

__all__ = [
    "Areas",
    "Geometries",
    "Overlaps",
    "Things",
    "nearest",
    "overlap",
    "overlap_chunks",
    "partition",
    "raster_shares",
    "raster_total",
    "within",
]
