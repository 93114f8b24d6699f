PYTHON ?= python

.PHONY: run check lint types test versions oldest benchmark

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

versions:  # the tests on the oldest and newest torch with each Python here; about 6 GB at a time, hours in all
	$(PYTHON) -m benchmarks.versions

oldest:  # imports, one answer and its map on the oldest torch
	$(PYTHON) -m benchmarks.versions --python here --pair oldest --smoke

benchmark:
	$(PYTHON) -m benchmarks.startup
	$(PYTHON) -m benchmarks.teach
	$(PYTHON) -m benchmarks.load
	$(PYTHON) -m benchmarks.explain
	$(PYTHON) -m benchmarks.request
	$(PYTHON) -m benchmarks.threads
