"""A cloud's hosts as containers on this machine: made, found again and removed, by name.

    names      what a lab's things are called in the kernel
    preflight  can this machine carry it?
    image      the root file system with every package
    layers     configuration and identity over it
    network    bridges and veths in namespaces of their own
    links      a host's, cut and restored
    machine    one host: boot it, cut its power
    bmc        the Redfish endpoint of each host: started, found, ended
    redfish    the same from inside
    cgroups    what belongs to a host

`up` and `down` are safe to repeat, and each repairs what a killed run of either left behind. The caller of both
holds the cloud's lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from fournines.cloud.model import Cloud, Host
from fournines.converge.events import Event, Observer
from fournines.errors import NinesError
from fournines.hosts import Power, PowerState
from fournines.lab import bmc, image, layers, network, preflight
from fournines.lab.cgroups import Group
from fournines.lab.machine import Definition, DiskFile, Machine
from fournines.lab.names import Names
from fournines.state import State

__all__ = ["down", "exists", "leftovers", "power", "running", "ssh_key", "up"]

# Of a switch's ports, and of guests.
_DEVICES = ("/dev/net/tun", "/dev/kvm")
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
# A bare host was measured at 6; other programs of root take some too.
_INOTIFY_A_HOST, _INOTIFY_SPARE = 16, 48


def up(
    cloud: Cloud,
    packages: Iterable[str],
    masked: Iterable[str],
    state: State,
    observer: Observer,
    smaller: Callable[[], Cloud | None] = lambda: None,
) -> None:
    """Have every host of that cloud run, with its networks and its BMC.

    `packages` are Debian packages for the image, `masked` units that must never start by themselves, `smaller` a cloud
    to propose where memory is too small for this one. Raises PreflightError before anything is made; HostError or
    NinesError when something could not be made.
    """
    wanted = image.recipe(packages)
    preflight.require(cloud, state, wanted, smaller)
    names = Names.of(state)
    _refuse_other_image(cloud, state, image.path_of(wanted))
    root = image.ensure(wanted, observer)
    with image.locked(observer):
        layers.clean_configuration(root.parent / "layers")
        configuration = layers.configuration(root, masked, root.parent / "layers")
    definitions = _definitions(cloud, names, (str(configuration), str(root)))
    _refuse_changed(state, definitions)
    _timed(observer, "networks", lambda: network.ensure_fabric(names, cloud.networks.values()))
    _raise_inotify(len(cloud.hosts), observer)
    key = ssh_key(state)
    state.vault().ca()
    start = time.monotonic()
    observer(Event("start", "hosts", f"{len(cloud.hosts)} hosts"))
    public_key = key.with_name(f"{key.name}.pub").read_text()
    with ThreadPoolExecutor(max_workers=1) as pool:
        endpoints = pool.submit(_timed, observer, "bmc", lambda: bmc.ensure(state, _endpoints(cloud)))
        _each(cloud.hosts, lambda host: _boot(cloud, state, host, definitions[host.name], public_key, observer))
        observer(Event("done", "hosts", seconds=time.monotonic() - start))
        endpoints.result()


def _definitions(cloud: Cloud, names: Names, lower: tuple[str, ...]) -> Mapping[str, Definition]:
    gateway = cloud.networks["management"].gateway
    return {
        host.name: Definition(
            lower,
            network.nics(names, cloud.networks, host.name, host.addresses),
            str(gateway) if gateway else None,
            tuple(_disks(host)),
            tuple(device for device in _DEVICES if host.roles & {"network", "compute"} and Path(device).exists()),
        )
        for host in cloud.hosts
    }


def _disks(host: Host) -> Iterable[DiskFile]:
    for disk in host.disks:
        yield DiskFile(disk.path, disk.bytes or 0)
        if disk.db:
            yield DiskFile(disk.db, disk.db_bytes or 0)


def _refuse_other_image(cloud: Cloud, state: State, root: Path) -> None:
    """Before minutes are spent on an image that the lab could not use."""
    old = {host.name: Machine.of(state, host.name).definition() for host in cloud.hosts}
    _refuse(
        state,
        [f"{name} was made from another image" for name, was in old.items() if was and was.lower[-1] != str(root)],
    )


def _refuse_changed(state: State, definitions: Mapping[str, Definition]) -> None:
    """A writable layer only fits the layers that it was made over, and a running host keeps its interfaces."""
    changed: list[str] = []
    for name, definition in definitions.items():
        machine = Machine.of(state, name)
        old = machine.definition()
        if old and old.lower != definition.lower:
            changed.append(f"{name} was made over another configuration layer")
        elif old and machine.power() == "on":
            if (old.nics, old.gateway) != (definition.nics, definition.gateway):
                changed.append(f"{name} runs with other addresses")
            if definition.disks and not old.disks:
                changed.append(f"{name} runs, and was made without disks")
    _refuse(state, changed)


def _refuse(state: State, changed: list[str]) -> None:
    if changed:
        raise NinesError(
            f"the lab {state.cloud} stands, and no longer fits: {'; '.join(changed)}",
            "nines down removes it with its data; then nines up makes it anew",
        )


def _boot(cloud: Cloud, state: State, host: Host, definition: Definition, public_key: str, observer: Observer) -> None:
    machine = Machine.of(state, host.name)
    start = time.monotonic()
    if machine.mains_cut:
        observer(Event("note", "hosts", "its mains were still cut by a drill: restored", host.name))
        machine.restore_mains()
    if machine.power() == "off" or machine.definition() != definition:
        addresses = {one.name: one.management for one in cloud.hosts}
        layers.write_node(machine.folder / "upper", host.name, cloud.name, addresses, public_key)
        machine.define(definition)
    observer(Event("start", "hosts", "boot", host.name))
    machine.start()
    machine.await_init()
    observer(Event("done", "hosts", "on", host.name, time.monotonic() - start))


def _each(hosts: Iterable[Host], do: Callable[[Host], None]) -> None:
    """For all hosts at once; every error is told, not only the first."""
    hosts = tuple(hosts)
    errors: list[NinesError] = []
    with ThreadPoolExecutor(max_workers=max(1, min(8, len(hosts)))) as pool:
        for future in as_completed([pool.submit(do, host) for host in hosts]):
            try:
                future.result()
            except NinesError as error:
                errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise NinesError("\n".join(str(error) for error in errors), errors[0].remedy)


def _timed(observer: Observer, stage: str, do: Callable[[], object]) -> None:
    start = time.monotonic()
    observer(Event("start", stage))
    do()
    observer(Event("done", stage, seconds=time.monotonic() - start))


def _raise_inotify(hosts: int, observer: Observer) -> None:
    """systemd needs inotify instances, and all hosts share root's: a full table stops units at random."""
    need = hosts * _INOTIFY_A_HOST + _INOTIFY_SPARE
    have = int(_INOTIFY.read_text())
    if have < need:
        _INOTIFY.write_text(str(need))
        observer(Event("note", "hosts", f"raised this machine's fs.inotify.max_user_instances from {have} to {need}"))


