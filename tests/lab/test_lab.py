"""The lab for real: hosts, networks, power, BMCs, and nothing left afterwards. Needs root and a Debian mirror.

One image with the base packages and the stock fence agent; no service.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import lab_support
import pytest

from fournines import lab
from fournines.cloud.model import Cloud
from fournines.converge.events import Event, silent
from fournines.errors import HostError, PreflightError
from fournines.hosts import Host, run
from fournines.hosts.fleet import fleet
from fournines.hosts.nspawn import Nspawn
from fournines.hosts.ssh import SwitchedSshHost
from fournines.lab import image
from fournines.lab.machine import Machine
from fournines.state import State

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

NAME, NUMBER = "t1", 73
OTHER, OTHER_NUMBER = "t1-x", 74
# The name starts with the first one's on purpose: names must not run into each other.


@dataclass(frozen=True)
class Stand:
    cloud: Cloud
    state: State

    def host(self, name: str) -> Nspawn:
        found = fleet(self.cloud, self.state)[name]
        assert isinstance(found, Nspawn)
        return found

    def up(self) -> list[Event]:
        events: list[Event] = []
        lab.up(self.cloud, lab_support.PACKAGES, (), self.state, events.append)
        return events


@pytest.fixture(scope="module")
def folder() -> Generator[Path]:
    """A state folder of this test's own; whatever happens, its labs are gone afterwards."""
    old = os.environ.get("NINES_STATE")
    path = Path(tempfile.mkdtemp(prefix="nines-lab-", dir="/var/tmp"))
    os.environ["NINES_STATE"] = str(path)
    try:
        yield path
        for name in (NAME, OTHER):
            lab.down(name, State(name), silent)
        # What was killed is a zombie until this machine's init reaps it.
        end = time.monotonic() + 10
        while (left := lab_support.traces(path, (NAME, OTHER))) and time.monotonic() < end:
            time.sleep(0.1)
        assert left == []
    finally:
        for name in (NAME, OTHER):
            lab.down(name, State(name), silent)
        shutil.rmtree(path)
        if old is None:
            del os.environ["NINES_STATE"]
        else:
            os.environ["NINES_STATE"] = old


@pytest.fixture(scope="module")
def built(folder: Path) -> Stand:
    stand = Stand(lab_support.cloud(NAME, NUMBER), State(NAME))
    stand.up()
    return stand


@pytest.fixture
def stand(built: Stand) -> Stand:
    """The lab with every host on, whatever the test before did to it."""
    built.up()
    return built


def ssh_fleet(stand: Stand) -> dict[str, SwitchedSshHost]:
    """The same hosts as production would have them: by ssh and BMC alone."""
    cloud = lab_support.cloud(NAME, NUMBER, key=lab.ssh_key(stand.state))
    hosts = fleet(cloud, stand.state)
    return {name: host for name, host in hosts.items() if isinstance(host, SwitchedSshHost)}


def pings(host: Host, address: str) -> bool:
    try:
        run(host, ["ping", "-q", "-c1", "-W1", address], timeout=10)
    except HostError:
        return False
    return True


def test_a_second_up_changes_nothing(stand: Stand) -> None:
    before = {host.name: stand.host(host.name).machine.leader() for host in stand.cloud.hosts}
    start = time.monotonic()
    events = stand.up()
    assert time.monotonic() - start < 10
    assert before == {host.name: stand.host(host.name).machine.leader() for host in stand.cloud.hosts}
    assert not [event for event in events if event.stage == "image"]


def test_both_providers_run_the_same_commands(stand: Stand) -> None:
    words = ["a b", "c'd", '"', "$HOME", "*", "", "\\", "-n", "é"]
    ssh = ssh_fleet(stand)
    try:
        for name, reached in ssh.items():
            for host in (stand.host(name), reached):
                assert run(host, ["hostname"]).strip() == name
                assert run(host, ["printf", "%s|", *words]) == "".join(f"{word}|" for word in words)
                assert run(host, ["cat"], stdin="line 'one'\n$two\n") == "line 'one'\n$two\n"
                environment = run(host, ["env"]).splitlines()
                assert "HOME=/root" in environment
                assert "LANG=C.UTF-8" in environment
                assert not [line for line in environment if line.startswith(("NINES", "SSH_", "XDG"))]
                with pytest.raises(HostError, match="exit 3"):
                    run(host, ["sh", "-c", "exit 3"])
    finally:
        for reached in ssh.values():
            reached.disconnect()


