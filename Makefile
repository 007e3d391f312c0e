# Everything a person does with this repository. `make` alone prints what there is.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help venv demo services test test-unit explore check format bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP) ## Make .venv with the program and its pinned libraries

$(STAMP): requirements/dev.txt requirements/build.txt pyproject.toml scripts/make-venv.sh
	@scripts/make-venv.sh
	@touch $@

demo: venv ## Run twelve and more calls through the whole journey on this machine alone
	@$(BIN)/hotline demo

services:
	@scripts/install-test-services.sh

test: venv services ## Run every test; installs the services that they need (root on Debian)
	@$(PYTEST) tests

test-unit: venv ## Run the unit tests: needs nothing but Python, takes seconds
	@$(PYTEST) tests/unit -n auto --hypothesis-profile=quick

explore: venv services ## Try the property tests with examples that no run has seen, a thousand each
	@$(PYTEST) tests -m hypothesis --hypothesis-profile=explore

check: venv ## Check format, lint, types, import direction and the YAML files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hotline check

format: venv ## Format the code and apply the lint's safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: venv services ## Measure every figure that the README quotes
	@$(BIN)/python -m bench

lock: venv ## Re-make requirements/*.txt from requirements/*.in
	@scripts/lock.sh

clean: ## Remove what these targets made, but not the data directory
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
