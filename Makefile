# One word for each habit. Everything works from a clean checkout with Python, gcc and make:
# each target makes its own virtual environment and installs what it needs.
#
#   make demo      train two models on handwritten digits, draw fastloss-demo.png
#   make test      the tests: no other framework, under three minutes
#   make test-all  also the slow ones, against torch and others (in .venv-all)
#   make dev       an editable install with every tool
#   make bench     the benchmarks        make lint    style of Python and C
#                  (BENCH="-k huber --threads 2", --large: also what takes long)
#   make types     type checkers         make format  apply the style
#   make docs      tables, doctests      make stubs   write fastloss/*.pyi (make torch-stubs: of fastloss.torch)
#   make wheel     sdist and wheel       make clean   remove all of it

PYTHON ?= python3
PEERS ?= torch==2.13.0 expecttest numba jax pycocotools xgboost lightgbm catboost
BIN := .venv/bin
ALL := .venv-all/bin
BENCH_TABLE := --benchmark-columns=median,iqr,rounds --benchmark-sort=min
PIP_FLAGS := --quiet --disable-pip-version-check
BUILD := "setuptools>=77" "cython>=3.1" "numpy>=2.0"

SOURCES := setup.py $(wildcard csrc/*.[ch] csrc/*.def csrc/*/*.[ch] csrc/*/*/*.[ch] fastloss/*.pyx fastloss/_pyx/*.pxi)
C_FILES := $(wildcard csrc/*.[ch] csrc/*/*.[ch] csrc/*/*/*.[ch])

.PHONY: test test-all demo dev bench bench-smoke lint format types docs docs-check stubs torch-stubs wheel clean
.DELETE_ON_ERROR:

test: .venv/built
	$(BIN)/python -m pytest -n auto -m "not slow and not peer"

test-all: .venv/built .venv-all/ready
	$(ALL)/python -m pytest -n auto

demo: .venv/built .venv/with-demo
	$(BIN)/python -m fastloss demo

dev: .venv/built .venv/with-demo .venv/with-bench .venv/with-dev
	@echo "source .venv/bin/activate"

bench: .venv/built .venv/with-bench
	$(BIN)/python -m pytest bench $(BENCH_TABLE) $(BENCH)

# Every benchmark once, on small shapes: shows that they run, measures nothing.
bench-smoke: .venv/built .venv/with-bench
	FASTLOSS_BENCH_SMOKE=1 $(BIN)/python -m pytest bench --benchmark-disable

lint: .venv/with-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)

format: .venv/with-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(C_FILES)

types: .venv/built .venv/with-dev
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing_examples.py tests/typing_torch.py
	@if $(BIN)/pyright --version >/dev/null 2>&1; \
	then $(BIN)/pyright --pythonpath $(BIN)/python; \
	else echo "pyright does not run here: skipped"; fi

docs: .venv/built
	$(BIN)/python -m tests.tools.tables
	$(BIN)/python -m pytest tests/test_docs.py

docs-check: .venv/built
	$(BIN)/python -m tests.tools.tables --check
	$(BIN)/python -m pytest tests/test_docs.py

stubs: .venv/built
	$(BIN)/python -m tests.tools.stubs

torch-stubs: .venv/built .venv-all/ready
	$(ALL)/python -m tests.tools.torch_stubs

wheel: .venv/with-dev
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf .venv .venv-all build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f fastloss/_core.c fastloss/_core.*.so

# ---- environments: a stamp file for each thing that was installed ----------------

.venv/tools: Makefile
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_FLAGS) --no-compile $(BUILD)
	touch $@

# Compile into build/, which later runs reuse, link the checkout into the environment, and add what the tests need.
.venv/built: .venv/tools pyproject.toml $(SOURCES)
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install $(PIP_FLAGS) --no-build-isolation --editable ".[test]"
	touch $@

# The extras of pyproject.toml.
.venv/with-%: pyproject.toml | .venv/built
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install $(PIP_FLAGS) --no-build-isolation --editable ".[$*]"
	touch $@

.venv-all/ready: Makefile pyproject.toml | .venv/built
	$(PYTHON) -m venv .venv-all
	$(ALL)/python -m pip install $(PIP_FLAGS) --upgrade pip $(BUILD) $(PEERS)
	PYTHONWARNINGS=ignore $(ALL)/python -m pip install $(PIP_FLAGS) --no-build-isolation --editable ".[test,demo,bench,onnx]"
	touch $@
