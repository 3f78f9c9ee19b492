"""What is told: the figures of the paper, and the companion that prints the theory.

Needs the extras ``paper`` (matplotlib, typst) and, for trained panels, ``validate``.
"""
