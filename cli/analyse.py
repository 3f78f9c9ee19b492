"""``superposition analyse``: what the weights in a file are, and how far from the optimum."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superposition.validate.analysis.analysis import Analysis

DESCRIPTION = """\
Everything that is known about one toy model, from its weights: norms, feature dimensionality,
interference, the geometry they are near (tegum factors, phase), the canonical pose; with the
densities of the features the exact expected loss, the exact optimum downhill and whether it is the
best one, and adversarial vulnerability; of neurons, monosemanticity and asymmetric superposition.
Features, neurons and models are numbered from 1 here, from 0 in saved reports.

The file is an .npz or .safetensors with W (or weight, encoder.weight, W1, …), b (or bias,
decoder.bias, …) and, where weights are untied, W_out (or decoder.weight, W2, …). The models have
no hidden bias: b1 (or encoder.bias, …) must be zero.

examples:
  superposition analyse weights.npz
  superposition analyse weights.npz --density 0.1 --importance 0.9^i --save report.json
  superposition analyse binary.npz --density 0.1 --values binary --orientation features-first
  superposition analyse sweep.npz --model 3 --density 0.05 0.05 0.01
  superposition analyse abs.safetensors --model-kind absolute-value --density 0.1
"""
MODEL_KINDS = ("relu-output", "linear", "relu-hidden", "absolute-value")
VALUES = ("unit", "signed", "binary")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "analyse",
        help="what the weights in a file are",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("weights", type=Path, help="a .npz or .safetensors file")
    command.add_argument(
        "--importance",
        nargs="+",
        default=["1"],
        metavar="I",
        help="one number, one per feature, or a power such as 0.9^i, i from 0 (default 1)",
    )
    command.add_argument(
        "--density", type=float, nargs="+", metavar="P", help="p = 1 - S: one number or n of them"
    )
    command.add_argument(
        "--model-kind",
        default="relu-output",
        metavar="KIND",
        help=f"{', '.join(MODEL_KINDS)} (default relu-output)",
    )
    command.add_argument(
        "--values",
        metavar="LAW",
        help="of an active feature: unit, uniform on [0, 1]; signed, on [-1, 1]; binary, 1 "
        "(default unit, for absolute-value signed)",
    )
    command.add_argument(
        "--model", type=int, metavar="K", help="which model, from 1, of a file that holds many"
    )
    command.add_argument(
        "--orientation",
        metavar="WAY",
        help="features-last: W is (hidden, features); features-first: the other way; by default "
        "the length of b tells; needed for a square W",
    )
    command.add_argument(
        "--tolerance",
        type=float,
        default=0.1,
        metavar="T",
        help="norms and cosines below it are none, differences below it too (default 0.1)",
    )
    command.add_argument("--no-optimum", action="store_true", help="do not look for the optimum")
    command.add_argument(
        "--save",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="save the whole report as .json; may be repeated",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read, analyse, print, and save where asked."""
    from superposition.cli.told_analysis import told_analysis
    from superposition.validate.analysis.stored_analysis import check_suffix, save_analysis

    for path in options.save:
        check_suffix(path, "save")
        path.parent.mkdir(parents=True, exist_ok=True)
    analysis = _analysed(options)
    print(told_analysis(analysis))
    for path in options.save:
        print(f"saved {save_analysis(analysis, path)}")
    return 0


def importances(words: list[str], features: int) -> NDArray[Any]:
    """I_i of every feature, (n,), from what was written.

    Raises ``ValueError`` where it is neither one number, nor n of them, nor a power.

    >>> importances(["0.5^i"], 3)
    array([1.  , 0.5 , 0.25])
    """
    import numpy as np

    allowed = f"it must be one number, {features} of them, or a power such as 0.9^i."
    told = " ".join(words)
    power = re.fullmatch(r"(.+)\^i", told.strip())
    try:
        numbers = np.array([float(word) for word in ([power[1]] if power else words)])
    except ValueError:
        raise ValueError(f"importance is {told!r}; {allowed}") from None
    if power:
        with np.errstate(over="ignore"):  # what is too large is refused as such
            return np.asarray(numbers[0] ** np.arange(features))
    return _per_feature(numbers, "importance", features, allowed)


def _per_feature(numbers: NDArray[Any], name: str, features: int, allowed: str) -> NDArray[Any]:
    import numpy as np

    if len(numbers) not in (1, features):
        raise ValueError(f"{name} has {len(numbers)} entries; {allowed}")
    return np.broadcast_to(numbers, (features,)).copy()


def _analysed(options: argparse.Namespace) -> Analysis:
    """The analysis of the model asked for."""
    import numpy as np

    from superposition.theory.domain import check_count
    from superposition.theory.features.values import Values
    from superposition.validate.analysis.analysis import analyse
    from superposition.validate.analysis.weights_file import read_weights

    if options.model_kind not in MODEL_KINDS:
        raise ValueError(
            f"model-kind is {options.model_kind!r}; it must be one of {', '.join(MODEL_KINDS)}."
        )
    if options.values not in (None, *VALUES):
        raise ValueError(f"values is {options.values!r}; it must be one of {', '.join(VALUES)}.")
    law = None if options.values is None else getattr(Values, options.values.upper())
    number = None if options.model is None else check_count(options.model, "model") - 1
    weights = read_weights(options.weights, options.orientation, number)
    features = int(weights.W.shape[1])
    density = None
    if options.density is not None:
        allowed = f"it must be one number or {features} of them."
        density = _per_feature(np.array(options.density), "density", features, allowed)
    found = analyse(
        weights.W,
        weights.b,
        importances(options.importance, features),
        density,
        W_out=weights.W_out,
        model=options.model_kind,
        values=law,
        tolerance=options.tolerance,
        polish=not options.no_optimum,
    )
    return replace(found, notes=(*weights.notes, *found.notes))
