"""What the actions work with, made once at the start of the process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from knowledge_base import Answerer, Knowledge, remembering_encoder
from language import Encoder
from qinwen.database import Database
from qinwen.settings import load_settings


@dataclass(frozen=True)
class Resources:
    """The answerer, its database, and its encoder (None without one)."""

    answerer: Answerer
    database: Database
    encoder: Encoder | None


@cache
def resources() -> Resources:
    """Give the process's resources, made at the first call."""
    settings = load_settings()
    database = Database(settings.database_url)
    encoder = remembering_encoder(settings.encoder, database)
    knowledge = Knowledge(database, encoder.name if encoder else "none")
    return Resources(Answerer(knowledge, encoder), database, encoder)
