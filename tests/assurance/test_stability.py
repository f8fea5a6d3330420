import json

import numpy as np
import pytest

from descent_audit.assurance import stability
from descent_audit.dynamics.trajectories import final, update_rule
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.records.storage import write_text
from descent_audit.report import upkeep
from descent_audit.results import csv_text, frame

CHECK = {"claim": "a", "arm": "claim", "quantity": "q", "at": "", "relation": "close", "tolerance": 0.1, "met": True}


def test_single_precision_is_that_of_a_loop_in_float32():
    slope, rate = np.float64(np.float32(1.7)), 0.3
    with stability.single_precision() as updates:
        found = final(lambda x: slope * x, np.array([1.0]), rate, 20)
    x = np.float32(1.0)
    for _ in range(20):
        x = np.float32(np.float64(x) - rate * (slope * np.float64(x)))
    assert found == np.float64(x)
    assert updates() == 20
    assert found != final(lambda x: slope * x, np.array([1.0]), rate, 20)


def test_rules_are_what_they_were_after_single_precision():
    before = GradientDescent.update, Adam.update
    with pytest.raises(ZeroDivisionError), stability.single_precision():
        assert GradientDescent.update is not before[0]
        raise ZeroDivisionError
    assert (GradientDescent.update, Adam.update) == before


def test_state_of_a_rule_is_rounded_and_keeps_its_type():
    rule = update_rule("adam.Adam", first_decay=0.9, second_decay=0.99, epsilon=1e-8, bias_correction=True)
    start = np.array([0.1])
    with stability.single_precision():
        x, state = rule.update(start, np.array([0.3]), rule.init(start), 0.01)
    assert type(state) is type(rule.init(start))
    arrays = [x, *(part for part in state if isinstance(part, np.ndarray))]
    assert len(arrays) > 2
    assert all(np.array_equal(array, array.astype(np.float32)) for array in arrays)


def judged(folder, value, verdict, claims=("a",)):
    other = {**CHECK, "claim": "b", "value": 0}
    write_text(folder / "checks.csv", csv_text(frame("checks", [{**CHECK, "value": value}, other])))
    verdicts = {"a": {"verdict": verdict}, "b": {"verdict": "void"}}
    write_text(folder / "judgements.json", json.dumps({"claims": verdicts, "statements": {}}))
    write_text(folder / "variation.json", json.dumps({"numpy": "2", "claims": claims}))
    return folder


@pytest.mark.parametrize(
    ("value", "verdict", "counts"),
    [
        (1.0, "supported", (1, 0, 0, "")),
        (1.05, "supported", (1, 1, 0, "")),
        (1.5, "refuted", (0, 1, 1, "a=refuted")),
    ],
)
def test_what_moved_is_counted(tmp_path, value, verdict, counts):
    reference, other = judged(tmp_path / "reference", 1.0, "supported"), judged(tmp_path / "other", value, verdict)
    row = stability.compared("single", other, reference)
    assert tuple(row[key] for key in ("same_verdict", "moved", "beyond", "changed")) == counts
    assert (row["claims"], row["numbers"]) == (1, 1)


def test_claims_know_their_verdicts_elsewhere():
    rows = [{"variation": "single", "changed": "a=void;b=refuted"}, {"variation": "oldest", "changed": "a=refuted"}]
    assert upkeep.verdicts_elsewhere(frame("stability", rows)) == {
        "a": {"single": "void", "oldest": "refuted"},
        "b": {"single": "refuted"},
    }
    assert upkeep.verdicts_elsewhere(frame("stability", [{"variation": "newest", "changed": ""}])) == {}
