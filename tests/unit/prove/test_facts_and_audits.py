"""Who is aimed at, who is awaited, and what audits say: could not look is never ok."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from views import GONE, cloud, galera, host, member, well, with_facts

from fournines.converge.inspect import HostView
from fournines.errors import DrillError, HostError
from fournines.probes import Api
from fournines.prove.audits import Evidence, Verdict, audit_all, catalogue
from fournines.prove.facts import carried, resolve, unhealthy

CLOUD = cloud()
NOBODY = Api(endpoints={}, ca_file="", username="", password="", project="")


@dataclass
class Client:
    """A host on which `mariadb` prints the ids in a file."""

    name: str
    ids: Path

    def argv(self, command: Sequence[str]) -> list[str]:
        assert command[0] == "mariadb"
        if not self.ids.exists():
            raise HostError(self.name, "is off")
        return [
            sys.executable,
            "-c",
            "import sys; sys.stdin.read(); print(open(sys.argv[1]).read(), end='')",
            str(self.ids),
        ]


def judge(
    name: str, views: Mapping[str, HostView], fleet: Mapping[str, Client] | None = None, **acks: tuple[str, ...]
) -> Verdict:
    ids = {probe.replace("_", "-"): ids for probe, ids in acks.items()}
    evidence = Evidence(CLOUD, fleet or {}, views, ids, NOBODY)
    outcome, detail = catalogue()[name].look(evidence)
    return Verdict(name, outcome, detail)


def test_targets() -> None:
    views = well(vip="c2", writer="c1")
    assert resolve("vip", views, CLOUD) == ("c2",)
    assert resolve("writer", views, CLOUD) == ("c1",)
    assert resolve("c3", views, CLOUD) == ("c3",)
    assert carried(("c2",), views, CLOUD) == {"vip", "member"}
    assert carried(("c1",), views, CLOUD) == {"writer", "member"}
    assert carried(("c3",), views, CLOUD) == {"member"}
    assert carried((), views, CLOUD) == frozenset()


def test_bad_targets_are_refused_with_what_there_is() -> None:
    with pytest.raises(DrillError, match=r"c9.*vip, writer, c1, c2, c3"):
        resolve("c9", well(), CLOUD)
    with pytest.raises(DrillError) as caught:
        resolve("writr", well(), CLOUD)
    assert caught.value.remedy == "did you mean writer?"
    with pytest.raises(DrillError, match="no host says"):
        resolve("vip", well(vip="nobody"), CLOUD)
    with pytest.raises(DrillError, match="c1 and c2"):
        resolve("writer", with_facts(well(), "c2", "galera", galera(writer="c2")), CLOUD)


def test_who_is_not_well() -> None:
    assert unhealthy(well(), CLOUD) == []
    broken = host(pacemaker=member(), galera=member(ok=False, seen="Joining\n"))
    views = {"c1": well()["c1"], "c2": broken, "c3": GONE}
    said = ["galera on c2: Joining", "keystone on c2: not seen", "c3 does not answer: is off"]
    assert unhealthy(views, CLOUD) == said
    del views["c3"]
    assert unhealthy(views, CLOUD) == [*said[:2], "c3 does not answer"]


def test_one_vip_holder() -> None:
    assert judge("one-vip-holder", well()).verdict == "ok"
    two = with_facts(well(), "c2", "pacemaker", {"vip": True})
    assert judge("one-vip-holder", two).verdict == "fail"
    assert judge("one-vip-holder", {**two, "c3": GONE}).verdict == "fail", "two seen are two, whoever was not seen"
    assert judge("one-vip-holder", well(vip="nobody")).verdict == "fail"
    for blind in ({**well(), "c3": GONE}, with_facts(well(), "c3", "pacemaker", None), {"c1": well()["c1"]}):
        assert judge("one-vip-holder", blind).verdict == "unknown"


def test_one_primary_component() -> None:
    name = "one-primary-component"
    assert judge(name, well()).verdict == "ok"
    split = with_facts(well(), "c3", "galera", galera(uuid="other"))
    assert judge(name, split).verdict == "fail"
    assert judge(name, {**split, "c1": GONE}).verdict == "fail"
    assert judge(name, with_facts(well(), "c3", "galera", galera(conf_id=4))).verdict == "fail"
    assert judge(name, with_facts(well(), "c3", "galera", galera(status="non-Primary"))).verdict == "fail"
    alone = {one: with_facts(well(), one, "galera", galera(size=2))[one] for one in ("c1", "c2", "c3")}
    assert judge(name, alone).verdict == "fail"
    assert judge(name, {**well(), "c3": GONE}).verdict == "unknown"
    assert judge(name, with_facts(well(), "c3", "galera", galera(status=None))).verdict == "unknown"


def test_acknowledged_writes(tmp_path: Path) -> None:
    audit = "acknowledged-writes"
    fleet = {name: Client(name, tmp_path / name) for name in ("c1", "c2", "c3")}
    whole = "write\ta\nwrite\tb\nvolume-write\tb\nwrite\tof-unknown-outcome\n"
    for one in fleet.values():
        one.ids.write_text(whole)
    both = {"write": ("a", "b"), "volume_write": ("b",)}
    found = judge(audit, well(), fleet, **both)
    assert (found.verdict, found.detail) == ("ok", "all 3 of 2 probes on each of c1, c2, c3")
    fleet["c2"].ids.write_text("write\ta\nvolume-write\tb\n")
    lost = judge(audit, well(), fleet, **both)
    assert lost.verdict == "fail"
    assert "1 of write on c2, such as b" in lost.detail, "another probe's row of that id is another"
    fleet["c3"].ids.unlink()
    assert judge(audit, well(), fleet, **both).verdict == "fail", "lost is lost, whoever was not seen"
    fleet["c2"].ids.write_text(whole)
    blind = judge(audit, well(), fleet, **both)
    assert blind.verdict == "unknown"
    assert "c3" in blind.detail
    fleet["c3"].ids.write_text(whole)
    idle = judge(audit, well(), fleet, write=("a",), volume_write=())
    assert idle.verdict == "unknown", "nothing acknowledged is nothing audited"
    assert "volume-write" in idle.detail
    for one in fleet.values():
        one.ids.write_text("")
    assert judge(audit, well(), fleet).verdict == "unknown", "no probe wrote"


def test_a_client_that_fails_is_unknown(tmp_path: Path) -> None:
    """The SQL client exits non-zero: nothing was seen."""

    class Broken(Client):
        def argv(self, command: Sequence[str]) -> list[str]:
            return [sys.executable, "-c", "import sys; sys.exit('ERROR 2002: no socket')"]

    fleet = {name: Broken(name, tmp_path) for name in ("c1", "c2", "c3")}
    verdicts = audit_all(Evidence(CLOUD, fleet, well(), {"write": ("a",)}, NOBODY))
    there = [name for name, audit in catalogue().items() if audit.service is None]
    assert [verdict.name for verdict in verdicts] == there, "and none of a service that the cloud has not"
    assert {verdict.name: verdict.verdict for verdict in verdicts}["acknowledged-writes"] == "unknown"
