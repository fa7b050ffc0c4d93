# make demo   the app on http://127.0.0.1:7860
# make test   lint, types and every test that needs no accelerator; pictures of the app into build/screenshots
# make bench  the figures in README.md and in the model cards
# Each makes .venv and installs what it needs, once.

PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin

# Without a GPU: PyTorch's CPU build, since the default one brings 2.6 GB of CUDA. The extra index is asked once; a machine
# that cannot reach it takes a wheel it has. Another build: make demo TORCH="torch>=2.6,<3" TORCH_INDEX=
ifeq ($(shell uname -s)$(shell command -v nvidia-smi),Linux)
TORCH ?= torch==2.13.0+cpu
TORCH_INDEX ?= --extra-index-url https://download.pytorch.org/whl/cpu --retries 0
else
TORCH ?= torch>=2.6,<3
endif

# Real imagery for training, benchmarks and some tests; those tests are skipped where it is absent.
ifneq ($(wildcard ../shared/data),)
export RS_SRGAN_DATA ?= $(abspath ../shared/data)
endif

# In parts, each a process: training after everything else in one process has ended in a segmentation fault.
TEST := $(BIN)/python -m pytest -m "not slow"

.PHONY: demo test bench screenshot lint train clean

demo: .venv/.demo
	$(BIN)/python -m app --port $(PORT)

test: .venv/.dev
	$(MAKE) lint
	mkdir -p build/screenshots
	RS_SRGAN_SCREENSHOTS=build/screenshots $(TEST) tests/app
	$(TEST) --ignore=tests/app --ignore=tests/train
	$(TEST) tests/train

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/check_docstrings.py
	$(BIN)/mypy

bench: .venv/.dev
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.engine

screenshot: .venv/.dev
	mkdir -p build/screenshots
	RS_SRGAN_SCREENSHOTS=build/screenshots $(BIN)/python -m pytest -q tests/app/test_browser.py

train: .venv/.dev
	$(BIN)/python -m train fit --config train/configs/sisr_x4_rgbn.yaml

clean:
	rm -rf .venv build dist

.venv/.torch:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q $(TORCH_INDEX) "$(TORCH)"
	touch $@

.venv/.demo: .venv/.torch pyproject.toml
	$(BIN)/pip install -q -e ".[app]"
	touch $@

.venv/.dev: .venv/.torch pyproject.toml
	$(BIN)/pip install -q -e ".[app,cpu,evaluate,export,train,dev]"
	touch $@ .venv/.demo
