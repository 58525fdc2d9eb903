"""The journal: which questions were asked on the chat platforms, what became of them, and how answers were voted.

One SQLite file, written by a bot that serves and read by `herald journal` at the same time. Every method raises
JournalError when the file cannot be used. An answer matters more than its record: whoever serves logs such an error
and goes on.
"""

from bot.journal.export import COLUMNS
from bot.journal.journal import Journal, open_journal, read_journal
from bot.journal.records import Asked, Count, Gap, Interrupted, Summary

__all__ = [
    "COLUMNS",
    "Asked",
    "Count",
    "Gap",
    "Interrupted",
    "Journal",
    "Summary",
    "open_journal",
    "read_journal",
]
