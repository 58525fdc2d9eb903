# make chat: set up what is missing, then talk to Herald in the terminal.  make test, make check: the two habits.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PLATFORMS := tests/bot/adapters/discord tests/bot/adapters/slack tests/platforms tests/deployment tests/soak

.PHONY: chat setup test check format bench answerability clean

chat: setup
	@exec $(BIN)/herald chat

setup: $(READY)

$(READY): pyproject.toml .ci/setup
	@PYTHON=$(PYTHON) .ci/setup

# Two processes: in one, a test after the platforms' ones hung twice, for a reason that is not found yet.
test: setup
	@$(BIN)/python -m pytest $(PLATFORMS:%=--ignore=%)
	@$(BIN)/python -m pytest $(PLATFORMS)

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
