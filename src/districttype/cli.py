"""The commands; the work is in `pipeline`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
