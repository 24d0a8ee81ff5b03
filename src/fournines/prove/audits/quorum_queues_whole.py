"""Every quorum queue has a member on each broker, all alive, and a leader; no broker raises an alarm, and none was
parted from another one without a new start since: each serves, but they may know different queues.

A queue that was declared while a broker was away is given its member there by RabbitMQ itself, at the latest when the
brokers next look for such queues: so long this is waited for.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from fournines.errors import HostError
from fournines.hosts import Fleet, run
from fournines.prove.audits import Audit, Evidence, Outcome
from fournines.prove.audits._settled import settled
from fournines.services import rabbitmq

_BROKER = "rabbitmq"
_GROWING_S = 30
"""Of each new member, until it has what the queue holds."""
_NOTHING = "there is no quorum queue: nothing to look at"


class QuorumQueuesWhole(Audit):
    name = "quorum-queues-whole"
    service = _BROKER

    def look(self, evidence: Evidence) -> tuple[Outcome, str]:
        brokers = [host.name for host in evidence.cloud.services[_BROKER].hosts]
        within_s = rabbitmq.REGROWN_S + _GROWING_S
        return settled(lambda: judge(_ask(evidence.fleet, brokers), brokers), within_s, final=_NOTHING)


def judge(said: Mapping[str, Any], brokers: Collection[str]) -> tuple[Outcome, str]:
    """`said`: as `services.rabbitmq.queues` has it."""
    wanted = {f"rabbit@{name}" for name in brokers}
    broken = {f"{queue['vhost']}/{queue['name']}": why for queue in said["queues"] if (why := _lacks(queue, wanted))}
    if said["alarms"]:
        return "fail", f"alarms: {'; '.join(said['alarms'])}"
    if said["partitions"]:
        return "fail", f"brokers were parted and go on as they are: {_names(said['partitions'])}"
    if broken:
        such = min(broken)
        return "fail", f"{len(broken)} of {len(said['queues'])} queues are not whole, such as {such}: {broken[such]}"
    if not said["queues"]:
        return "unknown", _NOTHING
    return "ok", f"{len(said['queues'])} queues, each with a leader and a living member on {', '.join(brokers)}"


def _lacks(queue: Mapping[str, Any], wanted: Collection[str]) -> str:
    """What one queue lacks, in words; empty: nothing."""
    members, online = {*queue.get("members", ())}, {*queue.get("online", ())}
    if absent := {*wanted} - members:
        return f"no member on {_names(absent)}"
    if strange := members - {*wanted}:
        return f"a member on {_names(strange)}, which is no broker of this cloud"
    if down := members - online:
        return f"its member on {_names(down)} is down"
    return "" if queue.get("leader") in wanted else "no leader"


def _names(brokers: Collection[str]) -> str:
    return ", ".join(sorted(broker.removeprefix("rabbit@") for broker in brokers))


def _ask(fleet: Fleet, brokers: Collection[str]) -> Mapping[str, Any]:
    """By the first broker that answers. Raises HostError."""
    refused: list[str] = []
    for name in brokers:
        command = rabbitmq.queues(name)
        try:
            said = run(fleet[name], command.argv, stdin=command.stdin, timeout=command.timeout)
            return json.loads(said)
        except HostError as error:
            refused.append(error.message.splitlines()[-1][:120])
        except ValueError:
            refused.append(f"{name}: this is no answer")
    raise HostError(", ".join(brokers), "; ".join(refused))