def test_an_ssh_user_other_than_root_is_refused_clearly(stand: Stand) -> None:
    reached = ssh_fleet(stand)["c1"]
    with pytest.raises(HostError, match="Permission denied"):
        run(replace(reached, access=replace(reached.access, user="nobody")), ["true"])


def test_a_command_ends_with_its_caller(stand: Stand) -> None:
    host = stand.host("c1")
    with pytest.raises(HostError, match="no end after 1 s"):
        run(host, ["sleep", "4242"], timeout=1)
    listed = run(host, ["ps", "-eo", "stat,args"])
    assert not [line for line in listed.splitlines() if "sleep 4242" in line]


def test_every_host_reaches_every_other_on_every_network(stand: Stand) -> None:
    addresses = [str(address) for host in stand.cloud.hosts for address in host.addresses.values()]
    hosts = [stand.host(host.name) for host in stand.cloud.hosts for _ in addresses]
    with ThreadPoolExecutor(4) as pool:
        reached = list(pool.map(pings, hosts, addresses * 3))
    assert len(reached) == 36
    assert all(reached)


def test_hosts_have_an_identity_of_their_own(stand: Stand) -> None:
    for path in ("/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/hostname"):
        assert len({run(stand.host(host.name), ["cat", path]) for host in stand.cloud.hosts}) == 3


def test_nothing_of_the_image_starts_by_itself(stand: Stand) -> None:
    units = run(stand.host("c1"), ["systemctl", "list-units", "--plain", "--no-legend", "--state=running"])
    running = {line.split()[0] for line in units.splitlines() if line.split()[0].endswith(".service")}
    assert running == {"dbus.service", "ssh.service", "systemd-journald.service"}
    timers = run(stand.host("c1"), ["systemctl", "list-units", "--type=timer", "--state=active", "--no-legend"])
    assert timers.strip() == ""


