"""`--set PATH=VALUE` on a cloud file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.errors import SpecError
from fournines.spec import Spec, load_spec
from fournines.spec.rates import Rate

LAB = Path(__file__).parents[3] / "clouds/lab.yaml"


def changed(*changes: str) -> Spec:
    return load_spec(LAB, changes=changes)


def test_a_value_is_put_in_place_of_another():
    assert changed("sla=99.9").sla == 99.9
    assert changed("networks.tunnel.mtu=9000").networks["tunnel"].mtu == 9000


def test_what_is_not_there_is_made():
    spec = changed("rates.disk.per_year=0.03", "services.ceph.min_size=1", "services.ceph.size=2")
    assert spec.rates.disk == Rate(per_year=0.03)
    assert spec.services["ceph"].options == {"min_size": "1", "size": "2"}


def test_a_new_host_may_have_ranges():
    text = 'hosts.n[1-2]={roles: [network], rack: "r[1-2]", networks: {management: "10.71.0.[21-22]"}}'
    assert [name for name in changed(text).hosts if name.startswith("n")] == ["n1", "n2"]
    assert changed(text).hosts["n2"].rack == "r2"


def test_one_host_of_a_range_is_changed_or_taken_out():
    assert changed("hosts.c2.rack=r1").hosts["c2"].rack == "r1"
    assert changed("hosts.c2.rack=r1").hosts["c3"].rack == "r3"
    assert "c3" not in changed("hosts.c3=").hosts
    assert "s1" not in changed("hosts.s[1-3]=").hosts


def test_the_last_one_wins():
    assert changed("sla=99", "sla=98").sla == 98


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("sla", "expected PATH=VALUE"),
        ("=1", "expected PATH=VALUE"),
        ("hosts..c1=1", "expected PATH=VALUE"),
        ("hosts.c1.=1", "expected PATH=VALUE"),
        ("sla={", "not YAML"),
        ("sla=1\nname: x", "not one YAML value"),
        ("sla=", "no 'nothing' to take out"),
        ("hosts.c9=", "there is no 'c9' to take out"),
        ("name.x=1", "'name' has no keys below it"),
        ("slaa=1", "slaa"),
        ("hosts.c1.rack=r9", "unknown rack 'r9'"),
    ],
)
def test_what_cannot_be(change: str, told: str):
    if told == "no 'nothing' to take out":
        # It is there: then it has its default.
        assert changed(change).sla == 99.99
        return
    with pytest.raises(SpecError, match=r"lab\.yaml:\d+:\d+: ") as raised:
        changed(change)
    assert told in raised.value.message


@settings(max_examples=200)
@given(st.text(max_size=40), st.sampled_from(["", "hosts.", "hosts.c1.", "services.", "rates.disk.", "accept."]))
def test_whatever_is_given(text: str, before: str):
    with suppress(SpecError):
        changed(before + text)
