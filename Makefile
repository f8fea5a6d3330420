# The two commands of a stranger: `make reproduce` and `make test`. Everything else is for contributors.
PYTHON ?= python3
SCALE ?= full
BIN := .venv/bin
READY := .venv/.ready
RESOLVE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: reproduce test cluster histories lint verify faults faults-sample reference calibrate stability lock figures workflow-report readme benchmark clean clean-stale moved

reproduce: $(READY)
	$(BIN)/snakemake --cores all --config scale=$(SCALE)
	@echo "The report is reports/$(SCALE)/audit.html (to print: reports/$(SCALE)/audit.pdf)"

test: $(READY)
	$(BIN)/pytest

# The pipeline on a Slurm cluster of two nodes that the tests start on this machine, and what goes wrong there. As root, with
# Debian's slurmctld, slurmd, slurm-client and munge; in an environment of its own, which has Snakemake's plugin for Slurm.
cluster: .venv-slurm/.ready
	.venv-slurm/bin/pytest -n 3 -m cluster tests/cluster

.venv-slurm/.ready: $(READY) requirements-slurm.lock
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-slurm
	$(BIN)/uv pip sync --quiet --compile-bytecode --python .venv-slurm/bin/python --require-hashes requirements.lock requirements-slurm.lock
	$(BIN)/uv pip install --quiet --python .venv-slurm/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

# Random histories of edits, runs, kills and deletions in one folder, which must end in the tables of a fresh run: HISTORIES=n of them.
histories: $(READY)
	HISTORIES=$(or $(HISTORIES),30) $(BIN)/pytest -n 1 tests/workflow/test_histories.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/codespell

# Does the last run still follow from what is here? Then a fresh run of everything against reports/reference: exit code 1
# and a readable diff where anything changed.
verify: $(READY)
	$(BIN)/python -m descent_audit.assurance.integrity --results results/full
	$(BIN)/snakemake --cores all --forceall tables manifest
	$(BIN)/python -m descent_audit.assurance.verify --results results/full

# Faults put into a copy of the package one at a time, and the claims that notice: hours for all, resumed after a kill.
# GENERATED=n takes so many of the generated ones, always the same; TABLE is where the rows go.
faults: $(READY)
	$(BIN)/python -m faults $(if $(GENERATED),--generated $(GENERATED)) $(if $(TABLE),--table $(TABLE))

# Some of the written faults on the fixed claims of tests/sample.txt, of those that they noticed before: exit code 1 where one
# goes unnoticed.
faults-sample: $(READY)
	$(BIN)/python -m faults --written 24 --generated 0 --claims "$$(paste -sd, tests/sample.txt)"

# Make the present results the reference, on purpose; what changed is written into CHANGELOG.md, why is for you to add.
reference: $(READY)
	$(BIN)/snakemake --cores all tables manifest
	$(BIN)/python -m descent_audit.assurance.verify --results results/full --update

# Every claim that draws random numbers, under many seeds: are p-values uniform, verdicts constant, controls rejected?
calibrate: $(READY)
	$(BIN)/snakemake --cores all calibrate
	cp results/calibration/calibration.csv results/calibration/calibration_laws.csv reports/reference/

# Which verdicts and digits change in single precision, with two BLAS threads, with the oldest and the newest NumPy?
stability: $(READY)
	$(BIN)/snakemake --cores all stability
	cp results/stability/stability.csv reports/reference/

# The environment: made once, and again only where the lock or the project's metadata change, or where the project was moved:
# the programs in .venv and the package's own entry there name the folder for which they were made.
MADE_FOR := $(shell cat $(READY) 2>/dev/null)
ifneq ($(wildcard $(READY)),)
ifneq ($(MADE_FOR),$(CURDIR))
$(READY): moved
endif
endif
moved:
	@echo ".venv: made for $(or $(MADE_FOR),a folder that it does not name), found in $(CURDIR); it is made anew"

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found, allowed: Python 3.11 or newer (make PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "$(PYTHON): found Python %d.%d, allowed: 3.11 or newer (make PYTHON=python3.12)" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON): cannot make .venv; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@pwd -P > $@

# Resolve the dependencies anew and write the locks; they name hashes and no host. One holds the installer alone, one what
# the extra `slurm` adds.
lock: $(READY)
	$(RESOLVE) --upgrade --extra dev pyproject.toml -o requirements.lock
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > requirements-uv.lock
	$(RESOLVE) --constraints requirements.lock --extra dev --extra slurm pyproject.toml -o .slurm.lock
	grep -vxFf requirements.lock .slurm.lock > requirements-slurm.lock
	rm .slurm.lock

# Every figure to take along, as SVG, PDF and PNG: STYLE=paper, paper-wide or slides.
STYLE ?= paper
figures: $(READY)
	$(BIN)/snakemake --cores all figures --config scale=$(SCALE) figure_style=$(STYLE)

# Snakemake's own report: figures and tables with captions, the rules and their times, in one archive.
workflow-report: $(READY)
	$(BIN)/snakemake --cores all --config scale=$(SCALE)
	$(BIN)/snakemake --cores all --config scale=$(SCALE) --report reports/$(SCALE)/workflow.zip
	@echo "Unpack reports/$(SCALE)/workflow.zip and open workflow/report.html"

# What the README shows of the results: the head of the ledger, and two figures drawn by the pipeline.
readme: $(READY)
	$(BIN)/snakemake --cores all drawings tables
	$(BIN)/python -m descent_audit.report.readme --results results/full

# All of benchmarks/ into benchmarks/results/<platform>.json, which the report shows: half an hour on a machine that does
# nothing else. JAX, PyTorch and Numba are compared with where BENCHMARK_PYTHON has them.
BENCHMARK_PYTHON ?= $(BIN)/python
benchmark: $(READY)
	$(BENCHMARK_PYTHON) benchmarks/suite.py

# What a claim that was renamed or removed has left in the results.
clean-stale: $(READY)
	$(BIN)/python -m descent_audit.workflow.leftovers --results results/$(SCALE)

clean:
	rm -rf results outputs reports/smoke reports/full reports/deep .snakemake
