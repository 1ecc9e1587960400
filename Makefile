# The commands of the README. All are idempotent; `make run` and `make test` need nothing but Python ≥ 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# pip in a few lines: what is large enough to be waited for, and that it goes on after that.
PROGRESS := awk '/ Downloading .* MB\)/ { size = substr($$(NF-1), 2); name = $$2; \
	sub(/.*\//, "", name); sub(/-.*/, "", name); \
	if (size + 0 >= 10) { print "  downloading " name " (" size " MB)"; fflush() } } \
	/^Installing collected/ { print "  unpacking " NF - 3 " packages, which can take minutes"; \
	fflush() }'
BY_PIP = $(PIP) install --progress-bar off --constraint constraints.txt $(1) | $(PROGRESS)
# uv unpacks many packages at once; where it cannot, pip does the same, more slowly.
UV := $(BIN)/uv pip install --python $(BIN)/python
export UV_COMPILE_BYTECODE ?= 1
define INSTALL
	@echo "Installing $(2) …"
	@$(UV) --constraint constraints.txt $(1) || $(call BY_PIP,$(1))
endef

.PHONY: run test test-all check load validate clean

run: $(VENV)/.installed
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: $(VENV)/.ray
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

load: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.load

validate: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.validate

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# torch first, by pip and by its exact version: the build for a CPU may lie where only pip looks.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make run PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) …"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing (1 of 2) torch …"
	@$(call BY_PIP,torch==2.13.0)
	@$(PIP) install --quiet --constraint constraints.txt uv || echo "There is no uv here: with pip."
	$(call INSTALL,--editable .,(2 of 2) Touchstone and what it needs)
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(call INSTALL,--editable '.[test]',what the tests need)
	@touch $@

$(VENV)/.ray: $(VENV)/.test
	$(call INSTALL,--editable '.[ray,test]',what the tests of a Ray cluster need)
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(call INSTALL,--editable '.[check]',what the checks need)
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
