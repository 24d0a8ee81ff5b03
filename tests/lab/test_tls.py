"""What members say to each other is encrypted and authenticated, and certificates are renewed under load."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from standing_lab import Standing

from fournines.probes import Session, api_probe
from fournines.prove.asked import api_of

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

MEMBERS = {4567: "/etc/mysql/tls/member.pem", 25672: "/etc/rabbitmq/tls/member.pem"}
"""Where members talk to members, and what they show there."""

ASK = """
import socket, ssl, sys
address, port, authority, own = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
try:
    link = socket.create_connection((address, port), 5)
    if authority != "plain":
        context = ssl.create_default_context(cafile=authority)
        for path in own:
            context.load_cert_chain(path)
        link = context.wrap_socket(link, server_hostname=address)
    link.settimeout(5)
    # What no TLS server can take for the beginning of a record; AMQP's greeting where TLS is spoken.
    link.sendall(b"no TLS" * 20 if authority == "plain" else b"AMQP\\0\\0\\x09\\x01")
    said = link.recv(64)
    print("closed" if not said else "alert" if authority == "plain" and said[0] == 0x15 else "answer " + said.hex())
except TimeoutError:
    print("silence")
except (ssl.SSLError, ConnectionError) as error:
    print("refused", error)
"""
"""Opens a connection, says something, and prints how the server took it."""
REFUSED = ("closed", "alert", "refused")


def ask(standing: Standing, port: int, authority: str, *own: str) -> str:
    address = standing.cloud.host("c2").management
    return standing.on("c1", "python3", "-", address, str(port), authority, *own, stdin=ASK)


def authority(standing: Standing) -> str:
    return f"/usr/local/share/ca-certificates/fournines-{standing.cloud.name}.crt"


@pytest.mark.parametrize("port", MEMBERS)
def test_a_stranger_without_a_certificate_is_refused(standing: Standing, port: int):
    assert ask(standing, port, authority(standing)).startswith(REFUSED), "TLS, but no certificate"
    # Galera speaks first, to whom it lets in: here it waits for a TLS greeting that never comes.
    assert not ask(standing, port, "plain").startswith("answer"), "no TLS"


@pytest.fixture
def stranger(standing: Standing) -> str:
    """A certificate of nobody's authority, on c1."""
    path = "/root/stranger.pem"
    subject = ("-subj", "/CN=galera-c1", "-addext", "subjectAltName=IP:" + standing.cloud.host("c1").management)
    key = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-noenc",
        "-keyout",
        path,
        "-out",
        path + ".crt",
    )
    standing.on("c1", "openssl", "req", "-x509", "-days", "2", *subject, *key)
    standing.on("c1", "sh", "-c", f"cat {path}.crt >> {path}")
    return path


@pytest.mark.parametrize("port", MEMBERS)
def test_a_stranger_with_a_certificate_of_another_authority_is_refused(standing: Standing, stranger: str, port: int):
    assert ask(standing, port, authority(standing), stranger).startswith(REFUSED)


@pytest.mark.parametrize("port", MEMBERS)
def test_a_member_is_let_in(standing: Standing, port: int):
    """Guards the tests above: what refuses everybody proves nothing."""
    said = ask(standing, port, authority(standing), MEMBERS[port])
    # Galera speaks first; a broker waits for a greeting that is not AMQP's.
    assert said.startswith(("answer", "silence")), said


def test_the_broker_speaks_tls_only_and_clients_know_it_by_its_certificate(standing: Standing, stranger: str):
    assert ask(standing, 5671, authority(standing)).startswith("answer 01"), "an AMQP frame"
    assert ask(standing, 5671, "plain").startswith(REFUSED)
    assert "CERTIFICATE_VERIFY_FAILED" in ask(standing, 5671, stranger + ".crt")
    listening = standing.on("c2", "ss", "-Hltn")
    assert ":5672 " not in listening
    assert f"{standing.cloud.host('c2').management}:25672 " in listening


@contextmanager
def tokens(standing: Standing) -> Generator[tuple[list[float], list[str]]]:
    """Logs in again and again meanwhile, each time on fresh connections: (seconds of good ones, what went wrong)."""
    api = api_of(standing.cloud, standing.state.vault())
    good: list[float] = []
    bad: list[str] = []
    over = threading.Event()

    async def once() -> float:
        """A token is issued, and then taken by whichever Keystone is asked next."""
        began = time.monotonic()
        async with asyncio.timeout(20), Session(api) as session:
            await session.prepare(20)
            await api_probe("read").once(session, 0)
        return time.monotonic() - began

    def loop() -> None:
        while not over.wait(0.2):
            try:
                good.append(asyncio.run(once()))
            except Exception as error:
                bad.append(repr(error))

    threads = [threading.Thread(target=loop) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield good, bad
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def serials(standing: Standing) -> dict[str, set[str]]:
    """Certificate -> the serial numbers that hosts really show."""
    found: dict[str, set[str]] = {}
    for view in standing.views().values():
        for name, shown in view.certificates.items():
            assert shown.ok, f"{name}: {shown.seen}"
            found.setdefault(name, set()).add(shown.seen)
    return found


def memberships(standing: Standing) -> list[str]:
    """Since when each member runs, and which view of the cluster Galera has: another one whenever one was lost."""
    units = ("mariadb", "rabbitmq-server", "haproxy", "haproxy-db", "keystone")
    found = [standing.on(host, "systemctl", "show", "--value", "-p", "InvocationID", *units) for host in ("c1", "c2")]
    view = standing.on("c1", "mariadb", "-N", "-e", "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_conf_id'")
    return [*found, view]


def test_certificates_are_renewed_without_a_failed_request_or_a_lost_member(standing: Standing):
    before, members = serials(standing), memberships(standing)
    assert set(before) == {
        "api",
        *(f"{name}-c{number}" for name in ("etcd", "galera", "rabbitmq") for number in (1, 2, 3)),
        *(f"libvirt-{host.name}" for host in standing.cloud.having("compute")),
    }
    with tokens(standing) as (good, bad):
        standing.nines("certs", "rotate")
    assert bad == []
    assert len(good) > 10
    after = serials(standing)
    assert set(after) == set(before)
    for name, shown in after.items():
        assert len(shown) == 1, f"hosts show different certificates {name}"
        assert not shown & before[name], f"{name} is still the old one"
    assert memberships(standing) == members
    standing.well()
    status = standing.json("status")
    assert status["ok"] is True
    assert all(each["days_left"] > 390 for each in status["certificates"].values())


@pytest.mark.skipif(
    "NINES_ALL_QUEUES" not in os.environ,
    reason="seen on the broker alone; on the whole control plane rabbitmqctl did not list the queues in time",
)
def test_a_queue_that_lost_a_member_gets_it_back(standing: Standing):
    """As one declared while a broker was down: the brokers themselves see to it."""
    queue = "fournines.check." + standing.cloud.host("c1").management
    listed = ("rabbitmqctl", "-q", "list_queues", "name", "members")
    members = next(line for line in standing.on("c1", *listed).splitlines() if queue in line)
    assert all(f"rabbit@c{number}" in members for number in (1, 2, 3))
    standing.on("c1", "rabbitmq-queues", "-q", "delete_member", queue, "rabbit@c3")
    script = (
        f"for i in $(seq 60); do {' '.join(listed)} | grep -q '{queue}.*rabbit@c3' && exit; sleep 1.5; done; exit 1"
    )
    standing.on("c1", "sh", "-c", script)
