"""A cloud file -> Spec, or one SpecError with every problem there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from fournines.spec.checks import check
from fournines.spec.compose import compose
from fournines.spec.document import Mapping, plain
from fournines.spec.edits import Edit, apply, early, parse
from fournines.spec.explain import explain
from fournines.spec.model import Spec, json_schema
from fournines.spec.problems import Problem, Problems, spec_error
from fournines.spec.ranges import expand
from fournines.spec.tokens import read, tokens

FurtherChecks = Callable[[Mapping], Iterable[Problem]]
"""Looks at the document, its ranges expanded, for what the spec alone cannot know, such as services."""


_schema = cache(json_schema)


def load_spec(path: Path, further: FurtherChecks | None = None, changes: Sequence[str] = ()) -> Spec:
    """Read a cloud file, with these `changes` (see `edits`).

    Raises SpecError whose message has one `file:line:column: text` line for each problem, whatever the file holds.
    """
    try:
        return _load(path, further, parse(changes))
    except Problems as problems:
        raise spec_error(path, problems.problems) from None


def _load(path: Path, further: FurtherChecks | None, changes: Sequence[Edit]) -> Spec:
    root, problems = compose(tokens(read(path)))
    at_once = [edit for edit in changes if early(root, edit)]
    try:
        root, wrong_ranges = expand(apply(root, at_once))
        root = apply(root, [edit for edit in changes if edit not in at_once])
    except Problems as fatal:
        raise Problems([*problems, *fatal.problems]) from None
    problems += wrong_ranges
    spec, invalid = None, list[Problem]()
    try:
        spec = Spec.model_validate(plain(root))
    except ValidationError as error:
        invalid = list(explain(error, root, _schema()))
    further_problems = [*check(root), *(further(root) if further else ())]
    # What a bad range would have become is not worth a second complaint.
    bad = {problem.mark for problem in wrong_ranges}
    problems += [problem for problem in (*invalid, *further_problems) if problem.mark not in bad]
    if problems or spec is None:
        raise Problems(problems)
    return spec
