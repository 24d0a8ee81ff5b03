"""What a campaign's drills and the failure rates say of a year, in the form that `odds` takes.

The cloud is the one that the campaign kept, resolved anew: the folder is all that is asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fournines.cloud import load
from fournines.errors import NinesError
from fournines.posterior.cuts import Covered
from fournines.posterior.design import design
from fournines.posterior.posterior import posterior
from fournines.posterior.read import read
from fournines.posterior.services import Service
from fournines.predict.rates import rates
from fournines.services import catalogue

LIKELIEST = 20
"""So many cut sets are told."""


def statistics(folder: Path) -> Mapping[str, Any] | None:
    """None where the folder does not say of which cloud it is, or drilled nothing that counts. Raises NinesError."""
    evidence = read(folder)
    if evidence.spec is None:
        return None
    with tempfile.TemporaryDirectory() as made:
        file = Path(made, "cloud.yaml")
        file.write_text(evidence.spec, encoding="utf-8")
        try:
            cloud = load(file, catalogue())
        except NinesError as error:
            raise NinesError(
                f"the cloud file that {folder}/campaign.json keeps is none for this nines: {error.message}",
                "report with the version of nines that ran the campaign (campaign.json names it)",
            ) from None
    found = posterior(evidence.observations, design(cloud), rates(cloud))
    if not found.fidelity:
        return None
    cuts = sorted(found.cuts, key=lambda cut: (-cut.probability, cut.parts))[:LIKELIEST]
    return {"services": [_odds(each) for each in found.services], "cuts": [_cut(each) for each in cuts]}


def _odds(service: Service) -> Mapping[str, Any]:
    return {
        "name": service.title,
        "p_sla_met": service.met.mean,
        "interval_95": (service.met.low, service.met.high),
        "p_if_nothing_were_drilled": service.met_assumed,
        "weakest": service.influences[0].name if service.influences else "",
    }


def _cut(cut: Covered) -> Mapping[str, Any]:
    return {
        "parts": cut.parts,
        "probability": cut.probability,
        "services": cut.services,
        "drills": cut.drills,
        "alike": cut.alike,
    }
