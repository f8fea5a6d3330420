import json
import shutil

import pytest
from conftest import PROJECT, SENTENCES, claim_path
from omegaconf import OmegaConf

from descent_audit.claims import catalogue
from descent_audit.claims.catalogue import ConfigurationError, parse_claim
from descent_audit.claims.code_checks import check_code
from descent_audit.claims.validation import read_yaml

FILE = "config/claim/gradient_descent/small.yaml"


def put(document, path, value):
    *parents, last = path
    for key in parents:
        document = document[key]
    document[last] = value


def fault_of(document) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_code(parse_claim("gradient_descent/small", document, SENTENCES))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(FILE)
    return text


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        (("statment",), "A.", ["statment", "did you mean 'statement'?", "allowed: "]),
        (("expect", "claim", 0, "realtion"), "close", ["expect.claim.observes.0.realtion", "'relation'"]),
        (("expect", "claim", 0, "relation"), "closer", ["'closer'", "did you mean 'close'?", "at_most"]),
        (("expect", "claim", 0, "quantity"), "final_distanc", ["did you mean 'final_distance'?"]),
        (("expect", "claim", 0, "value"), "one", ["'one'", "number"]),
        (("expect", "claim", 0, "value"), float("nan"), ["nan", "a finite number"]),
        (("expect", "calm", "fails"), ["growth"], ["expect.calm.fails", "'growth'", "final_distance"]),
        (("expect", "clam"), [], ["clam"]),
        (("audits",), ["divergence_beyon"], ["audits", "did you mean 'divergence_beyond'?"]),
        (("audits",), [], ["audits", "at least 1"]),
        (("derivation",), "A step [@cauchy1874].", ["derivation", "'@cauchy1874'", "did you mean '@cauchy1847'?"]),
        (("derivation",), "", ["derivation", "too short"]),
        (("experiment", "learning_rate"), -0.1, ["experiment.learning_rate", "-0.1", "above 0"]),
        (("experiment", "learning_rate"), 0, ["experiment.learning_rate", "found 0", "above 0"]),
        (("experiment", "learning_rate"), float("inf"), ["experiment.learning_rate", "inf", "finite"]),
        (("experiment", "learning_rate"), "fast", ["experiment.learning_rate", "'fast'", "float"]),
        (("experiment", "curvatures"), [], ["experiment.curvatures", "[]", "at least 1"]),
        (("experiment", "curvatures"), [1.0, -1.0], ["experiment.curvatures.1", "-1.0", "above 0"]),
        (("experiment", "curvatures"), 1.0, ["experiment.curvatures", "1.0", "list[float]"]),
        (("experiment", "steps"), 2.5, ["experiment.steps", "2.5", "int"]),
        (("experiment", "steps"), 0, ["experiment.steps", "at least 1"]),
        (("experiment", "steps"), True, ["experiment.steps", "True", "int"]),
        (("experiment", "rotatoin"), 1.0, ["experiment.rotatoin", "did you mean 'rotation'?"]),
        (("experiment", "momentum"), 1.0, ["experiment.momentum", "1.0", "below 1"]),
        (("experiment", "momentum"), -0.5, ["experiment.momentum", "-0.5", "at least 0"]),
        (("experiment", "_target_"), "os.system", ["experiment._target_", "os.system", "descent_audit"]),
        (("experiment", "_target_"), "descent_audit.judge.main", ["_target_", "descent_audit.judge.main"]),
        (
            ("experiment", "_target_"),
            "descent_audit.experiments.gradient_descent.divergence.no_top_componen",
            ["did you mean 'no_top_component'?"],
        ),
        (("experiment", "_target_"), "descent_audit.experiments.nowhere.f", ["_target_", "nowhere"]),
        (("arms", "controls", "calm", "steps"), 0, ["arms.controls.calm.steps", "at least 1"]),
        (("arms", "controls", "claim"), {"steps": 3}, ["arms", "claim"]),
        (("arms", "control"), {}, ["arms.control", "did you mean 'controls'?"]),
        (("scale",), {"smok": {"steps": 3}}, ["scale.smok", "did you mean 'smoke'?"]),
        (("scale",), {"smoke": {"steps": 0}}, ["scale.smoke.steps", "at least 1"]),
        (("scale",), {"smoke": {"stepz": 3}}, ["stepz", "did you mean"]),
        (("figure", "panels", 0, "arms"), ["cla"], ["figure.panels.0.arms", "'claim'"]),
        (("figure", "panels"), [], ["figure.panels", "at least 1"]),
    ],
)
def test_fault_is_one_line_with_file_key_found_and_allowed(document, path, value, parts):
    put(document, path, value)
    text = fault_of(document)
    assert "found" in text
    assert "allowed" in text
    for part in parts:
        assert part in text


