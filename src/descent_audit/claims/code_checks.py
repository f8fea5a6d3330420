"""Claims against the code that they name: experiments and their parameters, update rules, reported quantities.

The code is read and not run, so that every start of the workflow can afford it.
"""

from descent_audit.claims.claims import OPTIMIZERS, SCALES, Claim, named_optimizers
from descent_audit.claims.sources import classes, functions, keyword_parameters, module_path, reported_quantities
from descent_audit.claims.validation import check_parameters, fault, unknown


def check_code(claim: Claim) -> None:
    """Raise ``ConfigurationError`` where a claim does not fit the experiments and optimizers that it names."""
    _check_targets(claim, claim.file)
    _check_quantities(claim, claim.file)


def _check_quantities(claim: Claim, label: str) -> None:
    """Check what is observed against what is reported, and what must fail against what the claim observes."""
    quantities = reported_quantities(claim.modules())
    claimed = {entry["quantity"] for entry in claim.expect["claim"].get("observes", [])}
    for arm, rule in claim.expect.items():
        for key, known in (("observes", quantities), ("fails", claimed)):
            for entry in rule.get(key, []):
                if entry["quantity"] not in known:
                    raise unknown(label, f"expect.{arm}.{key}.quantity", entry["quantity"], known)


def _check_targets(claim: Claim, label: str) -> None:
    for arm in (arm for scale in SCALES for arm in claim.arms(scale)):
        key = "experiment" if arm.kind == "claim" else f"arms.{arm.name}"
        module, _, function = arm.target.rpartition(".")
        path = module_path(module)
        if path is None:
            allowed = "a function of a module in descent_audit.experiments"
            raise fault(label, f"{key}._target_", repr(arm.target), allowed)
        if function not in functions(path):
            raise unknown(label, f"{key}._target_", function, functions(path))
        accepted = keyword_parameters(functions(path)[function])
        accepted.pop("streams", None)
        check_parameters(dict(arm.parameters), accepted, label, key)
        for parameter, rule in named_optimizers(arm.parameters).items():
            module, _, name = rule.partition(".")
            path = module_path(f"{OPTIMIZERS}.{module}")
            if path is None:
                raise fault(label, f"{key}.{parameter}", repr(rule), f"module.Class of {OPTIMIZERS}")
            if name not in classes(path):
                raise unknown(label, f"{key}.{parameter}", name, classes(path))
