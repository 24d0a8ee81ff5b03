"""Keystone: identity, on every controller behind the VIP. Tokens are fernet: nothing to replicate but the keys,
and those each controller derives by itself (`onhost/fernet_keys.py`).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable

from fournines.cloud.model import Cloud, Endpoint, Host, Needs
from fournines.cloud.strategies import ACTIVE_ACTIVE
from fournines.converge.resources import Directory, File, Resource, Unit
from fournines.converge.steps import Check, Command, Http, Step
from fournines.services import Options, Service, _administrator, _database
from fournines.services._database import Database
from fournines.services._oslo import account
from fournines.services._render import ini, on_host, unit
from fournines.services._uwsgi import drain_program, uwsgi_ini, uwsgi_unit
from fournines.state import Vault

PORT = 5000
_CONF = "/etc/keystone/keystone.conf"
_UWSGI = "/etc/keystone/fournines-uwsgi.ini"
_APPLICATION = "/usr/local/lib/fournines/keystone_public.py"
# Keystone loads its policy with the first request that needs one, and a second thread meanwhile finds no rules and
# refuses: 403 in the first moments of a member.
_LOADED = """\
from keystone.common.rbac_enforcer.enforcer import RBACEnforcer
from keystone.server.wsgi import initialize_public_application

application = initialize_public_application()
RBACEnforcer()._enforcer.load_rules()
"""
_UNIT = "/etc/systemd/system/keystone.service"
_CREDENTIAL_KEYS = "/etc/keystone/credential-keys"
_FERNET_KEYS = "/etc/keystone/fernet-keys"
_MASTER = "/etc/keystone/fernet-master"
_PROGRAM = "/usr/local/lib/fournines/fernet_keys.py"
_TIMER_SERVICE = "/etc/systemd/system/keystone-fernet.service"
_TIMER = "/etc/systemd/system/keystone-fernet.timer"

_OSLO = ("keystone", *(f"oslo.{lib}" for lib in ("cache", "db", "log", "messaging", "middleware", "policy")))

# Keystone takes an expired token for this long where a service vouches for it (its own default).
_EXPIRED_WINDOW = 172_800

_CACHE_S = 10
"""Seconds until what one controller changed is known to all: each has a cache of its own, and forgets in no other."""


class KeystoneOptions(Options):
    processes: int = 1
    threads: int = 16
    token_expiration_seconds: int = 3600
    fernet_rotation_seconds: int = 43_200
    password_hash_rounds: int | None = None
    """bcrypt cost, 4 to 31. Default 12; 4 in a lab, where 12 would measure bcrypt on shared cores, not failover."""


class Keystone(Service):
    name = "keystone"
    strategies = (ACTIVE_ACTIVE,)
    needs = (
        *_database.NEEDS,
        Needs("haproxy", "any"),
        Needs("memcached", "local", soft=True),
    )
    # Ceph's gateways ask through libcurl 8.14 and reuse its handles. When an HTTP/2 connection breaks under a POST, the
    # handle fails as long as it is used each five seconds ("data rewind was not possible"), or the gateway dies of
    # SIGSEGV: seen with 18.2.7.
    endpoints = (Endpoint("keystone", PORT, "/v3", "identity", check="/v3", http2=False),)
    packages = ("keystone", "uwsgi-core", "uwsgi-plugin-python3", "python3-memcache")
    options = KeystoneOptions
    database = Database(
        service="keystone",
        schemas=("keystone",),
        package="keystone",
        conf=_CONF,
        migrate="keystone-manage db_sync",
    )
    log_units = ("keystone.service", "keystone-fernet.service")
    jobs = ("keystone-fernet.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        options = KeystoneOptions.model_validate(cloud.services[self.name].options)
        keep = fernet_keep(options)
        yield File(
            path=_CONF,
            content=ini(_config(cloud, vault, options, keep)),
            group="keystone",
            mode=0o640,
            secret=True,
            oslo=_OSLO,
        )
        yield Directory(path=_CREDENTIAL_KEYS, owner="keystone", group="keystone", mode=0o700)
        for number in range(2):
            yield File(
                path=f"{_CREDENTIAL_KEYS}/{number}",
                content=base64.urlsafe_b64encode(vault.key(f"keystone credential {number}")).decode(),
                owner="keystone",
                group="keystone",
                mode=0o600,
                secret=True,
            )
        yield Directory(path=_FERNET_KEYS, owner="keystone", group="keystone", mode=0o700)
        yield File(
            path=_MASTER,
            content=base64.b64encode(vault.key("keystone fernet master")).decode(),
            owner="keystone",
            group="keystone",
            mode=0o400,
            secret=True,
        )
        yield from drain_program()
        yield File(path=_PROGRAM, content=on_host("fernet_keys.py"))
        keys = f"/usr/bin/python3 {_PROGRAM} {_MASTER} {_FERNET_KEYS} {options.fernet_rotation_seconds} {keep}"
        yield File(
            path=_TIMER_SERVICE,
            content=unit(
                "Keystone's fernet keys of this hour",
                service=[("Type", "oneshot"), ("User", "keystone"), ("ExecStart", keys)],
                wanted_by=None,
            ),
        )
        yield File(path=_TIMER, content=_timer(options.fernet_rotation_seconds))
        yield Directory(path="/usr/local/lib/fournines")
        yield File(path=_APPLICATION, content=_LOADED)
        yield File(
            path=_UWSGI,
            content=uwsgi_ini(
                wsgi_file=_APPLICATION,
                address=host.management,
                port=PORT,
                processes=options.processes,
                threads=options.threads,
            ),
        )
        yield File(
            path=_UNIT,
            content=uwsgi_unit(
                "Keystone", user="keystone", ini_path=_UWSGI, before=["/bin/systemctl start keystone-fernet.service"]
            ),
        )
        yield Unit(name="keystone-fernet.timer", reads=(_TIMER,))
        yield Unit(name="keystone.service", reads=(_CONF, _UWSGI, _UNIT, _APPLICATION, f"{_CREDENTIAL_KEYS}/0"))

    def capacity(self, cloud: Cloud, endpoint: str) -> int:
        options = KeystoneOptions.model_validate(cloud.services[self.name].options)
        return options.processes * options.threads

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="Keystone to answer", url=f"http://{host.management}:{PORT}/v3", timeout=5)

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield _database.create(cloud, vault, self.database)
        yield _database.migrate(cloud, self.database)
        yield _bootstrap(cloud, vault)
        yield _catalog(cloud, vault)


def _catalog(cloud: Cloud, vault: Vault) -> Step:
    """Every other service's user and its endpoints, as the cloud has them: the same URL for every interface."""
    services: list[dict[str, str]] = []
    for placement in cloud.services.values():
        listed = [endpoint for endpoint in placement.endpoints if endpoint.kind and endpoint.name != "keystone"]
        services += [
            {
                "user": placement.name,
                "password": vault.password(account(placement.name)),
                "name": name,
                "type": kind,
                "url": f"{cloud.url(endpoint.name).removesuffix(endpoint.path)}{path}",
            }
            for endpoint in listed
            for name, kind, path in (
                (endpoint.name, endpoint.kind, endpoint.path),
                *((kind, kind, path) for kind, path in endpoint.also),
            )
        ]
    # An empty list is no SQL.
    rows = (
        "''"
        if not services
        else ", ".join(f"'{each['user']} {each['name']} {each['type']} {each['url']}'" for each in services)
    )
    # Three endpoints and two roles each.
    query = (
        "SELECT count(*) FROM (SELECT CONCAT_WS(' ', u.name, JSON_VALUE(s.extra, '$.name'), s.type, e.url) entry"
        " FROM endpoint e JOIN service s ON s.id = e.service_id"
        " JOIN local_user u JOIN assignment a ON a.actor_id = u.user_id"
        f" WHERE e.region_id = '{cloud.region}' GROUP BY 1 HAVING count(*) = 6) entries WHERE entry IN ({rows})"
    )
    return _administrator.step(
        cloud,
        vault,
        name="enter every service and its user in the catalogue",
        done=_database.sql("every service to be in the catalogue", f"USE keystone; {query}", str(len(services))),
        program="keystone_catalog.py",
        region=cloud.region,
        services=services,
    )


