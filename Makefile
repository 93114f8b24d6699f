PYTHON ?= python

.PHONY: run space pictures model quick fix check lint types test thorough coverage versions oldest zerogpu benchmark

run:
	$(PYTHON) -m demo

space:  # make space OUT=DIR: the folder that one pushes to Hugging Face (docs/hosting.md)
	@$(PYTHON) -m tools.space "$(OUT)"

quick: lint types  # a minute and a half on two cores: nothing slow, no browser
	$(PYTHON) -m pytest -m "not slow and not e2e" -n 2 --dist worksteal

fix:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest -m "not e2e and not thorough" -n 2 --dist worksteal
	$(PYTHON) -m pytest -m e2e -n 2 --dist worksteal

thorough:  # what no check has time for: whole attacks, kills, Ray's failures, training that goes on; before a release
	$(PYTHON) -m pytest -m thorough -n 2 --dist worksteal

coverage:  # not with every check: it makes tests that read files byte by byte half as slow again
	$(PYTHON) -m pytest -m "not e2e" -n 2 --dist worksteal --cov --cov-report=term:skip-covered

versions:  # the tests on the oldest and newest torch with each Python here; about 6 GB at a time, hours in all
	$(PYTHON) -m benchmarks.versions

oldest:  # imports, one answer and its map on the oldest torch
	$(PYTHON) -m benchmarks.versions --python here --pair oldest --smoke

zerogpu:  # the same on the torch that a Space gets
	$(PYTHON) -m benchmarks.versions --python 3.12 --pair zerogpu --smoke

benchmark:
	$(PYTHON) -m benchmarks.startup
	$(PYTHON) -m benchmarks.weight
	$(PYTHON) -m benchmarks.teach
	$(PYTHON) -m benchmarks.load
	$(PYTHON) -m benchmarks.explain
	$(PYTHON) -m benchmarks.stages
	$(PYTHON) -m benchmarks.request
	$(PYTHON) -m benchmarks.threads
	$(PYTHON) -m benchmarks.crowd
	$(PYTHON) -m benchmarks.live
	$(PYTHON) -m benchmarks.classroom
	$(PYTHON) -m benchmarks.many
	$(PYTHON) -m benchmarks.depth

model:  # the bundled one made anew: make model PHOTOS=DIR BACKBONE=FILE OUT=FILE (assets/ants-bees-data.md)
	$(PYTHON) -m resnet_app train "$(PHOTOS)/hymenoptera" --more "$(PHOTOS)/more" --init "$(or $(BACKBONE),imagenet)" --epochs 20 \
		--label-smoothing 0 --folds 3 --prune 0.1 --keep last --outline assets/ants-bees-v1.safetensors --exchange 0.35 \
		--seed 0 --out "$(OUT)"

pictures:  # the README's, drawn anew from the running app; wants Chromium
	$(PYTHON) -m tools.pictures
