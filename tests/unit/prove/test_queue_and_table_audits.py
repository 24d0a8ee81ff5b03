"""Queues that lack a member, tables that differ: seen, waited for where they heal by themselves, unknown unlooked."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from views import cloud

from fournines.cloud.model import Placement
from fournines.cloud.strategies import QUORUM
from fournines.errors import HostError
from fournines.probes import Api
from fournines.prove.audits import Evidence, Outcome, catalogue
from fournines.prove.audits import quorum_queues_whole as queues
from fournines.prove.audits._settled import settled
from fournines.services.onhost import galera_tables

BROKERS = ("c1", "c2", "c3")
ALL = [f"rabbit@{name}" for name in BROKERS]
NOBODY = Api(endpoints={}, ca_file="", username="", password="", project="")


def queue(**changed: Any) -> dict[str, Any]:
    return {"vhost": "nova", "name": "conductor", "members": ALL, "online": ALL, "leader": ALL[1]} | changed


@pytest.mark.parametrize(
    ("odd", "outcome", "why"),
    [
        (queue(), "ok", "2 queues"),
        (queue(members=ALL[:2], online=ALL[:2]), "fail", "nova/conductor: no member on c3"),
        (queue(online=ALL[1:]), "fail", "its member on c1 is down"),
        (queue(leader=""), "fail", "no leader"),
        (queue(members=[*ALL, "rabbit@c4"]), "fail", "a member on c4, which is no broker"),
        ({"vhost": "nova", "name": "conductor"}, "fail", "no member on c1, c2, c3"),
    ],
)
def test_a_queue_is_whole_or_not(odd: dict[str, Any], outcome: Outcome, why: str) -> None:
    said = {"queues": [queue(name="other"), odd], "alarms": [], "partitions": []}
    assert queues.judge(said, BROKERS)[0] == outcome
    assert why in queues.judge(said, BROKERS)[1]


def test_alarms_and_nothing_to_look_at() -> None:
    assert queues.judge({"queues": [queue()], "alarms": ["{disk,c1}"], "partitions": []}, BROKERS) == (
        "fail",
        "alarms: {disk,c1}",
    )
    parted = {"queues": [queue()], "alarms": [], "partitions": ALL[1:]}
    assert queues.judge(parted, BROKERS) == ("fail", "brokers were parted and go on as they are: c2, c3")
    assert queues.judge({"queues": [], "alarms": [], "partitions": []}, BROKERS)[0] == "unknown"


@dataclass
class Says:
    """A host on which every command prints the next of these; the last one for ever. None: it is off."""

    name: str
    texts: Sequence[str | None]
    asked: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def argv(self, command: Sequence[str]) -> list[str]:
        text = self.texts[min(len(self.asked), len(self.texts) - 1)]
        self.asked.append(tuple(command))
        if text is None:
            raise HostError(self.name, "is off")
        return [sys.executable, "-c", "import sys; sys.stdin.read(); print(sys.argv[1])", text]


def look(audit: str, fleet: Mapping[str, Says]) -> tuple[Outcome, str]:
    services = {**cloud().services, "rabbitmq": Placement("rabbitmq", QUORUM, cloud().hosts, (), ())}
    return catalogue()[audit].look(Evidence(replace(cloud(), services=services), fleet, {}, {}, NOBODY))


def test_the_first_broker_that_answers_is_asked_and_a_queue_is_given_its_time() -> None:
    whole = json.dumps({"queues": [queue()], "alarms": [], "partitions": []})
    growing = json.dumps({"queues": [queue(online=ALL[:2])], "alarms": [], "partitions": []})
    fleet = {"c1": Says("c1", [None]), "c2": Says("c2", ["no answer"]), "c3": Says("c3", [growing, whole])}
    outcome, detail = look("quorum-queues-whole", fleet)
    assert outcome == "ok"
    assert detail.startswith("1 queues, each with a leader")
    assert detail.endswith("s after the first look")
    assert len(fleet["c3"].asked) == 2
    assert fleet["c3"].asked[0] == ("python3", "-", "queues", "rabbit@c3")


def test_queues_that_are_not_there_are_not_waited_for() -> None:
    none = json.dumps({"queues": [], "alarms": [], "partitions": []})
    fleet = {name: Says(name, [none]) for name in BROKERS}
    assert look("quorum-queues-whole", fleet) == ("unknown", "there is no quorum queue: nothing to look at")
    assert len(fleet["c1"].asked) == 1


def test_a_look_that_takes_long_is_the_last() -> None:
    began: list[float] = []

    def slow() -> tuple[Outcome, str]:
        began.append(time.monotonic())
        time.sleep(0.1)
        return "fail", "not yet"

    assert settled(slow, 0.15, every_s=0.1)[0] == "fail"
    assert len(began) == 1, "the next one would begin too late"


def test_looking_again_is_bounded_and_ends_with_what_was_seen_last() -> None:
    seen = iter([("fail", "1"), ("unknown", "2"), ("ok", "3"), ("fail", "4")])

    def next_one() -> tuple[Outcome, str]:
        return next(seen)  # type: ignore[return-value]

    assert settled(next_one, 5, every_s=0.001)[0] == "ok"
    assert settled(next_one, 0) == ("fail", "4")

    def cannot() -> tuple[Outcome, str]:
        raise HostError("c1", "is off")

    assert settled(cannot, 0.02, every_s=0.01)[0] == "unknown", "could not look is never ok"


def tables(**contents: dict[str, list[int]]) -> str:
    return json.dumps({f"nova.{name}": cells for name, cells in contents.items()})


SAME = tables(a={"0": [2, 77]}, b={})


def members(c1: Sequence[str | None], c2: Sequence[str | None], c3: Sequence[str | None]) -> dict[str, Says]:
    return {name: Says(name, texts) for name, texts in zip(BROKERS, (c1, c2, c3), strict=True)}


def test_tables_that_are_equal_are_read_once() -> None:
    fleet = members([SAME], [SAME], [SAME])
    assert look("tables-equal", fleet) == ("ok", "2 tables, 2 rows on each of c1, c2, c3")
    assert [len(host.asked) for host in fleet.values()] == [1, 1, 1]


def test_tables_that_differ_are_read_again_and_no_others() -> None:
    behind = tables(a={"0": [1, 5]}, b={})
    fleet = members([SAME], [SAME], [behind, SAME])
    assert look("tables-equal", fleet)[0] == "ok", "what was on its way"
    assert fleet["c3"].asked[1] == ("python3", "-", "1000", "nova.a")


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (tables(a={"0": [1, 5]}, b={}), "nova.a on c3 against c1: fewer: 1"),
        (tables(a={"0": [2, 78]}, b={}), "nova.a on c3 against c1: other contents: 1"),
        (tables(a={"0": [2, 77]}, b={"7": [3, 9]}), "nova.b on c3 against c1: rows more: 3"),
        (tables(a={"0": [2, 77]}), "nova.b on c3 against c1: fewer: 1"),
    ],
    ids=["row", "contents", "more", "no such table"],
)
def test_tables_that_differ_in_the_same_way_again_and_again_are_not_equal(odd: str, why: str) -> None:
    assert look("tables-equal", members([SAME], [SAME], [odd])) == ("fail", why)
    assert look("tables-equal", members([SAME], [None], [odd]))[0] == "fail", "whoever was not seen"


def test_tables_that_were_not_seen_are_not_equal() -> None:
    outcome, detail = look("tables-equal", members([SAME], [None], [SAME]))
    assert outcome == "unknown"
    assert "c2" in detail
    assert look("tables-equal", members([SAME], ["nonsense"], [SAME]))[0] == "unknown"
    assert look("tables-equal", members([None], [None], [None]))[0] == "unknown"
    odd = tables(a={"0": [1, 5]}, b={})
    with pytest.raises(HostError, match="c3"):
        look("tables-equal", members([SAME], [SAME], [odd, None]))
    busy = [tables(a={"0": [2, each]}, b={}) for each in range(100, 110)]
    outcome, detail = look("tables-equal", members([SAME], [SAME], busy))
    assert (outcome, detail) == ("unknown", "never 3 times on end the same while read 6 times: nova.a")


def test_the_statement_that_reads_a_table() -> None:
    text = galera_tables.select("nova.ports", ["id", "host"], ["id"], 7)
    assert text.startswith("SELECT 'nova.ports', CRC32(CONCAT_WS(',', QUOTE(`id`))) MOD 7 AS cell, COUNT(*), BIT_XOR(")
    assert "MD5(CONCAT_WS(',', QUOTE(`id`), QUOTE(`host`)))" in text
    assert text.endswith("FROM `nova`.`ports` GROUP BY 2")


CLIENT = """#!/bin/sh
input=$(cat)
case "$input" in
    *information_schema.columns*) printf 'nova\\tports\\tid\\t1\\nnova\\tports\\thost\\t0\\nnova\\tempty\\tid\\t1\\n' ;;
    *CONSISTENT*'FROM `nova`.`ports`'*) printf 'nova.ports\\t0\\t3\\t18446744073709551615\\n' ;;
esac
"""


def test_what_a_member_prints(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mariadb").write_text(CLIENT)
    (tmp_path / "mariadb").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert galera_tables.read(1, []) == {"nova.ports": {"0": [3, 2**64 - 1]}, "nova.empty": {}}
    assert galera_tables.read(9, ["nova.empty", "nova.gone"]) == {"nova.empty": {}}
    (tmp_path / "mariadb").write_text("#!/bin/sh\necho 'ERROR 1047: not ready' >&2\nexit 1\n")
    with pytest.raises(SystemExit, match="1047"):
        galera_tables.read(1, [])
