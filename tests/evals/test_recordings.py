"""Recordings: the same request has the same reply, whatever mark its reviews had; another request has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evals import recordings, scripted
from evals.recordings import RecordedModel, RecordingModel
from rag.engines.calls import Call, Reply
from rag.errors import EngineError, InputError

CALL = Call(
    (("system", "Answer."), ("user", "<reviews-aaaa>\n[S1] (Ana, The Post) Dull.\n</reviews-aaaa>")), 0.0, 100, "aaaa"
)
MARKED_ANEW = replace(
    CALL, messages=tuple((role, text.replace("aaaa", "bbbb")) for role, text in CALL.messages), tag="bbbb"
)


def never() -> bool:
    return False


def recorded(*calls: Call) -> RecordingModel:
    model = RecordingModel(scripted.good, "scripted", "scripted")
    for call in calls:
        list(model.stream(call, never))
    return model


def test_what_was_recorded_is_replied_to_the_same_request_whatever_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.jsonl"
    recordings.write(file, [*recorded(CALL).made.values()])
    model = RecordedModel(recordings.read(file), "record it")

    *pieces, reply = model.stream(MARKED_ANEW, never)

    assert isinstance(reply, Reply) and "".join(map(str, pieces)) == reply.text
    assert reply.text == "- Ana writes that Dull. [S1]\nEND"
    assert reply.prompt_tokens > 0 and reply.cost_usd is None and reply.is_whole
    assert model.complete([MARKED_ANEW], never) == [reply]
    assert model.identity == "scripted, recorded"


@pytest.mark.parametrize("other", [
    replace(CALL, messages=(("system", "Answer well."), CALL.messages[1])),
    replace(CALL, temperature=0.5), replace(CALL, attempt=2), replace(CALL, schema={"type": "object"}),
])  # fmt: skip
def test_another_request_has_no_recording_and_the_error_names_the_command(other: Call) -> None:
    model = RecordedModel(recorded(CALL).made, "pullquote eval record answers")

    with pytest.raises(EngineError) as error:
        list(model.stream(other, never))
    assert "pullquote eval record answers" in (error.value.hint or "")
    (failed,) = model.complete([other], never)
    assert isinstance(failed, EngineError)


def test_a_file_is_written_in_an_order_of_its_own_and_a_line_that_is_none_refused(tmp_path: Path) -> None:
    other = replace(CALL, temperature=0.5)
    file, same = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    recordings.write(file, [*recorded(CALL, other).made.values()])
    recordings.write(same, [*recorded(other, CALL).made.values()])
    assert file.read_bytes() == same.read_bytes() and b'"origin": "scripted"' in file.read_bytes()

    file.write_text(file.read_text() + '{"schema": "pullquote.recording/1"}\n')
    with pytest.raises(InputError, match="line 3"):
        recordings.read(file)
    assert recordings.read(tmp_path / "none.jsonl") == {}
