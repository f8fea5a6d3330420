"""Tables as typed DataFrames: the one place of their columns and types, for every stage and for a notebook.

>>> from descent_audit.results import load, points
>>> table = points(load("observations", "results/full", claims="momentum_gain"))  # doctest: +SKIP

Tables are CSV files that a diff shows: text as it is, numbers in the shortest form that reads back exactly, counts as
whole numbers, flags as ``true`` or ``false``, and nothing where there is no value.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from descent_audit.claims.validation import unknown
from descent_audit.claims.verdicts import VERDICTS
from descent_audit.records.storage import StorageError, read_text, sealed_text

TEXT, NUMBER, COUNT, FLAG = "str", "float64", "Int64", "boolean"
PLACE = dict.fromkeys(("claim", "arm", "quantity", "at"), TEXT)
"""What names an observation: ``at`` is its parameter point, ``key=value`` joined by ``;``."""
TABLES: dict[str, dict[str, str]] = {
    "observations": {**PLACE, "value": NUMBER, "standard_error": NUMBER, "replicates": COUNT, "predicted": NUMBER},
    "curves": {
        **dict.fromkeys(("claim", "arm", "panel", "series", "role"), TEXT),
        **dict.fromkeys(("x", "y", "low", "high", "value"), NUMBER),
    },
    "checks": {
        **PLACE,
        "relation": TEXT,
        **dict.fromkeys(("value", "lower", "upper", "predicted", "tolerance"), NUMBER),
        "met": FLAG,
    },
    "verdicts": {
        **dict.fromkeys(("claim", "section", "problem", "statement", "verdict", "condition", "worst_quantity"), TEXT),
        "worst_margin": NUMBER,
        "control_failed": FLAG,
        "counterexample_shown": FLAG,
    },
    "statements": dict.fromkeys(
        (
            "text", "id", "section", "problem", "force", "says", "premises", "verdict", "holds_when", "better", "open",
            "contradicted_by", "refuted_by", "limits", "claims",
        ),
        TEXT,
    ),
    "coverage": {
        "section": TEXT,
        "statements": COUNT,
        "audited": COUNT,
        **dict.fromkeys((verdict.replace(" ", "_") for verdict in VERDICTS), COUNT),
    },
    "outlines": {**dict.fromkeys(("claim", "arm", "panel", "series", "role"), TEXT), "points": COUNT, "sha256": TEXT},
    "calibration": {
        "claim": TEXT,
        "seeds": COUNT,
        "verdict": TEXT,
        **dict.fromkeys(("same_verdict", "controls_rejected", "laws"), COUNT),
        "smallest_p": NUMBER,
        "adjusted_p": NUMBER,
    },
    "calibration_laws": {**PLACE, "law": TEXT, "seeds": COUNT, "distance": NUMBER, "p": NUMBER},
    "stability": {
        "variation": TEXT,
        "numpy": TEXT,
        **dict.fromkeys(("claims", "same_verdict", "numbers", "moved", "beyond"), COUNT),
        "changed": TEXT,
    },
    "faults": {
        **dict.fromkeys(("fault", "source", "module"), TEXT),
        "line": COUNT,
        **dict.fromkeys(("old", "new"), TEXT),
        "claims": COUNT,
        **dict.fromkeys(("outcome", "seen_by", "change", "noticed_by", "how", "because"), TEXT),
    },
}  # fmt: skip
"""The columns of every table, in order, with their types."""
BY_CLAIM = ("observations", "curves")
"""Tables with a file for every claim, each under a seal."""


class Observed(NamedTuple):
    """A row of a table of observations; a number that there is not is NaN."""

    claim: str
    arm: str
    quantity: str
    at: str
    value: float
    standard_error: float
    replicates: int
    predicted: float


def observed(table: pd.DataFrame) -> list[Observed]:
    """Return the rows of a table of observations."""
    return [Observed(*row) for row in table.astype({"replicates": object}).itertuples(index=False)]


def frame(table: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a typed table; keys that are no column of it are left out."""
    types = TABLES[table]
    texts = {name: "" for name, kind in types.items() if kind == TEXT}
    return pd.DataFrame(list(rows), columns=list(types), dtype=object).fillna(texts).astype(types)


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV: columns and rows as given, shortest numbers, flags in small letters."""
    flags = {name: table[name].map({True: "true", False: "false"}) for name in table.select_dtypes(FLAG)}
    return table.assign(**flags).to_csv(index=False, lineterminator="\n")


def parsed(text: str, table: str, label: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the table of a CSV text with all of its columns, or with those given.

    Raises ``StorageError`` for a text with other columns or with a cell that is not of its type.
    """
    types = {name: TABLES[table][name] for name in columns or TABLES[table]}
    missing = {name: [""] for name, kind in types.items() if kind != TEXT}
    try:
        found = pd.read_csv(io.StringIO(text), dtype=types, keep_default_na=False, na_values=missing)
    except (ValueError, TypeError) as error:
        raise StorageError(f"{label}: found no table of {table} ({' '.join(str(error).split())})") from None
    if list(found.columns) != list(types):
        raise StorageError(f"{label}: found columns {', '.join(map(str, found.columns))}, allowed: {', '.join(types)}")
    return found


