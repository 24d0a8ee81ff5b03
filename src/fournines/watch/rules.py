"""Prometheus rules for a cloud's promise: who is woken when clients are failed too fast. Pure.

Multiwindow, multi-burn-rate alerts (The Site Reliability Workbook, chapter 5). A burn rate of 1 spends the share of
bad requests that the promise allows in just its period of 30 days. The long window says that it matters, the short
one that it still goes on.

Probes start at fixed times whatever the cloud does, so a share of requests is a share of time.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from fournines.watch.certificates import METRIC

PERIOD_H = 30 * 24
_METRIC = "fournines_probe_requests_total"
_BY = "cloud, column, service"
_LEVEL = "cloud_column_service:fournines_probe_requests_bad"


@dataclass(frozen=True, slots=True)
class Burn:
    """One pair of windows."""

    factor: float
    """So many times faster than the promise allows."""
    long_h: int
    long: str
    short: str
    severity: Literal["page", "ticket"]


BURNS = (
    Burn(14.4, 1, "1h", "5m", "page"),
    Burn(6, 6, "6h", "30m", "page"),
    Burn(1, 72, "3d", "6h", "ticket"),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """Of a certificate that clients are shown: so long before its end somebody is told."""

    days: int
    severity: Literal["page", "ticket"]


ENDINGS = (Ending(30, "ticket"), Ending(3, "page"))
"""Vaults renew what has less than 30 days left, at the next `nines apply`."""
_RATIOS = ("5m", "30m", "1h", "6h", "3d")


def rules(cloud: str, sla: float) -> str:
    """A rule file, YAML. `sla`: what is promised, such as 0.9999."""
    head = f"# Of `nines watch --rules` for the cloud {cloud}, promising {_percent(sla)}: print anew, do not edit.\n"
    yaml: Any = YAML()  # its methods have no types
    yaml.width = 1000
    text = io.StringIO()
    yaml.dump(groups(cloud, sla), text)
    return head + text.getvalue()


def groups(cloud: str, sla: float) -> dict[str, Any]:
    """The same as data."""
    allowed = 1 - sla
    # Of a low promise the fast burns cannot happen: not even all requests would be so many times what it allows.
    burns = [burn for burn in BURNS if burn.factor * allowed < 1]
    recorded = [_ratio(cloud, window) for window in _RATIOS] + [_count(cloud, burn.long) for burn in burns]
    alerts = [_burning(cloud, sla, burn) for burn in burns]
    endings = [_ending(cloud, ending) for ending in ENDINGS]
    return {
        "groups": [
            {"name": f"fournines-{cloud}-ratios", "rules": recorded},
            {"name": f"fournines-{cloud}-alerts", "rules": [*alerts, _blind(cloud), *endings]},
        ]
    }


def _ratio(cloud: str, window: str) -> Mapping[str, Any]:
    """The share of bad requests; what nobody knows counts on neither side."""
    bad, known = (_requests(cloud, which, window, "rate") for which in ('=~"error|slow"', '!="unknown"'))
    return {"record": f"{_LEVEL}:ratio_rate{window}", "expr": LiteralScalarString(f"{bad}\n/\n{known}\n")}


def _count(cloud: str, window: str) -> Mapping[str, Any]:
    bad = _requests(cloud, '=~"error|slow"', window, "increase")
    return {"record": f"{_LEVEL}:increase{window}", "expr": LiteralScalarString(f"{bad}\n")}


def _requests(cloud: str, outcome: str, window: str, how: str) -> str:
    return f'sum by ({_BY}) ({how}({_METRIC}{{cloud="{cloud}",outcome{outcome}}}[{window}]))'


def _burning(cloud: str, sla: float, burn: Burn) -> Mapping[str, Any]:
    of, limit = f'{{cloud="{cloud}"}}', f"{burn.factor:g} * {1 - sla:.6g}"
    conditions = (
        f"{_LEVEL}:ratio_rate{burn.long}{of} > {limit}",
        f"and {_LEVEL}:ratio_rate{burn.short}{of} > {limit}",
        # Of a probe that asks every ten seconds one bad answer may be more than that. One alone wakes nobody.
        f"and {_LEVEL}:increase{burn.long}{of} > 1.5",
    )
    hours = PERIOD_H / burn.factor
    return {
        "alert": "FourninesBudgetBurn",
        "expr": LiteralScalarString("\n".join(conditions) + "\n"),
        "labels": {"severity": burn.severity, "window": burn.long, "burn_rate": f"{burn.factor:g}"},
        "annotations": {
            "summary": f"{cloud}: {{{{ $labels.service }}}} fails its clients ({{{{ $labels.column }}}})",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} of its probes' requests within {burn.long} were wrong or late, "
                f"and it goes on; the promise of {_percent(sla)} allows {_percent(1 - sla)}. "
                f"At {burn.factor:g} times what it allows, 30 days' worth is spent in {hours:g} hours."
            ),
            "action": (
                f"nines status {cloud} says which hosts and daemons are not well; "
                f"nines logs HOST {{{{ $labels.service }}}} -c {cloud} says why."
            ),
        },
    }


def _blind(cloud: str) -> Mapping[str, Any]:
    """Without it a watch that is dead would look like a cloud that is well."""
    known = _requests(cloud, '!="unknown"', "5m", "rate")
    return {
        "alert": "FourninesNotWatched",
        "expr": LiteralScalarString(f'absent({_METRIC}{{cloud="{cloud}"}})\nor\n{known} == 0\n'),
        "for": "5m",
        "labels": {"severity": "ticket"},
        "annotations": {
            "summary": f"{cloud}: nobody knows how it is {{{{ $labels.service }}}}",
            "description": "Its probes gave Prometheus no answer that says anything: this is no outage, and no uptime.",
            "action": (
                f"nines status {cloud} says how the cloud is. Does nines watch run, and can Prometheus reach it? "
                "If so its machine is too busy: see fournines_prober_lateness_seconds."
            ),
        },
    }


def _ending(cloud: str, ending: Ending) -> Mapping[str, Any]:
    """Every client is refused from one second to the next, and no failover helps."""
    return {
        "alert": "FourninesCertificateEnds",
        "expr": LiteralScalarString(f'{METRIC}{{cloud="{cloud}"}} - time() < {ending.days} * 86400\n'),
        "for": "15m",
        "labels": {"severity": ending.severity, "days": str(ending.days)},
        "annotations": {
            "summary": f"{cloud}: {{{{ $labels.service }}}} shows a certificate that ends in {ending.days} days",
            "description": (
                "{{ $value | humanizeDuration }} are left. Then every client that verifies it is refused, by every "
                "controller that shows the same one."
            ),
            "action": (
                f"nines status {cloud} and nines certs -c {cloud} say which end; "
                f"nines certs rotate -c {cloud} renews them without an outage."
            ),
        },
    }


def _percent(share: float) -> str:
    return f"{share * 100:.8g} %"
