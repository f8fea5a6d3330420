"""What the pipeline costs: python benchmarks/pipeline.py [--scale full] [--rounds 5].

The whole run beside one plain Python process that does the same work and beside ``make -j2`` with the same commands;
where its time goes; and how long someone waits who changes one thing. Everything runs in temporary copies.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from timing import Row, copied, meets, ratio, spread, table, timed

from descent_audit.workflow.plan import Plan, load_plan

SEED = 20260101
CORES = 2
EDITED = "quadratic_divergence_threshold"
TOLERANCE = ("relative: 1.0e-9", "relative: 2.0e-9")
LABEL = ('y: "distance', 'y: "the distance')
INSIDE = "processor time inside experiments, halved"
LONGEST = 100.0
"""Seconds that a whole run may take."""
UNCHANGED = "nothing has changed"
STAGES = ("judge", "tables", "manifest", "page", "paper", "typeset", "gallery", "crate")
SINGLE = """
import sys, time
from pathlib import Path
from descent_audit import judge
from descent_audit.figures import draw
from descent_audit.report import crate, gallery, page, paper, typeset
from descent_audit.stages import manifest, observe, tables
from descent_audit.stages.recipes import simulation
from descent_audit.claims.catalogue import load_claims
scale, seed = sys.argv[1], int(sys.argv[2])
results, pages, claims = Path("results") / scale, Path("reports") / scale, load_claims()
inside = 0.0
for name, claim in claims.items():
    arms, start = claim.arms(scale), time.process_time()
    reports = observe.simulate(name, arms, seed)
    inside += time.process_time() - start
    observe.write_results(results, simulation(claim, arms, seed), reports)
told = ["--scale", scale, "--results", str(results)]
for stage in (judge, tables, draw, manifest):
    stage.main(told)
