"""The engine that writes with a model. It proposes: ids instead of quotes, slots instead of numbers.

Reviews go to the model as numbered sentences in a block with a mark that is drawn anew for each call; what comes back
is parsed line by line, or against a JSON schema that lists the ids. Nothing of it is believed here or shown from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag import taxonomy
from rag.engines import disarm, prompts, protocol
from rag.engines.base import AnswerRequest, CodingRequest, StatementRequest, Task
from rag.engines.calls import Call, Model, Reply, object_in, object_schema
from rag.engines.prompts import Prompt
from rag.errors import BudgetExhausted, Cancelled, EngineError, InputError, PullquoteError
from rag.findings import DraftSentence, DraftStatement, Finding
from rag.records import (
    BadLine,
    DraftClaim,
    DraftEnd,
    DraftOpinion,
    DraftOpinions,
    Dropped,
    Evidence,
    Stance,
    Unit,
    Usage,
)
from rag.taxonomy import OTHER, OVERALL, Taxonomy

NAME = "chat@1"
UNITS_A_CALL = 20
MOST_FAULTS = 10
"""So many refused lines are sent back to be mended."""
_QUOTES_A_SIDE = 2


class ChatEngine:
    """An `Engine` behind a `ChatModel`."""

    def __init__(self, model: Model, chosen: Mapping[str, str] = MappingProxyType({})) -> None:
        """Calls nobody. `chosen` names a version of a prompt, `{"answer": "answer.v1"}`; else the newest is taken.

        Raises InputError for a prompt that there is not.
        """
        self.client = model
        self._prompts = {task: prompts.load(chosen.get(task, task)) for task in ("answer", "code", "statement")}

    @property
    def model(self) -> str:
        """Model and host."""
        return self.client.identity

    def prompt(self, task: Task) -> str:
        """Name, version and digest."""
        return self._prompts[task].identity

    def identity(self, task: Task) -> str:
        """Engine, model and prompt."""
        return f"{NAME}/{self.model}/{self.prompt(task)}"

    def reads(self, embedder: str) -> bool:
        """It reads words, whoever made the vectors."""
        return True

    def probe(self) -> str:
        """One tiny call; what the model and its server can do, in a sentence. Raises EngineError."""
        can = self.client.probe()
        told = [
            "streams" if can.streams else "does not stream: answers come at once",
            "keeps to a JSON schema" if can.keeps_schema else "knows no JSON schema: coding is asked for in words",
            f"reads {can.context:,} tokens" if can.context else "does not say how much it reads",
        ]
        return f"{self.model} answers; {', '.join(told)}. Questions and the sentences found for them are sent there"

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    # ── answers ──────────────────────────────────────────────────────────────────────────────────

    def draft_answer(
        self, request: AnswerRequest, faults: Sequence[Dropped] = ()
    ) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        """A claim as soon as its line is complete. Raises EngineError, BudgetExhausted, InputError."""
        tag = disarm.new_tag()
        call = _call(self._prompts["answer"], tag, answer_values(request, tag, faults))
        lines, ended, of_use, reply = protocol.Lines(), False, False, None
        for piece in self.client.stream(call, request.cancelled):
            if isinstance(piece, Reply):
                reply = piece
                continue
            for line in lines.feed(piece):
                found = protocol.claim(line, tag)
                ended = ended or isinstance(found, protocol.End)
                of_use = of_use or not isinstance(found, BadLine)
                if not isinstance(found, protocol.End) and not ended:
                    yield found
            if lines.too_many:
                yield DraftEnd(complete=False, warnings=("The model did not come to an end, and was stopped.",))
                return
        if reply is None:  # cancelled
            yield DraftEnd(complete=False)
            return
        rest = [] if ended else [protocol.claim(line, tag) for line in lines.close()]
        if not of_use and all(isinstance(found, BadLine) for found in rest):
            self.client.forget(call)
        ended = ended or any(isinstance(found, protocol.End) for found in rest)
        # Of a reply that was cut off, the last line may be half a sentence.
        yield from (found for found in rest if not isinstance(found, protocol.End) and reply.is_whole)
        yield DraftEnd(ended or reply.is_whole, tuple(_warnings(reply, ended=ended)), _usage(reply))

    # ── statements ───────────────────────────────────────────────────────────────────────────────

    def draft_statement(self, request: StatementRequest) -> DraftStatement:
        """Sentences that end with the ids of findings. Raises EngineError, BudgetExhausted, InputError."""
        findings = [*request.findings, *([request.overall] if request.overall else [])]
        if not findings:
            return DraftStatement(())
        tag = disarm.new_tag()
        call = _call(self._prompts["statement"], tag, statement_values(request.title, findings, tag))
        (reply,) = self.client.complete([call], lambda: False)
        if isinstance(reply, PullquoteError):
            raise reply
        sentences, faults = [], []
        # Of a reply that was cut off, the last line may be half a sentence.
        lines = reply.text.splitlines()[: None if reply.is_whole else -1]
        for line in filter(str.strip, lines):
            found = protocol.parse(line, tag)
            if isinstance(found, protocol.End):
                break
            if isinstance(found, BadLine):
                faults.append(Dropped(found.text, found.why))
            else:
                sentences.append(DraftSentence(found.text, found.ids))
        if not sentences:
            self.client.forget(call)
        return DraftStatement(tuple(sentences), tuple(faults), tuple(_warnings(reply, ended=True)), _usage(reply))

    # ── coding ───────────────────────────────────────────────────────────────────────────────────

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        """Batches of units under a JSON schema that lists their ids; what was left out is asked for once more.

        Raises EngineError, BudgetExhausted, InputError: what was paid for until then is in the cache.
        """
        aspects = request.taxonomy
        read: dict[str, Sequence[DraftOpinion]] = {}
        usage = Usage()
        for attempt in (1, 2):
            missing = [unit for unit in request.units if unit.id not in read]
            if not missing:
                break
            batches = _batches(missing)
            calls = [replace(self._coding_call(batch, aspects), attempt=attempt) for batch in batches]
            replies = self.client.complete(calls, request.cancelled)
            _raise_first(replies)
            if len(replies) < len(batches):
                raise Cancelled("The coding was cancelled.", "What was read is kept; the same command goes on.")
            for batch, call, reply in zip(batches, calls, replies, strict=True):
                assert isinstance(reply, Reply)
                usage += _usage(reply)
                found = _opinions(reply.text, batch, aspects)
                if len(found) < len(batch):
                    self.client.forget(call)
                read |= found
        failed = {unit.id: "the model gave no valid answer" for unit in request.units if unit.id not in read}
        opinions = tuple(one for unit in request.units for one in read.get(unit.id, ()))
        return DraftOpinions(opinions, failed, usage=usage)

    def coding_cost(self, request: CodingRequest) -> tuple[int, int, float | None]:
        """About how many tokens coding would send and at most get back, and dollars; None without a price."""
        calls = [self._coding_call(batch, request.taxonomy) for batch in _batches(request.units)]
        sent = sum(call.tokens for call in calls)
        # Measured on our prompt's form: an entry without an opinion has 12 tokens, one with an opinion 45.
        back = 30 * len(request.units)
        price = self.client.price
        return sent, back, price.cost(sent, back) if price else None

    def _coding_call(self, units: Sequence[Unit], aspects: Taxonomy) -> Call:
        tag = disarm.new_tag()
        values = coding_values(units, aspects, tag)
        return _call(self._prompts["code"], tag, values, coding_schema(len(units), aspects))


def _batches(units: Sequence[Unit]) -> list[Sequence[Unit]]:
    return [units[first : first + UNITS_A_CALL] for first in range(0, len(units), UNITS_A_CALL)]


def _call(prompt: Prompt, tag: str, values: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Call:
    settings = prompt.settings
    return Call(prompt.render(**values), float(settings["temperature"]), int(settings["max_tokens"]), tag, schema)


def _usage(reply: Reply) -> Usage:
    return Usage(reply.prompt_tokens, reply.completion_tokens, reply.cost_usd)


def _warnings(reply: Reply, *, ended: bool) -> Iterator[str]:
    if reply.finish == "length":
        yield "The model's answer was cut off at its greatest length."
    elif not ended:
        yield "The model did not say that it had come to an end."
    if reply.estimated:
        yield "The server did not say how many tokens it read and wrote; they are estimated."


def _raise_first(replies: Sequence[Reply | PullquoteError]) -> None:
    """A limit before anything else: it says what to do."""
    errors = [reply for reply in replies if isinstance(reply, PullquoteError)]
    for kind in (BudgetExhausted, InputError, EngineError, PullquoteError):
        for error in errors:
            if isinstance(error, kind):
                raise error


# ── what a prompt gets to see ────────────────────────────────────────────────────────────────────


def answer_values(request: AnswerRequest, tag: str, faults: Sequence[Dropped] = ()) -> dict[str, Any]:
    """The variables of the prompt `answer`; everything from reviews is disarmed."""
    several = len({item.title for item in request.evidence}) > 1
    return {
        "question": request.question,
        "asked": _asked(request),
        "tag": tag,
        "evidence": [
            {"id": item.id, "who": _who(item, several=several), "text": disarm.view(item.text)}
            for item in request.evidence
        ],
        "faults": [{"text": disarm.view(one.text), "why": one.why} for one in faults[:MOST_FAULTS]],
    }


def _asked(request: AnswerRequest) -> str:
    side = {"positive": "what is praised", "negative": "what is criticised"}.get(request.plan.stance or "", "")
    return "; ".join(filter(None, (request.plan.focus, side)))


def _who(item: Evidence, *, several: bool) -> str:
    signed = ", ".join(filter(None, (item.critic, item.outlet))) or "unsigned"
    return disarm.view(f"{signed}, on {item.title}" if several else signed)


def statement_values(title: str, findings: Sequence[Finding], tag: str) -> dict[str, Any]:
    """The variables of the prompt `statement`."""
    told = [
        {
            "id": finding.id,
            "name": disarm.view(finding.name),
            "verdict": finding.verdict,
            "quotes": [
                disarm.view(quote.quote)
                for side in (finding.praised, finding.criticised)
                for quote in side[:_QUOTES_A_SIDE]
            ],
        }
        for finding in findings
    ]
    return {"title": disarm.view(title), "findings": told, "tag": tag}


def coding_values(units: Sequence[Unit], aspects: Taxonomy, tag: str) -> dict[str, Any]:
    """The variables of the prompt `code`. Units have the names U1, U2, … there."""
    opens = [False, *(before.review_id != unit.review_id for before, unit in pairwise(units))][: len(units)]
    return {
        "kind": aspects.kind,
        "aspects": [{"id": aspect.id, "description": aspect.description} for aspect in aspects.aspects],
        "severities": [{"id": one.id, "description": one.description} for one in taxonomy.severities()],
        "units": [
            {"id": f"U{number}", "text": disarm.view(unit.text), "opens": opened}
            for number, (unit, opened) in enumerate(zip(units, opens, strict=True), 1)
        ],
        "tag": tag,
    }


# ── opinions as JSON ─────────────────────────────────────────────────────────────────────────────


class _Opinion(BaseModel):
    model_config = ConfigDict(extra="ignore")

    aspect: str
    stance: Stance
    score: float = Field(ge=-1, le=1, allow_inf_nan=False)
    certainty: float = Field(ge=0, le=1, allow_inf_nan=False)
    severity: str | None = None


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    opinions: list[_Opinion] = Field(max_length=6)


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore")

    units: list[dict[str, Any]]


def coding_schema(units: int, aspects: Taxonomy) -> dict[str, Any]:
    """The JSON schema of the reply: the ids, aspects and categories that there are, and nothing else."""
    names = [*(aspect.id for aspect in aspects.aspects), OVERALL, OTHER]
    opinion = object_schema(
        aspect={"type": "string", "enum": names},
        stance={"type": "string", "enum": ["positive", "negative", "mixed", "neutral"]},
        score={"type": "number"},
        certainty={"type": "number"},
        severity={"type": ["string", "null"], "enum": [*(one.id for one in taxonomy.severities()), None]},
    )
    ids = [f"U{number}" for number in range(1, units + 1)]
    read = object_schema(id={"type": "string", "enum": ids}, opinions={"type": "array", "items": opinion})
    return object_schema(units={"type": "array", "items": read})


def _opinions(text: str, units: Sequence[Unit], aspects: Taxonomy) -> dict[str, Sequence[DraftOpinion]]:
    """By unit, what is valid in a reply. What is no unit's, or breaks the schema, is left out."""
    named = {f"U{number}": unit.id for number, unit in enumerate(units, 1)}
    found: dict[str, Sequence[DraftOpinion]] = {}
    try:
        entries = _Reply.model_validate_json(object_in(text)).units
    except ValidationError:
        return found
    for entry in entries:
        try:
            one = _Read.model_validate(entry)
        except ValidationError:
            continue
        if one.id in named:
            found.setdefault(named[one.id], [_drafted(named[one.id], opinion, aspects) for opinion in one.opinions])
    return found


def _drafted(unit: str, said: _Opinion, aspects: Taxonomy) -> DraftOpinion:
    """An opinion whose parts agree with each other: the score is of the side that the stance says."""
    known = said.aspect in (OVERALL, OTHER) or aspects.aspect(said.aspect) is not None
    severe = said.severity if said.severity in {one.id for one in taxonomy.severities()} else None
    size = abs(said.score)
    sign: dict[Stance, float] = {"positive": size, "negative": -size, "mixed": said.score, "neutral": 0.0}
    return DraftOpinion(unit, said.aspect if known else OTHER, said.stance, sign[said.stance], said.certainty, severe)
