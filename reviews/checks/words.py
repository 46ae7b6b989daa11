"""The words of a text and where they stand, without what is not the writer's own voice."""

import re
from dataclasses import dataclass
from functools import lru_cache

_CODE = re.compile(r"```.{0,20000}?```|`[^`\n]{1,200}`", re.DOTALL)
# Quoted words, code, addresses of the web and of mail, handles and tags: others' words, or none.
_FOREIGN = re.compile(
    _CODE.pattern + r"|\"[^\"\n]{1,200}\"|“[^“”\n]{1,200}”|«[^«»\n]{1,200}»|‘[^‘’\n]{1,200}’"
    r"|\b(?:https?://|www\.)[^\s)\]>]{1,500}|[@#]\w+"
    r"|(?<![\w.-])[\w-]{1,40}(?:\.[\w-]{1,40}){0,4}\.(?:com|org|net|id|io|co|gov|edu)\b(?:/[^\s)\]>]{0,500})?"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{2,64}",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ENDS = re.compile(r"[.!?:;]\s|\n")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written at text[start:end], `low` in small letters.

    `opens` where it is the first of a sentence or line.
    """

    text: str
    low: str
    start: int
    end: int
    opens: bool


@lru_cache(maxsize=8)
def own(text: str) -> str:
    """Return the text with blanks in place of quotes, code and addresses; the length stays."""
    return _FOREIGN.sub(lambda match: " " * len(match[0]), text)


def without_code(text: str) -> str:
    """Return the text with blanks in place of code; the length stays."""
    return _CODE.sub(lambda match: " " * len(match[0]), text)


@lru_cache(maxsize=8)
def read(text: str) -> tuple[Word, ...]:
    """Return the writer's own words, in order."""
    plain = own(text)
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(plain):
        opens = not found or _ENDS.search(plain, end, match.start()) is not None
        found.append(Word(match[0], match[0].lower(), *match.span(), opens))
        end = match.end()
    return tuple(found)


def sentences(text: str) -> list[list[Word]]:
    """Return the writer's own words by sentence or line."""
    found: list[list[Word]] = []
    for word in read(text):
        if word.opens:
            found.append([])
        found[-1].append(word)
    return found
