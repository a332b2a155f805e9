"""Canonical tables: each provider's columns become the words of this program."""
