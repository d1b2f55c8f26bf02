"""The editor's form gives back what it was given: what nobody touched is not changed."""

import json

import pytest

from knowledge_base import EntryInvalid, compare, plain
from knowledge_base.content import read_body as read_content
from knowledge_base.seeding import read_general_faqs, read_seeds
from web.console.knowledge.fields import Field, change_list, read_body, sections_of


def submitted(sections):  # noqa: C901
    """Give what a browser sends for a form that nobody touched."""
    sent = {}

    def take(field: Field):
        if field.kind == "list":
            for number, thing in enumerate(field.things):
                sent[f"{field.name}.{number}.__here"] = "1"
                for inner in thing:
                    take(inner)
        elif field.kind == "group":
            for inner in field.fields:
                take(inner)
        elif field.kind != "check" or field.value:
            chosen = field.value
            if field.kind == "select" and not chosen:
                chosen = field.choices[0][0]
            sent[field.name] = chosen.replace("\n", "\r\n")

    for section in sections:
        for field in section.fields:
            take(field)
    return sent


def seeds():
    every = list(read_seeds())
    yield from (("item", seed.item) for seed in every)
    yield from (("guide", guide) for seed in every for guide in seed.guides[:2])
    yield from (("faq", faq) for seed in every for faq in seed.faqs)
    yield from (("faq", faq) for faq in read_general_faqs())


def test_sample_content_goes_through_the_form_unchanged():
    for kind, content in seeds():
        body = json.loads(json.dumps(plain(content)))
        back = read_body(kind, body, submitted(sections_of(kind, body)))
        assert read_content(kind, back, "表单") == content
        assert compare(kind, body, back) == []


def test_what_is_wrong_is_kept_as_it_was_typed():
    body = {"item": "passport", "region": "610000", "facets": {}}
    sent = {"facets.duration.text": "七天", "facets.duration.promised.days": "七", "facets.duration.promised.unit": "工作日"}
    back = read_body("guide", body, sent)
    assert back["facets"] == {"duration": {"text": "七天", "promised": {"days": "七"}}}
    with pytest.raises(EntryInvalid, match="承诺时限（promised）数字（days）：要填整数"):
        read_content("guide", back, "草稿")
    again = {field.name: field for field in sections_of("guide", back)[7].fields}
    assert again["facets.duration.promised"].fields[0].value == "七"


def test_an_empty_facet_is_left_out_and_an_empty_thing_keeps_its_place():
    body = {"item": "passport", "region": "610000", "facets": {"fee": {"text": "免费"}}}
    sent = {"facets.fee.text": " ", "facets.process.steps.0.__here": "1", "facets.process.steps.1.__here": "1",
            "facets.process.steps.1.name": "照相"}  # fmt: skip
    assert read_body("guide", body, sent)["facets"] == {"process": {"steps": [{}, {"name": "照相"}]}}


def test_what_names_an_entry_is_not_taken_from_the_form():
    body = {"id": "parking", "question": "问", "answer": "答"}
    assert read_body("faq", body, {"id": "other", "question": "新问"})["id"] == "parking"


@pytest.mark.parametrize(
    ("order", "names"),
    [("add|facets.process.steps", ["a", "b", None]), ("remove|facets.process.steps|0", ["b"]),
     ("up|facets.process.steps|1", ["b", "a"]), ("up|facets.process.steps|0", ["a", "b"]),
     ("down|facets.process.steps|0", ["b", "a"])],
)  # fmt: skip
def test_lists_change_by_their_buttons(order, names):
    body = {"facets": {"process": {"steps": [{"name": "a"}, {"name": "b"}]}}}
    assert [step.get("name") for step in change_list(body, order)["facets"]["process"]["steps"]] == names


@pytest.mark.parametrize(
    "order", ["remove|facets.process.steps|7", "add|facets.process.text.more", "up|x|y", "add|facets.process.text"]
)
def test_a_button_that_fits_no_list_is_refused(order):
    body = {"facets": {"process": {"text": "话", "steps": [{"name": "a"}]}}}
    with pytest.raises(EntryInvalid):
        change_list(body, order)