page.main([*told, "--output", str(pages / "audit.html")])
paper.main([*told, "--output", str(results / "audit.typ")])
typeset.main([*told, "--output", str(pages / "audit.pdf")])
gallery.main([*told, "--output", str(pages / "figures.html")])
crate.main([*told, "--report", str(pages)])
print(inside)
"""
STARTED = """
import sys, time
at_start = time.process_time()
from descent_audit import simulate
imported = time.process_time()
simulate.load_claims([sys.argv[1]])
print(at_start, imported - at_start, time.process_time() - imported)
"""


def stage_commands(plan: Plan) -> dict[str, str]:
    """Return the commands of the stages after the figures, as the workflow has them."""
    results, pages = f"results/{plan.scale}", f"reports/{plan.scale}"
    told = f"--scale {plan.scale} --results {results}"
    commands = {
        "judge": f"judge {told} --claims {','.join(plan.selected)}",
        "tables": f"stages.tables {told}",
        "manifest": f"stages.manifest {told}",
        "page": f"report.page {told} --output {pages}/audit.html",
        "paper": f"report.paper {told} --output {results}/audit.typ",
        "typeset": f"report.typeset {told} --output {pages}/audit.pdf",
        "gallery": f"report.gallery {told} --output {pages}/figures.html",
        "crate": f"report.crate {told} --report {pages}",
    }
    return {stage: f"{sys.executable} -m descent_audit.{commands[stage]}" for stage in STAGES}


def drawing_commands(plan: Plan) -> dict[str, str]:
    """Return the command that draws each batch of figures."""
    draw = (
        f"{sys.executable} -m descent_audit.figures.draw --scale {plan.scale} --results results/{plan.scale} --claims"
    )
    return {batch: f"{draw} {','.join(names)}" for batch, names in plan.batches().items()}


def makefile(plan: Plan) -> str:
    """Return the same work as a Makefile: the same commands, and the same order where one needs another."""
    told = f"scale={plan.scale} output=results/{plan.scale} print=false"
    simulate = f"{sys.executable} -m descent_audit.simulate {told}"
    batches = plan.batches()
    needs: dict[str, tuple[list[str], str]] = {
        f"sim_{name}": ([], f"{simulate} claim={plan.claims[name].choice}") for name in plan.selected
    }
    needs |= {
        batch: ([f"sim_{name}" for name in batches[batch]], command)
        for batch, command in drawing_commands(plan).items()
    }
    before = {
        "judge": [f"sim_{name}" for name in plan.selected],
        "tables": ["judge"],
        "manifest": ["tables"],
        "page": ["manifest", *batches],
        "paper": ["tables"],
        "typeset": ["paper", *batches],
        "gallery": ["tables", *batches],
        "crate": ["page", "typeset", "gallery"],
    }
    needs |= {stage: (before[stage], command) for stage, command in stage_commands(plan).items()}
    rules = [f"{target}: {' '.join(first)}\n\t@{command} >/dev/null\n" for target, (first, command) in needs.items()]
    return "\n".join([f".PHONY: {' '.join(needs)}", "all: crate\n", *rules])


def emptied(folder: Path) -> None:
    """Remove what runs have left."""
    for name in (".snakemake", "results", *(f"reports/{scale}" for scale in ("smoke", "full"))):
        shutil.rmtree(folder / name, ignore_errors=True)


def whole_runs(scale: str, rounds: int, copy: Path) -> tuple[list[Row], dict[str, float]]:
    """Return the ratios of whole runs from nothing, and median seconds by what was run; the pipeline's is the last."""
    plan = load_plan({"scale": scale})
    (copy / "Makefile").write_text(makefile(plan))
    commands = {
        "single": [sys.executable, "-c", SINGLE, scale, str(SEED)],
        "make": ["make", f"-j{CORES}", "all"],
        "pipeline": _snakemake(scale),
    }
    wall: dict[str, list[float]] = {name: [] for name in (*commands, "bound", "limit")}
    cpu: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            emptied(copy)
            cost = timed(command, copy)
            wall[name].append(cost.wall)
            cpu[name].append(cost.cpu)
            if name == "single":
                wall["bound"].append(float(cost.printed.split()[-1]) / CORES)
        wall["limit"].append(LONGEST)
    pipeline, make = f"the pipeline on {CORES} cores", f"make -j{CORES} with the same commands"
    halved = [one / CORES for one in wall["single"]]
    rows = [
        ratio(pipeline, "one plain Python process", wall["pipeline"], wall["single"], "at most 0.8"),
        ratio(pipeline, make, wall["pipeline"], wall["make"], "at most 1.15"),
        ratio(pipeline, INSIDE, wall["pipeline"], wall["bound"]),
        ratio(make, INSIDE, wall["make"], wall["bound"]),
        ratio("one plain Python process, halved", INSIDE, halved, wall["bound"]),
        ratio(pipeline, f"{LONGEST:g} seconds", wall["pipeline"], wall["limit"], "at most 1"),
    ]
    seconds = {f"{name} wall": statistics.median(one) for name, one in wall.items() if name != "limit"}
    return rows, seconds | {f"{name} cpu": statistics.median(one) for name, one in cpu.items()}


def stages(scale: str, rounds: int, copy: Path, inside: float) -> list[Row]:
    """Return where the processor time of a whole run goes, by stage: how often, seconds each and in all."""
    plan = load_plan({"scale": scale})
    jobs = len(plan.selected)

    def cost(command: list[str], count: int = rounds) -> float:
        return statistics.median(timed(command, copy).cpu for _ in range(count))

    starts = [timed([sys.executable, "-c", STARTED, EDITED], copy).printed.split() for _ in range(rounds)]
    interpreter, imports, reading = (statistics.median(map(float, column)) for column in zip(*starts, strict=True))
    found = {
        "Snakemake: reading the workflow, planning": (1, cost(_snakemake(scale))),
        "simulations: starting Python": (jobs, interpreter),
        "simulations: imports": (jobs, imports),
        "simulations: reading the claim": (jobs, reading),
        "simulations: experiments and tables": (1, inside),
    }
    drawings = drawing_commands(plan)
    started = cost([sys.executable, "-c", "import descent_audit.figures.draw, descent_audit.figures.drawing"])
    shutil.rmtree(copy / "results" / scale / "kept")
    drawn = sum(cost(command.split(), 1) for command in drawings.values())
    found["figures: starting Python, imports"] = (len(drawings), started)
    found["figures: drawing"] = (1, drawn - len(drawings) * started)
    found |= {f"report: {stage}": (1, cost(command.split(), 1)) for stage, command in stage_commands(plan).items()}
    total = sum(times * each for times, each in found.values())
    return [
        {"stage": stage, "times": times, "each": each, "seconds": times * each, "share": times * each / total}
        for stage, (times, each) in found.items()
    ]