@pytest.mark.parametrize(
    "key", ["audits", "statement", "condition", "formula", "experiment", "arms", "expect", "figure"]
)
def test_missing_key_is_named(document, key):
    del document[key]
    assert f"no key '{key}'" in fault_of(document)


@pytest.mark.parametrize(
    ("relation", "needed"),
    [("close", "absolute and relative"), ("at_most", "value"), ("between", "lower"), ("increasing", "along")],
)
def test_relation_without_its_bound_is_refused(document, relation, needed):
    document["expect"]["claim"] = [{"quantity": "final_distance", "relation": relation, "because": "a reason"}]
    assert needed in fault_of(document)


def test_a_claim_is_read_without_the_code_that_it_names(document):
    document["experiment"]["_target_"] = "descent_audit.experiments.nowhere.f"
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    assert claim.experiment["_target_"].endswith("nowhere.f")
    with pytest.raises(ConfigurationError, match="nowhere"):
        check_code(claim)


def test_missing_parameter_is_named_with_its_type(document):
    del document["experiment"]["rotation"]
    assert "no key 'rotation', allowed: rotation: float" in fault_of(document)


def test_arm_without_an_expectation_is_refused(document):
    del document["expect"]["calm"]
    assert "no key 'calm'" in fault_of(document)


def test_control_must_fail_something(document):
    document["expect"]["calm"] = [document["expect"]["claim"][0]]
    assert "no key 'fails'" in fault_of(document)


def test_scale_overrides_the_experiment_and_arms_override_the_scale(document):
    document["scale"] = {"smoke": {"steps": 7, "calm": {"steps": 5}}}
    arms = {arm.name: arm for arm in parse_claim("gradient_descent/small", document, SENTENCES).arms("smoke")}
    assert [arms[name].parameters["steps"] for name in ("claim", "calm", "odd")] == [7, 5, 40]
    assert arms["calm"].parameters["learning_rate"] == 0.5


def test_typed_parameter_outweighs_the_scale(document):
    document["scale"] = {"smoke": {"steps": 7}}
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    assert claim.arms("smoke", typed=["steps"])[0].parameters["steps"] == 400


def test_arm_with_a_target_stands_alone(document):
    own = {key: document["experiment"][key] for key in document["experiment"]}
    document["arms"]["counterexamples"]["odd"] = {**own, "steps": 3}
    document["scale"] = {"smoke": {"steps": 7}}
    arms = parse_claim("gradient_descent/small", document, SENTENCES).arms("smoke")
    assert [arm.parameters["steps"] for arm in arms] == [7, 7, 3]


def test_tolerance_at_scale_replaces_the_general_one(document):
    document["expect"]["claim"][0]["at_scale"] = {"smoke": {"value": 9.0}}
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    assert claim.expectations("smoke")["claim"]["observes"][0]["value"] == 9.0
    assert claim.expectations("full")["claim"]["observes"][0]["value"] == 1.0


def slices(document):
    claim = parse_claim("gradient_descent/small", document, SENTENCES)
    return claim.simulation_slice("full"), claim.judgement_slice("full"), claim.figure_slice(), claim.wording_slice()


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        (("statement",), "Other words.", [False, False, False, True]),
        (("derivation",), "Otherwise [@polyak1964].", [False, False, False, True]),
        (("expect", "claim", 0, "because"), "other words", [False, False, False, True]),
        (("figure", "caption"), "Other words.", [False, False, False, True]),
        (("expect", "claim", 0, "value"), 2.0, [False, True, False, False]),
        (("experiment", "steps"), 401, [True, False, False, False]),
        (("figure", "panels", 0, "x"), "time", [False, False, True, False]),
    ],
)
def test_each_edit_touches_the_slice_of_its_stage_alone(document, path, value, changed):
    before = slices(document)
    put(document, path, value)
    assert [one != other for one, other in zip(before, slices(document), strict=True)] == changed


