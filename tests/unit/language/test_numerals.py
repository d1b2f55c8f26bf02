from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.numerals import parse_number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("200", "200"), ("2,000", "2000"), ("1.5", "1.5"), ("1.5万", "15000"), ("3千", "3000"), ("2百万", "2000000"),
        ("十", "10"), ("十二", "12"), ("二十", "20"), ("三十一", "31"), ("两百", "200"), ("两百五", "250"),
        ("一百零五", "105"), ("三千", "3000"), ("一万二", "12000"), ("一万零二", "10002"), ("一万二千", "12000"),
        ("十万", "100000"), ("二〇二六", "2026"), ("〇", "0"), ("贰佰元", None), ("贰佰", "200"),
        ("一亿二千万", "120000000"), ("万", None), ("一百亿零三万", "10000030000"), ("", None), ("三点五", None), ("1" * 30, None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_citizens_write_them(written, number):
    assert parse_number(written) == (None if number is None else Decimal(number))


@given(st.text(st.sampled_from("零〇一二两三十百千万亿0123.,"), max_size=30))
def test_reading_never_raises(text):
    parse_number(text)
