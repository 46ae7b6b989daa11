"""Values that can both be right, and values that do not compare; the same both ways round."""

import pytest

from reviews.checks import values
from reviews.checks.facts import Fact

# kind, one value, another, whether they agree, whether they compare
TABLE = [
    ("amount", "IDR 10000000000", "IDR 10000000000", True, True),
    ("amount", "IDR 5000000..10000000", "IDR 7500000", True, True),
    ("amount", "IDR 5000000..10000000", "IDR 10000001", False, True),
    ("amount", "USD 350", "IDR 5500000", False, False),
    ("duration", "12 month", "1 year", True, True),
    ("duration", "11 month", "1 year", False, True),
    ("duration", "1 month", "30 day", True, True),
    ("duration", "6 month", "183 day", True, True),
    ("duration", "6 month", "184 day", False, True),
    ("duration", "365 day", "1 year", True, True),
    ("duration", "1.5 month", "45 day", True, True),
    ("duration", "1 week", "7 day", True, True),
    ("duration", "24 hour", "1 day", True, True),
    ("duration", "5 workday", "1 week", True, True),
    ("duration", "14 workday", "14 day", False, True),
    ("duration", "14 workday", "18..20 day", True, True),
    ("duration", "2x30 day", "60 day", True, True),
    ("duration", "2x30 day", "30 day", True, True),
    ("duration", "2x30 day", "2x60 day", False, True),
    ("duration", "3x24 hour", "3 day", True, True),
    ("duration", "3x24 hour", "24 hour", False, True),
    ("percentage", "11 %", "10..15 %", True, True),
    ("percentage", "0.5 %", "5 %", False, True),
    ("citation", "UU 25/2007", "pasal 33 ayat 1 UU 25/2007", True, True),
    ("citation", "pasal 33", "pasal 33 ayat 1 UU 25/2007", True, True),
    ("citation", "pasal 33 ayat 2", "pasal 33 ayat 1 UU 25/2007", False, True),
    ("citation", "pasal 5 UU Cipta Kerja", "pasal 5 UU 6/2023", True, True),
    ("citation", "UU 25/2007", "UU 40/2007", False, True),
    ("citation", "UU 6/2011", "Permenkumham 22/2023", False, False),
    ("citation", "pasal 1320 KUHPerdata", "pasal 1320 KUHP", False, True),
    ("citation", "PPh pasal 21", "PPh pasal 23", False, True),
    ("citation", "PPh pasal 21", "pasal 21", True, True),
    ("citation", "PPh pasal 21", "UU 7/2021", False, False),
]


@pytest.mark.parametrize(("kind", "one", "other", "agree", "comparable"), TABLE)
def test_values(kind, one, other, agree, comparable):
    facts = Fact(kind, one, 0, 1), Fact(kind, other, 0, 1)
    assert [values.agree(*facts), values.agree(*facts[::-1])] == [agree] * 2
    assert [values.comparable(*facts), values.comparable(*facts[::-1])] == [comparable] * 2
