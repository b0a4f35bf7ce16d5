# Two commands do everything on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
# the day on which the demo's story stands (skilleval/demo/story.py)
DEMO_DAY := 2026-07-08
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo serve messages test test-fast lint bench mutants screenshots clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	@touch $@

demo: $(READY) ## set up everything and run the demo: a chain lead and three suppliers, from rosters to verified packages
	$(BIN)/skilleval demo --out demo-output

serve: $(READY) ## open the installation that `make demo` left in the browser, http://127.0.0.1:8000
	$(BIN)/skilleval --instance demo-output/instance --on $(DEMO_DAY) serve

messages: $(READY) ## bring the English catalogue in line with code and templates; the new lines are then to be translated
	mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml -k lazy -k marked --omit-header --add-location=file --no-wrap -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d skilleval/web/translations -l en \
	    --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap

test: $(READY) lint ## set up everything, check the style and run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

test-fast: $(READY) ## the tests of rules, services and files: no pages, no commands, no PostgreSQL, no other program
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m 'not slow'

lint: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff check skilleval tests
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

bench: $(READY) ## measure the goals: both sides in one run, ratios printed
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	$(BIN)/python -m tests.harness.bench

mutants: $(READY) ## change the rules place by place: does a test notice? prints the score, fails under 90 %
	$(BIN)/python -m pip install --quiet -e '.[mutants]'
	$(BIN)/python -m tests.harness.mutants

screenshots: $(READY) ## photograph every page of the web application on the demo's data (needs Chromium), the README's four too
	$(BIN)/python -m tests.harness.screenshots

clean: ## remove the environment, caches and the demo's output
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache mutants build dist demo-output screenshots
