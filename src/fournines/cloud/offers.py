"""What the spec says about services, held against what is on offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, NamedTuple, Protocol, cast, get_args

from pydantic import BaseModel, ValidationError

from fournines.cloud.model import Cloud, Endpoint, Failover, Host, Needs, Role, Strategy
from fournines.cloud.timers import Timers, usual
from fournines.errors import SpecError
from fournines.spec import json_schema
from fournines.spec.document import Mapping as Document
from fournines.spec.document import at, entries, place, plain, text, words
from fournines.spec.explain import explain
from fournines.spec.model import StrategyName
from fournines.spec.problems import Problem, show


class Complaint(NamedTuple):
    """What a service finds wrong with a cloud, and where in the spec that is."""

    loc: tuple[str, ...]
    text: str


class Offer(Protocol):
    """What the model must know of a service; `fournines.services.Service` is one."""

    name: ClassVar[str]
    roles: ClassVar[tuple[Role, ...]]
    strategies: ClassVar[tuple[Strategy, ...]]
    designs: ClassVar[tuple[Strategy, ...]]
    needs: ClassVar[tuple[Needs, ...]]
    failover: ClassVar[Failover | None]
    endpoints: ClassVar[tuple[Endpoint, ...]]
    by_default: ClassVar[bool]
    at_most: ClassVar[int | None]

    options: ClassVar[type[Any]]
    """A pydantic model. Any, because a class variable could not be of a narrower type than the protocol's."""

    def placed(self, hosts: tuple[Host, ...]) -> tuple[Host, ...]: ...

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]: ...


Offers = Mapping[str, Offer]


def choose_strategy(offer: Offer, name: str | None) -> Strategy:
    """The strategy of that name, by default the first. Raises SpecError when it does not suit the service."""
    if name is None:
        return offer.strategies[0]
    for strategy in (*offer.strategies, *offer.designs):
        if strategy.name == name:
            return strategy
    suiting = ", ".join(dict.fromkeys(strategy.name for strategy in (*offer.strategies, *offer.designs)))
    raise SpecError(f"{name} does not suit {offer.name}; there is {suiting}")


def read_options(offer: Offer, data: Mapping[str, object]) -> BaseModel:
    """A service's own options from its entry. Raises pydantic's ValidationError."""
    known = offer.options.model_fields
    return offer.options.model_validate(
        {key: value for key, value in data.items() if key != "strategy" and (value is not None or key not in known)}
    )


def lacking_roles(offers: Offers, roles: set[str], chosen: Mapping[str, str | None]) -> dict[str, list[str]]:
    """Role that no host has -> the services that must run there.

    Those are the control plane's, those that the spec names (`chosen`: with their strategy), and what these and the
    services that have a host need. A service of another role for which there is no host is left out of the cloud.
    """
    wanted = [
        name
        for name, offer in offers.items()
        if name in chosen or (offer.by_default and ("control" in offer.roles or roles & {*offer.roles}))
    ]
    seen: set[str] = set()
    lacking: dict[str, list[str]] = {}
    while wanted:
        name = wanted.pop(0)
        if name in seen or name not in offers or chosen.get(name) == "external":
            continue
        seen.add(name)
        offer = offers[name]
        wanted += [need.target for need in offer.needs if not need.soft and not need.optional]
        if not roles & {*offer.roles}:
            lacking.setdefault(" or ".join(offer.roles), []).append(name)
    return lacking


def check_services(root: Document, offers: Offers) -> Iterator[Problem]:
    """Every problem with services in a document whose ranges are expanded, each with its place."""
    services = entries(at(root, "services"))
    hosts = entries(at(root, "hosts"))
    if hosts:
        # A misspelt role is told by the spec itself; which one is lacking is then not known.
        roles = {word for host in hosts.values() for word, _ in words(at(host.value, "roles"))}
        chosen = {name: text(at(node, "strategy")) for name, (_, node) in services.items()}
        lacking = lacking_roles(offers, roles, chosen) if roles <= set(get_args(Role)) else {}
        for role, names in lacking.items():
            yield Problem(place(root, ("hosts",), key=True), no_host(role, names))
    schema = cache(lambda: json_schema_of(offers))
    yield from _check_timers(root, schema)
    for name, (key, node) in services.items():
        offer = offers.get(name)
        if offer is None:
            yield Problem(key, f"services: unknown service {show(name)}", name, tuple(offers))
            continue
        for word, mark in words(at(node, "strategy")):
            try:
                # One that nobody has is told by the spec's own check.
                choose_strategy(offer, word if word in get_args(StrategyName) else None)
            except SpecError as error:
                yield Problem(mark, f"services.{name}.strategy: {error.message}")
        data = plain(node)
        if isinstance(data, dict):
            try:
                read_options(offer, cast("dict[str, object]", data))
            except ValidationError as error:
                yield from explain(error, root, schema(), ("services", name))


def _check_timers(root: Document, schema: Callable[[], dict[str, Any]]) -> Iterator[Problem]:
    node = at(root, "timers")
    said = plain(node) if node else None
    if isinstance(said, dict):
        try:
            usual(text(at(root, "provider", "kind")) or "lab").but(cast("dict[str, object]", said))
        except ValidationError as error:
            yield from explain(error, root, schema(), ("timers",))


def check_cloud(root: Document, cloud: Cloud, offers: Offers) -> Iterator[Problem]:
    """What services find wrong with the cloud as it was resolved, each with its place."""
    yield from _check_tie_breakers(root, cloud)
    for name in cloud.services:
        for loc, told in offers[name].complaints(cloud):
            yield Problem(place(root, loc, key=True), told)


def _check_tie_breakers(root: Document, cloud: Cloud) -> Iterator[Problem]:
    hosts = [host.name for host in cloud.hosts]
    for name, placement in cloud.services.items():
        if (chosen := placement.options.get("tie_breaker")) is None:
            continue
        where = f"services.{name}.tie_breaker"
        mark = place(root, ("services", name, "tie_breaker"))
        if chosen not in hosts:
            yield Problem(mark, f"{where}: unknown host {show(str(chosen))}", str(chosen), hosts)
        elif chosen in {host.name for host in placement.hosts}:
            yield Problem(mark, f"{where}: {chosen} is a member of {name} and votes already; name another host")
        elif placement.strategy.alive != "majority":
            yield Problem(mark, f"{where}: only where a majority decides (strategy quorum)")


def no_host(role: str, names: list[str]) -> str:
    return f"no host has the role {role}, which {', '.join(names[:6])}{' ...' if len(names) > 6 else ''} must run on"


def json_schema_of(offers: Offers) -> dict[str, Any]:
    """The JSON Schema of a cloud file, the services' own options included."""
    return json_schema(
        {
            name: (offer.options, tuple(dict.fromkeys(each.name for each in (*offer.strategies, *offer.designs))))
            for name, offer in offers.items()
        },
        Timers.model_json_schema()["properties"],
    )
