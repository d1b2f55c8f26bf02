"""Owns the spaCy pipeline: our segmenter as tokenizer, then one component a kind of entity, then the resolver.

    segmenter → regions → dates → numbers → amounts → documents → resolver

The engine's components and search call `build_pipeline` once and `analyse` for each text. No model is downloaded:
everything is rules and data of this package. Importing this module takes over a second (spaCy).
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final

from language.entities.amounts import find_amounts
from language.entities.dates import find_dates
from language.entities.documents import document_terms, find_documents
from language.entities.entity import Entity, EntityKind, resolve_overlaps
from language.entities.numbers import find_case_numbers, find_id_numbers, find_phones
from language.entities.places import find_places
from language.regions import region_terms
from language.segment import Segmenter
from language.spacy_tokenizer import TOKENIZER_NAME, SegmenterTokenizer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # see spacy_tokenizer
    from spacy.lang.zh import Chinese
    from spacy.language import Language
    from spacy.tokens import Doc, Span
    from spacy.util import filter_spans

SPANS_KEY: Final = "entities"
_CANDIDATES: Final = "qinwen.candidates"
_ENTITIES: Final = "qinwen.entities"
_TODAY: Final = "qinwen.today"


def build_pipeline(terms: Iterable[str] = ()) -> Language:
    """Return a Chinese pipeline that cuts by jieba and finds entities; `terms` are kept whole when cutting.

    The names of regions and documents are kept whole as well. It can be saved with `to_disk` and loaded with
    `spacy.load` where this module was imported. Not for use by two threads at once.
    """
    nlp = Chinese.from_config({"nlp": {"tokenizer": {"@tokenizers": TOKENIZER_NAME}}})
    nlp.tokenizer = SegmenterTokenizer(nlp.vocab, Segmenter([*terms, *region_terms(), *document_terms()]))
    for name in _RULES:
        nlp.add_pipe(name)
    nlp.add_pipe("qinwen_resolver")
    return nlp


def analyse(nlp: Language, text: str, *, today: date | None = None) -> Doc:
    """Return the text's words and entities; dates such as 下周一 are resolved against `today`.

    `text` should be normalised; offsets refer to it as given.
    """
    doc = nlp.make_doc(text)
    if today is not None:
        doc.user_data[_TODAY] = today.isoformat()
    return nlp(doc)


def find_entities(doc: Doc) -> list[Entity]:
    """Return the entities of a document that went through the pipeline, in order of place, none overlapping."""
    return [Entity(EntityKind(kind), *rest) for kind, *rest in doc.user_data.get(_ENTITIES, ())]


def _numbers(text: str, _today: date | None) -> Iterator[Entity]:
    yield from find_id_numbers(text)
    yield from find_phones(text)
    yield from find_case_numbers(text)


_RULES: Final[dict[str, Callable[[str, date | None], Iterable[Entity]]]] = {
    "qinwen_regions": lambda text, _: find_places(text),
    "qinwen_dates": find_dates,
    "qinwen_numbers": _numbers,
    "qinwen_amounts": lambda text, _: find_amounts(text),
    "qinwen_documents": lambda text, _: find_documents(text),
}


class EntityRule:
    """The component that adds one rule's candidates to the document."""

    def __init__(self, find: Callable[[str, date | None], Iterable[Entity]]) -> None:
        """Wrap a rule: from a text and today's date, its entities."""
        self._find = find

    def __call__(self, doc: Doc) -> Doc:
        """Add the candidates."""
        today = doc.user_data.get(_TODAY)
        doc.user_data.setdefault(_CANDIDATES, []).extend(
            self._find(doc.text, None if today is None else date.fromisoformat(today))
        )
        return doc


def _register(factory: str, find: Callable[[str, date | None], Iterable[Entity]]) -> None:
    # spaCy passes these two by name.
    Language.factory(factory, func=lambda nlp, name: EntityRule(find))  # noqa: ARG005


for _factory, _find in _RULES.items():
    _register(_factory, _find)


@Language.component("qinwen_resolver")
def resolve(doc: Doc) -> Doc:
    """Keep the candidates that don't overlap, as entities, and as `doc.spans["entities"]` and `doc.ents`.

    Spans are made of whole words, so they may be wider than the entity; their `id_` is the entity's value.
    """
    kept = resolve_overlaps(doc.user_data.pop(_CANDIDATES, ()))
    # Plain tuples, since a document is saved with its user data.
    doc.user_data[_ENTITIES] = [(each.kind.value, each.text, each.value, each.start, each.end) for each in kept]
    spans = [_span(doc, each) for each in kept]
    doc.spans[SPANS_KEY] = spans
    doc.set_ents(filter_spans(spans))
    return doc


def _span(doc: Doc, entity: Entity) -> Span:
    span = doc.char_span(entity.start, entity.end, label=entity.kind.value, span_id=entity.value or "", alignment_mode="expand")
    assert span is not None  # "expand" always finds the words around valid offsets
    return span
