"""One host of a lab: a systemd-nspawn container that is switched on and off like a machine.

    lab/hosts/NAME/
    ├── machine.json   what it is made of; written by `up`
    ├── upper, work    its writable layer
    ├── disks          its disks: a sparse file each
    ├── root           where its root is mounted, inside its own mount namespace only
    ├── console.log    what its init printed
    ├── power.lock     held while its power is switched
    ├── mains-cut      there while a drill holds its mains cut
    └── links-cut      there while a drill holds its links cut

Nothing remembers a pid: a host is what is in its cgroup, so a reused pid is never mistaken for it, and whoever
asks, `nines` or the BMC, sees the same. Hosts belong to init: they outlive the command that started them.

Power-off is silent, as it is on metal: first the fabric's ports go down, so that no FIN or RST of a dying kernel
socket tells a peer what a lost machine never could; then everything in the cgroup gets SIGKILL at once; then the
network namespace goes, and with it every address, the VIP among them, that a dead host might still answer for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Collection, Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from fournines.errors import HostError, NinesError
from fournines.lab import links, network
from fournines.lab.cgroups import BOOT, EXEC, JOIN, Group
from fournines.lab.names import Names
from fournines.lab.network import Nic
from fournines.state import State

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CLEAN = ("env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8")

# `slave`: what this machine unmounts later does not live on in here. Nothing mounted in here is seen outside, nor
# are the locks and folders that a killed systemd-nspawn would leave in /run.
_BOOT = """
mkdir -p /run/systemd/nspawn && mount -t tmpfs -o mode=0755,size=1m nines /run/systemd/nspawn || exit 1
mount -t overlay "$1" -o "lowerdir=$2,upperdir=$3,workdir=$4" "$5" || exit 1
root=$5 machine=$1 host=$6 netns=$7
shift 7
exec systemd-nspawn --quiet --register=no --keep-unit --directory="$root" --machine="$machine" --hostname="$host" \
    --network-namespace-path="/run/netns/$netns" --capability=CAP_NET_ADMIN,CAP_IPC_LOCK \
    --link-journal=no --resolv-conf=off --timezone=off "$@" --boot
