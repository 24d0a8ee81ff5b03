"""Every kind of resource by its fixtures: look, write, no difference any more, drift, look, write, none again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from converge_support import LocalHost, words

from fournines.converge import resources
from fournines.converge.resources import Resource

FIXTURES = Path(__file__).parent / "fixtures"
KINDS: dict[str, type[Resource]] = {
    kind.kind: kind for kind in vars(resources).values() if isinstance(kind, type) and issubclass(kind, Resource)
}
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FIXTURES.glob("*.json"))
    for case in json.loads(path.read_text())
]


def alter(host: LocalHost, acts: list[dict[str, Any]]) -> None:
    for act in acts:
        if "write" in act:
            host.put(act["write"], act["content"])
        elif "link" in act:
            host.path(act["link"]).parent.mkdir(parents=True, exist_ok=True)
            host.path(act["link"]).symlink_to(act["target"])
        elif "mkdir" in act:
            host.path(act["mkdir"]).mkdir(parents=True)
        elif "chmod" in act:
            host.path(act["chmod"]).chmod(act["mode"])
        elif "chown" in act:
            os.chown(host.path(act["chown"]), act["uid"], act["gid"])
        else:
            host.path(act["remove"]).unlink()


def expect(host: LocalHost, after: dict[str, dict[str, Any] | None]) -> None:
    for place, wanted in after.items():
        path = host.path(place)
        if wanted is None:
            assert not os.path.lexists(path), f"{place} is still there"
            continue
        if "link" in wanted:
            assert str(path.readlink()) == wanted["link"]
            continue
        info = path.lstat()
        assert path.is_dir() == wanted.get("folder", False)
        if "content" in wanted:
            assert path.read_text() == wanted["content"]
        if "mode" in wanted:
            assert info.st_mode & 0o7777 == wanted["mode"]
        if "uid" in wanted:
            assert (info.st_uid, info.st_gid) == (wanted["uid"], wanted["gid"])


def test_every_kind_has_a_fixture() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(KINDS) - {""}


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_kind(inside: LocalHost, kind: str, case: dict[str, Any]) -> None:
    if case.get("root") and os.geteuid() != 0:
        pytest.skip("owners can only be set by root")
    host = inside
    alter(host, case.get("before", []))
    wanted = KINDS[kind](**case["resource"])

    seen = host.look(wanted)
    assert words(seen) == case["changes"]
    assert case.get("diff", "") in "".join(change["diff"] for change in seen)
    assert case.get("never", "\0") not in json.dumps(seen)
    assert host.calls() == [], "look changed something"

    did = host.write(wanted)
    assert words(did["did"]) == case["changes"]
    assert did["left"] == []
    expect(host, case["after"])
    assert host.calls() == case["calls"] if "calls" in case else host.calls() is not None
    assert host.look(wanted) == []
    again = host.write(wanted)
    assert again["did"] == again["left"] == []
    assert host.calls() == [], "a second write did something"

    alter(host, case["drift"])
    seen = host.look(wanted)
    assert words(seen) == case["drift_changes"]
    assert case.get("drift_diff", "") in "".join(change["diff"] for change in seen)
    host.write(wanted)
    assert host.calls() == case["drift_calls"] if "drift_calls" in case else host.calls() is not None
    assert host.look(wanted) == []
    if case["drift_changes"]:
        expect(host, {place: what for place, what in case["after"].items() if place != "/etc/fstab"})
    assert not list(host.root.rglob(".*.nines")), "a temporary file is left"
