"""What a campaign found: a row per fault, and a page of counts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from faults.campaign import Outcome

SURVIVORS = Path(__file__).with_name("survivors.yaml")
HARMLESS = ("no change", "curves", "not run", "rounding")
"""Outcomes of faults that change no number of a claim: nothing, a curve alone, no line that runs, last digits."""


class Reason(NamedTuple):
    """Why a fault goes unnoticed, and whether that is because it is equivalent: no use of the code can tell."""

    because: str
    equivalent: bool


def reasons(path: Path = SURVIVORS) -> dict[str, Reason]:
    """Return why faults go unnoticed, by their names. Raises ``ValueError`` where one is named twice."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    pairs = [(name, Reason(entry["because"], entry["equivalent"])) for entry in entries for name in entry["faults"]]
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise ValueError(f"{path.name}: found {name} {count} times, allowed: once")
    return dict(pairs)


def outcome(one: Outcome, because: Mapping[str, Reason]) -> str:
    """Return what became of a fault: noticed, one of ``HARMLESS``, or unnoticed, equivalent or unexplained.

    A written fault, which says why it is easily overlooked, must change a verdict; no outcome of it is harmless.
    """
    if one.kind == "noticed" or (one.kind in HARMLESS and not one.fault.why):
        return one.kind
    reason = because.get(one.fault.name)
    if reason is None:
        return "unexplained"
    return "equivalent" if reason.equivalent else "unnoticed"


def unexplained(outcomes: Iterable[Outcome], because: Mapping[str, Reason]) -> list[Outcome]:
    """Return the faults that nobody noticed and that nothing explains."""
    return [one for one in outcomes if outcome(one, because) == "unexplained"]


def share(outcomes: Iterable[Outcome], because: Mapping[str, Reason]) -> tuple[int, int]:
    """Return how many faults are noticed, and of how many that change a number of a claim and are not equivalent."""
    counts = Counter(outcome(one, because) for one in outcomes)
    return counts["noticed"], counts["noticed"] + counts["unnoticed"] + counts["unexplained"]


def net(one: Outcome) -> str:
    """Return what sees a fault: a verdict, else ``make verify``, which holds every number that is reported, or none."""
    return "verdict" if one.noticed else "verify" if one.changed > 0 else ""


def fault_rows(
    written: Sequence[Outcome], generated: Sequence[Outcome], because: Mapping[str, Reason]
) -> Iterator[dict[str, object]]:
    """Yield a row per fault, by source and name; ``claims`` counts those that ran it before the first noticed it."""
    for source, outcomes in (("written", written), ("generated", generated)):
        for one in sorted(outcomes, key=lambda one: one.fault.name):
            yield {
                "fault": one.fault.name,
                "source": source,
                "module": one.fault.file,
                "line": one.fault.lines[0],
                "old": _short(one.fault.old),
                "new": _short(one.fault.new),
                "claims": len(one.tried),
                "outcome": outcome(one, because),
                "seen_by": net(one),
                "change": f"{one.changed:.1g}" if not one.noticed and one.changed > 0 else "",
                "noticed_by": ";".join(one.noticed),
                "how": next(iter(one.noticed.values()), ""),
                "because": because[one.fault.name].because if one.fault.name in because else one.fault.why,
            }


def summary(
    written: Sequence[Outcome], generated: Sequence[Outcome], because: Mapping[str, Reason], existing: int
) -> str:
    """Return the counts as text, with a line for every fault that is not explained."""
    seen, of = share(generated, because)
    nets = Counter(net(one) for one in generated)
    counts = Counter(outcome(one, because) for one in generated)
    lines = [
        f"written: {sum(bool(one.noticed) for one in written)} of {len(written)} noticed",
        f"generated: {len(generated)} of {existing} tried; {seen} of {of} that matter noticed; "
        + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())),
        f"seen by a verdict: {nets['verdict']}, by make verify alone: {nets['verify']}",
    ]
    lines += [
        f"  {one.fault.name} ({one.kind}): {_short(one.fault.old)} -> {_short(one.fault.new)}"
        for one in unexplained([*written, *generated], because)
    ]
    return "\n".join(lines)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "..."
