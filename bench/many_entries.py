"""A knowledge base of 100,000 entries for measuring: our seeds, and synthetic entries made of their words around them.

Names come from the real catalogue of a city where a developer has it (never committed), else from the seeds' own names. Each
synthetic wording has a vector near the one of a seed's wording of the same facet: random, right for size and time, and saying
nothing about how well is answered. The rows are written as publishing writes them, only many at a time.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, insert, select, update

from knowledge_base import FACET_TYPES, PROVINCE, Faq, Guide, Item, entry_id_of, models, plain, wordings_of
from language import all_regions, name_of
from qinwen.database import Database
from qinwen.vocabulary import FACET_TITLES, Facet

_ITEMS = 1_400
_REGIONS_EACH = 26
_LOCAL = (Facet.PLACE, Facet.HOURS, Facet.CONTACT)
_SIMILAR = 3
_NOISE = 0.6
_BATCH = 2_000
_SCENES = (
    "急用",
    "外地户口",
    "单位代办",
    "老人不会用手机",
    "材料不全",
    "上次没办成",
    "网上提交以后",
    "委托家里人",
    "未成年人",
    "在外省",
)
_DEPARTMENTS = ("公安", "人社", "医保", "民政", "税务", "自然资源", "住建", "市场监管", "教育", "卫健")


def make_database(seeded: Path, target: Path, entries: int, blocks: Sequence[int], catalogue: Path | None) -> int:
    """Fill a copy of a seeded database up to so many entries; gives the number of search rows."""
    shutil.copy(seeded, target)
    database = Database(f"sqlite:///{target}")
    chance, draw = random.Random(7), np.random.default_rng(7)
    with database.session() as session:
        known = session.scalar(select(func.count()).select_from(models.Entry)) or 0
        rows = session.execute(
            select(models.SearchRow.facet, models.SearchRow.text, models.SearchRow.vector, models.SearchRow.encoder)
        )
        by_facet: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        encoder = "none"
        for facet, text, vector, made_by in rows:
            encoder = made_by
            by_facet[facet or ""].append((text, vector))
        revision = session.scalar(select(models.KnowledgeRevision.number)) or 0
    contents = _contents(_names(catalogue, database), chance, by_facet)
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with database.engine.begin() as connection:
        buffers: dict[Any, list[dict[str, Any]]] = {
            models.ServiceItem: [],
            models.Entry: [],
            models.EntryVersion: [],
            models.SearchRow: [],
        }
        for number in range(entries - known):
            content, department, title = next(contents)
            entry_id = entry_id_of(content)
            body = plain(content)
            due = at.date() + timedelta(days=chance.randrange(900))
            if isinstance(content, Item):
                buffers[models.ServiceItem].append({"code": content.code, "revision": revision + 1, "body": body})
            buffers[models.Entry].append(
                {"id": entry_id, "kind": entry_id.partition(":")[0], "item": getattr(content, "code", None) or content.item,  # type: ignore[union-attr]
                 "facet": content.facet.value if isinstance(content, Faq) and content.facet else None,
                 "region": getattr(content, "region", PROVINCE), "revision": revision + 1, "current_version": 1,
                 "title": title[:200],
                 "department": department, "owner": f"editor{number % 40}", "state": "live", "draft_state": "",
                 "missing": number % 7 if number % 3 else 0, "review_due_on": due, "changed_at": at}
            )  # fmt: skip
            buffers[models.EntryVersion].append(
                {"entry_id": entry_id, "number": 1, "state": "published", "body": body, "author": "示例", "reason": "",
                 "sample": True, "review_due_on": due, "valid_from": at, "recorded_at": at, "clears": False}
            )  # fmt: skip
            for wording in wordings_of(content):
                near = chance.choice(by_facet[wording.facet.value if wording.facet else ""])[1]
                buffers[models.SearchRow].append(
                    {"owner": entry_id, "version": 1, "facet": wording.facet and wording.facet.value, "kind": wording.kind,
                     "text": wording.text, "encoder": encoder, "vector": _near(near, blocks, draw)}
                )  # fmt: skip
            if number % _BATCH == _BATCH - 1 or number == entries - known - 1:
                for table, waiting in buffers.items():
                    if waiting:
                        connection.execute(insert(table), waiting)
                        waiting.clear()
        connection.execute(update(models.KnowledgeRevision).values(number=revision + 1))
    with database.session() as session:
        count = session.scalar(select(func.count()).select_from(models.SearchRow)) or 0
    database.close()
    return count


def _near(vector: bytes | None, blocks: Sequence[int], draw: np.random.Generator) -> bytes | None:
    """Give a vector some way off in a random direction, each part as long as before."""
    if vector is None:
        return None
    base: NDArray[np.float32] = np.frombuffer(vector, dtype=np.float16).astype(np.float32)
    made = []
    for part in np.split(base, np.cumsum(blocks)[:-1]):
        length, off = np.linalg.norm(part), draw.standard_normal(len(part)).astype(np.float32)
        moved = part + off * (_NOISE * length / np.linalg.norm(off))
        made.append(moved * (length / np.linalg.norm(moved)))
    return np.concatenate(made).astype(np.float16).tobytes()


def _names(catalogue: Path | None, database: Database) -> list[tuple[str, str]]:
    """Give names of items with their departments."""
    if catalogue and catalogue.exists():
        lines = map(json.loads, catalogue.read_text(encoding="utf-8").splitlines())
        real = [(line["name"], line["department"]) for line in lines if line.get("name")]
    else:
        with database.session() as session:
            items = session.scalars(select(models.ServiceItem.body)).all()
        real = [(body["name"], body["department"]) for body in items]
    names = list(dict.fromkeys(real))
    more = ((f"{scene}{name}", department) for scene in _SCENES for name, department in names)
    for name, department in more:
        if len(names) >= _ITEMS:
            break
        names.append((name, department))
    return names[:_ITEMS]


def _contents(
    names: list[tuple[str, str]], chance: random.Random, by_facet: dict[str, list[tuple[str, Any]]]
) -> Iterator[tuple[Item | Guide | Faq, str, str]]:
    """Give items, their guides, then FAQs without end; each with department and title."""
    regions = [region.code for region in all_regions() if region.code != PROVINCE]
    questions = [text for facet, pairs in by_facet.items() if facet for text, _ in pairs if len(text) <= 20]
    items = []
    for number, (name, department) in enumerate(names):
        item = Item(
            f"bench-{number}", name, name[:12], department, case_lookup=False, type="行政许可", handling="承诺件",
            served=("自然人",), authority_level="县级", topic=f"topic{number % 40}", venue="hall", aliases=(name[-6:],),
            wordings=(f"{name}怎么办", f"我想办{name[:10]}"),
        )  # fmt: skip
        items.append(item)
        yield item, department, name
    for item in items:
        facets = {
            f: FACET_TYPES[f](text=_text(item.name, FACET_TITLES[f], chance), asked=(f"{item.everyday_name}{FACET_TITLES[f]}",))
            for f in Facet
        }
        yield Guide(item.code, PROVINCE, facets), item.department, item.name
    for item in items:
        for region in chance.sample(regions, _REGIONS_EACH):
            place = name_of(region) or region
            local = {
                f: FACET_TYPES[f](
                    text=f"{place}：" + _text(item.name, FACET_TITLES[f], chance),
                    asked=(f"{place}{item.everyday_name}{FACET_TITLES[f]}",) if f is Facet.PLACE else (),
                )
                for f in _LOCAL
            }
            yield Guide(item.code, region, local), item.department, f"{item.name}（{place}）"
    number = 0
    while True:
        item, facet, scene = chance.choice(items), chance.choice(list(Facet)), chance.choice(_SCENES)
        question = f"{scene}，{item.everyday_name}{chance.choice(questions)}"
        similar = tuple(f"{item.everyday_name[-6:]}{chance.choice(_SCENES)}{chance.choice(questions)}" for _ in range(_SIMILAR))
        answer = _text(item.name, FACET_TITLES[facet], chance) * 2
        yield Faq(f"bench-{number}", question, answer, item.code, facet, similar=similar), item.department, question
        number += 1


def _text(name: str, facet: str, chance: random.Random) -> str:
    window, days, department = chance.randrange(1, 40), chance.randrange(1, 60), chance.choice(_DEPARTMENTS)
    return f"{name}的{facet}：第{window}号窗口，{days}个工作日，{department}部门办理。"
