# make demo and make test are all the set-up that a machine with Python 3.11+ and make needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo env test test-lora bench lint format migrations messages lock clean
.DEFAULT_GOAL := demo

demo: .venv/.runtime  ## The whole loop on sample data, then the running hub
	$(BIN)/python manage.py demo

env: .venv/.runtime  ## Only the environment, .venv

test: .venv/.dev  ## The suite: embedded, then on PostgreSQL and Redis where they answer
	$(BIN)/python -m tests.everywhere

test-lora: .venv-lora/.ready  ## Trains tiny models for real, in an environment with torch of its own
	folder=$$(mktemp -d); trap "rm -rf $$folder" EXIT; \
	DATA_DIR=$$folder ENV_FILE=$$folder/none .venv-lora/bin/python -m pytest -n 2 tests/lora

bench: .venv/.dev  ## Speed beside bare floors, on PostgreSQL and Redis (docs/performance.md)
	$(BIN)/python -m benchmarks

lint: .venv/.dev  ## Style, types, templates, the floors, open migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy feedbackhub reviews tuning
	$(BIN)/djlint --check --lint --quiet templates
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet templates

migrations: .venv/.dev  ## The one 0001 of each app anew (until the first release); 0002 stays
	rm -f reviews/migrations/0001_initial.py tuning/migrations/0001_initial.py
	# 0002 can't be loaded without its 0001; Django passes over a leading underscore.
	mv reviews/migrations/0002_search.py reviews/migrations/_0002_search.py
	$(BIN)/python manage.py makemigrations reviews tuning; code=$$?; \
	mv reviews/migrations/_0002_search.py reviews/migrations/0002_search.py; exit $$code
	$(BIN)/python manage.py fold_migrations

messages: .venv/.dev  ## Collect and compile our own texts (needs gettext)
	$(BIN)/python manage.py makemessages -l id -l it --no-obsolete --no-location \
		-i .venv -i .venv-lora -i tests -i benchmarks -i var
	$(BIN)/python manage.py compilemessages -i .venv -i .venv-lora

lock: .venv/.dev  ## Resolve the dependencies anew, for all platforms
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		-c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .venv-lora var .mypy_cache .ruff_cache .import_linter_cache

.venv/.runtime: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(PIP) -r requirements-dev.lock
	@touch $@

.venv-lora/.ready: requirements-dev.lock requirements-lora.txt
	test -x .venv-lora/bin/python || $(PYTHON) -m venv .venv-lora
	.venv-lora/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.lock
	.venv-lora/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-lora.txt
	@touch $@
