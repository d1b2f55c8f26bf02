import pytest

from language.data_files import read_data


@pytest.mark.parametrize("name", ["case_numbers", "documents", "regions", "safety"])
def test_every_data_file_is_a_mapping(name):
    assert isinstance(read_data(name), dict)


def test_a_missing_file_is_reported():
    with pytest.raises(OSError, match="nothing_here"):
        read_data("nothing_here")
