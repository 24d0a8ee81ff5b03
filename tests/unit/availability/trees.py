"""Fault trees for tests: random ones, and some with a known answer."""

from __future__ import annotations

from random import Random

from fournines.availability.tree import FaultTree, Gate, Kind

_COHERENT: tuple[Kind, ...] = ("and", "or", "atleast")
_OTHER: tuple[Kind, ...] = ("not", "xor", "nand", "nor", "iff", "imply", "cardinality", "constant")


def random_tree(random: Random, events: int, *, coherent: bool) -> FaultTree:
    """Gates over earlier gates and events, many of them shared; probabilities from 1e-9 to nearly 1."""
    names = [f"e{number:02}" for number in range(events)]
    pool = list(names)
    gates: dict[str, Gate] = {}
    for number in range(random.randint(1, 2 * events)):
        kinds = _COHERENT if coherent or random.random() < 0.6 else _OTHER
        # Late things more often, or most of the tree would hang on nothing.
        late = pool[-random.randint(1, len(pool)) :]
        name = f"g{number:02}"
        gates[name] = _random_gate(random, random.choice(kinds), late)
        pool.append(name)
    top = f"g{len(gates) - 1:02}"
    return FaultTree(top, gates, {name: _random_chance(random) for name in names})


def _random_gate(random: Random, kind: Kind, pool: list[str]) -> Gate:
    count = {"not": 1, "iff": 2, "imply": 2, "constant": 0}.get(kind, random.randint(1, 5))
    # With replacement: an input may be there twice.
    inputs = tuple(random.choice(pool) for _ in range(count))
    least = random.randint(0, 1 if kind == "constant" else count) if kind in ("constant", "cardinality") else 0
    if kind == "atleast":
        least = random.randint(min(1, count), count)
    return Gate(kind, inputs, least, random.randint(least, count) if kind == "cardinality" else 0)


def _random_chance(random: Random) -> float:
    return random.choice((random.random(), 10 ** random.uniform(-9, -1), 1e-3))


def k_of_n(least: int, count: int, chance: float = 1e-3) -> FaultTree:
    names = tuple(f"e{number}" for number in range(count))
    return FaultTree("top", {"top": Gate("atleast", names, least)}, dict.fromkeys(names, chance))


def racks(least: int, count: int, events: int, feeds: int) -> FaultTree:
    """`least` of `count` racks are down: each by `events` of its own, or by either of two of the shared `feeds`, which
    are dealt out in turn so that neighbours share none.
    """
    gates: dict[str, Gate] = {}
    chances: dict[str, float] = {}
    for rack in range(count):
        own = tuple(f"rack{rack}.{number}" for number in range(events))
        shared = (f"a{rack % feeds}", f"b{rack * 7 % feeds}")
        chances |= dict.fromkeys(own, 1e-5) | dict.fromkeys(shared, 1e-4)
        gates[f"rack{rack}"] = Gate("or", own + shared)
    gates["top"] = Gate("atleast", tuple(gates), least)
    return FaultTree("top", gates, chances)


def chain(length: int) -> FaultTree:
    """Gates each in the next: or, and, or, and, ...; with an event more at each."""
    gates = {
        f"g{number}": Gate("and" if number % 2 else "or", (f"g{number - 1}" if number else "last", f"e{number}"))
        for number in range(length)
    }
    return FaultTree(f"g{length - 1}", gates, {"last": 0.5, **{f"e{number}": 0.5 for number in range(length)}})
