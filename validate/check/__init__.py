"""Prediction, exact optimum and training, number by number: each check is one claim.

``prediction`` says what a check is, ``checks`` lists them, ``report`` writes what they found.
The tolerances stand in the checks and were committed before the runs that they judge.
"""
