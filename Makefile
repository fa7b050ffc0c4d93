# make demo   run the app on http://127.0.0.1:7860
# make test   run lint, type checks and every test without an accelerator; save pictures of the app in build/screenshots
# make lowest run the fast tests of rs_srgan with the lowest versions that pyproject.toml allows, outside this folder
# make bench  measure the figures in README.md, docs/models.md and the model cards
# make torture  attack the project with broken files, kills, extreme numbers and many clients: docs/reliability.md
# make docs   build the documentation site in build/site, strictly: a broken link is an error
# make dist   build and check the wheel and the source archive in dist, and write build/rs_srgan.cdx.json
# make pins   pin what the image of the app installs, with hashes, in app/constraints.txt and app/torch.txt
# Each creates .venv and installs its requirements, once.

PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin

# Without a GPU, install PyTorch's CPU build: the default build brings 2.6 GB of CUDA. pip asks the extra index once and
# uses another wheel if it cannot reach it. To choose another build: make demo TORCH="torch>=2.6,<3" TORCH_INDEX=
ifeq ($(shell uname -s)$(shell command -v nvidia-smi),Linux)
TORCH ?= torch==2.13.0+cpu
TORCH_INDEX ?= --extra-index-url https://download.pytorch.org/whl/cpu --retries 0
else
TORCH ?= torch>=2.6,<3
endif

# Real imagery for training, benchmarks and some tests. Without it those tests are skipped.
ifneq ($(wildcard ../shared/data),)
export RS_SRGAN_DATA ?= $(abspath ../shared/data)
endif

# Two processes share the tests, by whole files, because fixtures of a file start servers and browsers (on free ports).
# tests/conftest.py puts the longest files first; pytest-xdist would put the files with most tests first.
# `make test PYTEST_WORKERS=0` runs all tests in one process. Training after all other tests in one process once crashed
# with a segmentation fault. Its cause is unknown, and it has not come back: all 2004 tests passed in one process twice,
# with the default threads (10 minutes) and with OMP_NUM_THREADS=1, with torch 2.13.0, openvino 2026.4.1 and onnxruntime
# 1.32.0. If it comes back, faulthandler prints the place.
PYTEST_WORKERS ?= 2
TEST := $(BIN)/python -X faulthandler -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow"

.PHONY: demo test lowest bench torture screenshot lint train docs dist sbom pins clean

demo: .venv/.demo
	$(BIN)/python -m app --port $(PORT)

test: .venv/.dev
	$(MAKE) lint
	mkdir -p build/screenshots
	RS_SRGAN_SCREENSHOTS=build/screenshots $(TEST)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/check_docstrings.py
	$(BIN)/mypy

# The lowest PyTorch comes with CUDA: 3 GB. uv has an option for that, pip has none. To keep the environment elsewhere:
# make lowest LOWEST=FOLDER
LOWEST ?= $(or $(TMPDIR),/tmp)/rs_srgan-lowest
EXTRAS := app cpu evaluate export stac train xarray dev

lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/pip install -q uv
	$(LOWEST)/bin/uv pip compile -q --python $(LOWEST)/bin/python --resolution lowest-direct pyproject.toml \
	  $(addprefix --extra ,$(EXTRAS)) -o $(LOWEST)/requirements.txt
	$(LOWEST)/bin/uv pip install -q --python $(LOWEST)/bin/python -r $(LOWEST)/requirements.txt
	$(LOWEST)/bin/uv pip install -q --python $(LOWEST)/bin/python --no-deps -e .
	$(LOWEST)/bin/python -m pytest -q -p no:cacheprovider -m "not slow" tests/rs_srgan

bench: .venv/.dev
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.engine

# Write the tables of docs/reliability.md. At most 30 minutes on two cores.
torture: .venv/.dev .venv/.audit
	$(BIN)/python -m torture --write

screenshot: .venv/.dev
	mkdir -p build/screenshots
	RS_SRGAN_SCREENSHOTS=build/screenshots $(BIN)/python -m pytest -q tests/app/end_to_end/test_browser.py

train: .venv/.dev
	$(BIN)/python -m train fit --config train/configs/sisr_x4_rgbn.yaml

docs: .venv/.docs
	PYTHONPATH=. $(BIN)/mkdocs build --strict --quiet --clean

dist: .venv/.release
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m scripts.check_wheel dist
	$(MAKE) sbom

# The bill of materials of the app's image, as CycloneDX in JSON.
sbom: .venv/.audit
	mkdir -p build
	cat app/constraints.txt app/torch.txt | $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml \
	  --output-reproducible -o build/rs_srgan.cdx.json -

pins: .venv/.audit
	$(BIN)/python -m scripts.pins

clean:
	rm -rf .venv build dist

.venv/.torch:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q $(TORCH_INDEX) "$(TORCH)"
	touch $@

.venv/.demo: .venv/.torch pyproject.toml
	$(BIN)/pip install -q -e ".[app]"
	touch $@

.venv/.dev: .venv/.torch pyproject.toml Makefile
	$(BIN)/pip install -q -e ".[app,cpu,evaluate,export,stac,train,xarray,dev]"
	touch $@ .venv/.demo

.venv/.docs: .venv/.demo
	$(BIN)/pip install -q -e ".[app,docs]"
	touch $@

.venv/.audit: .venv/.torch pyproject.toml
	$(BIN)/pip install -q -e ".[audit]"
	touch $@

.venv/.release: .venv/.torch pyproject.toml
	$(BIN)/pip install -q -e ".[release]"
	touch $@
