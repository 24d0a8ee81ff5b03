"""A volume is attached to the demo's guest until that can read it: against a real server that plays Cinder, Nova and
the guest."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from little_cloud import SERVER, LittleCloud, within
from little_volumes import Volume

from fournines.cli.clouds import load
from fournines.errors import DrillError
from fournines.probes import ProbeError, Session, api_probe, describe
from fournines.probes._lasting import undo
from fournines.prove import lasting
from fournines.watch.run import may_stand

OURS = {"made-by": "fournines"}


def once(session: Session) -> Coroutine[Any, Any, str | None]:
    return api_probe("attach").once(session, 7)


def test_it_is_made_attached_read_and_gone(keystone: LittleCloud) -> None:
    yours = Volume("fournines-probe-7", {})
    keystone.volumes.all[yours.id] = yours
    within(keystone, once)
    (made,) = [each for each in keystone.volumes.all.values() if each is not yours]
    assert (made.name, made.metadata, made.server) == ("fournines-probe-7", OURS, SERVER)
    posted = [path for method, path, _ in keystone.requests if method == "POST"]
    attached = f"/v2.1/servers/{SERVER}/os-volume_attachments"
    assert posted == ["/v3/auth/tokens", "/v3/volumes", attached], "nothing is tried twice"
    within(keystone, lambda session: undo(session, 7))
    assert keystone.volumes.deleted == [f"{attached}/{made.id}", f"/v3/volumes/{made.id}"]
    assert list(keystone.volumes.all.values()) == [yours], "the name alone does not make it ours"


def test_the_guest_has_the_last_word(keystone: LittleCloud) -> None:
    keystone.volumes.unseen = True
    with pytest.raises(TimeoutError) as caught:
        within(keystone, once, deadline=4)
    assert describe(caught.value) == ("deadline", "no disk in the guest, the volume was in-use")


def test_a_refusal_and_a_volume_that_comes_to_nothing_are_told(keystone: LittleCloud) -> None:
    keystone.volumes.refuses = 409
    with pytest.raises(ProbeError, match=r"status 409: .*locked"):
        within(keystone, once)
    keystone.volumes.refuses, keystone.volumes.fails = 0, True
    with pytest.raises(ProbeError, match="volume ERROR: nobody says why"):
        within(keystone, once)


def test_what_is_on_its_way_is_removed_when_it_has_arrived(keystone: LittleCloud) -> None:
    for name, server in (("fournines-probe-3", ""), ("fournines-probe-4", SERVER), ("fournines-watch-3", "")):
        volume = Volume(name, OURS, server=server)
        keystone.volumes.all[volume.id] = volume
    assert lasting.remove(keystone.api()) == 2
    assert keystone.volumes.names == {"fournines-watch-3"}


def test_a_watch_has_no_guest_to_attach_to() -> None:
    assert "create-to-answer" in {probe.name for probe in may_stand(load("lab"), ["create-to-answer"])}
    with pytest.raises(DrillError, match="a watch cannot make attach"):
        may_stand(load("lab"), ["attach"])
