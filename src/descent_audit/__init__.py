"""Descent Audit: every testable statement of a chapter on optimization, with a prediction and a control."""

import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("descent_audit: found Python {}.{}, allowed: 3.11 or newer".format(*sys.version_info))


def _has_avx2() -> bool:
    """Say whether this is a 64-bit x86 processor of about 2013 or later, as far as Linux tells."""
    try:
        with Path("/proc/cpuinfo").open() as file:
            return " avx2 " in file.read(10_000)
    except OSError:
        return False


# OpenBLAS chooses its kernels by the processor, and with them the last digits of every product of matrices. These run
# on all processors with AVX2. It reads its choice when NumPy is first imported, which is after this.
if _has_avx2():
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
