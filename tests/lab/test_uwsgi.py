"""What uWSGI makes of an application that cannot load."""

from __future__ import annotations

import os
import shlex

import pytest
from standing_lab import Standing

from fournines.errors import HostError
from fournines.services._uwsgi import uwsgi_ini

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

FOLDER = "/run/test-uwsgi"
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
