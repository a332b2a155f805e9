"""How a zone set is labelled: by the rules, and by what was learnt where the user says so."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from districttype.typology.label import DRAWS, label_zones
from districttype.typology.learnt import Learnt, relabel
from districttype.typology.thresholds import Facets

SEED = 20240529
# Zones so small that there are thousands: no label of theirs needs a third decimal of confidence,
# nothing is co-created in one alone, and what was learnt of districts says nothing about them.
SMALL = ("cells", "blocks")
SMALL_DRAWS = 200


def label_set(
    name: str, indicators: pd.DataFrame, facets: Facets, models: Mapping[str, Learnt]
) -> pd.DataFrame:
    """Label a zone set; the same every time it is asked about the same run.

    Parameters
    ----------
    name
        Name of the zone set.
    indicators
        Table of `indicators.measure`, index zone_id.
    facets
        Thresholds in force.
    models
        Facet -> what was learnt; empty where the rules alone decide.
    """
    small = name in SMALL
    labels = label_zones(indicators, facets, draws=SMALL_DRAWS if small else DRAWS, seed=SEED)
    return labels if small else relabel(labels, indicators, models)