def _endpoints(cloud: Cloud) -> list[bmc.Endpoint]:
    return [
        bmc.Endpoint(host.name, host.bmc.address, host.bmc.port, host.bmc.system, host.bmc.username)
        for host in cloud.hosts
        if host.bmc
    ]


def ssh_key(state: State) -> Path:
    """The private key that root of every host of the lab accepts; made when there is none."""
    folder = state.lab / "ssh"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "id_ed25519"
    if not path.exists():
        layers.make_key(path, f"nines {state.cloud}")
    return path


def power(cloud: Cloud, state: State, host: str) -> Power:
    """The switch of one host. Raises KeyError when the cloud has no such host."""
    return Machine.of(state, cloud.host(host).name)


def exists(state: State) -> bool:
    """Whether anything of the lab is there, on disk or in the kernel."""
    return (state.lab / "hosts").is_dir() or bool(leftovers(state))


def running(state: State) -> Mapping[str, PowerState]:
    """Every host that was made -> its power."""
    folder = state.lab / "hosts"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return {name: Machine.of(state, name).power() for name in names}


def leftovers(state: State) -> list[str]:
    """Cgroups, namespaces, links and mounts of the lab that exist in the kernel now."""
    names = Names.of(state)
    groups = [str(path) for name in (names.scope, names.trial_group) for path in Group(name).existing()]
    return [*groups, *network.leftovers(names), *_mounts(state)]


def _mounts(state: State) -> list[str]:
    inside = f"{state.lab}/"
    lines = Path("/proc/self/mounts").read_text().splitlines()
    paths = [line.split()[1].encode().decode("unicode_escape") for line in lines]
    return [path for path in paths if path.startswith(inside)]


def down(name: str, state: State, observer: Observer, keep_data: bool = False) -> None:
    """Remove every process, cgroup, link, namespace and mount of the lab, and its hosts' data unless `keep_data`.

    Needs no spec, and no file of a previous run. The image stays. Raises NinesError naming what would not go.
    """
    if state.cloud != name:
        raise NinesError(f"the state of {state.cloud} is not that of the lab {name}")
    if os.geteuid() != 0:
        raise NinesError(f"the lab {name} can only be removed by root", "run it as root")
    names = Names.of(state)
    start = time.monotonic()
    observer(Event("start", "down", name))
    # One cgroup holds every host and the BMC: nothing is left that could start something again.
    Group(names.scope).remove()
    Group(names.trial_group).remove()
    network.remove(names)
    libc = ctypes.CDLL(None, use_errno=True)
    for path in reversed(_mounts(state)):
        libc.umount2(os.fsencode(path), 2)
    with contextlib.suppress(FileNotFoundError):
        (state.lab / "bmc.ready").unlink()
    if not keep_data:
        _remove_data(state)
    if left := leftovers(state):
        raise NinesError(f"the lab {name} is not gone: {', '.join(left)}")
    observer(Event("done", "down", name, seconds=time.monotonic() - start))


def _remove_data(state: State) -> None:
    for path in (state.lab / "bmc.json", state.folder / "ssh" / "known_hosts"):
        # New hosts have new SSH host keys.
        path.unlink(missing_ok=True)
    # By another name first: a run killed in between must leave no half of a host that could boot.
    removing = state.lab / ".removing"
    try:
        while True:
            if removing.exists():
                shutil.rmtree(removing)
            if not (state.lab / "hosts").is_dir():
                break
            (state.lab / "hosts").rename(removing)
    except OSError as error:
        raise NinesError(f"cannot remove the hosts' data: {error}", f"remove {state.lab} by hand") from error
