"""Results as plain data and back, exactly: what JSON can hold, driven by the fields' types.

Dataclasses become dictionaries of their fields, tuples become lists, numbers stay what they are;
three things that JSON does not know are marked by a key with a dollar: numbers that are not
finite, arrays whose type or shape a list would not tell, and arrays stored elsewhere.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Keep = Callable[[str, NDArray[Any]], Any]  # the place of an array, the array: what stands for it
FLOAT, ARRAY, STORED = "$float", "$array", "$stored"


def in_lists(_: str, array: NDArray[Any]) -> Any:
    """An array as nested lists; with its type and shape where the lists would not tell them.

    >>> in_lists("points", np.eye(2)), in_lists("pairs", np.zeros((0, 2), dtype=int))["shape"]
    ([[1.0, 0.0], [0.0, 1.0]], [0, 2])
    """
    if array.dtype.kind == "c":
        parts = [in_lists(_, np.ascontiguousarray(part)) for part in (array.real, array.imag)]
        return {ARRAY: array.dtype.str, "re": parts[0], "im": parts[1]}
    lists = array.tolist()
    again = np.array(lists)
    if array.ndim and again.dtype == array.dtype and again.shape == array.shape:
        return plain(lists, in_lists)
    return {ARRAY: array.dtype.str, "shape": list(array.shape), "values": plain(lists, in_lists)}


def plain(value: Any, keep: Keep = in_lists, place: str = "") -> Any:
    """``value`` as plain data; what stands for an array is what ``keep`` returns.

    Raises ``ValueError`` for what is no number, text, array, list, dictionary or dataclass.
    """

    def below(name: Any, part: Any) -> Any:
        return plain(part, keep, f"{place}.{name}" if place else str(name))

    if isinstance(value, np.ndarray):
        return keep(place, value)
    if isinstance(value, np.generic):
        value = value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: below(name, getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): below(name, part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [below(number, part) for number, part in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return {FLOAT: repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(
        f"{place or 'value'} is {value!r}; it must be a number, a text, an array, or a list, "
        "dictionary or dataclass of these."
    )


def rebuilt(data: Any, hint: Any = Any, stored: Mapping[str, NDArray[Any]] | None = None) -> Any:
    """What ``plain`` was given, of the type ``hint``; ``stored`` are the arrays kept elsewhere.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` where the data are not of that type.
    """
    if isinstance(data, dict) and (ARRAY in data or STORED in data or FLOAT in data):
        return _marked(data, stored or {})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        kind = next(part for part in arguments if part is not type(None))
        return None if data is None else rebuilt(data, kind, stored)
    if origin is np.ndarray:
        return np.array(rebuilt(data, Any, stored))
    if isinstance(data, dict):
        known = get_type_hints(hint) if dataclasses.is_dataclass(hint) else {}
        fields = {name: rebuilt(part, known.get(name, Any), stored) for name, part in data.items()}
        return hint(**fields) if known else fields
    if isinstance(data, list):
        endless = origin is not tuple or arguments[-1] is Ellipsis
        kinds = (arguments[:1] or (Any,)) * len(data) if endless else arguments
        parts = [rebuilt(part, kind, stored) for part, kind in zip(data, kinds, strict=True)]
        return tuple(parts) if origin is tuple else parts
    return data


def _marked(data: dict[str, Any], stored: Mapping[str, NDArray[Any]]) -> Any:
    """What a marked dictionary stands for."""
    if FLOAT in data:
        return float(data[FLOAT])
    if STORED in data:
        return stored[data[STORED]]
    kind = np.dtype(data[ARRAY])
    if "re" in data:
        parts = rebuilt(data["re"], NDArray[Any]), rebuilt(data["im"], NDArray[Any])
        whole = np.empty(parts[0].shape, kind)
        whole.real, whole.imag = parts  # re + 1j·im would lose the sign of a zero
        return whole
    return np.array(rebuilt(data["values"]), dtype=kind).reshape(data["shape"])
