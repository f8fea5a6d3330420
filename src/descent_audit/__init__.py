"""Descent Audit: every testable statement of a chapter on optimization, with a prediction and a control."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("descent_audit: found Python {}.{}, allowed: 3.11 or newer".format(*sys.version_info))
