from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fournines.cli.options import CloudOption, JsonOption, SetOption

if TYPE_CHECKING:
    from fournines.cloud import Cloud
    from fournines.predict.prediction import Prediction


def predict(
    clouds: Annotated[
        list[str] | None,
        typer.Argument(help="Cloud file or name [default: $NINES_CLOUD or lab]; two are compared.", show_default=False),
    ] = None,
    cloud_option: CloudOption = None,
    changes: SetOption = None,
    service: Annotated[
        str | None,
        typer.Option("--service", "-s", help="Only this one, with what matters in it and what its figure depends on."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw what the figure of --service depends on into this file.")
    ] = None,
    years: Annotated[int, typer.Option("--years", min=1, max=10_000_000, help="To simulate.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the simulation.")] = 0,
    rates: Annotated[bool, typer.Option("--rates", help="Show the rates that it stands on, with sources.")] = False,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="SERVICE", help="Print its fault tree in the Open-PSA exchange format."),
    ] = None,
    open_psa: Annotated[
        list[Path] | None,
        typer.Option(
            "--open-psa",
            metavar="FILE",
            help="Solve a fault tree in that format instead; repeat for more files of it.",
        ),
    ] = None,
    limit_order: Annotated[
        int | None, typer.Option("--limit-order", min=1, help="Of --open-psa: cut sets of at most so many events.")
    ] = None,
    top: Annotated[str | None, typer.Option("--top", help="Of --open-psa: the gate, where there are several.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how many nines a design will hold, and why not more.

    Service by service; reads only the cloud file.
    With --set PATH=VALUE, or two clouds, it says what the difference makes.
    """
    from fournines.cli import garbage

    garbage.leave()
    if open_psa:
        _solve(open_psa, top, limit_order, as_json)
        return
    if top is not None or limit_order is not None:
        raise typer.BadParameter("only with --open-psa", param_hint="--top" if top is not None else "--limit-order")
    names = [*(clouds or []), *([cloud_option] if cloud_option else [])] or [None]
    if len(names) > 2 or (len(names) > 1 and changes):
        raise typer.BadParameter("one cloud, or two to compare; --set changes one", param_hint="CLOUDS")
    from fournines.cli.clouds import load_placed
    from fournines.predict import report

    width = min(shutil.get_terminal_size().columns, 120)
    designs = [load_placed(name)[0] for name in names]
    if changes:
        designs.append(load_placed(names[0], changes)[0])
    cloud = designs[-1]
    if rates:
        from fournines.predict.rates import rates as known

        if as_json:
            typer.echo(json.dumps([asdict(rate) for rate in known(cloud).values()], indent=1))
            return
        typer.echo("\n".join(report.rates_table(known(cloud).values(), width)))
        return
    if export is not None:
        _export(cloud, export)
        return
    found = [_predictions(design, service, years, seed) for design in designs]
    if svg is not None:
        _draw(found[-1], service, svg)
    if as_json:
        from fournines.predict.prediction import as_json as summary
        from fournines.predict.sensitivity import sensitivities

        told = summary(cloud, found[-1])
        if service is not None:
            told["services"][0]["sensitivities"] = [asdict(bar) for bar in sensitivities(found[-1][0])]
        if len(found) > 1:
            told["before"] = [each.as_json() for each in found[0]]
        typer.echo(json.dumps(told, indent=1))
        return
    lines = report.comparison(found[0], found[1]) if len(found) > 1 else report.table(found[0], cloud, width)
    if service is not None and len(found) == 1:
        lines += ["", *report.importance(found[0][0], width), "", *_depends(found[0][0], width)]
    typer.echo("\n".join(lines))


def _predictions(cloud: Cloud, service: str | None, years: int, seed: int) -> list[Prediction]:
    from fournines.predict.prediction import predict as predict_cloud

    found = list(predict_cloud(cloud, years=years, seed=seed))
    if service is None:
        return found
    _known(service, [each.name for each in found], cloud)
    return [each for each in found if each.name == service]


def _known(service: str, names: list[str], cloud: Cloud) -> None:
    from fournines.errors import NinesError
    from fournines.spec.problems import suggest

    if service not in names:
        raise NinesError(f"{cloud.name} offers no {service[:60]!r}{suggest(service, names)}")


def _depends(prediction: Prediction, width: int) -> list[str]:
    from fournines.predict import tornado
    from fournines.predict.sensitivity import sensitivities

    bars = sensitivities(prediction)
    head = f"minutes a year of {prediction.name}, from one end of each figure's range to the other:"
    return [head, *tornado.text(bars, prediction.downtime_s / 60, width)]


def _draw(found: list[Prediction], service: str | None, file: Path) -> None:
    from fournines.errors import NinesError
    from fournines.predict import tornado
    from fournines.predict.sensitivity import sensitivities

    if service is None:
        raise typer.BadParameter("of which service? name it with --service", param_hint="--svg")
    (prediction,) = found
    title = f"{prediction.analysis.visible.title} ({prediction.name})"
    picture = tornado.svg(sensitivities(prediction), prediction.downtime_s / 60, title)
    try:
        file.write_text(picture, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NinesError(f"cannot write {file}: {getattr(error, 'strerror', None) or error}") from None


def _export(cloud: Cloud, service: str) -> None:
    from fournines.availability import openpsa
    from fournines.predict.analysis import analyse

    found = {each.visible.name: each for each in analyse(cloud)}
    _known(service, list(found), cloud)
    typer.echo(openpsa.write(found[service].tree, name=f"{cloud.name}-{service}"), nl=False)


def _solve(files: list[Path], top: str | None, limit_order: int | None, as_json: bool) -> None:
    from fournines.availability import openpsa
    from fournines.availability.bdd import Bdd
    from fournines.availability.cut_sets import minimal
    from fournines.availability.nodes import TooManyNodesError
    from fournines.errors import NinesError

    tree = openpsa.read(files[0], *files[1:], top=top)
    try:
        bdd = Bdd.of(tree)
        sets = minimal(bdd, limit_order)
    except TooManyNodesError as error:
        raise NinesError(f"{files[0]}: too large to be solved exactly: {error}") from None
    by_order = {str(order): number for order, number in sorted(sets.by_order.items())}
    told = {"probability": bdd.probability(), "cut_sets": {"count": sets.count, "by_order": by_order}}
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{tree.top}: probability {told['probability']:.6g}, exactly; {len(tree.events)} basic events")
    typer.echo(
        f"{sets.count} minimal cut sets; by order: " + ", ".join(f"{order}: {n}" for order, n in by_order.items())
    )
    for found in sets.likeliest(10):
        typer.echo(f"  {found.probability:.4g}  {', '.join(found.events)}")