def test_the_hosts_cannot_write_this_machines_kernel_settings(stand: Stand) -> None:
    host = stand.host("c1")
    with pytest.raises(HostError, match="Read-only"):
        run(host, ["sh", "-c", "echo 61 >/proc/sys/vm/swappiness"])
    run(host, ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind"])
    assert Path("/proc/sys/net/ipv4/ip_nonlocal_bind").read_text().strip() == "0"


def test_an_idle_host_costs_less_than_a_tenth_of_a_core(stand: Stand) -> None:
    seconds = 5
    before = {host.name: stand.host(host.name).usage() for host in stand.cloud.hosts}
    time.sleep(seconds)
    for name, old in before.items():
        now = stand.host(name).usage()
        assert (now.cpu_seconds - old.cpu_seconds) / seconds < 0.1
        assert 0 < now.pss_bytes < 60 * 2**20


def test_power_off_is_silent_and_leaves_no_address(stand: Stand) -> None:
    victim, peer = stand.host("c3"), stand.host("c1")
    # An address that a service added, as Pacemaker adds the VIP, and a peer with an open connection.
    run(victim, ["ip", "address", "add", "10.73.0.99/24", "dev", "management"])
    assert pings(peer, "10.73.0.99")
    with socket.create_connection(("10.73.0.13", 22), timeout=5) as connection:
        assert connection.recv(100).startswith(b"SSH-2.0")
        victim.power_off()
        assert victim.power() == "off"
        connection.settimeout(1)
        # A dead kernel sends no FIN and no RST: the peer hears nothing at all.
        with pytest.raises(TimeoutError):
            connection.recv(100)
    subprocess.run(["ip", "neigh", "flush", "to", "10.73.0.0/24"], check=True)
    for address in ("10.73.0.13", "10.73.0.99", "10.73.1.13", "10.73.2.13", "10.73.3.13"):
        assert not pings(peer, address)
    for address in ("10.73.0.13", "10.73.0.99"):
        with pytest.raises(OSError, match=r"timed out|No route to host"):
            socket.create_connection((address, 22), timeout=1.5)
        neighbour = subprocess.run(["ip", "neigh", "show", "to", address], capture_output=True, text=True, check=True)
        assert "lladdr" not in neighbour.stdout
    with pytest.raises(HostError, match="the host is off"):
        run(victim, ["true"])
    victim.power_off()
    victim.power_on()
    assert victim.power() == "on"
    assert pings(peer, "10.73.0.13")
    assert pings(peer, "10.73.2.13")
    assert not pings(peer, "10.73.0.99")


def test_data_outlives_a_power_cut(stand: Stand) -> None:
    victim = stand.host("c2")
    run(victim, ["sh", "-c", "echo kept >/var/lib/kept; echo gone >/run/gone"])
    identity = run(victim, ["cat", "/etc/machine-id"])
    victim.power_off()
    victim.power_on()
    assert run(victim, ["cat", "/var/lib/kept"]) == "kept\n"
    assert run(victim, ["cat", "/etc/machine-id"]) == identity
    with pytest.raises(HostError):
        run(victim, ["cat", "/run/gone"])


def test_the_stock_agent_fences_from_inside_another_host(stand: Stand) -> None:
    fencer, victim = stand.host("c1"), stand.host("c2")
    vault = stand.state.vault()
    run(fencer, ["tee", "/usr/local/share/ca-certificates/lab.crt"], stdin=vault.ca())
    run(fencer, ["update-ca-certificates"])

    def fence(action: str, password: str = vault.password("bmc")) -> str:
        options = {
            "action": action,
            "ip": "10.73.0.1",
            "ipport": "6232",
            "username": "nines",
            "password": password,
            "systems_uri": "/redfish/v1/Systems/c2",
        }
        text = "".join(f"{key}={value}\n" for key, value in options.items())
        # Python's requests has a bundle of its own unless it is Debian's; say it as Pacemaker's environment would.
        return run(fencer, ["fence_redfish"], stdin=text, timeout=60)

    assert "ON" in fence("status")
    fence("monitor")
    fence("off")
    assert victim.power() == "off"
    with pytest.raises(HostError, match="exit 2"):
        fence("status")
    fence("on")
    victim.machine.await_init()
    leader = victim.machine.leader()
    fence("reboot")
    victim.machine.await_init()
    assert victim.machine.leader() != leader
    with pytest.raises(HostError):
        fence("off", password="wrong")
    assert victim.power() == "on"
    log = (stand.state.lab / "bmc.log").read_text()
    assert "c2 from 10.73.0.11: POST /redfish/v1/Systems/c2/Actions/ComputerSystem.Reset" in log
    assert "ForceOff" in log
    assert "-> 401" in log
    assert vault.password("bmc") not in log


def test_a_host_with_cut_mains_stays_off(stand: Stand) -> None:
    machine = Machine.of(stand.state, "c3")
    reached = ssh_fleet(stand)["c3"]
    assert reached.power() == "on"
    machine.cut_mains()
    assert reached.power() == "off"
    reached.power_off()
    with pytest.raises(HostError, match="503"):
        reached.power_on()
    with pytest.raises(HostError, match="mains"):
        machine.power_on()
    assert machine.power() == "off"
    machine.restore_mains()
    assert machine.power() == "off"
    reached.power_on()
    machine.await_init()
    assert pings(stand.host("c1"), "10.73.0.13")


def test_up_restarts_a_dead_bmc(stand: Stand) -> None:
    lab.bmc.stop(stand.state)
    with pytest.raises(HostError, match="does not answer"):
        ssh_fleet(stand)["c1"].power()
    stand.up()
    assert ssh_fleet(stand)["c1"].power() == "on"


def test_two_labs_side_by_side(stand: Stand) -> None:
    other = Stand(lab_support.cloud(OTHER, OTHER_NUMBER, hosts=2), State(OTHER))
    other.up()
    try:
        assert pings(other.host("c1"), "10.74.0.12")
        assert not pings(other.host("c1"), "10.73.0.11")
        assert not pings(other.host("c1"), "10.73.1.11")
        leaders = [stand.host(name).machine.leader() for name in ("c1", "c2", "c3")]
    finally:
        lab.down(OTHER, other.state, silent)
    assert not lab.leftovers(other.state)
    assert leaders == [stand.host(name).machine.leader() for name in ("c1", "c2", "c3")]
    assert pings(stand.host("c1"), "10.73.0.12")
    # And the other way round: what goes down is the named one.
    other.up()
    lab.down(NAME, stand.state, silent)
    assert lab.running(other.state) == {"c1": "on", "c2": "on"}
    assert lab.running(stand.state) == {}
    assert pings(other.host("c1"), "10.74.0.12")
    lab.down(OTHER, other.state, silent)


def test_a_subnet_in_use_is_refused_before_anything_is_made(stand: Stand) -> None:
    other = Stand(lab_support.cloud(OTHER, NUMBER), State(OTHER))
    with pytest.raises(PreflightError, match=r"network management \(10\.73\.0\.0/24\) overlaps"):
        other.up()
    assert not lab.leftovers(other.state)


def killed(verb: str, after: float) -> None:
    """Run up or down in a process of its own and kill -9 it after so many seconds."""
    process = subprocess.Popen(
        [sys.executable, lab_support.__file__, verb, NAME, str(NUMBER)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_up_converges_after_kill_at_any_moment(stand: Stand) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    # From nothing to standing takes about 3 s, the interpreter's own start about 0.5 s of it.
    for _ in range(6):
        lab.down(NAME, stand.state, silent)
        killed("up", moments.uniform(0.3, 4))
        killed("up", moments.uniform(0.3, 4))
        stand.up()
        for host in stand.cloud.hosts:
            assert pings(stand.host("c1"), host.management)
        assert ssh_fleet(stand)["c2"].power() == "on"


def test_down_removes_everything_after_kill_at_any_moment(stand: Stand) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    for _ in range(4):
        stand.up()
        killed("down", moments.uniform(0.3, 1.5))
        lab.down(NAME, stand.state, silent)
        assert not lab.leftovers(stand.state)
        assert not lab.exists(stand.state)
        killed("up", moments.uniform(0.3, 4))
        lab.down(NAME, stand.state, silent)
        assert not lab.leftovers(stand.state)


def test_a_killed_image_build_leaves_nothing_half_used(folder: Path, built: Stand) -> None:
    program = (
        "from fournines.lab import image; from fournines.converge.events import silent;"
        "image.ensure(image.recipe(['less']), silent)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.DEVNULL)
    making = image.images_folder() / f".build-{image.recipe(['less']).digest}"
    end = time.monotonic() + 60
    while not (making / "root/usr").is_dir() and time.monotonic() < end:
        time.sleep(0.05)
    assert (making / "root/usr").is_dir()
    process.kill()
    process.wait()
    end = time.monotonic() + 10
    while (left := processes_naming(str(making))) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left
    assert not image.path_of(image.recipe(["less"])).exists()
    # The next build begins with removing it; here one that fails at once.
    with pytest.raises(Exception, match="no-such-package-at-all"):
        image.ensure(image.recipe(["no-such-package-at-all"]), silent)
    assert not making.exists()


def processes_naming(text: str) -> list[str]:
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_down_keeps_the_image_and_can_keep_the_data(stand: Stand) -> None:
    run(stand.host("c1"), ["touch", "/var/lib/kept"])
    lab.down(NAME, stand.state, silent, keep_data=True)
    assert not lab.leftovers(stand.state)
    stand.up()
    run(stand.host("c1"), ["test", "-e", "/var/lib/kept"])
    lab.down(NAME, stand.state, silent)
    assert image.path_of(image.recipe(lab_support.PACKAGES)).is_dir()
    stand.up()
    with pytest.raises(HostError):
        run(stand.host("c1"), ["test", "-e", "/var/lib/kept"])
