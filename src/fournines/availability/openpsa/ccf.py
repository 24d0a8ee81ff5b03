"""Common-cause groups as basic events: of n like parts, any k may fail at once, by an event of its own.

Source: Open-PSA Model Exchange Format 2.0d, meta-logical layer. With Q the probability that a given part fails, by
whatever cause, each event that fails exactly k given parts has the probability

    beta-factor    (1 - beta) Q for k = 1, beta Q for k = n
    MGL            rho_2 ... rho_k (1 - rho_k+1) Q / C(n-1, k-1)
    alpha-factor   k alpha_k Q / C(n-1, k-1) / (alpha_1 + 2 alpha_2 + ...)
    phi-factor     phi_k Q
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

CcfModel = Literal["beta-factor", "MGL", "alpha-factor", "phi-factor"]
MAX_EVENTS = 20_000


def lowest(model: CcfModel, members: int) -> int:
    """The level of a group's first factor."""
    return {"beta-factor": members, "MGL": 2, "alpha-factor": 1, "phi-factor": 1}[model]


def levels(model: CcfModel, members: int, total: float, factors: Mapping[int, float]) -> dict[int, float]:
    """k -> the probability of each event that fails exactly k given members. `factors`: by level, none left out."""
    top = max(factors)
    if model == "beta-factor":
        return {1: (1 - factors[members]) * total, members: factors[members] * total}
    if model == "phi-factor":
        return {k: factor * total for k, factor in factors.items()}
    share = {k: 1 / math.comb(members - 1, k - 1) for k in range(1, top + 1)}
    if model == "alpha-factor":
        whole = math.fsum(k * factor for k, factor in factors.items())
        return {k: share[k] * k * factors[k] / whole * total for k in share}
    chain = {k: math.prod(factors[i] for i in range(2, k + 1)) for k in share}
    return {k: share[k] * chain[k] * (1 - factors.get(k + 1, 0.0)) * total for k in share}


def too_many(model: CcfModel, members: int, factors: Mapping[int, float]) -> bool:
    """Would a group be more than MAX_EVENTS events? To be asked before `levels`."""
    count = 0
    for k in [1, members] if model == "beta-factor" else range(1, max(factors) + 1):
        count += math.comb(members, k)
        if count > MAX_EVENTS:
            return True
    return False


def expand(members: Sequence[str], by_size: Mapping[int, float]) -> list[tuple[tuple[str, ...], float]]:
    """The members that each event fails, and its probability."""
    return [(some, chance) for k, chance in sorted(by_size.items()) for some in combinations(members, k)]
