"""The console's pages of knowledge: list, editor, review, history, search laboratory; see `make_knowledge_module`.

Each file has handlers for one step of an entry's life. They parse, ask `allow`, call `knowledge_base`, record, and render.
"""

from web.console.knowledge.background import Background
from web.console.knowledge.module import make_knowledge_module
from web.console.knowledge.room import KnowledgeRoom, make_room

__all__ = ["Background", "KnowledgeRoom", "make_knowledge_module", "make_room"]
