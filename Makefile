# `make lab` opens the course, `make test` checks all of it, `make demo` plays its headline.
# Everything is installed into .venv; the stamp files in it make a second call cost seconds.

VENV := .venv
PYTHON := $(VENV)/bin/python
# The first of these that is Python 3.11 or newer makes the environment.
CANDIDATES := python3.11 python3.12 python3.13 python3 python
NOTEBOOKS := $(wildcard notebooks exercises solutions)
LESSON := notebooks/00_start_here.ipynb
LAB_FLAGS ?=
# Processes for `make test`: one notebook or test file stays in one of them.
WORKERS ?= 2

# One thread: with two on a busy core the same update takes 5 to 10 times longer (spin-waiting).
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test system cluster demo bench data lint format timings readme clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(VENV)/.ok $(VENV)/.data ## open the course in JupyterLab
	@flags='$(LAB_FLAGS)'; \
	if [ "$$(id -u)" = 0 ]; then flags="$$flags --allow-root"; fi; \
	if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY$$BROWSER" ]; then \
		echo 'No browser here: open the URL that JupyterLab prints below.'; \
		flags="$$flags --no-browser"; \
	fi; \
	exec $(PYTHON) -m jupyterlab --LabApp.default_url=/lab/tree/$(LESSON) $$flags

test: $(VENV)/.ok-dev $(VENV)/.data ## lint, types, unit tests, and every notebook in a fresh kernel
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile

# As root or through sudo. Tests that lack one of the two are skipped and say so.
system: ## install a browser and bubblewrap, which two groups of tests use (Debian, Ubuntu)
	@browser=$$(command -v chromium chromium-browser google-chrome | head -n 1); \
	walls=$$(command -v bwrap); \
	if [ -n "$$browser" ] && { [ -n "$$walls" ] || [ "$$(uname)" != Linux ]; }; then \
		echo 'A browser is installed, and what grading uses.'; \
	elif command -v apt-get >/dev/null 2>&1; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends \
			bubblewrap $$([ -n "$$browser" ] || echo chromium); \
	else \
		echo 'No apt-get here: install Chromium or Chrome yourself.' >&2; exit 1; \
	fi

# Half a GB more. Tests of Dask, Ray and tables are skipped without it and say so.
cluster: $(VENV)/.ok-dev ## install Dask, Ray and pandas, for sweeps on many machines and their tests
	$(PYTHON) -m pip install --disable-pip-version-check --editable '.[cluster]'

demo: $(VENV)/.ok ## the headline experiment in the terminal
	$(PYTHON) -m rlft demo

bench: $(VENV)/.ok ## measure the library's speed beside its peers' (see benchmarks/speed.md)
	$(PYTHON) benchmarks/maze_speed.py
	$(PYTHON) -m benchmarks.speed

data: $(VENV)/.ok ## make or verify the course's datasets
	$(PYTHON) -m rlft data

lint: $(VENV)/.ok-dev ## only the style part of `make test`
	$(PYTHON) -m pytest -q tests/project/test_style.py

format: $(VENV)/.ok-dev ## rewrite code and notebooks in the project's style
	$(PYTHON) tests/public_stub.py
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	find $(NOTEBOOKS) -name '*.ipynb' -not -path '*/.*' -exec $(PYTHON) -m nbstripout --keep-id {} +

timings: $(VENV)/.ok-dev $(VENV)/.data ## measure all notebooks, one after the other, and record it
	RLFT_WRITE_TIMINGS=1 $(PYTHON) -m pytest $(NOTEBOOKS)
	$(PYTHON) -m rlft course tables

readme: $(VENV)/.ok-dev ## rewrite the tables of the README and the instructor guide
	$(PYTHON) -m rlft course tables
	$(PYTHON) -m benchmarks.speed --write

clean: ## remove the environment and all caches (datasets and results stay)
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(PYTHON):
	@for python in $(CANDIDATES); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			exec $$python -m venv $(VENV); \
		fi; \
	done; \
	echo 'The course needs Python 3.11 or newer, and none of these is: $(CANDIDATES).' >&2; \
	echo 'Install it from python.org or your package manager, or name yours:' >&2; \
	echo '    make lab CANDIDATES=/path/to/python3.11' >&2; \
	exit 1

# JupyterLab's pop-up about news would be the first thing that a newcomer has to answer.
define install
	@echo 'Installing (2 to 3 minutes, 1.4 GB) ...'
	$(PYTHON) -m pip install --disable-pip-version-check --editable '$(1)'
	@$(PYTHON) -m jupyter labextension disable --level=sys_prefix \
		@jupyterlab/apputils-extension:announcements
	@touch $(2)
endef

$(VENV)/.ok: pyproject.toml | $(PYTHON)
	$(call install,.,$@)

$(VENV)/.ok-dev: pyproject.toml | $(PYTHON)
	$(call install,.[dev],$@ $(VENV)/.ok)

# The datasets lie where Minari keeps them; a change of the code that makes them checks them again.
$(VENV)/.data: $(wildcard rlft/envs/*.py rlft/data/*.py) | $(VENV)/.ok
	$(PYTHON) -m rlft data
	@touch $@
