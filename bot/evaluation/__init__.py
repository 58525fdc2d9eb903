"""Measuring answers on labelled questions: `herald eval`."""

from bot.evaluation.run import evaluate_file

__all__ = ["evaluate_file"]
