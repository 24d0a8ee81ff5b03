"""Masakari: its engine moves the guests of a lost host, in a cloud whose spec names it: `services: {masakari: {}}`.

What it is told comes from instance HA (`instance_ha.py`), when the lost host's power is off, confirmed by its BMC, Ceph
refuses its address and Nova holds it for down; its own monitors are not used. Of Debian 13's (19.0) the host monitor
knows no Redfish: it confirms a host's death by `external/ipmi` alone, and else takes Pacemaker's word that a host
is offline for it. It sees Corosync's members, or Pacemaker remotes, whose package conflicts with Pacemaker's own while
one image has both kinds of hosts; or asks Consul, which Debian does not have. The instance monitor would start guests
beside instance HA, which starts crashed ones already.

Its engine does not go on with what another one left, and may not: two of them that take up the same notification would
evacuate a guest twice. A recovery whose engine died fails when it expires, and instance HA then moves who is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from fournines.cloud.model import Cloud, Endpoint, Host, Needs
from fournines.cloud.offers import Complaint
from fournines.converge.steps import Check, Step
from fournines.services import Options, _administrator, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import BUS, NEEDS, Api, OpenStack, Worker
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/masakari/masakari.conf"
_SEGMENT = "fournines"


class MasakariOptions(Options):
    api_processes: int | None = Field(default=None, ge=1)
    """Each of them serves one request at a time, as Nova's: green threads. Default 2; 1 in a lab."""
    guests_at_a_time: int = Field(default=10, ge=1)
    """So many guests of one lost host are moved at a time. As many as Nova's hosts build at once by default."""
    guest_bound_seconds: int = Field(default=300, ge=180, le=900)
    """After which a guest's move has failed. Well above what Nova needs to give one up (its switch alone has 120 s)."""


