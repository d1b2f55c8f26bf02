import csv
import io

import pytest

from qinwen.tables import to_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"])
def test_a_text_that_a_spreadsheet_would_run_is_marked_as_text(text):
    assert next(csv.reader(io.StringIO(to_csv([[text]]).decode("utf-8-sig"))))[0] == f"'{text}"


def test_numbers_and_other_words_stay_as_they_are():
    shown = to_csv([["名称", -3, 0.5, "", "a=b", "有,逗号"]])
    assert shown.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(shown.decode("utf-8-sig")))) == [["名称", "-3", "0.5", "", "a=b", "有,逗号"]]
