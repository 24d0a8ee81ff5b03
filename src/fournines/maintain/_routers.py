"""Who takes over what a network host carries. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set


def stranded(own: Collection[str], ready: Mapping[str, Collection[str]], others: Collection[str]) -> list[str]:
    """Of the routers `own`, those that none of the `others` has ready. `ready`: host -> routers."""
    return [router for router in own if not any(router in ready.get(host, ()) for host in others)]


def unmoved(own: Collection[str], active: Mapping[str, Collection[str]], host: str) -> list[str]:
    """Of the routers `own`, those that are not active on exactly one host, another than this. `active`: router ->
    hosts."""
    return [router for router in own if len(active.get(router, ())) != 1 or host in active.get(router, ())]


def additions(served: Mapping[str, Set[str]], host: str, well: Collection[str]) -> dict[str, str] | None:
    """DHCP: network that only that host serves -> another host to serve it too, the one with the fewest; None: there is
    no other. `served`: host -> networks; `well`: hosts whose agent lives and may be given some."""
    others = [name for name in served if name != host and name in well]
    kept = set[str]().union(*(served[name] for name in others))
    alone = sorted(served.get(host, set[str]()) - kept)
    if not alone:
        return {}
    if not others:
        return None
    load = {name: len(served[name]) for name in others}
    found: dict[str, str] = {}
    for network in alone:
        name = min(others, key=lambda each: load[each])
        load[name] += 1
        found[network] = name
    return found
