from __future__ import annotations

import math
import random
from collections.abc import Mapping

import pytest

from fournines.availability.live import LiveTree
from fournines.availability.renewal import Part, simulate
from fournines.availability.tree import FaultTree, Gate, Kind

SERIES = (
    Part("hardware", 8760, 100 / 60),
    Part("os", 2893, 15 / 60),
    *(Part(f"service{number}", 788.4, 1) for number in range(4)),
)
"""Published (Dantas 2012 and later), in hours: MTTF 180.72 h, A = 0.994667."""
HOSTS = tuple(Part(name, 2880, 2) for name in ("h1", "h2", "h3"))


def unavailable(part: Part) -> float:
    return part.mttr / (part.mttf + part.mttr)


def test_a_series_is_as_published() -> None:
    availability = math.prod(1 - unavailable(part) for part in SERIES)
    rate = sum(1 / part.mttf for part in SERIES)
    assert availability == pytest.approx(0.994667, abs=5e-7)
    assert 1 / rate == pytest.approx(180.72, abs=0.005)

    got = simulate(SERIES, bool, 2_000_000, seed=1)
    low, high = got.interval_95
    assert low <= 1 - availability <= high
    # A series begins to be down at the rate of its parts whenever it is up; the count is all but Poisson.
    error = 4 / math.sqrt(got.outages)
    assert got.mean_up == pytest.approx(1 / rate, rel=error)
    assert got.frequency == pytest.approx(availability * rate, rel=error)
    assert got.mean_outage == pytest.approx((1 - availability) / (availability * rate), rel=2 * error)

    without_hardware = 1 - math.prod(1 - unavailable(part) for part in SERIES if part.name != "hardware")
    assert not low <= without_hardware <= high


def test_two_of_three_hosts() -> None:
    down = unavailable(HOSTS[0])
    exact = 3 * down**2 - 2 * down**3
    assert 1 - exact == pytest.approx(0.99999856, abs=5e-9)
    got = simulate(HOSTS, lambda failed: len(failed) >= 2, 300_000_000, seed=2)
    low, high = got.interval_95
    assert low <= exact <= high
    assert high - low < 0.4 * exact
    assert not low <= 1.5 * exact <= high
    assert not low <= exact / 1.5 <= high
    # With two down, either repair ends it.
    assert got.mean_outage == pytest.approx(1, rel=4 / math.sqrt(got.outages))


def test_a_tree_and_a_function_say_the_same() -> None:
    gates = {"top": Gate("or", ("quorum", "power")), "quorum": Gate("atleast", ("h1", "h2", "h3"), least=2)}
    tree = FaultTree("top", gates, dict.fromkeys(("h1", "h2", "h3"), 0.1) | {"power": 0.0})
    parts = tuple(Part(part.name, 20, 2) for part in HOSTS)
    assert simulate(parts, tree, 50_000, seed=3) == simulate(parts, lambda failed: len(failed) >= 2, 50_000, seed=3)
    dark = FaultTree("top", gates, {**tree.events, "power": 1.0})
    assert simulate(parts, dark, 50_000).unavailability == pytest.approx(1)
    with pytest.raises(ValueError, match="events without a part: power"):
        simulate(parts, FaultTree("top", gates, {**tree.events, "power": 0.5}), 50_000)


def test_the_start_is_the_steady_state() -> None:
    """Runs that last three repairs, so that a wrong start would show."""
    parts = [Part("other", 1000, 100), Part("slow", 1000, 100)]
    runs = [simulate(parts, lambda failed: "slow" in failed, 300, seed=seed) for seed in range(1500)]
    down = sum(run.unavailability for run in runs) / len(runs)
    assert down == pytest.approx(100 / 1100, abs=4 * 0.27 / math.sqrt(1500))
    count = 1500 * 300 / 1100
    assert sum(run.outages for run in runs) == pytest.approx(count, abs=4 * math.sqrt(count))


def test_nothing_fails() -> None:
    got = simulate(HOSTS, lambda _: False, 1e6)
    assert (got.unavailability, got.interval_95, got.outages) == (0, (0, 0), 0)
    assert math.isnan(got.mean_up)


def test_what_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="MTTF 0"):
        Part("broken", 0, 1)
    with pytest.raises(ValueError, match="h1, h1"):
        simulate([HOSTS[0], HOSTS[0]], bool, 1)
    with pytest.raises(ValueError, match="duration 0"):
        simulate(HOSTS, bool, 0)


def value(tree: FaultTree, name: str, true: Mapping[str, bool]) -> bool:
    """By the definition of each kind, from the bottom."""
    if name in true:
        return true[name]
    gate = tree.gates[name]
    inputs = [value(tree, each, true) for each in gate.inputs]
    meaning: dict[Kind, bool] = {
        "and": all(inputs),
        "or": any(inputs),
        "nand": not all(inputs),
        "nor": not any(inputs),
        "not": not any(inputs),
        "atleast": sum(inputs) >= gate.least,
        "cardinality": gate.least <= sum(inputs) <= gate.most,
        "xor": bool(sum(inputs) % 2),
        "iff": len(set(inputs)) == 1,
        "imply": inputs[-1:] == [True] or inputs[:1] == [False],
        "constant": gate.least == 1,
    }
    return meaning[gate.kind]


def test_a_live_tree_is_what_its_gates_mean() -> None:
    dice = random.Random(4)
    kinds: list[Kind] = ["and", "or", "atleast", "not", "xor", "nand", "nor", "iff", "imply", "cardinality", "constant"]
    arity = {"not": 1, "iff": 2, "imply": 2, "xor": 3, "constant": 0}
    tops: list[bool] = []
    for _ in range(60):
        names = [f"e{number}" for number in range(6)]
        gates: dict[str, Gate] = {}
        for number in range(12):
            kind = dice.choice(kinds)
            inputs = tuple(dice.choices(names, k=arity.get(kind, 4)))  # An input may come twice.
            gates[f"g{number}"] = Gate(kind, inputs, least=1 if kind == "constant" else 2, most=3)
            names.append(f"g{number}")
        # Handed over from the top down: the order of gates must not matter.
        tree = FaultTree("g11", dict(reversed(gates.items())), dict.fromkeys(names[:6], 0.5))
        state = {name: dice.random() < 0.5 for name in names[:6]}
        live = LiveTree(tree, [name for name, true in state.items() if true])
        assert live.failed == value(tree, "g11", state)
        for _ in range(30):
            event = dice.choice(names[:6])
            state[event] = not state[event]
            tops.append(live.flip(event))
            assert tops[-1] == value(tree, "g11", state)
    assert 0.1 < sum(tops) / len(tops) < 0.9
