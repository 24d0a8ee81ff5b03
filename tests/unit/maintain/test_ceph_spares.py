"""What is asked of Ceph, and what its answers mean."""

from __future__ import annotations

from typing import Any

from fournines.services.onhost import ceph_maintain

_TREE = {
    "nodes": [
        {"id": -1, "name": "default", "type": "root", "children": [-2, -3]},
        {"id": -2, "name": "s1", "type": "host", "children": [1, 0]},
        {"id": -3, "name": "s2", "type": "host", "children": [2]},
    ]
}


class Said:
    """A cluster that answers by what it is asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"osd tree": _TREE, "mon dump": {"mons": [{"name": "s1"}]}, **answers}
        self.asked: list[tuple[str, Any]] = []

    def must(self, prefix: str, **words: Any) -> Any:
        return self.answers[prefix]

    def ask(self, prefix: str, mgr: bool = False, **words: Any) -> tuple[int, Any, str]:
        self.asked.append((prefix, words["ids"]))
        return self.answers.get(prefix, (0, None, ""))


def spare(host: str, **answers: Any) -> tuple[list[str], list[tuple[str, Any]]]:
    cluster: Any = Said(**answers)
    return ceph_maintain.spare(cluster, host), cluster.asked


def test_ceph_is_asked_about_that_host_s_daemons_alone() -> None:
    assert spare("s1") == ([], [("osd ok-to-stop", ["0", "1"]), ("mon ok-to-stop", ["s1"])])
    assert spare("s2") == ([], [("osd ok-to-stop", ["2"])])
    assert spare("g1") == ([], [])


def test_its_reasons_are_told_in_its_own_words() -> None:
    unsafe = (-16, None, "unsafe to stop osd(s) at this time (3 PGs are or would become offline)")
    assert spare("s1", **{"osd ok-to-stop": unsafe})[0] == [unsafe[2]]
    assert spare("s1", **{"mon ok-to-stop": (-16, None, "")})[0] == ["mon ok-to-stop: -16"]


def test_a_scrub_is_no_fault() -> None:
    states = [("active+clean", 20), ("active+clean+scrubbing", 1), ("active+undersized+degraded", 4)]
    groups = [{"state_name": name, "count": count} for name, count in states]
    cluster: Any = Said(status={"pgmap": {"pgs_by_state": groups}})
    assert ceph_maintain.whole(cluster) == ["4 active+undersized+degraded"]
