"""Ceph's mons: the map of the cluster, kept by a majority. The cluster's own choices (copies, failure domain) are here.

A mon makes its store by itself from keys and a first map that the vault determines (`onhost/ceph_mon_store.py`), so
mons need no one of them to be the first; a mon that is added later joins those that there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Host
from fournines.cloud.offers import Complaint
from fournines.cloud.ports import Port
from fournines.cloud.strategies import EXTERNAL, QUORUM
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Command
from fournines.services import Remark, Said, Service, _ceph
from fournines.services._ceph import CONF, LIBRARY, CephOptions
from fournines.services._render import ini, on_host
from fournines.state import Vault

_STORE = f"{LIBRARY}/ceph_mon_store.py"
_STORE_CONF = "/etc/ceph/fournines-mon-store.ini"
_KEYRING = "/etc/ceph/fournines-mon.keyring"
_UNIT = "/etc/systemd/system/ceph-mon@.service"
_ALL = {"mon": "allow *", "osd": "allow *", "mds": "allow *", "mgr": "allow *"}


class Ceph(Service):
    """Facts: state (of this mon), leader (host), quorum (hosts), health, warnings (list), pgs (state -> number),
    bytes, used (raw ones), fits (whether all copies still fit when the largest failure domain has died; null: there
    are no more domains than copies, so a dead one's are not made anew), clients (its number -> who it is), noout (hosts
    whose OSDs stay in the cluster however long they are down)."""

    name = "ceph"
    roles = ("storage",)
    strategies = (QUORUM,)
    designs = (EXTERNAL,)
    at_most = 5
    ports = (Port(_ceph.MON_PORT, reach="links"),)
    packages = ("ceph-mon", *_ceph.CLIENT_PACKAGES)
    masked = ("ceph-crash.service",)
    log_units = ("ceph-mon@*.service",)
    primary = "mon-leader"
    options = CephOptions

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield from _ceph.conf_files(cloud, host, vault)
        yield from _ceph.admin_files(vault)
        yield File(path=_KEYRING, content=_first_keys(vault), owner="ceph", group="ceph", mode=0o600, secret=True)
        network = _ceph.network(cloud)
        mons = {mon.name: f"v2:{mon.addresses[network]}:{_ceph.MON_PORT}" for mon in cloud.services[self.name].hosts}
        yield File(path=_STORE_CONF, content=ini({"store": {"fsid": _ceph.fsid(vault)}, "mons": mons}))
        yield File(path=_STORE, content=on_host("ceph_mon_store.py"))
        prepare = f"/usr/bin/python3 {_STORE} %i {_STORE_CONF} {_KEYRING}"
        yield File(path=_UNIT, content=_ceph.daemon_unit("ceph-mon", "Ceph's mon", prepare))
        yield Unit(name=f"ceph-mon@{host.name}.service", reads=(CONF, _UNIT))

    def health(self, cloud: Cloud, host: Host) -> Check:
        awaits = "its mon to be in the quorum"
        return _ceph.answers(awaits, "mon_status", "state", ("leader", "peon"), [f"mon.{host.name}"])

    def facts(self, cloud: Cloud, host: Host) -> Command:
        return Command(
            awaits="Ceph's own view",
            argv=("python3", "-c", on_host("ceph_facts.py", after="ceph_ask.py"), _ceph.socket(f"mon.{host.name}")),
            timeout=10,
        )

    def quorum(self, said: Said) -> tuple[int, str]:
        """Mons of the largest quorum that one of them speaks of."""
        there = max([len(facts.get("quorum") or ()) for facts in said.values()], default=0)
        return there, f"{there} of {len(said)} mons"

    def remarks(self, cloud: Cloud, facts: Mapping[str, Said]) -> Iterable[Remark]:
        """Health, what is degraded, room and whether it lasts, and who waits for what."""
        told = next((each for each in facts[self.name].values() if each.get("health")), None)
        if told is None:
            return
        pgs = ", ".join(f"{number} {state}" for state, number in sorted(told["pgs"].items()))
        yield Remark(f"ceph: {told['health']}; placement groups: {pgs or 'none yet'}")
        for warning in told["warnings"]:
            # Of a host in maintenance: wanted, and told as that.
            wanted = bool(told.get("noout")) and warning.startswith("OSD_FLAGS:")
            yield Remark(f"ceph: {warning}", trouble=not wanted)
        if told["bytes"]:
            kind, lasts = _ceph.options(cloud).failure_domain, told["fits"]
            # By default no mon marks a whole rack out (mon_osd_down_out_subtree_limit).
            yours = "; you decide then whether they are made again (ceph osd out)" if kind == "rack" else ""
            after = {
                True: f"all copies still fit when a {kind} dies{yours}",
                False: f"when a {kind} dies, its copies do NOT fit on the others: add disks",
                None: f"no {kind} to spare: the copies of a dead one are not made again until it is back",
            }
            room = f"ceph: {told['used'] / 2**30:.1f} of {told['bytes'] / 2**30:.1f} GiB used; {after[lasts]}"
            yield Remark(room, trouble=lasts is False)
        # Each mon knows those that have come to it.
        clients = {
            number: name for each in facts[self.name].values() for number, name in each.get("clients", {}).items()
        }
        yield from _sufferers(cloud, facts.get("ceph-osd", {}), clients)

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]:
        chosen = _ceph.options(cloud)
        hosts = cloud.having("storage")
        for host in hosts:
            if chosen.failure_domain == "rack" and host.rack is None:
                told = f"hosts.{host.name}: needs a rack: copies are spread over racks (services.ceph.failure_domain)"
                yield Complaint(("hosts", host.name), told)
        domains = {host.rack if chosen.failure_domain == "rack" else host.name for host in hosts} - {None}
        if len(domains) < chosen.size:
            yield Complaint(
                ("services", "ceph", "size"),
                f"services.ceph.size: {chosen.size} copies in {chosen.size} different {chosen.failure_domain}s, and "
                f"{len(domains)} {chosen.failure_domain}{'s have' if len(domains) != 1 else ' has'} the role storage",
            )
        yield from _off_network(cloud)


def _sufferers(cloud: Cloud, said: Said, clients: Mapping[str, str]) -> Iterable[Remark]:
    """Clients whose requests an OSD has had for long: who they are and where."""
    names: dict[str, str] = {str(address): host.name for host in cloud.hosts for address in host.addresses.values()}
    waits: dict[tuple[str, str], list[float]] = {}
    for facts in said.values():
        for op in facts.get("slow") or ():
            number, address = str(op["client"]), str(op["address"])
            who = clients.get(number, number), names.get(address, address)
            waits.setdefault(who, []).append(float(op["seconds"]))
    for (client, host), seconds in sorted(waits.items()):
        text = f"ceph: {client} on {host} waits for {len(seconds)} requests, the oldest for {max(seconds):.0f} s"
        yield Remark(text, trouble=True)


def _off_network(cloud: Cloud) -> Iterable[Complaint]:
    name = _ceph.network(cloud)
    for host in cloud.hosts:
        meets = host.roles & {"control", "compute", "storage"}
        if meets and name not in host.addresses:
            told = f"hosts.{host.name}.networks.{name} is required: there Ceph's daemons and clients meet"
            yield Complaint(("hosts", host.name, "networks"), told)


def _first_keys(vault: Vault) -> str:
    """What the first map of users has: mons themselves, and the administrator. Each other one is made later."""
    entities: Mapping[str, Mapping[str, str]] = {"mon.": {"mon": "allow *"}, "client.admin": _ALL}
    return ini(
        {
            entity: {
                "key": _ceph.cephx(vault, entity),
                **{f"caps {kind}": f'"{may}"' for kind, may in caps.items()},
            }
            for entity, caps in entities.items()
        }
    )
