"""Numbers, captions and checks as a reader sees them."""

import math
import re
from collections.abc import Sequence
from itertools import count
from typing import Any

import pandas as pd

from descent_audit.claims.identifiers import observed
from descent_audit.figures.styles import RAISED
from descent_audit.results import Observed

LAWS = {
    "binomial": "binomial law", "chi_square": "χ² law", "normal": "normal law", "student": "Student's law",
    "kolmogorov": "Kolmogorov's law",
}  # fmt: skip
"""The words for the laws of ``null_laws``."""
RELATIONS = {
    "close": "within", "equal": "exactly", "at_most": "at most", "at_least": "at least",
    "increasing": "increasing", "decreasing": "decreasing", **LAWS,
}  # fmt: skip
UNBOUNDED = {"equal", "increasing", "decreasing", *LAWS}
"""Relations without a bound of their own to show."""
NAMES = {"adam": "Adam", "rmsprop": "RMSProp", "armijo": "Armijo", "jacobi": "Jacobi", "sgd": "SGD"}
"""How names and abbreviations are written in headings."""
PLACEHOLDER = re.compile(r"\{(?:(\w+)/)?(\w+)(?:\[([^\]]*)\])?(?:\|(predicted|max|min))?\}")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#$|~^@])")
BOUND = re.compile(r'(?<!\\)\[([^\[\]]*)\]\{\.bound title="([^"]*)"\}')
POWER = re.compile(r"\$(-?)([\d.]+)\\times10\^\{(-?\d+)\}\$")
LONG = re.compile(r"\d+\.\d{6,}(?:e[-+]?\d+)?")


def shown_number(value: float, digits: int = 6) -> str:
    """Return a number as Markdown: plain where that is short, else a power of ten as mathematics.

    In front of the point every digit is shown, however few are asked for.
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        return (f"{value:.0f}" if "e" in text else text).replace("-", "−")
    mantissa, exponent = f"{value:.{min(digits, 3) - 1}e}".split("e")
    return rf"${float(mantissa):g}\times10^{{{int(exponent)}}}$"


def shown_point(at: str) -> str:
    """Return a parameter point as text, numbers of many digits rounded to six."""
    return LONG.sub(lambda match: f"{float(match[0]):.6g}", at).replace(";", ", ")


def escaped(text: str) -> str:
    """Return plain text with the characters escaped that Markdown would take as markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def bound(text: str, identifier: str) -> str:
    """Return a number as Markdown that carries its identifier; a dash, which is no number, carries none."""
    return text if text in ("", "–") else f'[{text}]{{.bound title="{identifier}"}}'


def without_identifiers(markdown: str) -> str:
    """Return Markdown whose numbers carry nothing."""
    return BOUND.sub(r"\1", markdown)


def with_short_identifiers(markdown: str) -> tuple[str, list[str]]:
    """Return Markdown whose numbers carry places in a list of identifiers, and this list.

    To read the identifiers themselves would take half of Pandoc's time.
    """
    places = count()
    identifiers = [match[2] for match in BOUND.finditer(markdown)]
    return BOUND.sub(lambda match: bound(match[1], str(next(places))), markdown), identifiers


def plain(markdown: str) -> str:
    """Return Markdown of ``escaped`` text and shown numbers as plain text, powers of ten with raised digits."""
    numbers = without_identifiers(markdown)
    powers = POWER.sub(lambda match: f"{'−' * len(match[1])}{match[2]} × 10{match[3].translate(RAISED)}", numbers)
    return re.sub(rf"\\{SPECIAL.pattern}", r"\1", powers)


def title(name: str) -> str:
    """Return a claim's name as a heading."""
    words = " ".join(NAMES.get(word, word) for word in name.split("_"))
    return words[0].upper() + words[1:]


def filled_caption(caption: str, rows: Sequence[Observed]) -> str:
    """Return a caption with its placeholders replaced by measured (or predicted) numbers, bound to what they are.

    ``{quantity}``, ``{arm/quantity}``, ``{quantity[key=value]}``, with ``|predicted``, ``|max`` or ``|min``. A number
    that was not observed, or of which there are several without ``max`` or ``min``, becomes a dash.
    """

    def found(match: re.Match[str]) -> str:
        arm, quantity, point, kind = match.groups()
        wanted = set((point or "").split(";")) - {""}
        values = {
            row.predicted if kind == "predicted" else row.value: row
            for row in rows
            if row.arm == (arm or "claim") and row.quantity == quantity and wanted <= set(row.at.split(";"))
        }
        if not values or (len(values) > 1 and kind not in ("max", "min")):
            return "–"
        value = min(values) if kind == "min" else max(values)
        row = values[value]
        return bound(shown_number(value, 4), observed(row.claim, row.arm, row.quantity, row.at))

    pieces, end = [], 0
    for match in PLACEHOLDER.finditer(caption):
        pieces += [escaped(f"x{caption[end : match.start()]}x")[1:-1], found(match)]
        end = match.end()
    return "".join([*pieces, escaped(f"x{caption[end:]}x")[1:-1]])


def check_groups(checks: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row per arm, quantity and relation, with the point that is nearest to failing."""
    groups = checks.assign(excess=_excess(checks)).groupby(["arm", "quantity", "relation"])
    return [_check_group(group) for _, group in groups]


def _check_group(group: pd.DataFrame) -> dict[str, Any]:
    worst = group.loc[group["excess"].idxmax()]
    half = (worst.upper - worst.lower) / 2
    bound = "" if worst.relation in UNBOUNDED else f" {shown_number(worst.tolerance, 3)}"
    target = {"close": f" of {shown_number(worst.predicted)}", "equal": f" {shown_number(worst.predicted)}"}.get(
        worst.relation, f" around {shown_number(worst.predicted)}" if worst.relation in LAWS else ""
    )
    ordered = worst.relation in ("increasing", "decreasing")
    compared = worst.relation in ("close", "equal", *LAWS)
    return {
        "id": observed(worst.claim, worst.arm, worst.quantity, worst["at"]),
        "arm": worst.arm,
        "quantity": worst.quantity,
        "points": len(group),
        "met": int(group["met"].sum()),
        "at": shown_point(worst["at"]),
        "measured": ("steps from " if ordered else "")
        + shown_number(worst.value)
        + (f" ± {shown_number(half, 2)}" if half > 0 else ""),
        "predicted": shown_number(worst.predicted),
        "deviation": shown_number(abs(worst.value - worst.predicted), 2) if compared else "",
        "allowed": RELATIONS[worst.relation] + bound,
        "required": RELATIONS[worst.relation] + bound + target,
    }


def _excess(checks: pd.DataFrame) -> pd.Series:
    """Return how far each check is from being met, in units of its tolerance; larger is worse, missing is worst."""
    distance, relation = (checks["value"] - checks["predicted"]).abs(), checks["relation"]
    half = (checks["upper"] - checks["lower"]) / 2
    excess = -checks["value"]
    excess = excess.mask(relation.isin(LAWS), distance / half.where(half.ne(0), 1.0))
    excess = excess.mask(
        relation.isin(("close", "equal")), distance / checks["tolerance"].where(checks["tolerance"].ne(0), 1.0)
    )
    excess = excess.mask(relation.eq("at_most"), checks["value"] - checks["tolerance"])
    excess = excess.mask(relation.eq("at_least"), checks["tolerance"] - checks["value"])
    return excess.fillna(math.inf)
