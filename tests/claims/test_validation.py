from typing import Literal, Optional

import pytest

from descent_audit.claims.validation import ConfigurationError, is_of_type


@pytest.mark.parametrize(
    ("annotation", "accepted", "refused"),
    [
        (int, [3, -1, 0], [3.0, True, "3", None, [3]]),
        (float, [3, 3.5], ["3", False, None, [3.5]]),
        (str, ["a", ""], [1, None, ["a"]]),
        (bool, [True, False], [1, 0, "true", None]),
        (None, [None], [0, False, "", []]),
        (list[int], [[], [1, 2]], [[1, 2.5], [True], 1, None, {"a": 1}]),
        (list[float], [[], [1, 2.5]], [[1, "2"], [[1.0]], 1.0]),
        (list[list[float]], [[[1.0], [2, 3]], []], [[1.0], [[1.0], 2.0]]),
        (float | None, [None, 1, 1.5], ["x", False, [None]]),
        (Optional[float], [None, 1, 1.5], ["x", False, [None]]),  # noqa: UP045
        (int | list[int], [1, [1]], [1.5, [1.5], None]),
        (list[int | None], [[1, None]], [[1.5], None]),
        (Literal["a", "b"], ["a", "b"], ["c", None, 1, ["a"]]),
        (Literal[1], [1], [True, 1.0, "1"]),
        (float | Literal["optimal"], [0.5, "optimal"], ["best", None]),
        (list[Literal["a"]], [["a"], []], [["b"], "a"]),
    ],
)
def test_values_fit_the_annotation_that_they_are_of(annotation, accepted, refused):
    assert all(is_of_type(value, annotation) for value in accepted)
    assert not any(is_of_type(value, annotation) for value in refused)


@pytest.mark.parametrize("annotation", [dict, dict[str, int], tuple[int], list, object, list[complex]])
def test_annotation_that_nothing_in_yaml_fits_is_one_line(annotation):
    with pytest.raises(ConfigurationError, match=r"annotation of a parameter: found .*, allowed: int, float"):
        is_of_type([1], annotation)
