"""Two small things a model may be asked beside the draft: what a question is about, and whether a passage says a claim.

Both are off unless a setting turns them on, and both can only narrow: the plan keeps its titles, people and filters,
and a judge can refuse a claim that the support check let pass, never save one. What fails is said and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rag.engines import disarm, prompts
from rag.engines.calls import Call, Model, Reply, object_in, object_schema
from rag.engines.prompts import Prompt
from rag.errors import Cancelled, EngineError
from rag.records import Plan, Reading, Usage
from rag.taxonomy import Aspect

_Said = TypeVar("_Said", bound=BaseModel)


class Adviser:
    """For one question: what its calls cost, and why one of them came to nothing, is kept here."""

    def __init__(
        self, model: Model, *, reads: bool, judges: bool, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        """Calls nobody."""
        self._model = model
        self._cancelled = cancelled
        self._plan = prompts.load("plan") if reads else None
        self._judge = prompts.load("judge") if judges else None
        self.usage = Usage()
        self.warnings: list[str] = []

    @property
    def identities(self) -> Mapping[str, str]:
        """The prompts in use, by what they are for."""
        used = {"plan": self._plan, "judge": self._judge}
        return {task: prompt.identity for task, prompt in used.items() if prompt is not None}

    def read(self, question: str, plan: Plan, aspects: Sequence[Aspect]) -> Reading | None:
        """What the model takes a question to be about; None where it was not asked or gave no valid answer.

        Raises BudgetExhausted and Cancelled.
        """
        if self._plan is None:
            return None
        said = self._asked(self._plan, "", plan_values(question, plan, aspects), plan_schema(aspects), _Plan)
        return None if said is None else Reading(said.focus or "", said.aspect, said.stance)

    def supports(self, claim: str, passages: Sequence[str]) -> bool | None:
        """Whether the model finds a claim in the passages; None where it was not asked or gave no valid answer.

        Raises BudgetExhausted and Cancelled.
        """
        if self._judge is None:
            return None
        tag = disarm.new_tag()
        said = self._asked(self._judge, tag, judge_values(claim, passages, tag), JUDGE_SCHEMA, _Judged)
        return None if said is None else said.supported

    def _asked(
        self, prompt: Prompt, tag: str, values: Mapping[str, Any], schema: Mapping[str, Any], form: type[_Said]
    ) -> _Said | None:
        settings = prompt.settings
        call = Call(prompt.render(**values), float(settings["temperature"]), int(settings["max_tokens"]), tag, schema)
        replies = self._model.complete([call], self._cancelled)
        if not replies:
            raise Cancelled("The question was cancelled.")
        (reply,) = replies
        if isinstance(reply, EngineError):
            self.usage += Usage(*reply.paid)
            self._warn(f"The model was not heard on the {prompt.name}: {reply.message}")
            return None
        if not isinstance(reply, Reply):
            raise reply
        self.usage += Usage(reply.prompt_tokens, reply.completion_tokens, reply.cost_usd)
        try:
            return form.model_validate_json(object_in(reply.text))
        except ValidationError:
            self._warn(f"The model’s reply on the {prompt.name} was not of the form asked for.")
            return None

    def _warn(self, said: str) -> None:
        if said not in self.warnings:
            self.warnings.append(said)


class _Plan(BaseModel):
    model_config = ConfigDict(extra="ignore")

    focus: str | None
    aspect: str | None
    stance: Literal["positive", "negative"] | None


class _Judged(BaseModel):
    model_config = ConfigDict(extra="ignore")

    supported: bool


JUDGE_SCHEMA = object_schema(supported={"type": "boolean"})


def plan_schema(aspects: Sequence[Aspect]) -> dict[str, Any]:
    """The JSON schema of a plan: the aspects that there are."""
    return object_schema(
        focus={"type": ["string", "null"]},
        aspect={"type": ["string", "null"], "enum": [*(aspect.id for aspect in aspects), None]},
        stance={"type": ["string", "null"], "enum": ["positive", "negative", None]},
    )


def plan_values(question: str, plan: Plan, aspects: Sequence[Aspect]) -> dict[str, Any]:
    """The variables of the prompt `plan`."""
    told = [{"id": aspect.id, "description": aspect.description} for aspect in aspects]
    return {"question": question, "aspects": told, "focus": plan.focus}


def judge_values(claim: str, passages: Sequence[str], tag: str) -> dict[str, Any]:
    """The variables of the prompt `judge`; claim and passages are disarmed."""
    return {"claim": disarm.view(claim), "passages": [disarm.view(passage) for passage in passages], "tag": tag}
