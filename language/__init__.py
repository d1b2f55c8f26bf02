"""Chinese text: one written form, words, entities, regions, identifiers, safety. Knows nothing of Qinwen's domain.

What needs spaCy (`analyse`, `build_pipeline`, `find_entities`) is imported at its first use: importing spaCy takes over
a second, and most processes don't use it.
"""

from typing import TYPE_CHECKING

from language.encode import Encoder, LoadedEncoder, load_encoder
from language.entities import Entity, EntityKind
from language.homophones import Homophones
from language.identifiers import is_bank_card, is_credit_code, is_id_number, is_mobile, is_phone
from language.masking import PersonalDatum, mask_personal
from language.normalise import neutralise_command, normalise
from language.regions import (
    Region,
    RegionLevel,
    RegionMention,
    all_regions,
    ancestors,
    find_regions,
    name_of,
    region,
)
from language.safety import Safety, SafetyKind, detect_safety
from language.secrets_said import Hidden, SaidSecrets, hide_secrets
from language.segment import Segmenter

if TYPE_CHECKING:
    from language.pipeline import analyse, build_pipeline, find_entities

__all__ = [
    "Encoder",
    "Entity",
    "EntityKind",
    "Hidden",
    "Homophones",
    "LoadedEncoder",
    "PersonalDatum",
    "Region",
    "RegionLevel",
    "RegionMention",
    "Safety",
    "SafetyKind",
    "SaidSecrets",
    "Segmenter",
    "all_regions",
    "analyse",
    "ancestors",
    "build_pipeline",
    "detect_safety",
    "find_entities",
    "find_regions",
    "hide_secrets",
    "is_bank_card",
    "is_credit_code",
    "is_id_number",
    "is_mobile",
    "is_phone",
    "load_encoder",
    "mask_personal",
    "name_of",
    "neutralise_command",
    "normalise",
    "region",
]


def __getattr__(name: str) -> object:
    if name not in ("analyse", "build_pipeline", "find_entities"):
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from language import pipeline  # not before it is needed

    return getattr(pipeline, name)
