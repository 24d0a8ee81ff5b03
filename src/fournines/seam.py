"""How services, probes, faults and audits are found: a module in the right folder is enough; no list to edit."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import ClassVar, Protocol, TypeVar


class Named(Protocol):
    """What a seam's classes have in common."""

    name: ClassVar[str]


N = TypeVar("N", bound=Named)


def instances(package: ModuleType, base: type[N]) -> Mapping[str, N]:
    """One instance of every concrete subclass of `base` that a module of the package defines, by name, sorted.

    Modules whose names begin with `_` are what others share: none of theirs. Raises TypeError when two claim one name.
    """
    found: dict[str, N] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if not isinstance(value, type) or not issubclass(value, base) or inspect.isabstract(value):
                continue
            if value.__module__ == module.__name__:
                if value.name in found:
                    raise TypeError(f"two modules of {package.__name__} define {value.name}")
                found[value.name] = value()
    return MappingProxyType(dict(sorted(found.items())))
