"""A daemon of Ceph on this host, asked by its own socket: it answers without the cluster."""

import json
import socket
from typing import Any


def ask(path: str, prefix: str) -> dict[str, Any]:
    """One question: JSON and a zero byte; the answer is its length in four bytes, then JSON."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(path)
        link.sendall(json.dumps({"prefix": prefix}).encode() + b"\0")
        data = b""
        while more := link.recv(65536):
            data += more
    return json.loads(data[4:])
