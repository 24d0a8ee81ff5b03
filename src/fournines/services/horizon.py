"""Horizon: the dashboard, on every controller behind the VIP, on the port that a browser expects.

Sessions are rows on Galera: whichever controller answers next knows them. Never by way of a cache: caches are
node-local, and another controller's would be stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pprint import pformat

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.cloud.strategies import ACTIVE_ACTIVE
from fournines.converge.resources import File, Resource, Unit
from fournines.converge.steps import Check, Http, Step
from fournines.services import Options, Service, _database
from fournines.services._database import Database
from fournines.services._openstack import NEEDS
from fournines.services._oslo import CA_BUNDLE, MEMCACHED
from fournines.services._render import unit
from fournines.services._uwsgi import drain_program, uwsgi_ini, uwsgi_unit
from fournines.state import Vault

PORT = 8088
_MANAGE = "/usr/share/openstack-dashboard/manage.py"
_STATIC = "/var/lib/openstack-dashboard/static"
_DEBIANS = "/etc/openstack-dashboard/local_settings.py"
# Snippets are read in the order of their names, Debian's first.
_SETTINGS = "/etc/openstack-dashboard/local_settings.d/_9999_fournines.py"
_UWSGI = "/etc/horizon/fournines-uwsgi.ini"
_UNIT = "/etc/systemd/system/horizon.service"
_CLEAR_SERVICE = "/etc/systemd/system/horizon-clearsessions.service"
_CLEAR_TIMER = "/etc/systemd/system/horizon-clearsessions.timer"

_PATIENCE = """
import sys

# A migration waits for as long as a table takes.
if "migrate" in sys.argv:
    DATABASES["default"] = {**DATABASES["default"], "OPTIONS": {}}
