# make demo: the main job · make test: every test · make help: the rest.
# Everything is installed into .venv, nothing else is touched.
PYTHON ?= python3
# Any torch in this range will do, and one that .venv has is left alone. Another build, for example
# one without CUDA:
#   make demo TORCH="torch>=2.9,<2.15 torchvision>=0.24,<0.30 --index-url https://download.pytorch.org/whl/cpu"
TORCH_RANGE := torch>=2.9,<2.15 torchvision>=0.24,<0.30
TORCH ?=
# To use the torch that $(PYTHON) has already: make demo VENV_ARGS=--system-site-packages
VENV_ARGS ?=
# Cells that tests leave out by default, for example: make test FLAGS="slow cuda"
FLAGS ?=
GANUNLEARN_CACHE ?= $(CURDIR)/.cache
# Idle threads sleep instead of spinning: the same results, and many times faster beside another
# busy process
OMP_WAIT_POLICY ?= PASSIVE
export GANUNLEARN_CACHE OMP_WAIT_POLICY
export JUPYTER_PREFER_ENV_PATH := 1

WANTED = $(or $(TORCH),$(TORCH_RANGE))
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check
IN := env PATH="$(CURDIR)/.venv/bin:$$PATH"
READY := .venv/.ready
DEMO := runs/demo
PAPER := runs/paper

.PHONY: help setup demo paper test break lab readme docs quarto docs-preview docs-check docs-check-built lint clean FORCE

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

setup: $(READY) ## create .venv and install everything into it (the other targets do this by themselves)

# A TORCH of your own is looked at again every time; otherwise set-up happens once, and when one of
# these files changes.
ifneq ($(TORCH),)
$(READY): FORCE
endif
$(READY): settings.ini setup.py pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "No program '$(PYTHON)'. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1), but 3.11 or newer is needed. Install one, then for example: make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot create virtual environments. On Debian or Ubuntu: apt-get install python3-venv; then try again"; exit 1; }
	@this='import sys, ssl; print(sys.base_prefix, sys.version)'; \
	  [ "$$(.venv/bin/python -c "$$this" 2>/dev/null)" = "$$("$(PYTHON)" -c "$$this")" ] || \
	  { echo "$(PYTHON) -m venv .venv"; "$(PYTHON)" -m venv --clear $(VENV_ARGS) .venv; }
	@set -f; wanted='$(WANTED)'; echo "pip install $$wanted   # minutes; a CUDA build is several GB"; $(PIP) $$wanted
	$(PIP) -e '.[dev,data]' -c constraints.txt
	@touch README.md  # in a new clone it may look older than its notebook: nbdev would want another
	@touch $@

demo: $(READY) ## forget 500 purchase records, attack the result: a table, a page and a certificate in runs/demo
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	$(IN) papermill -k python3 --cwd nbs/experiments nbs/experiments/purchase.ipynb $(DEMO)/.part.ipynb \
	  -p dataset purchase100 -p profile cpu -p preset paper -p seed 0 -p out '$(CURDIR)/$(DEMO)' -p refresh True \
	  || { echo "The demo failed; the notebook up to the failing cell: $(DEMO)/.part.ipynb"; exit 1; }
	@mv $(DEMO)/.part.ipynb $(DEMO)/purchase.ipynb
	$(IN) python tools/page.py $(DEMO)/purchase.ipynb
	$(IN) ganunlearn show $(DEMO)/*.json
	$(IN) python tools/demo_request.py $(DEMO)/requests/households

paper: $(READY) ## every experiment of the paper, five seeds: hours; resumes where it stopped (JOBS=2: two at a time)
	$(IN) ganunlearn sweep nbs/sweeps/paper.yml --out $(PAPER) --jobs $(or $(JOBS),1)

test: $(READY) ## run every notebook, then check style, types, exports, README, wheel and the rest
	$(IN) python tools/check.py --flags "$(FLAGS)"

break: $(READY) ## wrong input at every door, kill -9, full disks: nothing may be lost; half an hour (INPUTS=2000 KILLS=20)
	$(IN) python tools/fuzz.py --inputs $(or $(INPUTS),2000)
	$(IN) python tools/kill.py --kills $(or $(KILLS),20)

lint: $(READY) ## what ruff mends by machine, then what it and mypy find
	$(IN) ruff format --quiet
	$(IN) ruff check --fix
	$(IN) mypy

lab: $(READY) ## open JupyterLab on the notebooks (on a server: make lab LAB_ARGS="--no-browser --ip=0.0.0.0")
	$(IN) jupyter lab --notebook-dir=nbs $(LAB_ARGS)

readme: $(READY) ## write README.md from nbs/index.ipynb
	$(IN) python tools/readme.py

docs: quarto $(READY) ## the site as it is published, in _docs: nbdev_docs (needs Quarto)
	$(IN) nbdev_docs

quarto:
	@command -v quarto >/dev/null || { \
	  echo "Quarto is not installed: https://quarto.org/docs/get-started; the same site without it: make docs-preview"; exit 1; }

docs-preview: $(READY) ## the same site without Quarto: _docs/index.html
	$(IN) python tools/docs.py

docs-check: docs-preview docs-check-built ## open every page of the preview in Chromium; screenshots in runs/docs

docs-check-built: ## the same for what stands in _docs, for example after: make docs
	$(IN) python tools/docs_check.py

clean: ## remove .venv, caches and everything built; results in runs/ stay
	rm -rf .venv .cache .ruff_cache .mypy_cache _proc _docs build dist *.egg-info nbs/nbdev.yml
