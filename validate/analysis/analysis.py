r"""Everything the analysis tells about one model, gathered in one result.

.. math:: (W, b) \mapsto \|W_i\|, D_i, D^*, \text{geometry}, L, \nabla L, \text{optimum},
          M_k, \text{motifs}, V

What needs the densities of the features (loss, optimum, vulnerability) is left out without them;
what is not known for a model is left out too, and a note says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition.numerics.expectation.asked import Asked
from superposition.numerics.expectation.question import expected_loss_gradient
from superposition.numerics.geometry.geometry import Geometry, geometry_of, order_parameters
from superposition.theory.features.values import ValueLaw, Values
from superposition.validate.analysis.asymmetric_motif import AsymmetricMotif, asymmetric_motifs
from superposition.validate.analysis.best_minimum import (
    GlobalComparison,
    global_comparison,
    linear_comparison,
)
from superposition.validate.analysis.neurons import (
    canonical_rescaling,
    features_served,
    monosemanticity,
    neuron_order,
)
from superposition.validate.analysis.polishing import NearbyOptimum, nearby_optimum
from superposition.validate.analysis.pose import Pose, canonical_pose
from superposition.validate.analysis.snapping import TOLERANCE, geometry_of_trained
from superposition.validate.analysis.stored_features import dimensions_per_feature
from superposition.validate.analysis.vulnerability import Vulnerability, adversarial_vulnerability

Array = NDArray[np.float64]
HIDDEN = ("relu-hidden", "absolute-value")
SEARCHED = 5  # features of a model whose best minimum is searched for
POLISHED = 40  # features of a model that is polished: up to a minute, unless its loss is moments
ATTACKS = 20_000  # attacks times n² of a model: each costs two exact losses; at least four
SPARSEST = 1e-12  # density: below it, losses differ by rounding alone
POSED = 0.07  # entries of WᵀW that differ by less are a tie in the pose


@dataclass(frozen=True, eq=False)
class Loss:
    """The expected loss of one model.

    value; per_feature: (n,), its summands; error: an absolute error it is held to keep;
    gradient_norm: ‖∇L‖ by all weights; method: how it was computed.
    """

    value: float
    per_feature: Array
    error: float
    gradient_norm: float
    method: str


@dataclass(frozen=True, eq=False)
class Neurons:
    """The neurons of one model, (m,).

    monosemanticity: M_k; served: features with a weight of at least a fifth of the largest; main:
    the feature of the largest weight; order: the neurons as a stack plot sorts them.
    """

    monosemanticity: Array
    served: NDArray[np.int64]
    main: NDArray[np.int64]
    order: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Analysis:
    """One model, analysed. Features and neurons are numbered from 0.

    model: its kind; values: unit, signed, binary or what else an active feature's are; features,
    hidden: n, m; importance, density: (n,), density None if not given; W: (m, n); b: (n,); W_out:
    (n, m) or None; norms, dimensionality, interference: (n,), dimensions_per_feature: D*, of W, or
    of W rescaled canonically where the scale of neurons is free; geometry: of the weights snapped
    within a tolerance, pose: the canonical one, None for neurons, whose basis is privileged; loss;
    optimum: the minimum downhill; optimum_geometry: what it is; best: the global comparison;
    neurons, motifs: of models with a nonlinear hidden layer; vulnerability; notes: what was left
    out and why.
    """

    model: str
    values: str
    features: int
    hidden: int
    importance: Array
    density: Array | None
    W: Array
    b: Array
    W_out: Array | None
    norms: Array
    dimensionality: Array
    interference: Array
    dimensions_per_feature: float
    geometry: Geometry | None = None
    pose: Pose | None = None
    loss: Loss | None = None
    optimum: NearbyOptimum | None = None
    optimum_geometry: Geometry | None = None
    best: GlobalComparison | None = None
    neurons: Neurons | None = None
    motifs: tuple[AsymmetricMotif, ...] = ()
    vulnerability: Vulnerability | None = None
    notes: tuple[str, ...] = ()


def analyse(
    W: ArrayLike,
    b: ArrayLike = 0.0,
    importance: ArrayLike = 1.0,
    density: ArrayLike | None = None,
    *,
    W_out: ArrayLike | None = None,
    model: str = "relu-output",
    values: ValueLaw | None = None,
    tolerance: float = TOLERANCE,
    polish: bool = True,
) -> Analysis:
    """All that is known about one model; arguments as for ``expected_loss``.

    density: p of independent features, (n,) or a number, None to leave out what needs it; values:
    None for [0, 1], or [-1, 1] for the absolute value model; tolerance: of the geometry; polish:
    whether to look for the optimum. Raises ``ValueError`` where ``expected_loss`` does, for a batch
    of models, a density below 1e-12, or a tolerance not between 0 and 1.

    >>> found = analyse([[1.0, -1.0]], density=0.1)
    >>> print(found.geometry.name, f"{found.loss.value:.6f}", found.best.same_basin)
    digon 0.003333 True
    """
    law = values or (Values.SIGNED if model == "absolute-value" else Values.UNIT)
    asked = Asked.of(W, b, importance, 1.0 if density is None else density, W_out, model, law)
    if asked.lead() != ():
        raise ValueError(f"W has shape {np.shape(W)}; it must be one model, (m, n).")
    sparsest = float(np.min(asked.features.density))
    if sparsest < SPARSEST:
        raise ValueError(f"density is {sparsest:g}; an analysis takes densities in [1e-12, 1].")
    found = _described(asked, density is not None, tolerance)
    if density is None:
        why = "No density is given: loss, optimum and vulnerability are left out."
        return replace(found, notes=(*found.notes, why))
    found = _with_loss(found, law)
    found = _with_optimum(found, law) if polish else found
    if model in HIDDEN:
        return found
    tried = min(found.features, max(4, ATTACKS // found.features**2))
    attacks = adversarial_vulnerability(found.W, found.b, candidates=tried, **_question(found, law))
    if tried < found.features:
        why = f"Of the {found.features} attacks the {tried} that shift the outputs most were tried."
        found = replace(found, notes=(*found.notes, why))
    return replace(found, vulnerability=attacks)


def kinds_of_features(importance: Array, density: Array | None) -> tuple[str, ...]:
    """A label for every feature: those alike in importance and density share it.

    >>> kinds_of_features(np.array([1.0, 0.5, 1.0]), None)
    ('a', 'b', 'a')
    """
    densities = np.ones_like(importance) if density is None else density
    pairs = list(zip(importance.tolist(), densities.tolist(), strict=True))
    order = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    few = len(order) <= 26
    return tuple(chr(ord("a") + order[p]) if few else f"kind {order[p] + 1}" for p in pairs)


def _described(asked: Asked, with_density: bool, tolerance: float) -> Analysis:
    """What the weights alone tell."""
    W, b = np.array(asked.weights.W), np.array(asked.weights.b)
    W_out = None if asked.weights.W_out is None else np.array(asked.weights.W_out)
    importance = np.array(asked.importance)
    density = np.array(asked.features.density) if with_density else None
    seen, notes = W, tuple[str, ...]()
    if W_out is not None and asked.model in HIDDEN:
        seen, _ = canonical_rescaling(W, W_out)
        notes = ("Norms, D, D* and interference are of W with 1 as every neuron's largest weight.",)
    elif W_out is not None:
        notes = ("W_out is not Wᵀ: geometry, norms, D, D* and interference tell of W alone.",)
    fields = order_parameters(seen, b)
    found = Analysis(
        asked.model,
        _name_of(asked.features.values),
        W.shape[1],
        W.shape[0],
        importance,
        density,
        W,
        b,
        W_out,
        fields.norms,
        fields.dimensionality,
        fields.interference,
        float(dimensions_per_feature(seen)),
        notes=notes,
    )
    return _with_neurons(found) if asked.model in HIDDEN else _with_geometry(found, tolerance)


def _name_of(law: ValueLaw) -> str:
    names = {Values.UNIT: "unit", Values.SIGNED: "signed", Values.BINARY: "binary"}
    return next((name for known, name in names.items() if known == law), repr(law))


def _with_geometry(found: Analysis, tolerance: float) -> Analysis:
    kinds = kinds_of_features(found.importance, found.density)
    geometry = geometry_of_trained(found.W, found.b, kinds, tolerance=tolerance)
    pose = canonical_pose(found.W, found.importance, found.density, tolerance=POSED)
    return replace(found, geometry=geometry, pose=pose)


def _with_neurons(found: Analysis) -> Analysis:
    W = found.W
    neurons = Neurons(
        monosemanticity(W),
        features_served(W).astype(np.int64),
        np.argmax(np.abs(W), axis=1).astype(np.int64),
        neuron_order(W, found.importance).astype(np.int64),
    )
    out = W.T if found.W_out is None else found.W_out
    motifs = asymmetric_motifs(W, out, found.b, signed=found.model == "absolute-value")
    return replace(found, neurons=neurons, motifs=motifs)


def _question(found: Analysis, law: ValueLaw) -> dict[str, Any]:
    """The arguments of the expected loss after W and b."""
    return {
        "importance": found.importance,
        "density": found.density,
        "W_out": found.W_out,
        "model": found.model,
        "values": law,
    }


def _with_loss(found: Analysis, law: ValueLaw) -> Analysis:
    slope = expected_loss_gradient(found.W, found.b, **_question(found, law))
    parts = (slope.W, slope.b) + (() if slope.W_out is None else (slope.W_out,))
    loss = Loss(
        float(slope.loss.value),
        np.array(slope.loss.per_feature),
        float(slope.loss.error),
        float(np.sqrt(sum(float(np.sum(part**2)) for part in parts))),
        slope.loss.method,
    )
    return replace(found, loss=loss)


def _with_optimum(found: Analysis, law: ValueLaw) -> Analysis:
    """The minimum downhill and, of few features, the best one; or notes why not."""
    assert found.loss is not None, "the loss comes first"
    notes = list(found.notes)
    if found.features > POLISHED and found.loss.method != "moments":
        notes.append(
            f"With {found.features} features, more than {POLISHED}, no optimum is looked "
            "for here; nearby_optimum does it."
        )
        return replace(found, notes=tuple(notes))
    if "sampling" in found.loss.method:
        notes.append(
            f"The loss of this {found.model} model is sampled in part: no optimum is known, the "
            "gradient's norm is all."
        )
        return replace(found, notes=tuple(notes))
    optimum = nearby_optimum(found.W, found.b, **_question(found, law))
    if not optimum.converged:
        notes.append(
            f"The polishing ended at a gradient of {optimum.gradient_norm:.1e}, at no minimum yet."
        )
    found = replace(found, optimum=optimum, notes=tuple(notes))
    if found.model in HIDDEN:
        return found
    kinds = kinds_of_features(found.importance, found.density)
    exact = optimum.method == "newton"
    name = (
        geometry_of(optimum.W, optimum.b, kinds)
        if exact
        else geometry_of_trained(optimum.W, optimum.b, kinds, tolerance=0.01)
    )
    found = replace(found, optimum_geometry=name)
    return _with_best(found, optimum, law)


def _with_best(found: Analysis, optimum: NearbyOptimum, law: ValueLaw) -> Analysis:
    """The best minimum: a closed form of linear models, searched for otherwise."""
    assert found.loss is not None, "the loss comes first"
    assert found.density is not None, "the loss has needed densities"
    linear, why = found.model == "linear", None
    if not found.importance.any():
        why = "No feature has any importance: there is no best minimum."
    elif found.W_out is not None and not linear:
        why = "The best minimum is not searched for with W_out of its own."
    elif found.features > SEARCHED and not linear:
        why = f"The best minimum is not searched for with more than {SEARCHED} features."
    if why is not None:
        return replace(found, notes=(*found.notes, why))
    if linear:
        best = linear_comparison(
            found.loss.value,
            optimum.loss,
            hidden=found.hidden,
            importance=found.importance.tolist(),
            density=found.density.tolist(),
            kinds=kinds_of_features(found.importance, found.density),
            values=law,
        )
    else:
        best = global_comparison(
            found.loss.value,
            optimum.loss,
            features=found.features,
            hidden=found.hidden,
            importance=found.importance,
            density=found.density,
            values=law,
        )
    return replace(found, best=best)
