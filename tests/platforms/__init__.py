"""Tests of the adapters: local servers that speak a platform's protocol, and the real clients run against them."""

import warnings

with warnings.catch_warnings():
    # discord.py imports audioop, which Python 3.11 and 3.12 warn about; warnings are errors here.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord  # noqa: F401