"""

_RULES = {"SSH": 22, "DNS": 53, "HTTP": 80, "HTTPS": 443, "SMTP": 25, "MySQL": 3306, "RDP": 3389}
"""Ports that the form for security groups offers by name."""


class HorizonOptions(Options):
    processes: int = 1
    threads: int = 8
    session_seconds: int = 3600
    """Idle for so long, a session ends; with its token at the latest."""


class Horizon(Service):
    name = "horizon"
    strategies = (ACTIVE_ACTIVE,)
    needs = NEEDS
    # The page that sends a newcomer to the login form. By source: a page's style sheets, whose names are digests of
    # their content, come from the controller that made the page, also while the controllers' packages differ.
    endpoints = (Endpoint("horizon", PORT, published=443, plain=80, check="/", balance="source", keep_alive=True),)
    packages = ("openstack-dashboard", "python3-mysqldb", "uwsgi-core", "uwsgi-plugin-python3")
    options = HorizonOptions
    database = Database(
        service="horizon",
        schemas=("horizon",),
        package="openstack-dashboard",
        conf=None,
        migrate=f"{_MANAGE} migrate --noinput",
    )
    log_units = ("horizon.service", "horizon-clearsessions.service")
    jobs = ("horizon-clearsessions.service",)

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        options = HorizonOptions.model_validate(cloud.services[self.name].options)
        # Debian's makes a secret key on each host, in a folder that only www-data may write to.
        yield File(path=_DEBIANS, content=f"# See {_SETTINGS}.\n")
        yield File(
            path=_SETTINGS,
            content=python(_settings(cloud, host, vault, options)) + _PATIENCE,
            group="horizon",
            mode=0o640,
            secret=True,
        )
        yield File(
            path=_UWSGI,
            content=uwsgi_ini(
                wsgi_file="/usr/share/openstack-dashboard/wsgi.py",
                address=host.management,
                port=PORT,
                processes=options.processes,
                threads=options.threads,
                options={
                    "static-map": f"/static={_STATIC}",
                    # Else it says of every policy that a token for a project is not one for the system.
                    "env": "PYTHONWARNINGS=ignore::UserWarning:oslo_policy.policy",
                },
            ),
        )
        yield from drain_program()
        yield File(path=_UNIT, content=uwsgi_unit("Horizon", user="horizon", ini_path=_UWSGI))
        yield File(
            path=_CLEAR_SERVICE,
            content=unit(
                "Removal of Horizon's expired sessions",
                unit=[("After", "network.target haproxy-local.service")],
                service=[("Type", "oneshot"), ("User", "horizon"), ("ExecStart", f"{_MANAGE} clearsessions")],
                wanted_by=None,
            ),
        )
        # On every controller: removing what another one has removed does no harm, and no leader is needed.
        yield File(
            path=_CLEAR_TIMER,
            content=(
                "[Unit]\nDescription=Removal of Horizon's expired sessions\n\n"
                "[Timer]\nOnCalendar=daily\nRandomizedDelaySec=6h\n\n[Install]\nWantedBy=timers.target\n"
            ),
        )
        yield Unit(name="horizon-clearsessions.timer", reads=(_CLEAR_TIMER,))
        yield Unit(name="horizon.service", reads=(_DEBIANS, _SETTINGS, _UWSGI, _UNIT))

    def capacity(self, cloud: Cloud, endpoint: str) -> int:
        options = HorizonOptions.model_validate(cloud.services[self.name].options)
        return options.processes * options.threads

    def health(self, cloud: Cloud, host: Host) -> Check:
        return Http(awaits="Horizon to answer", url=f"http://{host.management}:{PORT}/auth/login/", timeout=5)

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield _database.create(cloud, vault, self.database)
        yield _database.migrate(cloud, self.database)


def python(settings: Mapping[str, object]) -> str:
    """A Python module that binds each name to its value: strings, numbers, tuples, lists and mappings of them."""
    return "".join(f"{name} = {pformat(value, width=110, sort_dicts=False)}\n" for name, value in settings.items())


def _settings(cloud: Cloud, host: Host, vault: Vault, options: HorizonOptions) -> Mapping[str, object]:
    keystone, timers = cloud.url("keystone"), cloud.timers
    read = int(timers.database_read)
    return {
        "SECRET_KEY": vault.password("horizon secret key"),
        # The host's own are for checks: the load balancer's name no host, and uWSGI then says its own name.
        "ALLOWED_HOSTS": [cloud.vip, host.management, host.name],
        "WEBROOT": "/",
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_TIMEOUT": options.session_seconds,
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.mysql",
                "NAME": "horizon",
                "USER": "horizon",
                "PASSWORD": vault.password("database horizon"),
                "HOST": "127.0.0.1",
                "PORT": 3306,
                # A connection for each request: none outlives a change of the writer.
                "CONN_MAX_AGE": 0,
                "OPTIONS": {
                    "connect_timeout": int(timers.database_connect),
                    "read_timeout": read,
                    "write_timeout": read,
                },
            }
        },
        "CACHES": {
            "default": {
                "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
                "LOCATION": MEMCACHED,
                # Without it Horizon is slower, not down.
                "OPTIONS": {"ignore_exc": True, "connect_timeout": 1, "timeout": 1},
            }
        },
        "OPENSTACK_KEYSTONE_URL": keystone,
        "OPENSTACK_SSL_CACERT": CA_BUNDLE,
        "AVAILABLE_REGIONS": [(keystone, cloud.region)],
        "DEFAULT_SERVICE_REGIONS": {"*": cloud.region},
        "TIME_ZONE": "UTC",
        "SECURITY_GROUP_RULES": {
            **{
                f"all_{protocol}": {
                    "name": f"All {protocol.upper()}",
                    "ip_protocol": protocol,
                    "from_port": low,
                    "to_port": high,
                }
                for protocol, low, high in (("tcp", "1", "65535"), ("udp", "1", "65535"), ("icmp", "-1", "-1"))
            },
            **{
                name.lower(): {"name": name, "ip_protocol": "tcp", "from_port": str(port), "to_port": str(port)}
                for name, port in _RULES.items()
            },
        },
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"plain": {"format": "%(levelname)s %(name)s %(message)s"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
            "root": {"handlers": ["console"], "level": "INFO"},
        },
    }
