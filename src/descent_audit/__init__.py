"""Descent Audit: every testable statement of a chapter on optimization, with a prediction and a control."""

import sys

if sys.version_info < (3, 11):
    sys.exit("descent_audit: found Python %d.%d, allowed: 3.11 or newer" % sys.version_info[:2])
