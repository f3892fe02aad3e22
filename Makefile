# Everything a person does with this tree. `make` alone lists it.

VENV := .venv
BIN := $(VENV)/bin
SOURCES := edge certs tests

# Stamps: pip runs again only when pyproject.toml changes.
MADE := $(VENV)/.made
DEMO := $(VENV)/.installed-demo
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help venv demo test check bench clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(MADE) ## Make .venv with Python 3.11 or later; PYTHON=... chooses which.

demo: $(DEMO) ## See the edge at work, with nothing but this machine.
	$(BIN)/stalwart-edge demo

check: $(DEV) ## Format, lint, types, import layers.
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(DEV) ## make check, then every test; installs the servers and clients they run.
	sh tests/support/install-tools.sh
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 2

bench: $(DEV) ## Measure the speed.
	$(BIN)/python -m tests.bench

clean: ## Remove .venv, caches and build output.
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The distribution's own interpreter first: its security updates come by themselves, OpenSSL's too,
# and it is built with all optimisations, which is worth a tenth of every handshake.
# Debian's python3 comes without the part of venv that installs pip: another Python on this machine
# may have it, else the package python3-venv brings it.
$(MADE):
	@make_venv() { \
		for python in $(PYTHON) /usr/bin/python3 python3.13 python3.12 python3.11 python3; do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
			if "$$python" -m venv $(VENV) >/dev/null 2>&1; then \
				echo "$(VENV): $$($(BIN)/python --version)"; return 0; \
			fi; \
			found="$$found $$python"; \
		done; \
		return 1; \
	}; \
	found=""; \
	make_venv && { touch $@; exit 0; }; \
	if [ -z "$$found" ]; then \
		echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if command -v apt-get >/dev/null; then \
		if [ "$$(id -u)" -eq 0 ]; then as_root="env"; \
		elif sudo -n true 2>/dev/null; then as_root="sudo -n"; \
		else as_root=""; fi; \
		if [ -n "$$as_root" ]; then \
			$$as_root apt-get update -qq && \
			$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes python3-venv; \
			found=""; make_venv && { touch $@; exit 0; }; \
		fi; \
	fi; \
	echo "These cannot make a virtual environment:$$found" >&2; \
	echo "On Debian and Ubuntu: apt-get install python3-venv (as root), then again." >&2; \
	exit 1

$(DEMO): pyproject.toml | $(MADE)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(DEV): pyproject.toml | $(MADE)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(DEMO)
