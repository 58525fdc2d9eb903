# make chat: set up what is missing, then talk to Herald in the terminal.  make test, make check: the two habits.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: chat setup test check format bench answerability clean

chat: setup
	@exec $(BIN)/herald chat

setup: $(READY)

$(READY): pyproject.toml .ci/setup
	@PYTHON=$(PYTHON) .ci/setup

test: setup
	@$(BIN)/python -m pytest

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup
	@$(BIN)/python -m tests.bench

answerability: setup
	@$(BIN)/python -m tests.questions.fit

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
