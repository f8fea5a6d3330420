"""Try faults and say which claims notice them: ``python -m faults``, a part with ``--written`` or ``--generated``."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from descent_audit.claims.catalogue import ROOT, ConfigurationError, select_claims
from descent_audit.records.storage import StorageError, write_text
from descent_audit.results import csv_text, frame, read
from faults.campaign import COMPUTING, generated_faults, sample, workshop, written_faults
from faults.tables import fault_rows, reasons, summary, unexplained

STORE = ROOT / "outputs" / "faults"
REFERENCE = ROOT / "reports" / "reference" / "faults.csv"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a campaign; exit code 1 where a written fault or an unexplained generated one goes unnoticed."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--written", type=int, help="so many of the written faults, always the same ones")
    parser.add_argument("--generated", type=int, help="so many of the generated faults, always the same ones")
    parser.add_argument("--claims", help="these alone, and of the written faults those that they noticed before")
    parser.add_argument("--modules", nargs="+", default=COMPUTING, help="patterns below src/descent_audit")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", action="store_true", help="name every claim that notices a written fault")
    parser.add_argument("--store", type=Path, default=STORE, help="where answers are kept, and resumed from")
    parser.add_argument("--table", type=Path, default=STORE / "faults.csv")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        because, claims = reasons(), select_claims(options.claims)
        before = _noticed_before()
        by_hand = written_faults()
        if options.claims:
            by_hand = [fault for fault in by_hand if not {*claims}.isdisjoint(before.get(fault.name, ()))]
        made = [] if options.generated == 0 else generated_faults(options.modules)
        drawn = sample(made, len(made) if options.generated is None else options.generated)
        chosen = sample(by_hand, len(by_hand) if options.written is None else options.written)
        with workshop(options.store, claims, workers=options.workers) as opened:
            if options.every or drawn:
                opened.measure()
            written = opened.run(chosen, before, every=options.every)
            generated = opened.run(drawn, before, every=False)
    except (ConfigurationError, StorageError, ValueError, RuntimeError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on from here")
    write_text(options.table, csv_text(frame("faults", fault_rows(written, generated, because))))
    print(summary(written, generated, because, len(made)))
    sys.exit(1 if unexplained([*written, *generated], because) else 0)


def _noticed_before() -> dict[str, list[str]]:
    """Return the claims that noticed each fault of the committed table."""
    known = read(REFERENCE) if REFERENCE.is_file() else frame("faults", ())
    return dict(zip(known["fault"], known["noticed_by"].str.split(";"), strict=True))


if __name__ == "__main__":
    main()
