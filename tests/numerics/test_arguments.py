"""What the public face takes, what it refuses in a sentence, and what it does not import."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from superposition import numerics
from superposition.numerics import (
    Enumeration,
    Moments,
    Sampling,
    Strata,
    Transform,
    expected_loss,
)
from superposition.theory import Correlated, FeatureLaw, Values

GOOD: dict[str, Any] = {"W": np.ones((2, 3)), "b": 0.0, "importance": 1.0, "density": 0.5}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"W": [1.0, 2.0]}, "W has shape"),
        ({"W": np.full((2, 3), np.nan)}, "W contains nan"),
        ({"W": "abc"}, "W is 'abc'"),
        ({"b": [1.0, 2.0]}, "b has shape"),
        ({"b": np.zeros((7, 3)), "W": np.ones((2, 2, 3))}, "do not broadcast"),
        ({"importance": -1.0}, "an importance must be finite and not negative"),
        ({"density": 0.0}, "density is 0"),
        ({"density": 1.5}, "density is 1.5"),
        ({"density": FeatureLaw.independent([0.1])}, "a law of 1 features"),
        ({"density": FeatureLaw.independent([0.1] * 3), "values": Values.SIGNED}, "given twice"),
        ({"values": "unit"}, "values is 'unit'"),
        ({"model": "transformer"}, "model is 'transformer'"),
        ({"model": "absolute-value"}, "W_out is missing"),
        ({"W_out": np.ones((2, 3))}, "W_out has shape"),
        ({"tolerance": 0.0}, "tolerance is 0"),
        ({"tolerance": [1e-3]}, "single number"),
        ({"tolerance": "a"}, "tolerance is 'a'"),
        ({"tolerance": None}, "tolerance is None"),
        ({"W": np.ones((0, 2, 3))}, "the batch is empty"),
        ({"W": np.full((2, 3), 1e80)}, "entries must stay below"),
        ({"W": np.ones((2, 3), dtype=complex)}, "W is"),
        ({"model": np.array(["linear", "linear"])}, "model is"),
        ({"method": "enumeration", "model": "relu-hidden"}, "method is 'enumeration'"),
        (
            {
                "method": Strata(),
                "model": "relu-hidden",
                "density": FeatureLaw((Correlated(3, 0.1),)),
            },
            "need independent",
        ),
        ({"method": "enumeration"}, "method is 'enumeration'"),
        ({"method": Moments()}, "linear model only"),
        ({"method": Enumeration(), "W": np.ones((2, 40))}, "would visit"),
        ({"method": Strata(), "density": FeatureLaw((Correlated(3, 0.1),))}, "independent"),
        ({"method": Transform(), "model": "relu-hidden"}, "a hidden layer takes"),
        ({"method": Enumeration(), "model": "relu-hidden", "W": np.ones((9, 12))}, "cells"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told) as refusal:
        expected_loss(**(GOOD | wrong))
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("wrong", [0, -5, 1.5, "a", None])
def test_draws_are_counted(wrong: Any) -> None:
    with pytest.raises(ValueError, match="draws is"):
        Sampling(draws=wrong)
    if wrong is not None:
        with pytest.raises(ValueError, match="nodes is"):
            Transform(nodes=wrong)


def test_the_public_face_is_complete() -> None:
    assert set(dir(numerics)) == set(numerics.__all__)
    for name in numerics.__all__:
        assert getattr(numerics, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        numerics.nothing  # noqa: B018


def test_a_loss_needs_no_symbols() -> None:
    """Neither sympy nor torch is imported by asking for a number."""
    code = (
        "import sys; from superposition.numerics import expected_loss_gradient as ask; "
        "ask([[1, -1, 0]], density=0.5); "
        "print(sorted({'sympy', 'torch', 'matplotlib', 'flint'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
