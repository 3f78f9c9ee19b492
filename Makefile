# Two commands: `make figures` and `make test`. Both create what they need in .venv.
#
# PYTHON: any Python >= 3.11.   RESULTS: where figures and the companion go.
PYTHON ?= python3
RESULTS ?= results

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
FOLDERS := cli numerics paper theory validate

.PHONY: figures test lint types tests benchmarks clean FORCE
.DELETE_ON_ERROR:

figures: $(VENV)/installed
	$(BIN)/superposition figures --folder $(RESULTS)
	$(BIN)/superposition companion --folder $(RESULTS)
	@echo "Figures: $(RESULTS)/figures   Companion: $(RESULTS)/companion.pdf"

# The commands of `make test` are those of the README and of CI.
test: lint types tests

lint: $(VENV)/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/developing
	MYPYPATH=$$(echo build/__editable__.*) $(BIN)/mypy -p superposition
	$(BIN)/mypy tests benchmarks

tests: $(VENV)/developing
	$(BIN)/pytest -n 2

benchmarks: $(VENV)/developing
	$(BIN)/python -m pytest benchmarks --override-ini=python_files='*_benchmark.py' -s

# A strict editable install links the files there are: install again when the list changes.
$(VENV)/file-list: FORCE
	@test -d $(VENV) || { $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12"; exit 1; }; \
	  $(PYTHON) -m venv $(VENV); }
	@find $(FOLDERS) -name '*.py' -o -name '*.typ' -o -name py.typed | sort > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(VENV)/dependencies: pyproject.toml constraints.txt | $(VENV)/file-list
	$(PIP) pip setuptools
	$(PIP) 'numpy' 'torch'
	@touch $@

$(VENV)/installed: $(VENV)/dependencies $(VENV)/file-list
	rm -rf build/__editable__.*
	$(PIP) -e '.[all]' -C editable_mode=strict
	@touch $@

$(VENV)/developing: $(VENV)/installed
	$(PIP) --group dev
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
