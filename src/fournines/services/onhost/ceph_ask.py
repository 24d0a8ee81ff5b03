"""Ceph asked from this host: one of its daemons here by the daemon's own socket, which answers without the cluster; or
the cluster, as its administrator.
"""

import importlib
import json
import socket
from typing import Any


def ask(path: str, prefix: str) -> Any:
    """One question to a daemon: JSON and a zero byte; the answer is its length in four bytes, then JSON."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(path)
        link.sendall(json.dumps({"prefix": prefix}).encode() + b"\0")
        data = b""
        while more := link.recv(65536):
            data += more
    return json.loads(data[4:])


class Cluster:
    """A connection. Leaving it ends it: without that Python may crash on its way out."""

    def __init__(self, timeout: float = 8) -> None:
        # Debian's own module, for its own Python.
        self._rados: Any = importlib.import_module("rados").Rados(conffile="/etc/ceph/ceph.conf")
        self._timeout = timeout

    def __enter__(self) -> "Cluster":
        self._rados.connect(timeout=self._timeout)
        return self

    def __exit__(self, *_: object) -> None:
        self._rados.shutdown()

    def ask(self, prefix: str, given: bytes = b"", mgr: bool = False, **words: Any) -> tuple[int, Any, str]:
        """(0 or what went wrong, the answer, what was said)."""
        send = self._rados.mgr_command if mgr else self._rados.mon_command
        code, out, said = send(json.dumps({"prefix": prefix, "format": "json", **words}), given, timeout=30)
        return code, json.loads(out) if out.strip() else None, said

    def must(self, prefix: str, given: bytes = b"", mgr: bool = False, **words: Any) -> Any:
        """The answer. Ends the program, saying why, when there is none."""
        code, answer, said = self.ask(prefix, given, mgr, **words)
        if code:
            raise SystemExit(f"{prefix}: {said or code}")
        return answer
