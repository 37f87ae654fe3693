"""Bytes → characters: which encoding a file is in, and its lines. Knows chardet, the detector.

UTF-8 is tried first and over the whole file, because no other encoding passes for it by accident. A UTF-8 file with a
few broken bytes stays UTF-8: the bytes become lone surrogates, and the rows that hold them are rejected one by one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import chardet

from rag.reviews.formats import limits
from rag.reviews.formats.rows import BrokenOffError, Opened, RefusedError

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people's exports are in. With the detector's Mac and mainframe families it mistakes cp1252 for MacLatin2.
_ERAS = chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO
# Which bytes of four are zero ("0"), are not ("x"), or may be ("?").
_WIDE = {"utf-32-le": "x?00", "utf-32-be": "00?x", "utf-16-le": "x0x0", "utf-16-be": "0x0x"}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_FOREIGN = re.compile(rb"[\x80-\xff]+")
_NEAR = 32
_MAX_CONTROLS = 0.02
_MIN_CONTROLS = 8
"""A short text may hold a few that a broken export left."""
_MOSTLY = 4
"""So many whole UTF-8 characters for one broken byte make a file damaged UTF-8 rather than another encoding."""
_ALPHABETS = re.compile(r"cp\d|iso8859|koi8|shift_jis|euc_|gb|big5|mac|tis")
"""What a page may say it is in; Python's codecs include transformations that are no alphabets."""
BINARY = "it is binary data, not text"


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes become characters. `note` says what was guessed."""

    name: str
    errors: str = "strict"
    note: str | None = None


def of_head(head: bytes) -> Encoding | None:
    """What a file's first bytes alone say of its encoding. Raises RefusedError for binary data."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, "surrogatepass" if name == "utf-16" else "strict")
    if b"\0" in head and (wide := _wide(head)):
        return Encoding(wide, "surrogatepass", f"read as {wide.upper()}, which its zero bytes show")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    few = 1 if b"\0" in head else _MIN_CONTROLS
    if controls > max(few, _MAX_CONTROLS * len(head)):
        raise RefusedError(BINARY)
    return None


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without its mark: nearly all zeros stand in the same places."""
    whole = head[: len(head) // 4 * 4]
    zeros = [whole[place::4].count(0) / max(1, len(whole) // 4) for place in range(4)]
    for name, pattern in _WIDE.items():
        if all(
            expected == "?" or ((zero > 0.5) if expected == "0" else (zero < 0.05))
            for zero, expected in zip(zeros, pattern, strict=True)
        ):
            return name
    return None


def of_file(path: Path, declared: str | None = None) -> Encoding:
    """The encoding of a whole text file. Raises RefusedError where it is binary or can't be told.

    `declared` is what a web page says of itself; it is believed where the bytes are not UTF-8.
    """
    with path.open("rb") as file:
        if announced := of_head(file.read(_SAMPLE)):
            return announced
        file.seek(0)
        whole, broken, sample = _count(file)
    if not broken:
        return Encoding("utf-8")
    if whole >= _MOSTLY * broken:
        note = f"{broken} of its bytes are not UTF-8, as the rest is; rows that hold one are rejected"
        return Encoding("utf-8", "surrogateescape", note)
    return _stated(declared, sample) or _guessed(sample)


def _foreign(chunk: bytes) -> bytes:
    """What is beyond ASCII in a chunk, with its neighbours: much English would drown a few foreign letters."""
    pieces: list[bytes] = []
    start = end = size = 0
    for run in _FOREIGN.finditer(chunk):
        if run.start() - end > 2 * _NEAR:
            pieces.append(chunk[start : end + _NEAR])
            size += len(pieces[-1])
            start = run.start() - _NEAR
        end = run.end()
        if size + end - start > _SAMPLE:
            break
    return b"\n".join([*pieces, chunk[start : end + _NEAR]])[:_SAMPLE]


def _stated(declared: str | None, sample: bytes) -> Encoding | None:
    """The encoding that a file declares, if it is one and fits."""
    try:
        name = codecs.lookup(declared or "").name
        if not _ALPHABETS.match(name):
            return None
        sample[:-4].decode(name)
    except (LookupError, ValueError):
        return None
    return Encoding(name, "surrogateescape", f"read as {name}, as it says of itself")


def _count(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Whole characters beyond ASCII, broken bytes, and what is beyond ASCII near the first broken one."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    whole = broken = 0
    sample = b""
    while chunk := file.read(_CHUNK):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        bad = len(text) - len(text.encode("utf-8", "ignore").decode("utf-8"))
        if bad and not broken:
            sample = _foreign(chunk)
        whole, broken = whole + beyond - bad, broken + bad
    return whole, broken + len(decoder.decode(b"", True)), sample


def _guessed(sample: bytes) -> Encoding:
    found = chardet.detect(sample, encoding_era=_ERAS, prefer_superset=True)["encoding"]
    try:
        name = codecs.lookup(found or "").name
    except LookupError:
        raise RefusedError("its encoding could not be told; save it as UTF-8 and add it again") from None
    return Encoding(name, "surrogateescape", f"it is not UTF-8; read as {name}, a guess by its letters")


def sample_text(head: bytes) -> str:
    """A file's first bytes as characters, near enough to see what it holds. Raises RefusedError for binary data."""
    known = of_head(head)
    return head.decode(known.name if known else "utf-8", "replace").lstrip("\ufeff")


def open_text(opened: Opened) -> IO[str]:
    """The characters of a file, its line ends as they are."""
    return opened.path.open(encoding=opened.encoding, errors=opened.errors, newline="")


def lines(file: IO[str]) -> Iterator[str]:
    """The lines of a file, none longer than MAX_RECORD. Raises BrokenOffError."""
    number = 0
    while line := file.readline(limits.MAX_RECORD + 1):
        number += 1
        if len(line) > limits.MAX_RECORD:
            raise BrokenOffError(number, f"a line is longer than {limits.MAX_RECORD:,} characters")
        yield line
