"""The command line: ``superposition phases | statements | figures | companion``."""

from superposition.cli.entry import main

__all__ = ["main"]
