"""uWSGI when an application cannot load, and when it dies in the middle of an answer."""

from __future__ import annotations

import http.client
import os
import secrets
import shlex
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from openstack.exceptions import ConflictException
from standing_lab import Standing

from fournines.errors import HostError
from fournines.services._uwsgi import uwsgi_ini, uwsgi_unit

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

FOLDER = "/run/test-uwsgi"
PORT = 19009
"""Nobody's."""
WELL = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n"


@pytest.mark.parametrize(("application", "code"), [("raise OSError('no database')\n", 22), (WELL, 124)])
def test_a_server_whose_application_cannot_load_ends_to_be_started_again(
    standing: Standing, application: str, code: int
):
    """It used to stay and answer 500 for ever: a query of Cinder's at its start took more than ten seconds, once.
    124: `timeout` ended one that had nothing to complain of."""
    ini = uwsgi_ini(wsgi_file=f"{FOLDER}/app.py", address="127.0.0.1", port=9, processes=1, threads=1)
    script = (
        f"mkdir -p {FOLDER}; cd {FOLDER}; printf %s {shlex.quote(ini)} > app.ini; "
        f"printf %s {shlex.quote(application)} > app.py; timeout -s INT 15 uwsgi_python3 --ini app.ini"
    )
    try:
        with pytest.raises(HostError) as failed:
            standing.on("c1", "sh", "-c", script)
        assert f"exit {code}" in str(failed.value), failed.value
    finally:
        standing.on("c1", "rm", "-r", FOLDER)


# It cannot load at the host's start, when what it needs is not there yet; a moment later it can.
SECOND = f"""import pathlib
before = pathlib.Path("{FOLDER}/before")
if not before.exists():
    before.touch()
    raise OSError("no etcd")
{WELL}"""


def test_a_server_that_could_not_load_is_started_again_at_once(standing: Standing):
    """The wait for its first answer used to go on without it, and nothing else of the unit until then: 100 s."""
    name = "nines-test-api"
    ini = uwsgi_ini(wsgi_file=f"{FOLDER}/app.py", address="127.0.0.1", port=PORT, processes=1, threads=1)
    unit = uwsgi_unit(name, user="keystone", ini_path=f"{FOLDER}/app.ini")
    files = {f"{FOLDER}/app.ini": ini, f"{FOLDER}/app.py": SECOND, f"/run/systemd/system/{name}.service": unit}
    written = "; ".join(f"printf %s {shlex.quote(text)} > {path}" for path, text in files.items())
    try:
        standing.on("c1", "sh", "-c", f"mkdir -p {FOLDER}; {written}; chown -R keystone {FOLDER}")
        standing.on("c1", "sh", "-c", f"systemctl daemon-reload; systemctl start --no-block {name}")
        end = time.monotonic() + 60
        while (state := standing.on("c1", "systemctl", "show", "-P", "ActiveState", name).strip()) != "active":
            assert time.monotonic() < end, state
            time.sleep(0.5)
        said = standing.on("c1", "journalctl", "-u", name, "-o", "cat", "--no-pager")
        assert "no etcd" in said, "it did fail once"
        assert f"the server of 127.0.0.1:{PORT} has ended" in said
    finally:
        stop = f"systemctl stop {name}; rm -r {FOLDER} /run/systemd/system/{name}.service; systemctl daemon-reload"
        standing.on("c1", "sh", "-c", stop)


MIB = 1 << 20
SIZE = 48 * MIB
"""More than fits into all buffers between the server and a client that waits."""


def test_a_client_does_not_take_a_part_for_the_whole_when_the_server_dies(standing: Standing, sdk: Any):
    """Its kernel ends the connection as if all had been said: only a length in front tells."""
    image = sdk.image.create_image(name="nines-test", data=secrets.token_bytes(SIZE), disk_format="raw")
    try:
        place = urlsplit(str(sdk.image.get_endpoint()))
        context = ssl.create_default_context(cafile=str(standing.state.vault().ca_file))
        link = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=60, context=context)
        link.request("GET", f"/v2/images/{image.id}/file", headers={"X-Auth-Token": sdk.auth_token})
        answer = link.getresponse()
        assert answer.status == 200
        answer.read(MIB)
        for host in standing.cloud.services["glance"].hosts:
            standing.on(host.name, "systemctl", "kill", "--signal=KILL", "glance-api.service")
        with pytest.raises((http.client.IncompleteRead, OSError)):
            answer.read()
        link.close()
    finally:
        standing.well()
        remove(sdk, image)


def remove(sdk: Any, image: Any) -> None:
    """Ceph believes for half a minute that a server which was killed still reads it."""
    end = time.monotonic() + 120
    while True:
        try:
            sdk.image.delete_image(image)
            return
        except ConflictException:
            assert time.monotonic() < end
            time.sleep(2)
