"""What a text names and where: regions, dates, numbers, amounts and documents, each by a rule module."""

from language.entities.entity import Entity, EntityKind, resolve_overlaps

__all__ = ["Entity", "EntityKind", "resolve_overlaps"]
