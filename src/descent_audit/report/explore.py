"""Live widgets under the figures of the HTML report: plain ES modules, put into the page with the audited points.

A claim has a widget where ``reports/explore/widgets/<claim>.mjs`` exists. Nothing is bundled: the page's import map
names every module, as a data link, and Node resolves the same names through ``package.json``.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pypandoc

from descent_audit.claims.catalogue import ROOT, Claim
from descent_audit.results import read_sealed

MODULES = ROOT / "reports" / "explore"
PACKAGE = "descent-audit"
AXES = ("x_scale", "y_scale", "x_limits", "y_limits", "value_limits", "equal_aspect")
"""What of a panel of the figure a widget takes over as it is; its labels become markup."""
LABELS = ("x", "y", "value")
DRAWN_DIGITS = 5
"""Digits of a point that is only drawn."""


def module_names(folder: Path = MODULES) -> dict[str, Path]:
    """Return the modules of the widgets by the names that they import each other by."""
    return {
        f"{PACKAGE}/{path.relative_to(folder).with_suffix('').as_posix()}": path
        for path in sorted(folder.rglob("*.mjs"))
    }


def page_head() -> str:
    """Return what a page with widgets needs in its head: style, import map, and the script that starts them."""
    links = {name: _data_link(path) for name, path in module_names().items()}
    style = (MODULES / "explore.css").read_text(encoding="utf-8")
    return (
        f"<style>\n{style}</style>\n"
        f'<script type="importmap">{json.dumps({"imports": links})}</script>\n'
        f'<script type="module">import {{ start }} from "{PACKAGE}/widget"; start(document);</script>\n'
    )


def has_widget(name: str) -> bool:
    """Say whether a claim has a widget."""
    return (MODULES / "widgets" / f"{name}.mjs").is_file()


def blocks(claims: Iterable[Claim], results: Path, scale: str) -> dict[str, str]:
    """Return the widget of each claim that has one, by its name, as raw HTML inside Pandoc's Markdown.

    Hidden until its script has started. Raises ``StorageError`` where the curves are not what was written.
    """
    shown = [claim for claim in claims if has_widget(claim.name)]
    labels = [text for claim in shown for panel in _panels(claim) for key, text in panel.items() if key in LABELS]
    markup = dict(zip(labels, _markup(labels), strict=True))
    return {
        claim.name: _block(claim, audit(claim, read_sealed(results, "curves", claim.name), scale, markup))
        for claim in shown
    }


def audit(claim: Claim, curves: pd.DataFrame, scale: str, markup: Mapping[str, str]) -> dict[str, Any]:
    """Return what a widget is given: the claim's parameters, the axes of its figure and the points drawn on them.

    ``markup`` holds the labels as HTML. Measured points and guides are given, of the arms that the figure shows;
    predictions are computed anew where they are shown.
    """
    panels = _panels(claim)
    shown = {panel["name"]: panel.get("arms", list(claim.kinds)) for panel in panels}
    groups = curves.groupby(["arm", "panel", "series", "role"], sort=False)
    return {
        "parameters": claim.arms(scale)[0].parameters,
        "panels": [
            {
                "name": panel["name"],
                **{key: markup[panel[key]] for key in LABELS if panel.get(key)},
                **{key: panel[key] for key in AXES if key in panel},
            }
            for panel in panels
        ],
        "points": [
            {"panel": panel, "kind": claim.kinds[arm], "role": role, **_columns(group)}
            for (arm, panel, _, role), group in groups
            if arm in shown.get(panel, ()) and role != "predicted"
        ],
    }


def _panels(claim: Claim) -> list[dict[str, Any]]:
    """Return the panels of a figure, and its strip as one more; the first of those that share a name."""
    strip = claim.figure.get("strip")
    panels = [*claim.figure["panels"], *([{**strip, "arms": []}] if strip else [])]
    return list({panel["name"]: panel for panel in reversed(panels)}.values())[::-1]


def _columns(points: pd.DataFrame) -> dict[str, list[float]]:
    """Return the finite points as lists, with ``value`` on a map alone, to the digits that are drawn."""
    shown = points[["x", "y", "value"] if points["value"].notna().iloc[0] else ["x", "y"]]
    finite = shown[np.isfinite(shown).all(axis=1)]
    return {name: [float(f"{value:.{DRAWN_DIGITS}g}") for value in finite[name]] for name in finite}


def _markup(labels: Sequence[str]) -> list[str]:
    """Return labels as HTML, their formulas as MathML, all by one call of Pandoc."""
    page = pypandoc.convert_text("\n\n".join(labels), "html5", "markdown", extra_args=["--mathml", "--wrap=none"])
    return re.findall(r"<p>(.*?)</p>", page, flags=re.DOTALL)


def _block(claim: Claim, data: Mapping[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    return (
        "```{=html}\n"
        f'<div class="explore" data-widget="{html.escape(claim.name)}" hidden>\n'
        f'<script type="application/json">{text}</script>\n'
        "</div>\n```\n"
    )


def _data_link(module: Path) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(module.read_bytes()).decode()}"
