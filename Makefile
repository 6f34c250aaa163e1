# `make demo` and `make test` set everything up in .venv the first time.
PYTHON ?= python3.11
BIN := .venv/bin
# GPU=1 installs TensorFlow with CUDA (Linux) in place of the CPU build.
GPU ?= 0

.DEFAULT_GOAL := env
.PHONY: env demo test lint docs web config lock wheel clean

env: .venv/.ready-$(GPU)

.venv/.ready-$(GPU): requirements.lock pyproject.toml
	@echo "Setting up .venv (3 to 6 minutes and 4 GB, once) ..."
	$(PYTHON) -m venv .venv
	# torch first and pinned: anything later would take the largest build that it finds.
	$(BIN)/python -m pip install --quiet $$(grep '^torch==' requirements.lock)
	$(BIN)/python -m pip install --quiet -r requirements.lock
	if [ "$(GPU)" = 1 ]; then \
	    $(BIN)/python -m pip uninstall --quiet --yes tensorflow-cpu; \
	    $(BIN)/python -m pip install --quiet "tensorflow[and-cuda]==$$(sed -n 's/^tensorflow-cpu==\([^ ;]*\).*/\1/p' requirements.lock)"; \
	fi
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	rm -f .venv/.ready-*
	touch $@

demo: env
	$(BIN)/neurocine demo

test: env
	# A file's tests stay together, for what they share is made once.
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakemake --lint

docs: env
	$(BIN)/sphinx-build -W --keep-going -b html docs build/docs
	@echo "The documentation is in build/docs/index.html"

# The page of `neurocine annotate`, after a change in web/ (needs node and npm).
web:
	cd web && npm ci && npm run build

# After a change of the settings' models.
config: env
	$(BIN)/python -m neurocine.config.generate

wheel: env
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# The newest versions that pyproject.toml allows, and what changed; run the tests with them before you commit.
lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/python -m pip install --quiet torch
	build/lock/bin/python -m pip install --quiet --editable '.[dev]'
	cp requirements.lock build/lock/before
	(sed -n '/^#/p' build/lock/before; build/lock/bin/python -m pip freeze --exclude-editable | awk -F== ' \
	    $$1 != "tensorflow" { sub(/[+].*/, "", $$2); print $$1 "==" $$2 } \
	    $$1 == "tensorflow" { print $$0 " ; sys_platform == \"darwin\""; \
	        print "tensorflow-cpu==" $$2 " ; sys_platform == \"linux\"" }') > requirements.lock
	diff build/lock/before requirements.lock || true

clean:
	rm -rf .venv build dist results logs .snakemake
