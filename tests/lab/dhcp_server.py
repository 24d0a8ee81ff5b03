"""A DHCP server that speaks frames: QEMU's own knows neither MTU nor routes, and its leases last a day."""

from __future__ import annotations

import socket
import struct
import threading
from ipaddress import IPv4Address

SERVER = IPv4Address("10.5.0.2")
CLIENT = IPv4Address("10.5.0.10")
_MAC = bytes.fromhex("525400000002")
_COOKIE = bytes.fromhex("63825363")
_DISCOVER, _OFFER, _REQUEST, _ACK = 1, 2, 3, 5


class Server:
    """Answers one QEMU's `-netdev socket,udp=...`, a frame a datagram, until it is closed.

    It does not hear the first `deaf` messages, as one that is not there yet.
    """

    def __init__(self, options: dict[int, bytes], deaf: int) -> None:
        self._options = options
        self._deaf = deaf
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.requests = 0
        """How often a lease was asked for or renewed."""
        self._closing = threading.Event()
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                frame, sender = self._socket.recvfrom(2048)
            except OSError:
                continue
            if answer := self._arp(frame) or self._dhcp(frame):
                self._socket.sendto(answer, sender)

    def _arp(self, frame: bytes) -> bytes | None:
        if frame[12:14] != b"\x08\x06" or frame[38:42] != SERVER.packed or frame[20:22] != b"\0\1":
            return None
        sender = frame[22:32]
        return frame[6:12] + _MAC + frame[12:20] + b"\0\2" + _MAC + SERVER.packed + sender

    def _dhcp(self, frame: bytes) -> bytes | None:
        if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
            return None
        udp = 14 + (frame[14] & 15) * 4
        if frame[udp + 2 : udp + 4] != struct.pack(">H", 67):
            return None
        asked = frame[udp + 8 :]
        kind = _options(asked[240:]).get(53, b"\0")[0]
        if kind not in (_DISCOVER, _REQUEST):
            return None
        if self._deaf > 0:
            self._deaf -= 1
            return None
        self.requests += kind == _REQUEST
        told = {53: bytes([_OFFER if kind == _DISCOVER else _ACK]), 54: SERVER.packed, **self._options}
        body = b"\2" + asked[1:12] + bytes(4) + CLIENT.packed + SERVER.packed + bytes(4) + asked[28:44] + bytes(192)
        body += _COOKIE + b"".join(bytes([code, len(value)]) + value for code, value in told.items()) + b"\xff"
        datagram = struct.pack(">HHHH", 67, 68, 8 + len(body), 0) + body
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, socket.IPPROTO_UDP, 0)
        head += SERVER.packed + b"\xff\xff\xff\xff"
        head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
        return frame[6:12] + _MAC + b"\x08\x00" + head + datagram


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def _checksum(header: bytes) -> int:
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    return ~(total % 0xFFFF) & 0xFFFF
