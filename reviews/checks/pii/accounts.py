"""Bank accounts: digits near a bank's name or the word for account, and IBANs by their check."""

import re
from collections.abc import Iterator

from stdnum import iban

from reviews.checks.pii import context
from reviews.checks.pii.chains import Chain
from reviews.checks.pii.reading import Reading
from reviews.checks.pii.spans import Span

# No Indonesian bank issues fewer digits than ten, or more than sixteen.
_SHORTEST, _LONGEST = 10, 16
# Sixteen digits end before this many characters, three in each gap.
_FARTHEST = 64

_BANKS = (
    r"bca|(?<!secara )mandiri|bri|bni|bsi|btn|btpn|cimb(?: niaga)?|permata|danamon|maybank|ocbc"
    r"|panin|mega|bukopin|sinarmas|muamalat|uob|hsbc|dbs|jago|jenius|seabank|allo|bjb|bpd"
    r"|bank (?:dki|jatim|jateng|sumut|nagari|bali|kaltimtara|sulselbar)"
)
_ACCOUNT_WORD = re.compile(
    rf"\b(?:(?:no)?rek(?:ening|ber)?(?:nya|ku|mu)?|(?:bank )?accounts?(?: number| no)?|acc no|acct"
    rf"|a/c|transfer ke|virtual account|nomor va|no\.? va|{_BANKS})\b"
)
# From the check digits on: the letters before them are common, digits behind two letters are not.
_IBAN = re.compile(
    r"[0-9](?<=[a-z]{2}.)(?<![0-9a-z]...)[0-9](?:[ ]?[0-9a-z]{4}){2,7}(?:[ ]?[0-9a-z]{1,3})?"
    r"(?![0-9a-z])"
)


def accounts(reading: Reading, chain: Chain) -> Iterator[Span]:
    """Ten to sixteen digits in whole groups, near a word that says account or names a bank."""
    low, group, last = reading.low, 0, len(chain.starts)
    while group < last:
        start = chain.starts[group]
        if context.beside(_ACCOUNT_WORD, low, chain, start, start + _FARTHEST):
            end_group = chain.last_group(low, group, _SHORTEST, _LONGEST)
            if end_group is not None and _is_account(reading, start, chain.ends[end_group]):
                yield Span(start, chain.ends[end_group], "REKENING", 0.7)
                group = end_group
        group += 1


def _is_account(reading: Reading, start: int, end: int) -> bool:
    named = context.near(_ACCOUNT_WORD, reading.low, start, end)
    return named and not context.is_other_number(reading.low, start, end)


def ibans(reading: Reading) -> Iterator[Span]:
    """Accounts abroad, which prove themselves by their check digits."""
    for match in _IBAN.finditer(reading.low):
        start, end = match.start() - 2, match.end()
        if iban.is_valid(reading.low[start:end], check_country=False):
            yield Span(start, end, "REKENING", 0.95)
