"""What each of the standard's operations makes of its arguments. Source: MEF 2.0d, stochastic layer."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from fournines.availability.openpsa import distributions

ANY = 1 << 30

ONE: dict[str, Callable[[float], float]] = {
    "neg": operator.neg,
    "abs": math.fabs,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "cos": math.cos,
    "cosh": math.cosh,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "sinh": math.sinh,
    "tan": math.tan,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "ceil": math.ceil,
    "floor": math.floor,
    "not": operator.not_,
}
TWO: dict[str, Callable[[float, float], float]] = {
    "mod": math.fmod,
    "pow": math.pow,
    "eq": operator.eq,
    "df": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "leq": operator.le,
    "geq": operator.ge,
}
MANY: dict[str, Callable[[Sequence[float]], float]] = {
    "add": math.fsum,
    "sub": lambda numbers: math.fsum([numbers[0], *(-each for each in numbers[1:])]),
    "mul": math.prod,
    "div": lambda numbers: numbers[0] / math.prod(numbers[1:]),
    "min": min,
    "max": max,
    "mean": lambda numbers: math.fsum(numbers) / len(numbers),
    "and": all,
    "or": any,
}
BUILT_IN: dict[str, tuple[int, int, Callable[..., float]]] = {
    "pi": (0, 0, lambda: math.pi),
    "exponential": (2, 2, distributions.exponential),
    "GLM": (4, 4, distributions.glm),
    "Weibull": (4, 4, distributions.weibull),
    "periodic-test": (4, 11, distributions.periodic_test),
    "uniform-deviate": (2, 2, distributions.uniform),
    "normal-deviate": (2, 2, distributions.normal),
    "lognormal-deviate": (2, 3, distributions.lognormal),
    "gamma-deviate": (2, 2, distributions.gamma),
    "beta-deviate": (2, 2, distributions.beta),
    "histogram": (3, ANY, distributions.histogram),
}
"""The least and the most number of arguments; random deviates have their means."""

ARITIES = {
    **dict.fromkeys(ONE, (1, 1)),
    **dict.fromkeys(TWO, (2, 2)),
    **dict.fromkeys(MANY, (1, ANY)),
    **{name: (least, most) for name, (least, most, _) in BUILT_IN.items()},
}


def evaluate(operation: str, arguments: Sequence[float]) -> float:
    """Raises ValueError with a sentence for whatever has no finite value."""
    try:
        value = float(_evaluate(operation, arguments))
    except OverflowError:
        raise ValueError("the value is too large") from None
    except ZeroDivisionError:
        raise ValueError("a division by 0") from None
    if not math.isfinite(value):
        raise ValueError("the value is not a finite number")
    return value


def _evaluate(operation: str, arguments: Sequence[float]) -> float:
    if one := ONE.get(operation):
        return one(arguments[0])
    if two := TWO.get(operation):
        return two(arguments[0], arguments[1])
    if many := MANY.get(operation):
        return many(arguments)
    return BUILT_IN[operation][2](*arguments)
