"""What a check has to say about a text."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remark:
    """`kind` at text[start:end], in code points; 0 and 0 where the whole text is meant.

    `values` fill the sentence that is made elsewhere, in the reader's language.
    """

    kind: str
    start: int = 0
    end: int = 0
    values: dict[str, str] = field(default_factory=dict)
