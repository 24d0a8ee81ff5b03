"""Which sockets of /proc/net/tcp are connections to a broker."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from fournines.services.onhost import connected

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00480A:A2C4 0C00480A:1627 01 00000000:00000000 00:00000000 00000000   106        0 4711 1 0 20 4 30 10 -1
   1: 0B00480A:A2C6 0C00480A:1627 06 00000000:00000000 00:00000000 00000000   106        0 4712 1 0 20 4 30 10 -1
   2: 0B00480A:1627 0C00480A:A2C8 01 00000000:00000000 00:00000000 00000000   106        0 4713 1 0 20 4 30 10 -1
"""


def test_only_what_is_established_and_goes_to_that_port() -> None:
    assert connected.sockets(5671, TABLE) == {"4711"}


def test_a_process_of_ours_that_is_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            found = connected.sockets(port, Path("/proc/net/tcp").read_text())
            assert str(os.fstat(client.fileno()).st_ino) in found & connected.held(str(os.getpid()))
