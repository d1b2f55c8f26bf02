"""Loads the sample content of `seeds/` (see its README): items, guides for the province and its cities, FAQs.

The regional texts for place, hours and contact come from `venues.yml`; other differences stand in the item's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, Faq, Guide, Item, Review, read, read_facets
from knowledge_base.errors import EntryInvalid
from knowledge_base.publishing import Publisher, Vectorise
from knowledge_base.wordings import faq_wordings, guide_wordings, item_wordings
from qinwen.database import Database
from qinwen.vocabulary import Facet

FOLDER = Path(__file__).parent / "seeds"
AUTHOR = "示例内容"
_NOT_ITEM = {"facets", "regions", "faqs", "reviewed_on", "review_due_on"}
_VENUE_FACETS = (Facet.PLACE, Facet.HOURS, Facet.CONTACT)


@dataclass(frozen=True)
class Seed:
    """Everything of one item's file, with the guides of the cities."""

    item: Item
    guides: tuple[Guide, ...]
    faqs: tuple[Faq, ...]
    review: Review


def read_seeds(folder: Path = FOLDER) -> Iterator[Seed]:
    """Read the item files.

    Raises:
        EntryInvalid: a file does not fit the fields.
    """
    venues = _load(folder / "venues.yml")
    for path in sorted((folder / "guides").glob("*.yml")):
        yield read_seed(_load(path), venues, path.name)


def read_general_faqs(folder: Path = FOLDER) -> list[Faq]:
    """Read the FAQs that belong to no single item.

    Raises:
        EntryInvalid: one does not fit the fields.
    """
    path = folder / "faqs" / "general.yml"
    return [read(Faq, faq, f"{path.name} 的问答") for faq in _load(path).get("faqs", [])] if path.exists() else []


def read_seed(data: dict[str, Any], venues: Mapping[str, Any], what: str) -> Seed:
    """Read one item's file.

    Raises:
        EntryInvalid: it does not fit the fields.
    """
    item = read(Item, {key: value for key, value in data.items() if key not in _NOT_ITEM}, what)
    facets = read_facets(data.get("facets") or {}, what)
    missing = [facet.value for facet in Facet if facet not in facets]
    if missing:
        raise EntryInvalid(f"{what} 缺少要素：{'、'.join(missing)}。")
    regional: dict[str, dict[str, Any]] = {
        code: {facet.value: {"text": text} for facet, text in texts.items()}
        for code, texts in venue_texts(item.venue, venues).items()
    }
    for own in data.get("regions") or []:
        regional.setdefault(str(own["region"]), {}).update(own["facets"])
    guides = [Guide(item.code, PROVINCE, facets)]
    guides += [Guide(item.code, code, read_facets(own, f"{what} 的 {code}")) for code, own in regional.items()]
    faqs = tuple(read(Faq, {**faq, "item": item.code}, f"{what} 的问答 {faq.get('id')}") for faq in data.get("faqs") or [])
    review = Review(_date(data.get("reviewed_on")), _date(data.get("review_due_on")))
    return Seed(item, tuple(guides), faqs, review)


def venue_texts(venue: str, venues: Mapping[str, Any]) -> dict[str, dict[Facet, str]]:
    """Give each city's text for place, hours and contact of a kind of venue."""
    template = venues.get("venues", {}).get(venue)
    if template is None:
        return {}
    texts: dict[str, dict[Facet, str]] = {}
    for code, city in venues["cities"].items():
        words = {"city": city["name"], "hall": city["hall"], "area_code": city["area_code"]}
        words |= {"note": city.get("note", ""), "summer": city.get("summer", "")}
        chosen = {**template, **template.get("cities", {}).get(code, {})}
        texts[str(code)] = {facet: chosen[facet.value].format(**words) for facet in _VENUE_FACETS if chosen.get(facet.value)}
    return texts


def has_knowledge(database: Database) -> bool:
    """Tell whether there is any service item."""
    with database.session() as session:
        return session.scalar(select(models.ServiceItem.code).limit(1)) is not None


def load_seeds(session: Session, encoder: str, vectorise: Vectorise, progress: Callable[[int, int], None] | None = None) -> int:
    """Publish the sample content into an empty knowledge base; returns the number of items, 0 if it is not empty.

    The vectors of all wordings are made first, so that the writing transaction stays short.

    Args:
        session: an open session.
        encoder: the encoder's name.
        vectorise: the encoder.
        progress: told how many of how many wordings have vectors.

    Raises:
        EntryInvalid: a seed does not fit the fields.
    """
    if session.scalar(select(models.ServiceItem.code).limit(1)):
        return 0
    seeds, general = list(read_seeds()), read_general_faqs()
    publisher = Publisher(encoder, prepared(_all_texts(seeds, general), vectorise, progress))
    for seed in seeds:
        publisher.publish_item(session, seed.item)
    for seed in seeds:
        for guide in seed.guides:
            publisher.publish_guide(session, guide, author=AUTHOR, sample=True, review=seed.review)
        for faq in seed.faqs:
            publisher.publish_faq(session, faq, author=AUTHOR, sample=True, review=seed.review)
    for faq in general:
        publisher.publish_faq(session, faq, author=AUTHOR, sample=True, review=seeds[0].review)
    return len(seeds)


def prepared(texts: Sequence[str], vectorise: Vectorise, progress: Callable[[int, int], None] | None) -> Vectorise:
    """Encode texts in batches, and give a `Vectorise` that looks them up."""
    unique = list(dict.fromkeys(texts))
    known: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(unique), 200):
        batch = unique[start : start + 200]
        vectors = vectorise(batch)
        if vectors is None:
            return lambda _: None
        known.update(zip(batch, vectors, strict=True))
        if progress:
            progress(len(known), len(unique))
    return lambda wanted: np.stack([known[text] for text in wanted])


def seed_terms(folder: Path = FOLDER) -> list[str]:
    """Give the names of the sample items, for the segmenter's dictionary."""
    return [name for seed in read_seeds(folder) for name in (seed.item.everyday_name, *seed.item.aliases)]


def _all_texts(seeds: Sequence[Seed], general: Sequence[Faq]) -> list[str]:
    wordings = [w for s in seeds for w in item_wordings(s.item)]
    wordings += [w for s in seeds for guide in s.guides for w in guide_wordings(guide)]
    wordings += [w for s in seeds for faq in s.faqs for w in faq_wordings(faq)]
    wordings += [w for faq in general for w in faq_wordings(faq)]
    return [w.text for w in wordings]


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: the date of a law may also be empty or only a year."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML reads it from the class)
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a SafeLoader)


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