def fernet_keep(options: KeystoneOptions) -> int:
    """Keys to hold so that every token that may still be shown can be read, plus one."""
    return math.ceil((options.token_expiration_seconds + _EXPIRED_WINDOW) / options.fernet_rotation_seconds) + 1


def _config(
    cloud: Cloud, vault: Vault, options: KeystoneOptions, keep: int
) -> dict[str, dict[str, str | int | bool | float]]:
    return {
        "DEFAULT": {"use_stderr": True, "public_endpoint": f"https://{cloud.vip}:{PORT}"},
        "database": {**_database.oslo_options(cloud, vault, "keystone")},
        "token": {"provider": "fernet", "expiration": options.token_expiration_seconds},
        "fernet_tokens": {"key_repository": _FERNET_KEYS, "max_active_keys": keep + 1},
        "credential": {"key_repository": _CREDENTIAL_KEYS},
        "identity": {
            "password_hash_rounds": options.password_hash_rounds or (4 if cloud.provider == "lab" else 12),
            # As long as bcrypt takes. Else each login is told in the journal that more would be cut off.
            "max_password_length": 72,
        },
        "cache": {
            "enabled": True,
            "backend": "oslo_cache.memcache_pool",
            "memcache_servers": "127.0.0.1:11211",
            "memcache_dead_retry": 30,
            "memcache_socket_timeout": 1.0,
            "memcache_pool_connection_get_timeout": 2,
            "expiration_time": _CACHE_S,
            "backend_expiration_time": _CACHE_S,
        },
        # Its own default is an hour, in which a revoked token would go on being good on the other controllers.
        "revoke": {"cache_time": _CACHE_S},
        "oslo_middleware": {"enable_proxy_headers_parsing": True},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def _timer(rotation: int) -> str:
    # Twelve looks a period: a host that was away catches up early in it.
    return (
        "[Unit]\nDescription=Rotation of Keystone's fernet keys\n\n[Timer]\n"
        f"OnBootSec=10\nOnUnitActiveSec={max(60, rotation // 12)}\nAccuracySec=10\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _bootstrap(cloud: Cloud, vault: Vault) -> Step:
    url = cloud.url("keystone")
    command = (
        "keystone-manage bootstrap --bootstrap-username admin --bootstrap-project-name admin "
        f"--bootstrap-region-id {cloud.region} --bootstrap-public-url {url} --bootstrap-internal-url {url} "
        f"--bootstrap-admin-url {url}"
    )
    return Step(
        name="create the admin user, project and identity endpoint",
        host=cloud.services["galera"].hosts[0].name,
        when="before",
        done=Command(
            awaits="Keystone's own user and endpoints",
            argv=("sh", "-c", "mariadb -N -B keystone 2>/dev/null | grep -qx 3"),
            stdin=(
                "SELECT count(*) FROM endpoint e JOIN local_user u ON u.name = 'admin' "
                f"WHERE e.url = '{url}' AND e.region_id = '{cloud.region}'"
            ),
        ),
        run=Command(
            awaits="",
            # The password comes by standard input and goes on by the environment: no argument list shows it.
            argv=(
                "sh",
                "-ec",
                "systemctl start keystone-fernet.service; "
                "read -r OS_BOOTSTRAP_PASSWORD; export OS_BOOTSTRAP_PASSWORD; "
                f"exec su -m -s /bin/sh keystone -c '{command}'",
            ),
            stdin=vault.password("admin") + "\n",
            timeout=180,
            secret=True,
        ),
    )
