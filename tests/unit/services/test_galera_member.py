"""What a Galera member's keeper reads: the files of its data, and who is connected to it."""

from __future__ import annotations

import sys

import pytest

from fournines.services.onhost.galera_member import clients, read_grastate, read_view
from fournines.services.onhost.galera_rule import NO_HISTORY

UUID = "2b09332e-e551-11f1-9e3b-6a39f5383d1a"
VIEW = "3 f408eaf7-e673-11f1-96de-b7100c692fb5 6"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (f"# GALERA saved state\nversion: 2.1\nuuid:    {UUID}\nseqno:   17\nsafe_to_bootstrap: 0\n", (UUID, 17)),
        (f"uuid:    {UUID}\nseqno:   -1\n", (UUID, None)),
        (f"uuid:    {NO_HISTORY}\nseqno:   -1\n", (NO_HISTORY, -1)),
        ("", (NO_HISTORY, -1)),
    ],
)
def test_grastate(text: str, position: tuple[str, int | None]):
    assert read_grastate(text) == position


def test_the_last_primary_component():
    """As Galera 26.4.23 writes it."""
    text = (
        f"my_uuid: f5793e40-e673-11f1-88ac-b37c4253b73d\n#vwbeg\nview_id: {VIEW}\nbootstrap: 0\nmember: f4 0\n#vwend\n"
    )
    assert read_view(text) == VIEW
    assert read_view("") == ""


def test_a_leaving_member_counts_its_clients_and_nobody_else():
    """Lines as the kernel writes them; the byte order of an address is the machine's."""
    mine = f"{int.from_bytes(bytes([10, 0, 0, 1]), sys.byteorder):08X}"
    line = "   1: {}:{:04X} 0B00000A:A3C1 {} 00000000:00000000 00:00000000 00000000   104        0 1\n"
    lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
        line.format(mine, 3306, "0A"),  # the listener
        line.format(mine, 3306, "01"),
        line.format(mine, 3306, "06"),  # gone
        line.format(mine, 4567, "01"),  # another member
    ]
    assert clients(lines, "10.0.0.1") == 1
