"""The command line: ``superposition phases | statements | figures | companion``."""

from superposition.cli.main import main

__all__ = ["main"]
