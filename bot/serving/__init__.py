"""What every chat platform shares: the desk with its queue and memory, the pace of edits, the splitting of text."""
