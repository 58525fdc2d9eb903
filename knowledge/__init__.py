"""What Herald knows: its documents, their passages, and how the right ones are found."""
