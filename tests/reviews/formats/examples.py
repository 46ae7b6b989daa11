"""Examples that hypothesis makes, and the fields that each format can hold."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from reviews.formats import NAMES, Example, by_name

# Any text but NUL and surrogates, which no file may hold; the odd ones are tried often.
ODD = st.sampled_from(
    [
        "baris\nbaru",
        "satu\r\ndua\rtiga",
        'kata "kutip"',
        '"',
        "a\u2028b\u2029c\x85d",
        "\ufeffBOM",
        "💥é",
        "<&>",
        "\\n\\u0000",
        "\tx",
        " x ",
        "=1+1",
        "'=1+1",
        "''@x",
        "＝1",
        "-5",
        "a;b,c",
        "[1]",
        "null",
    ]
)
TEXTS = st.one_of(
    ODD, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
).filter(str.strip)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(-1e15, 1e15)
    # NUL in a value is written as an escape, and comes back.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False)


CALLS = st.builds(lambda name, held: _json({"name": name, "arguments": held}), TEXTS, OBJECTS)
TOOLS = st.lists(
    st.builds(lambda name, held: {"name": name, "parameters": held}, TEXTS, OBJECTS), max_size=2
).map(lambda tools: _json(tools) if tools else "")
# A call and its result, as many times as it takes: what both formats with tools can hold.
STEPS = st.lists(st.tuples(CALLS, TEXTS), max_size=2).map(
    lambda rounds: tuple(
        turn for call, result in rounds for turn in (("call", call), ("result", result))
    )
)
ROUNDS = st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(
    lambda rounds: tuple(
        turn for asked, said in rounds for turn in (("user", asked), ("assistant", said))
    )
)
USED = st.builds(
    lambda before, asked, steps, said: (*before, ("user", asked), *steps, ("assistant", said)),
    ROUNDS,
    TEXTS,
    STEPS,
    TEXTS,
)
FIELDS = {
    "system": st.just("") | TEXTS,
    "history": ROUNDS,
    "rejected": st.just("") | TEXTS,
    "steps": STEPS,
    "tools": TOOLS,
}
NEEDED = {"preference": "rejected", "gemini_preference": "rejected"}


def of(name: str) -> st.SearchStrategy[Example]:
    """Examples with whatever the format has a place for."""
    holds = by_name(name).HOLDS
    fields = {field: made for field, made in FIELDS.items() if field in holds}
    if "steps" in holds:
        fields["history"] = ROUNDS | USED
    if name in NEEDED:
        fields["rejected"] = TEXTS
    return st.builds(Example, input=TEXTS, output=TEXTS, **fields)


EVERY = [(name, of(name)) for name in NAMES]
