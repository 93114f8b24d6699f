PYTHON ?= python

.PHONY: run check lint types test benchmark

run:
	$(PYTHON) -m demo

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest

benchmark:
	$(PYTHON) -m benchmarks.startup
	$(PYTHON) -m benchmarks.teach
	$(PYTHON) -m benchmarks.load
	$(PYTHON) -m benchmarks.explain
	$(PYTHON) -m benchmarks.request
	$(PYTHON) -m benchmarks.threads
