"""Whether heat is needed densely enough for a network to pay."""

from __future__ import annotations

from districttype.i18n import N_
from districttype.typology.facet import Facet, Rule

ENERGY = Facet(
    name="energy",
    reads=("heat_density_cell_mwh_per_ha", "waste_heat_sources"),
    coverage="floor_known_share",
    silent=N_("energy is unknown: heat demand cannot be computed here"),
    rules=(
        Rule(
            "heat_network_viable",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["viable_heat_density"],
            N_(
                "a heat network is viable: heat demand is {heat_density_cell_mwh_per_ha_int} "
                "MWh/ha where the buildings stand; viable begins at {cut_viable_heat_density_int}"
            ),
        ),
        Rule(
            "borderline",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["individual_heat_density"],
            N_(
                "borderline for a heat network: heat demand is "
                "{heat_density_cell_mwh_per_ha_int} MWh/ha where the buildings stand, between "
                "{cut_individual_heat_density_int} and {cut_viable_heat_density_int}"
            ),
        ),
        Rule(
            "individual",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] < t["individual_heat_density"],
            N_(
                "individual heating: heat demand is {heat_density_cell_mwh_per_ha_int} MWh/ha "
                "where the buildings stand; below {cut_individual_heat_density_int} no network pays"
            ),
        ),
    ),
    details=(
        ("strong", lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["strong_heat_density"]),
        ("waste_heat_source", lambda v, t: v["waste_heat_sources"] > 0),
    ),
)
