"""What the figures of a cloud suppose, or leave out, where that is not what one would think."""

from __future__ import annotations

from fournines.cloud.model import Cloud
from fournines.predict.visible import offered, ours


def remarks(cloud: Cloud) -> list[str]:
    """Sentences."""
    found: list[str] = []
    controllers = cloud.services["pacemaker"].hosts if "pacemaker" in cloud.services else ()
    if len(controllers) > 1 and not any(host.bmc for host in controllers):
        found.append(
            "No controller can be fenced, and Pacemaker starts nothing so (nines explain FENCE-NONE): the figures "
            "suppose one that was told to do without, and somebody who confirms each death."
        )
    if others := [each.name for each in offered(cloud) if each not in ours(cloud)]:
        found.append(f"Nothing is said of what somebody else serves: {', '.join(others)}.")
    return found
