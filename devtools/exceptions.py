"""The accepted findings of the static checks, with their reasons: `exceptions.toml`."""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FILE = Path(__file__).with_suffix(".toml")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class TemplateException(BaseModel):
    """A finding in the template, and why it is accepted.

    Attributes:
        check: The check's id.
        resources: Patterns of the resources that it concerns, such as `AWS::SQS::Queue.*`.
        reason: Why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    check: Text
    resources: Annotated[tuple[Text, ...], Field(min_length=1)]
    reason: Text

    def fits(self, check: str, resource: str) -> bool:
        """Return whether it covers a finding."""
        return check == self.check and any(fnmatchcase(resource, pattern) for pattern in self.resources)


class DependencyException(BaseModel):
    """A known vulnerability of a package, why it does not matter here, and when to look again.

    Attributes:
        vulnerability: The id of the advisory.
        package: The package's name.
        expires: The first day on which the exception is no longer valid.
        reason: Why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    vulnerability: Text
    package: Text
    expires: date
    reason: Text


class Exceptions(BaseModel):
    """All exceptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    template: tuple[TemplateException, ...] = ()
    dependency: tuple[DependencyException, ...] = ()


def exceptions() -> Exceptions:
    """Return the exceptions of this project.

    Raises:
        ValidationError: The file is invalid.
    """
    return Exceptions.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def faults_of_template(found: Iterable[tuple[str, str, str]], excepted: Iterable[TemplateException]) -> Iterator[str]:
    """Yield a sentence for each finding without an exception, and for each exception without a finding.

    Args:
        found: The check's id, the resource, and what is wrong with it.
        excepted: The exceptions.
    """
    known, excepted = list(found), tuple(excepted)
    for check, resource, wrong in sorted(known):
        if not any(it.fits(check, resource) for it in excepted):
            yield f"{check} at {resource}: {wrong}."
    for it in excepted:
        for pattern in it.resources:
            if not any(check == it.check and fnmatchcase(resource, pattern) for check, resource, _ in known):
                yield f"{it.check} no longer finds anything at {pattern}: remove it from {FILE.name}."


def faults_of_dependencies(
    found: Iterable[tuple[str, str, frozenset[str]]], excepted: Iterable[DependencyException], today: date
) -> Iterator[str]:
    """Yield a sentence for each vulnerability without a valid exception, and for each exception without one.

    Args:
        found: The package, its version, and all ids of the vulnerability.
        excepted: The exceptions.
        today: The present day.
    """
    known, excepted = list(found), tuple(excepted)
    for package, version, ids in sorted(known, key=lambda it: (it[0], sorted(it[2]))):
        fitting = [it for it in excepted if it.package == package and it.vulnerability in ids]
        if not any(today < it.expires for it in fitting):
            until = f" The exception for it expired on {fitting[0].expires}." if fitting else ""
            yield f"{package} {version} has {', '.join(sorted(ids))}.{until} Run `make requirements`."
    for it in excepted:
        if not any(it.package == package and it.vulnerability in ids for package, _, ids in known):
            yield f"{it.package} no longer has {it.vulnerability}: remove it from {FILE.name}."
