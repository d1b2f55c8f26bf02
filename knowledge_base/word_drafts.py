"""A Word file as the draft of a guide: what was understood goes into the facets, the rest into a comment beside the draft."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from knowledge_base.content import Guide, read_guide
from knowledge_base.drafts import Draft, Plan, begin_draft, open_draft, read_draft, save_draft
from knowledge_base.errors import EditRefused, EntryNotFound, FileRefused
from knowledge_base.events import note
from knowledge_base.publishing import guide_id
from knowledge_base.sheets.word import WordGuide


def draft_from_word(session: Session, item: str, region: str, word: WordGuide, name: str, editor: str, at: datetime) -> Draft:
    """Begin a guide's draft with what a Word file says; facets that it does not name stay as they are.

    Args:
        session: an open session.
        item: the item's code.
        region: the region's code.
        word: what the file says.
        name: the file's name, for the history.
        editor: who brings it.
        at: the present moment.

    Raises:
        EntryNotFound: the item is unknown.
        EntryInvalid: the region is unknown.
        EditRefused: somebody is writing on this guide already.
        FileRefused: nothing in the file was understood.
    """
    if not word.facets:
        raise FileRefused("没有认出任何要素。请给每一段加上标题，比如“申请材料”“办理流程”“收费标准”，再传一次。")
    entry_id = guide_id(item, region)
    if read_draft(session, entry_id) is not None:
        raise EditRefused("这份指南已经有草稿了。请先发布或放弃草稿，再导入 Word。")
    try:
        draft = open_draft(session, entry_id, editor, at)
    except EntryNotFound:
        draft = begin_draft(session, Guide(item, region, {}), editor, at)
    body = dict(draft.body)
    body["facets"] = {**body.get("facets", {}), **word.facets}
    read_guide(body, "Word 指南")
    draft = save_draft(session, entry_id, draft.revision, body, Plan(reason=f"从 Word 导入：{name}"), editor, at)
    if word.left_over:
        words = "Word 里没看懂、要手工放的部分：\n" + "\n".join(word.left_over)
        note(session, entry_id, editor, "commented", at, words, draft_revision=draft.revision)
    return draft
