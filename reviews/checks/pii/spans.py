"""What the detectors give."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data at text[start:end]; `kind` is the placeholder's name, confidence is 0 to 1."""

    start: int
    end: int
    kind: str
    confidence: float


KINDS = ("NIK", "NPWP", "PASPOR", "KITAS", "TELEPON", "EMAIL", "REKENING", "PLAT", "ALAMAT")
