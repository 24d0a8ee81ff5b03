"""What a campaign's drills and the failure rates say of a year.

The cloud is the one that the campaign kept, resolved anew: the folder is all that is asked.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fournines.cloud import load
from fournines.errors import NinesError
from fournines.posterior.design import design
from fournines.posterior.posterior import Posterior, posterior
from fournines.posterior.read import read
from fournines.predict.rates import rates
from fournines.services import catalogue


def statistics(folder: Path) -> Posterior | None:
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
    return found if found.fidelity else None
