"""Many seeds instead of one: whether p-values are uniform, verdicts stay and controls are rejected every time.

``python -m descent_audit.assurance.calibrate --claim NAME --seeds 200 --results FOLDER`` runs one claim at smoke scale
under the root seeds 1 to 200; with ``--gather NAME,...`` it writes the tables of several claims that were run.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from descent_audit.assurance.recipes import calibrating, calibration, calibration_file
from descent_audit.claims.catalogue import Claim, load_claims, read_claims, select_claims
from descent_audit.claims.claims import CALIBRATION_SCALE as SCALE
from descent_audit.judge import covers, judge_claim
from descent_audit.measurement.null_laws import LAWS, Sample
from descent_audit.measurement.randomness import Streams
from descent_audit.records.made import write_made
from descent_audit.records.storage import json_text, read_json, write_text
from descent_audit.results import Observed, csv_text, frame, observed
from descent_audit.stages.arms import simulate
from descent_audit.stages.observe import observations_table
from descent_audit.stages.programs import program

Place = tuple[str, str, str, str]
"""Arm, quantity, parameter point and null law of a comparison."""


def rows_under(claim: Claim, seed: int) -> list[Observed]:
    """Return the rows that the claim's simulation writes under a root seed."""
    return observed(observations_table(claim.name, simulate(claim.name, claim.arms(SCALE), seed)))


def positions(claim: Claim, rows: Sequence[Observed], seed: int) -> Iterator[tuple[Place, float]]:
    """Yield where each sampled number lies in its null law: uniform on [0, 1] if the law is true.

    A count of probability $P(X = k)$ is spread over that width at random, without which no discrete law is uniform.
    """
    spread = Streams(seed, claim.name, "calibration").generator("spread")
    for arm, rule in claim.expectations(SCALE).items():
        for expectation in (one for one in rule["observes"] if one["relation"] in LAWS):
            for row in rows:
                named = row.arm == arm and row.quantity == expectation["quantity"]
                if named and covers(expectation.get("where", {}), row.at):
                    place = (arm, row.quantity, row.at, expectation["relation"])
                    yield place, _position(expectation, row, float(spread.random()))


def calibrate(claim: Claim, seeds: int) -> dict[str, Any]:
    """Return what came out under the root seeds 1 to ``seeds``: verdicts, controls, positions in the null laws."""
    verdicts: Counter[str] = Counter()
    found: dict[Place, list[float]] = {}
    rejected = 0
    for seed in range(1, seeds + 1):
        rows = rows_under(claim, seed)
        _, judgement = judge_claim(claim, SCALE, rows)
        verdicts[judgement.verdict] += 1
        rejected += judgement.control_failed
        for place, position in positions(claim, rows, seed):
            found.setdefault(place, []).append(position)
    laws = [{"place": list(place), "positions": values} for place, values in sorted(found.items())]
    return {"claim": claim.name, "seeds": seeds, "verdicts": dict(verdicts), "rejected": rejected, "laws": laws}


def law_rows(run: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Yield the test of Kolmogorov and Smirnov for uniform positions, a row per comparison."""
    from scipy.stats import kstest  # half a second that the runs themselves do not need

    for law in run["laws"]:
        test = kstest(law["positions"], "uniform")
        named = dict(zip(("arm", "quantity", "at", "law"), law["place"], strict=True))
        yield {
            "claim": run["claim"],
            **named,
            "seeds": len(law["positions"]),
            "distance": float(test.statistic),
            "p": float(test.pvalue),
        }


def claim_row(run: Mapping[str, Any], laws: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return a claim's row: its commonest verdict and how often it came, and the smallest p-value of uniformity.

    ``adjusted_p`` is that p-value times the number of comparisons, at most 1 (Bonferroni).
    """
    verdict, times = Counter(run["verdicts"]).most_common(1)[0]
    smallest = min((law["p"] for law in laws), default=None)
    return {
        "claim": run["claim"],
        "seeds": run["seeds"],
        "verdict": verdict,
        "same_verdict": times,
        "controls_rejected": run["rejected"],
        "laws": len(laws),
        "smallest_p": smallest,
        "adjusted_p": None if smallest is None else min(1.0, smallest * len(laws)),
    }


def gather(runs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the tables of all claims by file name."""
    laws = {run["claim"]: list(law_rows(run)) for run in runs}
    claims = [claim_row(run, laws[run["claim"]]) for run in sorted(runs, key=lambda run: str(run["claim"]))]
    rows = [row for name in sorted(laws) for row in laws[name]]
    return {
        "calibration.csv": csv_text(frame("calibration", claims)),
        "calibration_laws.csv": csv_text(frame("calibration_laws", rows)),
    }


@program
def main(arguments: Sequence[str] | None = None) -> None:
    """Run one claim under many seeds, or gather the runs; one line and exit code 1 for a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claim", help="one claim is run")
    parser.add_argument("--gather", help="comma-separated claims whose runs are gathered")
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--results", required=True, type=Path)
    options = parser.parse_args(arguments)
    if options.claim:
        claim = load_claims([options.claim])[options.claim]
        path = calibration_file(options.results, calibration(claim, options.seeds))
        write_text(path, json_text(calibrate(claim, options.seeds)))
    if options.gather:
        claims = read_claims(select_claims(options.gather))
        runs = {name: calibration(claim, options.seeds) for name, claim in claims.items()}
        tables = gather([read_json(calibration_file(options.results, run)) for run in runs.values()])
        write_made(options.results, calibrating(runs), tables)


def _position(expectation: Mapping[str, Any], row: Observed, spread: float) -> float:
    predicted = float(expectation.get("value", row.predicted))
    sample = Sample(row.value, predicted, row.standard_error, row.replicates)
    lower, upper = LAWS[expectation["relation"]].tails(sample)
    return (1.0 - upper) + spread * max(lower + upper - 1.0, 0.0)


if __name__ == "__main__":
    main()