"""
_NSPAWN = (
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
    # /proc/sys/net is the host's own; the rest of /proc/sys and /sys would be this machine's.
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network",
)


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A disk of a host."""

    path: str
    """On the host; all its disks are in one folder."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Definition:
    """What a host is made of."""

    lower: tuple[str, ...]
    """Its lower layers, the uppermost first."""
    nics: tuple[Nic, ...]
    gateway: str | None
    disks: tuple[DiskFile, ...] = ()
    devices: tuple[str, ...] = ()
    """Of this machine, which the host may use too."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a host takes of this machine."""

    cpu_seconds: float
    """Since its `up`."""
    pss_bytes: int
    cgroup_bytes: int
    """Everything charged, page cache included."""
    held_bytes: int
    """Of these, what the kernel cannot drop: anonymous and shared memory."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A host of a lab, whether it exists or not."""

    names: Names
    name: str
    folder: Path

    @classmethod
    def of(cls, state: State, host: str) -> Machine:
        return cls(Names.of(state), host, state.lab / "hosts" / host)

    @property
    def group(self) -> Group:
        return Group(self.names.group(self.name))

    # What it is made of

    def define(self, definition: Definition) -> None:
        """Write what the next boot is made of. Disks that it lacks are plugged in, also while it runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for disk in definition.disks:
            self._plug(disk)
        making = self.folder / f".machine.json.{os.getpid()}"
        making.write_text(json.dumps(asdict(definition), indent=1))
        making.rename(self.folder / "machine.json")

    def definition(self) -> Definition | None:
        """What it is made of; None when it was never defined."""
        try:
            data = json.loads((self.folder / "machine.json").read_text())
        except FileNotFoundError:
            return None
        nics = tuple(Nic(**nic) for nic in data["nics"])
        disks = tuple(DiskFile(**disk) for disk in data["disks"])
        return Definition(tuple(data["lower"]), nics, data["gateway"], disks, tuple(data["devices"]))

    def _plug(self, disk: DiskFile) -> None:
        file = self.folder / "disks" / os.path.basename(disk.path)
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            making = file.with_name(f".{file.name}.{os.getpid()}")
            with open(making, "wb") as empty:
                empty.truncate(disk.bytes)
            making.rename(file)

    # Commands

    def leader(self) -> int:
        """Pid of its init on this machine. Raises HostError when it is off or too early in its boot."""
        pid = self.group.leader()
        if pid is None:
            raise HostError(self.name, "the host is off", f"nines up starts it again ({self.folder / 'console.log'})")
        return pid

    def argv(self, command: Sequence[str]) -> list[str]:
        """The local command that runs `command` in the host, counted as the host's, and killed with its caller."""
        leader = self.leader()
        joined = [str(path) for path in self.group.create(EXEC)]
        inside = ["nsenter", f"--target={leader}", "--all", *_CLEAN, "setpriv", "--pdeathsig", "KILL", *command]
        return ["sh", "-c", JOIN, "nines", *joined, "--", *inside]

    # Power

    def power(self) -> Literal["on", "off"]:
        """`off` only when nothing of it is left: a fence that reads it may rely on it."""
        return "on" if self.group.populated() else "off"

    @property
    def mains_cut(self) -> bool:
        return (self.folder / "mains-cut").exists()

    def cut_mains(self) -> None:
        """Power off, and stay off: neither its BMC nor `power_on` can start it until the mains are back."""
        with self._switching():
            (self.folder / "mains-cut").touch()
            self._off()

    def restore_mains(self) -> None:
        """It can be switched on again; it does not do so by itself."""
        (self.folder / "mains-cut").unlink(missing_ok=True)

    def power_on(self) -> None:
        """Boot it if it is off, and return when its init answers. Raises HostError."""
        self.start()
        self.await_init()

    def power_off(self) -> None:
        """Cut its power now. Safe to repeat."""
        with self._switching():
            self._off()

    # Links

    def cut_links(self, healed_after: float, networks: Collection[str] = ()) -> None:
        """Cut those to these networks, all without any, for `healed_after` seconds at most: restored then, whoever is
        still there."""
        definition = self.definition()
        with self._switching():
            if definition is None or self.power() == "off":
                raise HostError(self.name, "its links cannot be cut: it is off")
            try:
                lock = self.folder / "power.lock"
                cut = [nic for nic in definition.nics if not networks or nic.network in networks]
                links.cut(self.names, self.name, cut, lock, self.folder / "links-cut", healed_after)
            except NinesError as error:
                raise HostError(self.name, f"cutting its links: {error.message}", error.remedy) from error

    def restore_links(self) -> None:
        """Safe to repeat."""
        definition, note = self.definition(), self.folder / "links-cut"
        if definition is None or not note.exists():
            return
        with self._switching():
            try:
                links.restore(self.names, self.name, definition.nics, note)
            except NinesError as error:
                raise HostError(self.name, f"restoring its links: {error.message}", error.remedy) from error

    def start(self) -> None:
        """Boot it if it is off, and return when its init runs; bounded by 30 s. Raises HostError."""
        with self._switching():
            if self.mains_cut:
                raise HostError(self.name, "its mains are cut", "restore the mains first")
            group = self.group
            if group.leader() is not None:
                return
            definition = self.definition()
            if definition is None:
                raise HostError(self.name, "it was never made", "run nines up")
            self._off()
            self._boot(definition)
            self._await_leader()

    def await_init(self, bound: float = 90) -> None:
        """Wait until its init takes commands and its file systems and sockets are ready (`basic.target`).

        Not until every service runs: a Galera member waits, within its boot, for peers that may be off. Raises
        HostError after `bound` seconds.
        """
        end = time.monotonic() + bound
        seen = ""
        while time.monotonic() < end:
            try:
                done = subprocess.run(
                    self.argv(["systemctl", "is-active", "basic.target"]),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=10,
                    check=False,
                )
                seen = done.stdout.strip() or done.stderr.strip()[-200:]
            except subprocess.TimeoutExpired:
                seen = "no answer for 10 s"
            if seen == "active":
                return
            time.sleep(0.1)
        raise HostError(self.name, f"boot not complete after {bound:g} s, last seen: {seen}")

    def usage(self) -> Usage:
        total, held = self.group.memory_bytes()
        return Usage(self.group.cpu_seconds(), self.group.pss_bytes(), total, held)

    # How it is done

    @contextlib.contextmanager
    def _switching(self, bound: float = 40) -> Generator[None]:
        """One at a time switches its power: `nines`, a drill, or its BMC."""
        if not self.folder.is_dir():
            raise HostError(self.name, "it was never made", "run nines up")
        with open(self.folder / "power.lock", "a") as file:
            end = time.monotonic() + bound
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise HostError(self.name, f"its power is being switched since {bound:g} s") from None
                    time.sleep(0.005)
            yield

    def _off(self) -> None:
        definition = self.definition()
        nics = definition.nics if definition else ()
        try:
            if self.group.populated():
                network.silence(self.names, nics)
            # Its cgroups go too. Linux 6.9 and later compare a cgroup's count of kills between the forking and the
            # new cgroup: below one that was killed once, systemd's next services would die at birth.
            self.group.remove()
            network.unplug(self.names, self.name, nics)
        except NinesError as error:
            raise HostError(self.name, f"power off: {error.message}", error.remedy) from error

    def _boot(self, definition: Definition) -> None:
        for folder in ("upper", "work", "root"):
            (self.folder / folder).mkdir(exist_ok=True)
        try:
            network.plug(self.names, self.name, definition.nics, definition.gateway)
        except NinesError as error:
            raise HostError(self.name, f"power on: {error.message}", error.remedy) from error
        joined = [str(path) for path in self.group.create(BOOT)]
        boot = [
            self.names.machine(self.name),
            ":".join(definition.lower),
            *(str(self.folder / folder) for folder in ("upper", "work", "root")),
            self.name,
            self.names.netns(self.name),
            *({f"--bind={self.folder / 'disks'}:{os.path.dirname(disk.path)}" for disk in definition.disks}),
            *(f"--bind={device}" for device in definition.devices),
        ]
        # setsid --fork returns once its child runs, which init then inherits.
        command = [
            *("sh", "-c", JOIN, "nines", *joined, "--", "setsid", "--fork", *_CLEAN, *_NSPAWN),
            *("unshare", "--mount", "--propagation", "slave", "sh", "-c", _BOOT, "nines", *boot),
        ]
        with open(self.folder / "console.log", "ab") as console:
            try:
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    cwd="/",
                    start_new_session=True,
                    timeout=30,
                    check=True,
                )
            except subprocess.SubprocessError as error:
                raise HostError(self.name, f"power on: {error}{self._console()}") from error

    def _await_leader(self, bound: float = 30) -> None:
        end = time.monotonic() + bound
        while self.group.leader() is None:
            if not self.group.populated():
                raise HostError(self.name, f"power on: it ended at once{self._console()}")
            if time.monotonic() > end:
                raise HostError(self.name, f"power on: no init after {bound:g} s{self._console()}")
            time.sleep(0.01)

    def _console(self) -> str:
        """The end of what it printed, for an error."""
        try:
            text = (self.folder / "console.log").read_text(errors="replace")[-600:]
        except OSError:
            return ""
        return f"\n{text.strip()}"
