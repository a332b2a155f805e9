"""What was learnt from a city's own labels: kept in a file, and laid over the labels of the rules.

How it is learnt is told in `learn`. skops and scikit-learn take a second to import; they are
imported where a model is read or written, since few runs have any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import pandas as pd

from districttype.errors import ConfigError, SourceError
from districttype.i18n import N_, Message
from districttype.typology.alike import MIN_KNOWN, comparable

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TRUSTED = {"numpy.dtype"}  # skops knows scikit-learn's types and numpy's arrays by itself
SUFFIX = ".skops"
LEARNT = N_("{label}: learnt from labels that {city} gave itself; the rules say {rule}")


@dataclass(frozen=True)
class Learnt:
    """A fitted classifier of one facet and what its test says.

    `report` holds n, accuracy, kappa and confusion (given -> label -> count) of the learnt labels,
    and of the rules on the same zones; all from zones the model had not seen.
    """

    facet: str
    city: str
    model: Pipeline
    report: dict[str, Any]


def save(learnt: Learnt, folder: Path) -> Path:
    """Write a model to `<folder>/<facet>.skops`, a format that is safe to load."""
    import skops.io  # noqa: PLC0415 - see above

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{learnt.facet}{SUFFIX}"
    part = file.with_suffix(".part")
    skops.io.dump({name.name: getattr(learnt, name.name) for name in fields(Learnt)}, part)
    part.replace(file)
    return file


def load(file: Path) -> Learnt:
    """Read a model, refusing any that holds types scikit-learn and numpy do not know.

    Raises
    ------
    SourceError
        If it is not there, is no model, or holds anything not trusted.
    """
    import skops.io  # noqa: PLC0415 - see above

    try:
        strange = sorted({*skops.io.get_untrusted_types(file=file)} - TRUSTED)
        if strange:
            raise SourceError(
                f"holds types that are not trusted: {', '.join(strange)}",
                where=str(file),
                todo="use only models made by `districttype learn`",
            )
        return Learnt(**skops.io.load(file, trusted=sorted(TRUSTED)))
    except (BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"is no model: {error}", where=str(file), todo="make one with `districttype learn`"
        ) from None


def load_all(files: Iterable[Path]) -> dict[str, Learnt]:
    """Read several models, one a facet.

    Raises
    ------
    ConfigError
        If two are of the same facet.
    """
    models: dict[str, Learnt] = {}
    for file in files:
        learnt = load(file)
        if learnt.facet in models:
            raise ConfigError(f"a second model of {learnt.facet}", where=str(file), todo="name one")
        models[learnt.facet] = learnt
    return models


def relabel(
    labels: pd.DataFrame, indicators: pd.DataFrame, models: Mapping[str, Learnt]
) -> pd.DataFrame:
    """Put learnt labels in place of those of the rules.

    The label of the rules stays where it is none of those learnt (`unknown` never is), and where
    less is known of a zone than zones are compared by: the model would fill the gaps with what is
    usual.

    Parameters
    ----------
    labels
        As `label_zones` gives them.
    indicators
        Table of `indicators.measure`, same index.
    models
        Facet -> what was learnt.
    """
    changed = labels.copy()
    for facet, learnt in models.items():
        seen = comparable(indicators, learnt.model.feature_names_in_)
        enough = seen.notna().mean(axis=1) >= MIN_KNOWN
        rows = labels.index[enough & labels[facet].isin(learnt.model.classes_)]
        if rows.empty:
            continue
        shares = learnt.model.predict_proba(seen.loc[rows])
        order = shares.argsort(axis=1)
        names = learnt.model.classes_
        changed.loc[rows, facet] = names[order[:, -1]]
        changed.loc[rows, f"{facet}_runner_up"] = names[order[:, -2]]
        changed.loc[rows, f"{facet}_confidence"] = shares.max(axis=1)
        reasons = [
            Message(LEARNT, {"label": str(new), "city": learnt.city, "rule": str(old)})
            for new, old in zip(names[order[:, -1]], labels.loc[rows, facet], strict=True)
        ]
        changed.loc[rows, f"{facet}_reason"] = pd.Series(reasons, index=rows, dtype=object)
    return changed
