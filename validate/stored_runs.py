"""The former home of ``superposition.validate.sweep.trained``."""

from superposition.validate.sweep.model_list import trained

__all__ = ["trained"]
