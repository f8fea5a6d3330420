"""Claims against the code that they name: experiments and their parameters, update rules, reported quantities."""

from descent_audit.claims.claims import SCALES, Claim, named_optimizers
from descent_audit.claims.sources import BrokenModule, experiment, keyword_parameters, optimizer, reported_quantities
from descent_audit.claims.validation import check_parameters, unknown


def check_code(claim: Claim) -> None:
    """Raise ``ConfigurationError`` where a claim does not fit the experiments and optimizers that it names.

    A claim whose code cannot be imported is left as it is, so that others can run: its own simulation says so.
    """
    try:
        _check_targets(claim, claim.file)
    except BrokenModule:
        return
    _check_quantities(claim, claim.file)


def _check_targets(claim: Claim, label: str) -> None:
    """Check what every arm names and sets against the signature of its experiment."""
    for arm in (arm for scale in SCALES for arm in claim.arms(scale)):
        key = "experiment" if arm.kind == "claim" else f"arms.{arm.name}"
        experiment(arm.target, label, f"{key}._target_")
        accepted = {name: one for name, one in keyword_parameters(arm.target).items() if name != "streams"}
        check_parameters(arm.parameters, accepted, label, key)
        for parameter, rule in named_optimizers(arm.parameters).items():
            optimizer(rule, label, f"{key}.{parameter}")


def _check_quantities(claim: Claim, label: str) -> None:
    """Check what is observed against what is reported, and what must fail against what the claim observes."""
    quantities = reported_quantities(claim.modules())
    claimed = {entry["quantity"] for entry in claim.expect["claim"].get("observes", [])}
    for arm, rule in claim.expect.items():
        for key, known in (("observes", quantities), ("fails", claimed)):
            for entry in rule.get(key, []):
                if entry["quantity"] not in known:
                    raise unknown(label, f"expect.{arm}.{key}.quantity", entry["quantity"], known)
