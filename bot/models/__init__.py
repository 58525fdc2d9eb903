"""The language models Herald can speak through."""
