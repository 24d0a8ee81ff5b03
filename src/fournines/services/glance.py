"""Glance: images. In Ceph, where the cloud has it: a volume or guest is then a clone of its image, not a copy.

Without shared storage each image is a file on the controller that took it: the load balancer leads all requests for one
image to one controller. When that one is down its images are too, the API is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.cloud.model import Cloud, Endpoint, Host
from fournines.converge.resources import Directory, Resource
from fournines.services import Options, _ceph, _database, _oslo
from fournines.services._database import Database
from fournines.services._openstack import NEEDS, Api, OpenStack
from fournines.services._oslo import Sections
from fournines.state import Vault

_CONF = "/etc/glance/glance-api.conf"
_IMAGES = "/var/lib/glance/images"
_RBD = {
    "rbd_store_pool": "images",
    "rbd_store_user": "glance",
    "rbd_store_ceph_conf": _ceph.CONF,
    "rbd_store_chunk_size": 8,
}


class GlanceOptions(Options):
    processes: int = 1
    threads: int = 16


class Glance(OpenStack):
    name = user = "glance"
    needs = (*NEEDS, *_ceph.NEEDS)
    endpoints = (
        # Of /v2/images/ID/file the first three parts: whatever is done to one image is done by one controller.
        Endpoint("glance", 9292, "", "image", check="/healthcheck", balance="uri depth 3", idle_s=300),
    )
    oslo = ("glance.api", "glance.multi_store", "oslo.db", "oslo.messaging", *_oslo.LIBRARIES)
    packages = ("glance-api", *_ceph.CLIENT_PACKAGES)
    ceph = (_ceph.Client("glance", _ceph.rbd_caps("images"), (_ceph.Pool("images"),)),)
    options = GlanceOptions
    database = Database(
        service="glance",
        schemas=("glance",),
        package="glance-common",
        conf=_CONF,
        migrate="glance-manage db_sync && glance-manage db_load_metadefs",
    )
    log_units = ("glance-api.service",)

    def apis(self, cloud: Cloud) -> Iterable[Api]:
        options = GlanceOptions.model_validate(cloud.services[self.name].options)
        yield Api(
            unit="glance-api",
            endpoint="glance",
            application="/usr/bin/glance-wsgi-api",
            processes=options.processes,
            threads=options.threads,
            options={"wsgi-manage-chunked-input": True},
        )

    def resources(self, cloud: Cloud, host: Host, vault: Vault) -> Iterable[Resource]:
        yield Directory(path=_IMAGES, owner="glance", group="glance", mode=0o750)
        yield from super().resources(cloud, host, vault)

    def oslo_groups(self, cloud: Cloud) -> Mapping[str, str]:
        groups = dict.fromkeys(("local", "os_glance_staging_store", "os_glance_tasks_store"), "file")
        return groups | ({"ceph": "glance.store.rbd.store"} if _ceph.used(cloud) else {})

    def files(self, cloud: Cloud, host: Host, vault: Vault) -> Mapping[str, Sections]:
        shared = _ceph.used(cloud)
        stores: Sections = {"ceph": _RBD} if shared else {"local": {"filesystem_store_datadir": _IMAGES}}
        return {
            _CONF: {
                "DEFAULT": {
                    "use_stderr": True,
                    "enabled_backends": "ceph:rbd" if shared else "local:file",
                    # Volumes and guests are cloned from where it points to.
                    "show_image_direct_url": shared,
                    "show_multiple_locations": False,
                    # Another controller finds an image that is still being imported here.
                    "worker_self_reference_url": f"http://{host.management}:{self.endpoints[0].port}",
                },
                "database": _database.oslo_options(cloud, vault, self.name),
                "keystone_authtoken": _oslo.auth_token(cloud, vault, self.name),
                "paste_deploy": {"flavor": "keystone"},
                "glance_store": {"default_backend": "ceph" if shared else "local"},
                **stores,
                "os_glance_staging_store": {"filesystem_store_datadir": "/var/lib/glance/staging"},
                "os_glance_tasks_store": {"filesystem_store_datadir": "/var/lib/glance/tasks"},
                "oslo_middleware": {"enable_proxy_headers_parsing": True},
                "oslo_messaging_notifications": {"driver": "noop"},
            }
        }
