"""Who takes over routers and DHCP."""

from __future__ import annotations

from fournines.maintain._routers import additions, stranded, unmoved
from fournines.services.onhost.l3_yield import is_keepalived


def test_a_router_that_nobody_else_has_ready_is_stranded() -> None:
    ready = {"n1": ["a", "b"], "n2": ["a"], "n3": ["b"]}
    assert stranded(["a", "b"], ready, ["n2"]) == ["b"], "n3 is not well"
    assert stranded(["a", "b"], ready, ["n2", "n3"]) == []
    assert stranded([], ready, []) == []


def test_a_router_has_moved_when_it_is_active_on_one_other_host() -> None:
    assert unmoved(["a"], {"a": ["n2"]}, "n1") == []
    for active in ({"a": ["n1"]}, {"a": ["n1", "n2"]}, {"a": ["n2", "n3"]}, {"a": list[str]()}, dict[str, list[str]]()):
        assert unmoved(["a"], active, "n1") == ["a"]


def test_networks_that_only_this_host_serves_go_to_those_with_the_fewest() -> None:
    served = {"n1": {"a", "b", "c"}, "n2": {"a"}, "n3": set[str]()}
    assert additions(served, "n1", ["n2", "n3"]) == {"b": "n3", "c": "n2"}
    assert additions(served, "n1", ["n2"]) == {"b": "n2", "c": "n2"}
    assert additions(served, "n1", []) is None
    assert additions({"n1": {"a"}, "n2": {"a"}}, "n1", ["n2"]) == {}
    assert additions({"n1": set()}, "n1", []) == {}, "nothing to be served"


def test_only_that_router_s_own_keepalived_is_ended() -> None:
    conf = b"-f\0/var/lib/neutron/ha_confs/r1/keepalived.conf\0"
    assert is_keepalived(b"/usr/sbin/keepalived\0-P\0" + conf, "r1")
    assert not is_keepalived(b"/usr/sbin/keepalived\0-P\0" + conf, "r2")
    assert not is_keepalived(b"/usr/bin/python3\0keepalived\0" + conf, "r1")
    assert not is_keepalived(b"", "r1")
