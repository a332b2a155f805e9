"""Published figures as a source: a plausible city reconstructed from a table of districts.

See `tables` for what a folder of figures holds and `reconstruct` for what is made of it.
"""

from __future__ import annotations

from districttype.sources.figures.kept import reconstruct_once
from districttype.sources.figures.real import onto
from districttype.sources.figures.reconstruct import SEED, Reconstruction, reconstruct
from districttype.sources.figures.synthetic import multiplied, sampled, synthetic_figures
from districttype.sources.figures.tables import Figures, load_figures

__all__ = [
    "SEED",
    "Figures",
    "Reconstruction",
    "load_figures",
    "multiplied",
    "onto",
    "reconstruct",
    "reconstruct_once",
    "sampled",
    "synthetic_figures",
]
