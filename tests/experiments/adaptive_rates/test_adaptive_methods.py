import numpy as np
import pytest

from descent_audit.dynamics.trajectories import iterate
from descent_audit.experiments.adaptive_rates.adaptive_methods import LABELS, Implementations
from descent_audit.optimizers.adam import Adam
from descent_audit.optimizers.amsgrad import AMSGrad
from descent_audit.optimizers.gradient_descent import GradientDescent
from descent_audit.optimizers.rmsprop import RMSProp

IMPLEMENTATIONS = Implementations(
    adam="adam.Adam",
    amsgrad="amsgrad.AMSGrad",
    rmsprop="rmsprop.RMSProp",
    gradient_descent="gradient_descent.GradientDescent",
)
EXPECTED = {
    "adam": Adam(0.8, 0.9, 1e-3, True),
    "adam_uncorrected": Adam(0.8, 0.9, 1e-3, False),
    "amsgrad": AMSGrad(0.8, 0.9, 1e-3),
    "rmsprop": RMSProp(0.9, 1e-3),
    "gradient_descent": GradientDescent(),
}


@pytest.mark.parametrize("method", LABELS)
def test_rule_is_the_named_class_with_the_constants_it_has(method):
    rule = IMPLEMENTATIONS.rule(method, first_decay=0.8, second_decay=0.9, epsilon=1e-3)
    found = list(iterate(lambda x: x, np.ones(2), 0.1, 5, rule))
    np.testing.assert_array_equal(found, list(iterate(lambda x: x, np.ones(2), 0.1, 5, EXPECTED[method])))


def test_unknown_method_lists_those_that_exist():
    with pytest.raises(ValueError, match="found 'adagrad', allowed: adam"):
        IMPLEMENTATIONS.rule("adagrad", first_decay=0.8, second_decay=0.9, epsilon=0.0)