def test_order_of_keys_touches_no_slice(document):
    backwards = {key: document[key] for key in reversed(document)}
    backwards["experiment"] = {key: document["experiment"][key] for key in reversed(document["experiment"])}
    assert slices(document) == slices(backwards)


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "config"
    shutil.copytree(PROJECT / "config", folder)
    return folder


def test_statements_are_all_there_in_order():
    statements = catalogue.load_text().statements
    assert len(statements) == 76
    assert statements[0].id == "naive_training_cost"
    assert statements[-1].id == "zero_loss_is_memorization"


def test_one_text_is_audited(config):
    shutil.copy2(config / "text" / "principles.yaml", config / "text" / "another.yaml")
    with pytest.raises(ConfigurationError, match="config/text: found 2 files, allowed: one"):
        catalogue.load_text(config)


@pytest.mark.parametrize(
    "name", ["gradient_descent/quadratic_divergence_threshold.yml", "warmup/quadratic_divergence_threshold.yaml"]
)
def test_duplicate_claim_id_is_refused(config, name):
    path = config / "claim" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(ConfigurationError, match="duplicate claim id 'quadratic_divergence_threshold'"):
        catalogue.claim_names(config)


@pytest.mark.parametrize(
    "name",
    ["warmup/Bad.yaml", "warmup/a-b.yaml", "warmup/$(touch x).yaml", "warmup/other.yml", "bare.yaml", "Up/low.yaml"],
)
def test_file_that_is_no_name_is_refused(config, name):
    path = config / "claim" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(ConfigurationError, match="allowed: claim/<topic>/<name>"):
        catalogue.claim_names(config)


@pytest.mark.parametrize(
    ("wanted", "match"),
    [
        ("", "claims"),
        ("nothing_here", "unknown name"),
        ("quadratic_divergence_thresold", "did you mean"),
        ("; rm -rf x", "unknown"),
    ],
)
def test_unknown_selection_is_refused(wanted, match):
    with pytest.raises(ConfigurationError, match=match):
        catalogue.select_claims(wanted)


def test_selection_with_a_repeat_is_refused():
    with pytest.raises(ConfigurationError, match="duplicate claim id"):
        catalogue.select_claims("quadratic_divergence_threshold,quadratic_divergence_threshold")


def test_unknown_scale_is_refused():
    with pytest.raises(ConfigurationError, match=r"did you mean 'smoke'.*allowed: deep, full, smoke"):
        catalogue.check_scale("smokey")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [1, 2", "YAML error"),
        ("a: 1\na: 2", "a"),
        ("\ta: 1", "YAML error"),
        ("", "object"),
        ("- 1", "object"),
    ],
)
def test_text_that_is_no_claim_is_one_line(config, text, part):
    claim_path("quadratic_divergence_threshold", config.parent).write_text(text)
    with pytest.raises(ConfigurationError, match=part) as caught:
        catalogue.load_claims(["quadratic_divergence_threshold"], config)
    assert "\n" not in str(caught.value)


def test_interpolation_is_text_and_never_evaluated(document, config):
    document["statement"] = "${oc.env:HOME}"
    OmegaConf.save(OmegaConf.create(document), config / "claim" / "warmup" / "small.yaml")
    claim = catalogue.load_claims(["small"], config)["small"]
    assert claim.statement == "${oc.env:HOME}"


def test_canonical_json_refuses_what_is_not_finite():
    assert json.loads(catalogue.canonical({"b": 1, "a": [1.5]})) == {"a": [1.5], "b": 1}
    with pytest.raises(ValueError, match="JSON"):
        catalogue.canonical(float("nan"))


def test_files_are_read_as_hydra_reads_them():
    files = [*(PROJECT / "config" / "claim").glob("*/*.yaml"), PROJECT / "config" / "text" / "principles.yaml"]
    for path in files:
        assert read_yaml(path, path.name) == OmegaConf.to_container(OmegaConf.load(path), resolve=False), path.name


@pytest.mark.parametrize(
    "text",
    [
        "1e-4",
        "1.5E3",
        "-.5",
        "+2.",
        "1_000.5",
        ".inf",
        "-.inf",
        "12",
        "0x1f",
        "2026-11-25",
        "1e",
        "on",
        "~",
        "e5",
        "1.2.3",
    ],
)
def test_scalar_is_read_as_hydra_reads_it(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(f"a: {text}\nb: [{text}]\n")
    assert read_yaml(path, "x") == OmegaConf.to_container(OmegaConf.load(path), resolve=False)
