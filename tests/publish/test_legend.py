"""Colours keep apart for every reader, and on a weak projector."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from districttype.indicators.registry import REGISTRY
from districttype.layers.schema import LAYER_NAMES
from districttype.publish.legend import (
    LAYERS,
    LEGENDS,
    OWN_SOLUTION_COLOUR,
    SCORE_COLOURS,
    SOLUTION_COLOURS,
    UNITS,
    ink,
    palette,
)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST = 11.0
"""CIE76 distance; 2.3 is just noticeable side by side, 10 is told apart at a glance."""


def lab(colour: str, sight: np.ndarray, flare: float = 0.0) -> np.ndarray:
    """Return CIELAB as an eye sees it; `flare` is stray light as a share of white."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(sight @ linear, 0, 1) * (1 - flare) + flare
    xyz = XYZ @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colours: dict[str, str], sight: np.ndarray, flare: float = 0.0) -> tuple[float, str]:
    return min(
        (float(np.linalg.norm(lab(a, sight, flare) - lab(b, sight, flare))), f"{x} and {y}")
        for (x, a), (y, b) in itertools.combinations(colours.items(), 2)
    )


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("facet", LEGENDS.values(), ids=lambda f: f.id)
def test_labels_of_a_facet_keep_apart(facet: object, sight: str) -> None:
    colours = {key: label.colour for key, label in palette(facet).items()}  # type: ignore[arg-type]
    distance, pair = closest(colours, SIGHTS[sight])
    assert distance >= LEAST, pair


@pytest.mark.parametrize("facet", LEGENDS.values(), ids=lambda f: f.id)
def test_labels_keep_apart_on_a_projector_in_a_lit_room(facet: object) -> None:
    colours = {key: label.colour for key, label in palette(facet).items()}  # type: ignore[arg-type]
    distance, pair = closest(colours, SIGHTS["full"], flare=0.15)
    assert distance >= 7.0, pair


@pytest.mark.parametrize("sight", SIGHTS)
def test_solutions_keep_apart_and_scores_grow_darker(sight: str) -> None:
    distance, pair = closest(dict(SOLUTION_COLOURS), SIGHTS[sight])
    assert distance >= LEAST, pair
    lightness = [lab(colour, SIGHTS[sight])[0] for colour in SCORE_COLOURS]
    assert all(a - b >= 8 for a, b in itertools.pairwise(lightness))


def test_unknown_has_a_grey_of_its_own() -> None:
    for facet in LEGENDS.values():
        colours = [label.colour for label in palette(facet).values()]
        assert len(set(colours)) == len(colours)


def test_a_code_can_be_read_on_the_colour_of_its_solution() -> None:
    """WCAG 2.2 asks for a contrast of 4.5 to 1 of letters so small."""
    for colour in (*SOLUTION_COLOURS.values(), OWN_SOLUTION_COLOUR):
        bright, dim = sorted((luminance(colour), luminance(ink(colour))), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, colour


def luminance(colour: str) -> float:
    """Return the relative luminance: of white 1, of #777777 0.184 (worked out by hand)."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(XYZ[1] @ linear)


def test_every_layer_has_a_name_for_readers() -> None:
    assert tuple(LAYERS) == LAYER_NAMES


def test_every_unit_of_the_registry_has_its_written_form_and_no_other() -> None:
    assert set(UNITS) == {indicator.unit for indicator in REGISTRY}