def read(path: Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the table of a file that is named for it, with all of its columns or with those given.

    Raises ``StorageError`` where it cannot be read or has other columns.
    """
    return parsed(read_text(path), path.stem, str(path), columns)


def read_sealed(results: Path, table: str, claim: str) -> pd.DataFrame:
    """Return ``<table>/<claim>.csv`` after comparing the file with its seal.

    Raises ``StorageError`` where the file is missing, truncated, edited, or has other columns.
    """
    return parsed(sealed_text(results, table, claim), table, f"{results / table / claim}.csv")


def load(
    table: str = "observations", results: str | Path = "results/full", claims: str | Iterable[str] | None = None
) -> pd.DataFrame:
    """Return a table of a run: of all claims, or of one or several.

    ``observations`` (every measured number with its prediction), ``curves`` (every drawn point), ``checks`` (every
    comparison), ``verdicts`` (a row per claim), ``statements`` (a row per sentence), ``coverage``. Observations and
    curves are compared with their seals. Raises ``ConfigurationError`` for an unknown table or claim, ``StorageError``
    for a file.

    >>> load("observation")
    Traceback (most recent call last):
    descent_audit.claims.validation.ConfigurationError: load: table: found unknown name 'observation' (did you mean \
'observations'?), allowed: checks, coverage, curves, observations, statements, verdicts
    """
    folder, wanted = Path(results), None if claims is None else [claims] if isinstance(claims, str) else list(claims)
    public = ("checks", "coverage", "curves", "observations", "statements", "verdicts")
    if table not in public:
        raise unknown("load", "table", table, public)
    if table in BY_CLAIM:
        known = sorted(path.stem for path in (folder / table).glob("*.csv"))
        if not known:
            raise StorageError(f"{folder / table}: found no tables, allowed: the folder of a run")
        _check_known(wanted or (), known)
        return pd.concat([read_sealed(folder, table, name) for name in wanted or known], ignore_index=True)
    found = read(folder / f"{table}.csv")
    if wanted is None or "claim" not in found:
        return found
    _check_known(wanted, found["claim"].unique())
    return found[found["claim"].isin(wanted)].reset_index(drop=True)


def _check_known(wanted: Iterable[str], known: Iterable[str]) -> None:
    for name in wanted:
        if name not in known:
            raise unknown("load", "claims", name, known)


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column for every key of its parameter points, in place of ``at``.

    Numbers and flags are numbers and flags; a point without a key has no value there.

    >>> table = pd.DataFrame({"at": ["rate=0.5;steps=10", "rate=1.0"], "value": [0.25, 1.0]})
    >>> points(table)
       value  rate  steps
    0   0.25   0.5   10.0
    1   1.00   1.0    NaN
    """
    parts = [dict(part.split("=", 1) for part in at.split(";") if part) for at in table["at"]]
    columns = pd.DataFrame(parts, index=table.index)
    return table.drop(columns="at").join(columns.apply(_typed))


def _typed(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers or flags where all of it are."""
    if column.dropna().isin(("true", "false")).all():
        return column.map({"true": True, "false": False}).astype(FLAG)
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.isna().equals(column.isna()) else column
