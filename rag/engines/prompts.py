"""Prompt files → the exact messages that are sent, and what identifies them.

A file is `prompts/NAME.vN.md`: front matter (YAML), the system message, a line `=== user`, the user's message. Both are
Jinja templates, rendered in a sandbox in which an unknown variable is an error. Text of reviews is never part of a
template, only a value in one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rag.errors import InputError

Role = Literal["system", "user"]
Messages = tuple[tuple[Role, str], ...]

_FILE = re.compile(r"(?P<name>[a-z]+)\.v(?P<version>[1-9]\d*)\.md")
_USER = "\n=== user\n"
_JINJA = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, autoescape=False
)
CHARACTERS_A_TOKEN = 4
"""Of English, on the average; the true number is the server's, and known after a call."""


@dataclass(frozen=True)
class Prompt:
    """One version of a prompt."""

    name: str
    version: int
    purpose: str
    variables: tuple[str, ...]
    form: Literal["lines", "json"]
    """What an answer has to look like."""
    settings: Mapping[str, float | int]
    """`temperature` and `max_tokens` of a call."""
    system: str
    user: str
    digest: str
    """SHA-256 of the file."""

    @property
    def identity(self) -> str:
        """What is stamped on every result: `answer.v1@sha256:0123456789ab`."""
        return f"{self.name}.v{self.version}@sha256:{self.digest[:12]}"

    def render(self, **values: Any) -> Messages:
        """The messages. Raises ValueError where the values are not those that the prompt declares."""
        if set(values) != set(self.variables):
            raise ValueError(f"{self.name} needs {', '.join(self.variables)}")
        return (
            ("system", _JINJA.from_string(self.system).render(values)),
            ("user", _JINJA.from_string(self.user).render(values)),
        )


@cache
def every() -> tuple[Prompt, ...]:
    """Every version of every prompt, by name and version."""
    found = sorted(_read(), key=lambda prompt: (prompt.name, prompt.version))
    return tuple(found)


def load(name: str) -> Prompt:
    """The newest version of a prompt, or the one that is named: `answer` or `answer.v1`. Raises InputError."""
    known = [prompt for prompt in every() if name in (prompt.name, f"{prompt.name}.v{prompt.version}")]
    if not known:
        names = ", ".join(f"{prompt.name}.v{prompt.version}" for prompt in every())
        raise InputError(f"There is no prompt {name!r}.", f"The prompts are {names}.")
    return known[-1]


def changed() -> list[str]:
    """Prompt files that are not as `prompts.lock` says: changed after their release, or not in it yet."""
    lines = (resources.files("prompts") / "prompts.lock").read_text("utf-8").splitlines()
    released = dict(line.split() for line in lines)
    found = {f"{prompt.name}.v{prompt.version}.md": prompt.digest for prompt in every()}
    return sorted(name for name in released.keys() | found.keys() if released.get(name) != found.get(name))


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def _read() -> Iterator[Prompt]:
    for file in resources.files("prompts").iterdir():
        named = _FILE.fullmatch(file.name)
        if named:
            yield _parsed(named["name"], int(named["version"]), file.read_bytes())


def _parsed(name: str, version: int, content: bytes) -> Prompt:
    _, front, body = content.decode().split("---\n", 2)
    given = yaml.safe_load(front)
    system, user = body.split(_USER)
    return Prompt(
        name,
        version,
        given["purpose"],
        tuple(given["variables"]),
        given["form"],
        given["settings"],
        system.strip(),
        user.strip(),
        hashlib.sha256(content).hexdigest(),
    )
