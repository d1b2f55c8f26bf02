import subprocess
import sys

import pytest

import language


@pytest.mark.parametrize("name", language.__all__)
def test_every_exported_name_exists(name):
    assert getattr(language, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = language.nothing_here


def test_importing_the_package_does_not_import_spacy():
    program = "import sys, language; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
