"""Two faults at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from views import cloud as small
from views import well

from fournines.campaign.double import doubled
from fournines.cloud import load
from fournines.cloud.model import Cloud
from fournines.errors import DrillError, HostError
from fournines.faults import Fault, Means, named, recorded
from fournines.faults._pair import Pair, both
from fournines.hosts import Host
from fournines.prove.budgets import classes
from fournines.prove.facts import struck
from fournines.prove.targets import resolve
from fournines.services import catalogue
from fournines.state import Vault


@cache
def lab() -> Cloud:
    return load(Path(__file__).parents[3] / "clouds/lab.yaml", catalogue())


def ready(folder: Path, name: str, target: str) -> Pair:
    """Equipped on the lab; of targets that name hosts."""

    def aim(word: str) -> Sequence[str]:
        return [word.partition(":")[2] or word]

    class Somewhere:
        name = "c1"

        def argv(self, command: Sequence[str]) -> list[str]:
            raise NotImplementedError

    fleet = {host.name: Somewhere() for host in lab().hosts}
    made = named(name).aimed(target).equipped(Means(lab(), fleet, Vault(folder), aim), [])
    assert isinstance(made, Pair)
    return made


def test_two_names_are_two_faults() -> None:
    pair = named("osd-kill+power-loss").aimed("s1+c2")
    assert isinstance(pair, Pair)
    assert pair.name == "osd-kill+power-loss"
    assert pair.aims == ("s1", "c2")
    assert pair.injures
    assert pair.silences
    assert not pair.bounded, "timers are for one at a time"
    assert named("fence-device-dead+power-loss").bounded, "the one costs nothing"
    assert named("kill+freeze").aimed("galera:c1+keystone:c2").kind == "kill galera+freeze keystone"
    assert recorded("osd-kill+power-lass", "s1+c2") is None
    with pytest.raises(DrillError, match="no such fault: power-lass"):
        named("osd-kill+power-lass")


def test_targets_of_both() -> None:
    assert resolve("writer+c3", well(vip="c1", writer="c2"), small()) == ("c2", "c3")
    assert resolve("vip+c1", well(vip="c1"), small()) == ("c1",)
    with pytest.raises(DrillError, match="no such target: c9"):
        resolve("vip+c9", well(vip="c1"), small())


@pytest.mark.parametrize(
    ("name", "target", "letter"),
    [
        ("power-loss+power-loss", "c1+s1", "D"),
        ("osd-kill+osd-kill", "s1+s2", "X"),
        ("osd-kill+kill", "s1+nova-conductor:c1", "E"),
        ("kill+osd-kill", "nova-conductor:c1+s1", "E"),
        ("kill+power-loss", "keystone:c1+c2", "D"),
        ("packet-loss+power-loss", "c1+c2", "X"),
        ("kill+host-isolate", "galera:c1+c2", "X"),
        ("kill+power-loss", "galera:c1+c1", "D"),
        ("fence-device-dead+power-loss", "c1+c1", "X"),
        ("fence-device-dead+power-loss", "c1+c2", "D"),
    ],
)
def test_what_the_cloud_may_survive_is_judged(tmp_path: Path, name: str, target: str, letter: str) -> None:
    pair = ready(tmp_path, name, target)
    assert (pair.letter, pair.blocks) == (letter, letter == "X")
    names = [word.partition(":")[2] or word for word in target.split("+")]
    found = classes(pair, names, lab())
    assert letter in found
    assert (found == {"X"}) == pair.blocks


def test_each_part_takes_what_its_own_hosts_carry(tmp_path: Path) -> None:
    pair = ready(tmp_path, "dns-gone+power-loss", "c1+c3")
    assert struck(pair, ("c1", "c3"), well(vip="c1", writer="c1"), small()) == {"member"}
    assert classes(pair, ["c1", "c3"], lab()) == {"-", "D"}


def test_a_silent_host_cannot_suffer_more(tmp_path: Path) -> None:
    for name, target in (
        ("power-loss+kill", "c1+keystone:c1"),
        ("freeze+freeze", "galera:c1+keystone:c1"),
        ("kill+freeze", "galera:c1+mariadb:c1"),
    ):
        with pytest.raises(DrillError, match="c1 cannot suffer the second after the first"):
            ready(tmp_path, name, target)


class Told(Fault):
    """Writes down what becomes of it."""

    letter = "A"

    def __init__(self, told: list[str], what: str, fails: int = 0) -> None:
        self.told, self.what, self.fails = told, what, fails

    def inject(self, targets: Sequence[Host]) -> None:
        self.told.append(f"{self.what} {','.join(host.name for host in targets)}")

    def heal(self, targets: Sequence[Host]) -> None:
        self.told.append(f"heal {self.what}")
        if self.fails:
            self.fails -= 1
            raise HostError("c1", "its mains are cut")


class One(Told):
    name = "one"


class Other(Told):
    name = "other"


class Named:
    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def argv(self, command: Sequence[str]) -> list[str]:
        raise NotImplementedError


def test_the_last_is_healed_first() -> None:
    told: list[str] = []
    pair = both(One(told, "one"), Other(told, "other"))
    pair.struck = (["c1"], ["c2"])
    hosts = [Named("c1"), Named("c2")]
    pair.inject(hosts)
    pair.heal(hosts)
    assert told == ["one c1", "other c2", "heal other", "heal one"]

    told.clear()
    both(One(told, "one"), Other(told, "other", fails=1)).heal(hosts)
    assert told == ["heal other", "heal one", "heal other"], "the first was in its way"
    with pytest.raises(HostError):
        both(One(told, "one"), Other(told, "other", fails=2)).heal(hosts)


def test_what_a_campaign_draws_together() -> None:
    assert doubled(("power-loss", "vip"), ("osd-kill", "s1")) == ("osd-kill+power-loss", "s1+vip"), "silent last"
    assert doubled(("osd-kill", "s1"), ("osd-kill", "s2")) == ("osd-kill+osd-kill", "s1+s2")
    assert doubled(("osd-kill", "s1"), ("osd-kill", "mon-leader")) is None, "it may be the same host"
    assert doubled(("power-loss", "c1"), ("deaf", "c1")) is None
    assert doubled(("power-loss", "c1"), ("deaf", "c2")) == ("power-loss+deaf", "c1+c2")
    assert doubled(("null", "none"), ("deaf", "c2")) is None
    assert doubled(("freeze", "mariadb:primary"), ("freeze", "keystone:c1")) is None
    assert doubled(("kill", "galera:c1"), ("bad-configuration", "mariadb:c1")) is None, "one daemon"
    assert doubled(("kill", "galera:c1"), ("bad-configuration", "mariadb:primary")) is None, "it may be the same host"
    assert doubled(("kill", "galera:c1"), ("freeze", "mariadb:c2")) == ("kill+freeze", "galera:c1+mariadb:c2")
    assert doubled(("kill", "galera:c1"), ("freeze", "keystone:c1")) == ("kill+freeze", "galera:c1+keystone:c1")
