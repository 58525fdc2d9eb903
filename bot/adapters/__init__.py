"""Thin translators between the core and each platform."""