class Masakari(OpenStack):
    name = user = "masakari"
    by_default = False
    needs = (
        *NEEDS,
        BUS,
        Needs("nova", "any"),
        # It only takes up hosts that Nova knows.
        Needs("nova-compute", "any", soft=True, first=True, optional=True),
    )
    # There is no health check in its pipeline; the list of its versions needs neither a token nor a database.
    endpoints = (Endpoint("masakari", 15868, "/v1", "instance-ha"),)
    oslo = ("masakari.conf", "customized_recovery_flow_opts", *_oslo.DAEMONS)
    packages = ("masakari-api", "masakari-engine")
    options = MasakariOptions
    database = Database(
        service="masakari",
        schemas=("masakari",),
        package="masakari-common",
        conf=_CONF,
        migrate="masakari-manage db sync",
    )
    log_units = ("masakari-engine.service", "masakari-api.service")

    def complaints(self, cloud: Cloud) -> Iterable[Complaint]:
        if "instance-ha" not in cloud.services:
            told = "services.masakari: moves guests between hosts with the role compute, and this cloud has none"
            yield Complaint(("services", self.name), told)

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        yield Api(
            unit="masakari-api",
            endpoint=self.name,
            application="/usr/bin/masakari-wsgi",
            processes=self._options(cloud).api_processes or (1 if cloud.provider == "lab" else 2),
            threads=1,
        )

    def workers(self, cloud: Cloud) -> Iterable[Worker]:
        yield Worker(unit="masakari-engine", command=f"/usr/bin/masakari-engine --config-file={_CONF}")

    def health(self, cloud: Cloud, host: Host) -> Check:
        # Whether its API answers HAProxy asks all the time.
        return _oslo.hears(cloud, ["masakari-engine.service"])

    def steps(self, cloud: Cloud, vault: Vault) -> Iterable[Step]:
        yield from super().steps(cloud, vault)
        yield _segment(cloud, vault)

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        login = _oslo.login(cloud, vault, self.name)
        return {
            _CONF: {
                "DEFAULT": {
                    "use_stderr": True,
                    "host": host.name,
                    "transport_url": _oslo.transport_url(cloud, vault, self.name),
                    "rpc_response_timeout": cloud.timers.rpc_response,
                    # As whom it asks Nova.
                    "os_privileged_user_name": login["username"],
                    "os_privileged_user_password": login["password"],
                    "os_privileged_user_tenant": login["project_name"],
                    "os_privileged_user_auth_url": login["auth_url"],
                    "os_user_domain_name": login["user_domain_name"],
                    "os_project_domain_name": login["project_domain_name"],
                    "os_region_name": cloud.region,
                    "nova_ca_certificates_file": _oslo.CA_BUNDLE,
                    **self._timing(cloud),
                },
                # Instance HA moves every guest; Masakari is not to leave any.
                "host_failure": {"evacuate_all_instances": True, "ignore_instances_in_error_state": False},
                # By default the first task disables the host's service, and waits 180 s for Nova to hold it for
                # down: that is so before Masakari is told, and a reason that was given for disabling it stays.
                "taskflow_driver_recovery_flows": {
                    "host_auto_failure_recovery_tasks": (
                        "pre:['no_op'],main:['prepare_HA_enabled_instances_task'],post:['evacuate_instances_task']"
                    )
                },
                "wsgi": {"api_paste_config": "/etc/masakari/api-paste.ini"},
                "oslo_concurrency": {"lock_path": "/run/lock/masakari"},
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                **_oslo.messaging(),
            }
        }

    def _timing(self, cloud: Cloud) -> _oslo.Options:
        """Nothing waits for a fixed time before a guest's move; what is bounded is bounded far above what it takes."""
        options = self._options(cloud)
        return {
            # By default 3: the fourth guest would wait for the first one's boot.
            "host_failure_recovery_threads": options.guests_at_a_time,
            # By default 90: after it Masakari calls a move failed that may still go on.
            "wait_period_after_evacuation": options.guest_bound_seconds,
            # How often each of them is asked for, with a new token every time; no guest waits for the answer.
            "verify_interval": 2,
            # By default 180: a host that is lost twice within that would be left. It is told once of each loss anyway.
            "duplicate_notification_detection_interval": 1,
            # Nobody takes up by itself what has failed, or was not begun: three engines would do so at once, and
            # whether the host is still off is not for them to know.
            "process_unfinished_notifications_interval": -1,
            # Until then an engine may be at work, and its host's guests are left to it. By default a day.
            "notifications_expired_interval": 3600,
            "check_expired_notifications_interval": 60,
            # By default they begin up to a minute late.
            "periodic_fuzzy_delay": 5,
        }

    def _options(self, cloud: Cloud) -> MasakariOptions:
        return MasakariOptions.model_validate(cloud.services[self.name].options)


def _segment(cloud: Cloud, vault: Vault) -> Step:
    """One failover segment of all compute hosts that Nova knows: where a guest goes is for Nova's scheduler to say."""
    names = [host.name for host in cloud.having("compute")]
    listed = ", ".join(f"'{name}'" for name in ("", *names))
    ours = (
        "SELECT h.name FROM masakari.hosts h JOIN masakari.failover_segments s ON s.uuid = h.failover_segment_id"
        f" WHERE h.deleted = 0 AND s.deleted = 0 AND s.name = '{_SEGMENT}'"
    )
    # No such segment, a known host that it lacks, one that it should not have.
    queries = (
        f"SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM masakari.failover_segments WHERE name = '{_SEGMENT}'"
        " AND deleted = 0 AND recovery_method = 'auto')",
        "SELECT 1 FROM nova.services s WHERE s.binary = 'nova-compute' AND s.deleted = 0"
        f" AND s.host IN ({listed}) AND s.host NOT IN ({ours})",
        f"{ours} AND h.name NOT IN ({listed})",
    )
    return _administrator.step(
        cloud,
        vault,
        name="make a failover segment of the compute hosts",
        done=_administrator.alike("the segment", queries),
        program="masakari_segment.py",
        nova=_administrator.url(cloud, "nova"),
        masakari=_administrator.url(cloud, Masakari.name),
        segment=_SEGMENT,
        hosts=names,
    )
