"""A plan as text and as JSON."""

from __future__ import annotations

import json

from fournines.converge.look import Change, HostLook, Seen
from fournines.converge.plan import plan_from
from fournines.converge.steps import Command, HostPart, Stage, Step

YES, NO = Seen(ok=True, seen="", seconds=0.1), Seen(ok=False, seen="no table", seconds=0.2)


def change(host: str, subject: str, diff: str = "", service: str = "db") -> Change:
    return Change(host=host, service=service, kind="file", subject=subject, action="update", diff=diff)


def stages() -> tuple[Stage, ...]:
    parts = tuple(HostPart(host=host, resources=(), health=None) for host in ("c1", "c2"))
    check = Command(awaits="", argv=("true",))
    steps = (
        Step(name="make it", host="c1", done=check, run=check),
        Step(name="fill it", host="c2", done=check, run=check),
    )
    return Stage(name="base", after=(), parts=parts), Stage(name="db", after=("base",), parts=parts, steps=steps)


def test_text_tells_what_hosts_have_alike_once_in_the_order_of_the_stages() -> None:
    diff = "--- /etc/a\n+++ /etc/a\n-1\n+2\n"
    looks = {
        "c1": HostLook(
            (change("c1", "/etc/a", diff), change("c1", "/etc/hosts", service="base")), {"db": NO}, {0: NO}, 0
        ),
        "c2": HostLook((change("c2", "/etc/a", diff), change("c2", "/etc/b")), {"db": YES}, {1: YES}, 0),
    }
    found = plan_from(stages(), looks)
    assert str(found) == (
        "c1  base: update file /etc/hosts\n"
        "c1,c2  db: update file /etc/a\n"
        "    --- /etc/a\n"
        "    +++ /etc/a\n"
        "    -1\n"
        "    +2\n"
        "c2  db: update file /etc/b\n"
        "c1  db: step: make it\n"
        "4 changes and 1 step on 2 hosts.\n"
    )
    assert not found.empty
    assert not found.healthy
    data = json.loads(json.dumps(found.as_json()))
    assert data["steps"] == [{"host": "c1", "service": "db", "name": "make it", "seen": "no table"}]
    assert data["health"]["c1"]["db"] == {"ok": False, "seen": "no table", "seconds": 0.2}
    assert [one["subject"] for one in data["changes"]] == ["/etc/hosts", "/etc/a", "/etc/a", "/etc/b"]


def test_nothing_to_do() -> None:
    found = plan_from(stages(), {"c1": HostLook((), {"db": YES}, {0: YES}, 0), "c2": HostLook((), {}, {1: YES}, 0)})
    assert found.empty
    assert found.healthy
    assert str(found) == "Nothing to do: all hosts are as declared.\n"
