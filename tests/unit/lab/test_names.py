from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.errors import NinesError
from fournines.lab.names import Names, nic

DEFAULT = Path("/var/lib/fournines")
labs = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
roots = st.sampled_from([DEFAULT, Path("/srv/a"), Path("/srv/b")])
words = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True)


def test_names_are_readable_where_they_fit() -> None:
    names = Names("lab", DEFAULT)
    assert names.fabric == "nines.lab"
    assert names.netns("c1") == "nines.lab.c1"
    assert names.group("c1") == "nines.lab/host.c1"
    assert names.port("c1", "management") == "c1_management"
    assert names.link("external") == "n_lab_external"
    assert nic("management") == "management"


@given(labs, roots, words, words)
def test_interface_names_fit_the_kernel_and_machine_names_systemd(lab: str, root: Path, host: str, net: str) -> None:
    names = Names(lab, root)
    for name in (names.link(net), names.port(host, net), names.port("", net), nic(net)):
        assert 0 < len(name) <= 15
    assert len(names.machine(host)) <= 64


@given(labs, roots, labs, roots, words, words)
def test_a_lab_owns_its_own_things_and_no_other_labs(
    lab: str, root: Path, other: str, other_root: Path, host: str, net: str
) -> None:
    mine, theirs = Names(lab, root), Names(other, other_root)
    assert mine.owns_netns(mine.fabric)
    assert mine.owns_netns(mine.netns(host))
    assert mine.owns_link(mine.link(net))
    if mine != theirs:
        assert not mine.owns_netns(theirs.fabric)
        assert not mine.owns_netns(theirs.netns(host))
        assert not mine.owns_link(theirs.link(net))
        assert mine.mac(host, net) != theirs.mac(host, net)


@given(labs, words, words)
def test_macs_are_stable_unicast_and_locally_administered(lab: str, host: str, net: str) -> None:
    mac = Names(lab, DEFAULT).mac(host, net)
    first = int(mac.split(":")[0], 16)
    assert first & 0b11 == 0b10
    assert len(mac.split(":")) == 6
    assert mac == Names(lab, DEFAULT).mac(host, net)


@pytest.mark.parametrize("lab", ["", "a.b", "a_b", "../x", "A", "-a", "a-", "a" * 33, "a/b", "a b"])
def test_a_name_that_could_be_mistaken_is_refused(lab: str) -> None:
    with pytest.raises(NinesError, match="cannot name a lab"):
        Names(lab, DEFAULT)
