"""Tell a text that holds no personal data, cheaply: nearly all texts are such.

Every log record passes here, so each line was measured. `may_hold` says yes too often, never too
seldom; a test holds it against the detectors without it.
"""

import re
import string

from reviews.checks.pii import context
from reviews.checks.pii.reading import blanked, has_any, hides, plain

# A text's shape: small letters, # for a digit, and without what stands between the groups of a
# number. There a long number is a plain search for a run of #, and no pattern is as fast as that.
_GAPS = b" \t\r\n./()_-"
_SHAPE = bytes.maketrans(
    (string.ascii_uppercase + string.digits).encode(), (string.ascii_lowercase + "#" * 10).encode()
)
# One digit more than a date has. The kinds with fewer have letters as well, or a word by them.
_LONG = "#" * 9
# Six digits in a row ask for these: passports, permits to stay.
_SHORT = "#" * 6
_PAPERS = ("spor", "ita", "tinggal", "permit")
# One digit asks for these: neighbourhoods, streets and estates, plates. Any of them may be glued
# to what stands before it.
_PLACES = ("rt#", "rtrw", "jl", "jalan", "blok", "gang", "gg", "komp", "perum", "apart")
_PLATES = ("plat", "pelat", "pol", "mobil", "motor", "kendara", "tnk", "bpkb")
# An address behind its name needs no digit.
_WITHOUT = ("alamat", "domisili")
_WITH_A_DIGIT = _PLACES + _PLATES + _WITHOUT
# "budi (at) contoh.co.id"
_HIDDEN_AT = ("at)", "at]", "AT)", "AT]")

# The value of a key or an item of a list. A NIK has sixteen digits, so those stay.
_JSON_NUMBER = re.compile(
    r"[:,\[] ?-?(?:(?:0|[1-9][0-9]{0,2})\.[0-9]{5,}|(?P<whole>[0-9]{10}|[0-9]{13}|[0-9]{19}))"
    r"(?=[,}\]])"
)


def may_hold(text: str) -> bool:
    """Whether the detectors should look at `text`."""
    if hides(text):
        text = plain(text)
    if "@" in text or "%40" in text:
        return True
    if "\\" in text:
        text = text.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ")
    if ("(" in text or "[" in text) and has_any(text, _HIDDEN_AT):
        return True
    shape = _shape(text)
    if _LONG in shape:
        shape = _shape(_without_machine_numbers(text))
    return _LONG in shape or _says_so(shape)


def _shape(text: str) -> str:
    return text.encode(errors="replace").translate(_SHAPE, _GAPS).decode(errors="replace")


def _without_machine_numbers(text: str) -> str:
    """Return `text` without UUIDs and without JSON's fractions, times and ids."""
    return _JSON_NUMBER.sub(_unless_human, blanked(text))


def _unless_human(match: re.Match[str]) -> str:
    if match["whole"] and not context.before(
        context.KEY_BEFORE, match.string, match.start("whole")
    ):
        return match[0]
    return ""


def _says_so(shape: str) -> bool:
    if "#" not in shape:
        return has_any(shape, _WITHOUT)
    if has_any(shape, _WITH_A_DIGIT):
        return True
    return (_SHORT in shape and has_any(shape, _PAPERS)) or _has_kitas(shape)


def _has_kitas(shape: str) -> bool:
    """Whether a KITAS number's second letter and what follows are there: 2C11JE1234."""
    for letter in ("#c##", "#d##"):
        at = shape.find(letter)
        while at >= 0:
            if shape.startswith("####", at + 6):
                return True
            at = shape.find(letter, at + 1)
    return False
