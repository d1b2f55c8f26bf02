"""Office terms in plain words, from `seeds/glossary.yml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml


@cache
def load_glossary() -> dict[str, str]:
    """Give the plain meaning by term, longer terms first."""
    data = yaml.safe_load((Path(__file__).parent / "seeds" / "glossary.yml").read_text(encoding="utf-8"))
    terms = {str(entry["term"]): str(entry["plain"]) for entry in data}
    return dict(sorted(terms.items(), key=lambda pair: -len(pair[0])))
