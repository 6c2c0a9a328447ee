# The house's commands; `make help` lists them. What pip asks for, and where, is decided by pip's own settings.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench docs train-vision train-understanding lock clean

MEMORY ?= 2GiB
HOURS ?= 10
WORKERS ?= auto
# the first interpreter that is new enough; name another one with `make demo PYTHON=...`
PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13 python,$(shell \
  $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)) no-python-3.11)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
HASHED := install --quiet --require-hashes --no-deps
OWN := install --quiet --no-build-isolation --no-deps --editable .

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo.stamp ## make .venv, take off the example plan set under MEMORY (2GiB), say where the report lies
	$(BIN)/planroom demo --memory $(MEMORY)

test: .venv/dev.stamp ## run the tests; TESTS=tests/unit runs some of them
ifdef TESTS
	$(BIN)/python -m pytest $(TESTS)
else
	$(BIN)/python -m pytest tests/memory
	$(BIN)/python -m pytest $(RESIDENCY)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --ignore tests/memory --ignore $(RESIDENCY)
endif

check: .venv/dev.stamp ## format, lint, types, import contract, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_docs.py

# what measures this process's own memory runs alone; the rest on all processors
RESIDENCY := tests/unit/test_engine_residency.py

format: .venv/dev.stamp ## put the code into its format, and repair what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp ## run every benchmark; BENCH=benchmarks/scaling.py runs one
	@echo "peers that are not installed are left out; all of them: $(BIN)/python -m pip install -e '.[bench]'"
	@set -e; for file in $(or $(BENCH),$$(grep -l __main__ benchmarks/*.py)); do \
		echo "== $$file"; $(BIN)/python $$file; done

docs: .venv/dev.stamp ## write the generated pages of docs/reference anew
	$(BIN)/python docs/generate.py

train-vision: .venv/train.stamp ## train the vision networks on drawn sheets for HOURS (10), and export what they learnt
	$(BIN)/python -m training.vision --out build/vision --hours $(HOURS)
	$(BIN)/python -m training.export --trained build/vision/last.pt --precisions int8 --out src/planroom/engine/weights

train-understanding: .venv/train.stamp ## train the networks that understand a sheet on drawn sets, and score them
	$(BIN)/python -m training.understanding.sets --out build/sets --first 20000 --sets 100
	$(BIN)/python -m training.understanding.sets --out build/sets-held --first 3000 --sets 20
	$(BIN)/python -m training.understanding.train --sets build/sets --out build/understanding --minutes 40
	$(BIN)/python -m training.understanding.score --trained build/understanding/last.pt --sets build/sets-held

lock: ## pin the requirements anew, with hashes and without a host (needs uv)
	@command -v uv >/dev/null || test -x $(BIN)/uv || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile $(COMPILE) --extra ifc --extra gaeb -o requirements/demo.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile $(COMPILE) --extra ifc --extra gaeb --extra dev -c requirements/demo.lock \
		-o requirements/dev.lock

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group build \
	pyproject.toml

# PyTorch's builds differ by machine, so it is in no lock
.venv/train.stamp: .venv/dev.stamp
	$(PIP) install --quiet torch==2.13.0 onnxscript
	@touch $@

clean: ## remove the environment, the caches and the demo's output
	rm -rf .venv demo build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis src/planroom.egg-info
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "planroom needs Python 3.11 or newer; where it has another name: make demo PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# a stamp is as new as what it was installed from: nothing is asked of the network while nothing changed
.venv/demo.stamp: requirements/demo.lock pyproject.toml | $(BIN)/python
	$(PIP) $(HASHED) -r requirements/demo.lock
	$(PIP) $(OWN)
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/demo.stamp
	$(PIP) $(HASHED) -r requirements/dev.lock
	@touch $@
