"""Open vSwitch on this host, set up as /etc/fournines/openvswitch.json says. Safe to repeat.

    openvswitch.py datapath   before ovs-vswitchd starts: find out which datapath this kernel has; agents read it
                              from /run/fournines-found/openvswitch.conf
    openvswitch.py bridges    once it runs: the bridges that hold the host's interfaces

The kernel's datapath is found by making one. Without it packets are forwarded by ovs-vswitchd itself (`netdev`). That
one sees only what belongs to one of its bridges: the tunnels' address then has to be on a bridge too, which the
kernel's does without.

An interface that becomes a bridge's port loses its address and its routes to the bridge.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

CONFIGURATION = "/etc/fournines/openvswitch.json"
FOUND = "/run/fournines-found/openvswitch.conf"
_TRIAL = "nines-trial"


def run(*argv: str, check: bool = True) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    if check and done.returncode:
        sys.exit(f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout if done.returncode == 0 else ""


def vsctl(*argv: str, wait: bool = True) -> str:
    return run("ovs-vsctl", "--timeout=30", *(() if wait else ("--no-wait",)), *argv).strip()


def has_kernel_datapath() -> bool:
    run("modprobe", "openvswitch", check=False)
    run("ovs-dpctl", "del-dp", _TRIAL, check=False)
    made = subprocess.run(["ovs-dpctl", "add-dp", _TRIAL], capture_output=True, check=False, timeout=30)
    run("ovs-dpctl", "del-dp", _TRIAL, check=False)
    return made.returncode == 0


def datapath(wanted: "dict[str, Any]") -> None:
    kernel = has_kernel_datapath()
    vsctl("init", wait=False)
    # Segments of a guest's TCP go through whole; without it their checksums are nobody's business.
    tso = f"other_config:userspace-tso-enable={str(not kernel).lower()}"
    vsctl("set", "Open_vSwitch", ".", tso, f"external_ids:system-id={wanted['host']}", wait=False)
    # Its own ports die with ovs-vswitchd, and with them what agents hold by them: veths stay.
    text = f"[DEFAULT]\novs_use_veth = {str(not kernel).lower()}\n\n[ovs]\ndatapath_type = {datapath_type(kernel)}\n"
    os.makedirs(os.path.dirname(FOUND), exist_ok=True)
    with open(f"{FOUND}.new", "w") as file:
        file.write(text)
    os.rename(f"{FOUND}.new", FOUND)


def datapath_type(kernel: bool) -> str:
    return "system" if kernel else "netdev"


def found_datapath() -> str:
    with open(FOUND) as file:
        return file.read().split("datapath_type = ")[1].strip()


def links() -> "dict[str, dict[str, Any]]":
    return {link["ifname"]: link for link in json.loads(run("ip", "-json", "address", "show"))}


def holder(address: str) -> "str | None":
    """The interface that has that address."""
    for name, link in links().items():
        if any(each.get("local") == address for each in link["addr_info"]):
            return name
    return None


def await_link(name: str) -> None:
    end = time.monotonic() + 20
    while name not in links():
        if time.monotonic() > end:
            sys.exit(f"ovs-vswitchd has not made {name} after 20 s: {vsctl('get', 'Bridge', name, 'status')}")
        time.sleep(0.05)


def ensure_bridge(name: str, address: str, prefix: int, kind: str) -> None:
    """A bridge that has that address, with the interface that had it as its port."""
    there = name in vsctl("list-br").split()
    ports = vsctl("list-ports", name).split() if there else []
    port = next((each for each in ports if each in links()), None) or holder(address)
    if port is None:
        sys.exit(f"no interface has the address {address}")
    if port == name:
        sys.exit(f"{name} has the address {address}, and no interface of this host is its port")
    link = links()[port]
    if not there:
        # Neutron's agent makes the outer one its own: what it set since stays.
        vsctl(
            *("add-br", name, "--", "set", "Bridge", name, f"datapath_type={kind}", "fail_mode=standalone"),
            # Its neighbours must not have to learn another one each time that it is made.
            f'other-config:hwaddr="{link["address"]}"',
        )
    vsctl("--may-exist", "add-port", name, port)
    await_link(name)
    routes = [each for each in json.loads(run("ip", "-json", "route", "show", "dev", port)) if "gateway" in each]
    run("ip", "link", "set", name, "mtu", str(link["mtu"]), "up")
    run("ip", "link", "set", port, "up")
    run("ip", "address", "flush", "dev", port, "scope", "global")
    run("ip", "address", "replace", f"{address}/{prefix}", "brd", "+", "dev", name)
    for route in routes:
        run("ip", "route", "replace", route["dst"], "via", route["gateway"], "dev", name)


def bridges(wanted: "dict[str, Any]") -> None:
    kind = found_datapath()
    for name, bridge in sorted(wanted["bridges"].items()):
        if kind == "netdev" or not bridge["netdev_only"]:
            ensure_bridge(name, bridge["address"], bridge["prefix"], kind)
    if kind == "netdev":
        # Its own default is 15 minutes: a peer that came back with another address would be dark for as long.
        run("ovs-appctl", "tnl/neigh/aging", "30", check=False)


if __name__ == "__main__":
    with open(CONFIGURATION) as file:
        content = json.load(file)
    {"datapath": datapath, "bridges": bridges}[sys.argv[1]](content)
