"""How often and how long each user-visible service of a cloud will be down in a year, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fournines.availability.importance import fussell_vesely
from fournines.availability.streams import YEAR_S, Exponential, Fixed, Stream, expected
from fournines.cloud.model import Cloud
from fournines.predict.analysis import Analysis, analyse
from fournines.predict.causes import Cause, causes
from fournines.predict.failovers import Loss, losses
from fournines.predict.remarks import remarks

if TYPE_CHECKING:
    from fournines.availability.downtime import Downtime

YEARS = 20_000
SHOWN_CUT_SETS = 20


@dataclass(frozen=True)
class Prediction:
    """One user-visible service."""

    analysis: Analysis
    cloud: Cloud
    years: int = YEARS
    seed: int = 0

    @property
    def name(self) -> str:
        return self.analysis.visible.name

    @cached_property
    def losses(self) -> Sequence[Loss]:
        """Failovers that its clients feel."""
        return tuple(losses(self.analysis, self.cloud))

    @cached_property
    def streams(self) -> Sequence[Stream]:
        """Every source of its outages."""
        down = self.analysis.unavailability
        # One that lasts for years is in each of them. Of parts that are hardly ever up rounding leaves less than none.
        per_year = max(self.analysis.outages_per_year, down)
        found = [Stream("too few parts are up", per_year, down * YEAR_S / per_year if per_year else 0.0)]
        for loss in self.losses:
            what = f"{loss.service}: lost {loss.what}"
            yearly = loss.per_year * loss.share
            found.append(Stream(f"{what}, taken over", yearly * loss.coverage, loss.seconds, Fixed()))
            failed = yearly * (1 - loss.coverage)
            found.append(Stream(f"{what}, not taken over", failed, loss.failed_seconds, Exponential()))
        return found

    @cached_property
    def downtime_s(self) -> float:
        """Mean seconds a year, exactly."""
        return min(YEAR_S, expected(self.streams))

    @property
    def availability(self) -> float:
        return 1 - self.downtime_s / YEAR_S

    @property
    def budget_s(self) -> float:
        """What the promise leaves, in seconds a year."""
        return (1 - self.cloud.sla) * YEAR_S

    @property
    def sla_met(self) -> bool:
        """By the mean year."""
        return self.downtime_s <= self.budget_s

    @cached_property
    def downtime(self) -> Downtime:
        """What years there are, by simulation."""
        # Here, for checks do not simulate, and numpy takes its time to come.
        from fournines.availability.downtime import simulate

        return simulate(self.streams, self.budget_s, years=self.years, seed=self.seed)

    @cached_property
    def causes(self) -> Sequence[Cause]:
        """The worst first."""
        return causes(self.analysis, self.losses)

    def as_json(self) -> dict[str, Any]:
        """Minutes are of a year of 365 days."""
        years = self.downtime
        return {
            "name": self.name,
            "availability": self.availability,
            "downtime_minutes_per_year": self.downtime_s / 60,
            "p_sla_met": years.p_met,
            "sla_met": self.sla_met,
            "sla": self.cloud.sla,
            "p_sla_met_interval_95": list(years.interval_95),
            "p50_minutes": years.p50_s / 60,
            "p90_minutes": years.p90_s / 60,
            "p95_minutes": years.p95_s / 60,
            "unavailability_of_structure": self.analysis.unavailability,
            "outages_per_year": sum(stream.per_year for stream in self.streams),
            "simulated_years": years.years,
            "seed": years.seed,
            "cut_sets": [
                {"parts": list(found.events), "probability": found.probability}
                for found in self.analysis.likeliest(SHOWN_CUT_SETS)
            ],
            "causes": [self._told(cause) for cause in self.causes],
        }

    @cached_property
    def importance(self) -> Mapping[Cause, tuple[float, float]]:
        """Cause -> how much likelier the service is down when one of its parts is (Birnbaum, the worst), and the share
        of the minimal cut sets' probability in which one of them is (Fussell-Vesely). None of failovers, which are in
        no cut set."""
        birnbaum = self.analysis.importance.birnbaum
        found = [cause for cause in self.causes if cause.parts]
        shares = fussell_vesely(
            self.analysis.structure.cut_sets, [cause.parts for cause in found], self.analysis.chances
        )
        return {
            cause: (max(birnbaum[name] for name in cause.parts), share)
            for cause, share in zip(found, shares, strict=True)
        }

    def _told(self, cause: Cause) -> dict[str, Any]:
        birnbaum, share = self.importance.get(cause, (None, None))
        return {
            "what": cause.what,
            "minutes_per_year": cause.yearly_s / 60,
            "fix": cause.fix,
            "birnbaum": birnbaum,
            "fussell_vesely": share,
        }


def predict(cloud: Cloud, *, years: int = YEARS, seed: int = 0) -> Iterator[Prediction]:
    """One for each user-visible service that the cloud offers."""
    for analysis in analyse(cloud):
        yield Prediction(analysis, cloud, years, seed)


def as_json(cloud: Cloud, found: Iterable[Prediction]) -> dict[str, Any]:
    """What is said of the whole cloud."""
    return {
        "cloud": cloud.name,
        "sla": cloud.sla,
        "services": [each.as_json() for each in found],
        "remarks": remarks(cloud),
    }
