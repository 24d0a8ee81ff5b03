"""What uWSGI makes of an application that cannot load."""

from __future__ import annotations

import os
import shlex
import time

import pytest
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
