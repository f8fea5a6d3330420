"""Calibration: a true null law passes, a false one is seen, verdicts are counted."""

import csv
import io

import numpy as np
import pytest
from conftest import SENTENCES, row

from descent_audit.assurance import calibrate
from descent_audit.claims.catalogue import load_claims, parse_claim

SAMPLED = "noise_escape_probability"


def run_of(positions):
    place = ["claim", "count", "temperature=1", "binomial"]
    return {
        "claim": "a",
        "seeds": len(positions),
        "verdicts": {"supported": len(positions) - 1, "refuted": 1},
        "rejected": len(positions),
        "laws": [{"place": place, "positions": list(positions)}],
    }


def test_uniform_positions_pass_and_others_do_not():
    uniform = np.random.default_rng(0).random(200)
    (good,), (bad,) = (list(calibrate.law_rows(run_of(found))) for found in (uniform, uniform**2.5))
    assert good["p"] > 0.01
    assert bad["p"] < 1e-3


def test_table_counts_verdicts_and_adjusts_for_the_number_of_comparisons():
    run = run_of(np.random.default_rng(0).random(50))
    found = calibrate.claim_row(run, [{"p": 0.01}, {"p": 0.4}])
    assert (found["verdict"], found["same_verdict"], found["controls_rejected"]) == ("supported", 49, 50)
    assert (found["smallest_p"], found["adjusted_p"]) == (0.01, 0.02)
    assert calibrate.claim_row(run, [])["adjusted_p"] is None


def test_counts_are_spread_over_their_probability_so_that_they_are_uniform(document):
    document["expect"]["claim"] = [{"quantity": "final_distance", "relation": "binomial", "because": "a reason"}]
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    rng = np.random.default_rng(1)
    found = [
        position
        for seed in range(400)
        for _, position in calibrate.positions(
            claim, [row(value=rng.binomial(4, 0.3), predicted=1.2, replicates=4)], seed
        )
    ]
    assert len(found) == 400
    assert np.histogram(found, bins=4, range=(0, 1))[0] == pytest.approx(100, abs=35)


def test_run_of_a_sampled_claim_has_a_position_per_seed_and_comparison():
    run = calibrate.calibrate(load_claims([SAMPLED])[SAMPLED], 3)
    assert run["verdicts"] == {"supported": 3}
    assert run["rejected"] == 3
    assert all(len(law["positions"]) == 3 and all(0 <= u <= 1 for u in law["positions"]) for law in run["laws"])
    tables = calibrate.gather([run])
    (line,) = csv.DictReader(io.StringIO(tables["calibration.csv"]))
    assert int(line["laws"]) == len(run["laws"]) > 0


def test_missing_run_is_one_line(tmp_path):
    with pytest.raises(SystemExit) as fault:
        calibrate.main(["--gather", SAMPLED, "--seeds", "3", "--results", str(tmp_path)])
    assert f"runs/{SAMPLED}." in str(fault.value)