def interaction(scale: str, rounds: int, copy: Path) -> list[Row]:
    """Return how long someone waits: wall seconds of small reruns, beside Snakemake's start on an empty workflow."""
    timed(_snakemake(scale), copy)
    (copy / "empty").mkdir()
    (copy / "empty" / "Snakefile").write_text("rule all:\n")
    drawings = f"results/{scale}/figures"
    waits: dict[str, tuple[Callable[[], object], list[str]]] = {
        "Snakemake itself, an empty workflow": (
            lambda: None,
            [
                sys.executable,
                "-m",
                "snakemake",
                "--cores",
                "1",
                "--directory",
                "empty",
                "--snakefile",
                "empty/Snakefile",
            ],
        ),
        UNCHANGED: (lambda: timed(_snakemake(scale), copy), _snakemake(scale)),
        "a tolerance has changed: all verdicts and tables": (
            lambda: _toggled(copy / "config" / "claim" / f"{EDITED}.yaml", TOLERANCE),
            [*_snakemake(scale)[:-2], "tables", *_snakemake(scale)[-2:]],
        ),
        "one figure has changed: a label of its axis": (
            lambda: _toggled(copy / "config" / "claim" / f"{EDITED}.yaml", LABEL),
            [*_snakemake(scale)[:-2], f"{drawings}/{EDITED}.svg", *_snakemake(scale)[-2:]],
        ),
        "one figure, by hand": (
            lambda: _forgotten(copy / "results" / scale / "kept"),
            [sys.executable, "-m", "descent_audit.figures.draw", "--results", f"results/{scale}", "--claims", EDITED],
        ),
        "one claim, by hand": (
            lambda: None,
            [sys.executable, "-m", "descent_audit.simulate", f"claim={EDITED}", f"scale={scale}"],
        ),
    }
    found: dict[str, list[float]] = {what: [] for what in waits}
    for _ in range(rounds):
        for what, (prepare, command) in waits.items():
            prepare()
            found[what].append(timed(command, copy).wall)
    own = found["Snakemake itself, an empty workflow"]
    aims = {what: "at most 4" if what == UNCHANGED else "at most 6" for what in found if found[what] is not own}
    return [
        {"what": what, **spread(found[what]), "aim": aim, "met": meets(statistics.median(found[what]), aim)}
        for what, aim in aims.items()
    ] + [{"what": "Snakemake itself, an empty workflow", **spread(own), "aim": "", "met": None}]


def _toggled(path: Path, texts: tuple[str, str]) -> None:
    text = path.read_text()
    old, new = texts if texts[0] in text else texts[::-1]
    if text.count(old) < 1:
        raise SystemExit(f"{path.name}: found no {old!r} to change")
    path.write_text(text.replace(old, new, 1))


def _forgotten(kept: Path) -> None:
    for path in kept.rglob(f"{EDITED}.*"):
        path.unlink()


def _snakemake(scale: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores", str(CORES), "--config", f"scale={scale}"]


def measure(scale: str = "full", rounds: int = 5) -> dict[str, object]:
    """Return all tables about the pipeline."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = copied(Path(temporary) / "copy")
        whole, seconds = whole_runs(scale, rounds, copy)
        return {
            "scale": scale,
            "claims": len(load_plan({"scale": scale}).selected),
            "whole": whole,
            "seconds": seconds,
            "stages": stages(scale, rounds, copy, CORES * seconds["bound wall"]),
            "interaction": interaction(scale, rounds, copy),
        }


def shown(found: dict[str, object]) -> Iterator[str]:
    """Yield the tables as text."""
    for name, rows in found.items():
        if isinstance(rows, list):
            yield f"{name}\n{table(rows)}\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("\n".join(shown(measure(options.scale, options.rounds))))


if __name__ == "__main__":
    main()
