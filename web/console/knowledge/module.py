"""The routes of knowledge, each with the permission it needs."""

from __future__ import annotations

from knowledge_base import EditConflict, EntryNotFound
from staff import Permission
from web.console.knowledge import imports, radar, word
from web.console.knowledge.editing import EditPages, show_differences
from web.console.knowledge.entries import EntryPages, count_waiting
from web.console.knowledge.lab import LabPages
from web.console.knowledge.reviewing import ReviewPages
from web.console.knowledge.room import KnowledgeRoom
from web.console.modules import Module, NavEntry, Route, needs

_READ = needs(Permission.KNOWLEDGE_READ)
_EDIT = needs(Permission.KNOWLEDGE_EDIT)
_APPROVE = needs(Permission.KNOWLEDGE_APPROVE)
_IMPORT = needs(Permission.KNOWLEDGE_IMPORT)
_ENTRY = "/knowledge/entries/{entry}"
_BATCH = "/knowledge/imports/{batch}"
_LARGE = 4 * 1024 * 1024
_FILE = 21 * 1024 * 1024


def make_knowledge_module(room: KnowledgeRoom) -> Module:
    """Give the pages of knowledge, for `make_staff_app`."""
    entries, edit, review, lab = EntryPages(room), EditPages(room), ReviewPages(room), LabPages(room)
    watch = radar.RadarPages(room)
    return Module(
        routes=(
            Route("GET", "/knowledge", entries.show_list, _READ),
            Route("GET", "/knowledge/new", entries.show_new, _EDIT),
            Route("POST", "/knowledge/new", entries.take_new, _EDIT),
            Route("GET", "/knowledge/lab", lab.show, _READ),
            Route("POST", "/knowledge/lab/wording", lab.add_wording, _EDIT),
            Route("POST", "/knowledge/lab/negative", lab.add_negative, _EDIT),
            Route("POST", "/knowledge/lab/negative/remove", lab.remove_negative, _EDIT),
            Route("GET", "/knowledge/as-of", lab.show_past, _READ),
            Route("GET", "/knowledge/word", word.show_form, _EDIT),
            Route("POST", "/knowledge/word", word.take_word, _EDIT, _FILE),
            Route("GET", "/knowledge/imports", imports.show_imports, _READ),
            Route("POST", "/knowledge/imports", imports.take_file, _IMPORT, _FILE),
            Route("GET", _BATCH, imports.show_import, _READ),
            Route("GET", f"{_BATCH}/progress", imports.show_progress, _READ),
            Route("POST", f"{_BATCH}/submit", imports.submit, _IMPORT),
            Route("POST", f"{_BATCH}/discard", imports.discard, _IMPORT),
            Route("POST", f"{_BATCH}/approve", imports.approve, _APPROVE),
            Route("POST", f"{_BATCH}/return", imports.send_back, _APPROVE),
            Route("POST", f"{_BATCH}/undo", imports.undo, _READ),
            Route("GET", "/knowledge/templates/{file}", imports.give_template, _READ),
            Route("POST", "/knowledge/export", imports.export, _READ),
            Route("GET", "/knowledge/radar", watch.show, _READ),
            Route("GET", "/knowledge/radar/run", radar.show_run, _READ),
            Route("POST", "/knowledge/radar/run", watch.start, _EDIT),
            Route("GET", "/knowledge/radar/finding", radar.show_finding, _READ),
            Route("POST", "/knowledge/radar/close", radar.close, _EDIT),
            Route("POST", "/knowledge/radar/reopen", radar.open_again, _EDIT),
            Route("POST", "/knowledge/radar/assign", radar.give_owner, _EDIT),
            Route("GET", _ENTRY, entries.show, _READ),
            Route("GET", f"{_ENTRY}/history", entries.show_history, _READ),
            Route("POST", f"{_ENTRY}/withdraw", entries.take_back, _APPROVE),
            Route("POST", f"{_ENTRY}/roll-back", entries.bring_back, _APPROVE),
            Route("POST", f"{_ENTRY}/draft", edit.begin, _EDIT),
            Route("GET", f"{_ENTRY}/edit", edit.show, _EDIT),
            Route("POST", f"{_ENTRY}/edit", edit.save, _EDIT, _LARGE),
            Route("POST", f"{_ENTRY}/submit", edit.hand_in, _EDIT, _LARGE),
            Route("POST", f"{_ENTRY}/recall", edit.take_back, _EDIT),
            Route("POST", f"{_ENTRY}/rebase", edit.adopt_base, _EDIT),
            Route("POST", f"{_ENTRY}/discard", edit.throw_away, _EDIT),
            Route("GET", f"{_ENTRY}/differences", show_differences, _READ),
            Route("GET", f"{_ENTRY}/preview", edit.show_preview, _READ),
            Route("GET", f"{_ENTRY}/review", review.show, _READ),
            Route("GET", f"{_ENTRY}/impact", review.show_impact, _READ),
            Route("POST", f"{_ENTRY}/impact", review.start_replay, _READ),
            Route("POST", f"{_ENTRY}/comment", review.add_comment, _READ),
            Route("POST", f"{_ENTRY}/return", review.send_back, _APPROVE),
            Route("POST", f"{_ENTRY}/approve", review.approve, _APPROVE),
        ),
        nav=(
            NavEntry("知识条目", "/knowledge", Permission.KNOWLEDGE_READ, "知识"),
            NavEntry("导入导出", "/knowledge/imports", Permission.KNOWLEDGE_READ, "知识"),
            NavEntry("保鲜雷达", "/knowledge/radar", Permission.KNOWLEDGE_READ, "知识"),
            NavEntry("检索实验室", "/knowledge/lab", Permission.KNOWLEDGE_READ, "知识"),
            NavEntry("当时怎么答的", "/knowledge/as-of", Permission.KNOWLEDGE_READ, "知识"),
        ),
        actions={
            "import_uploaded": "上传导入文件",
            "import_submitted": "导入提交审核",
            "import_discarded": "放弃导入",
            "import_approved": "导入审核通过",
            "import_returned": "退回导入",
            "import_applied": "导入写入",
            "import_undone": "撤销整批导入",
            "knowledge_exported": "导出知识条目",
            "radar_started": "雷达现在检查",
            "radar_finished": "雷达检查完",
            "finding_closed": "关闭雷达发现",
            "finding_reopened": "重新打开雷达发现",
            "finding_assigned": "指定雷达发现的负责人",
            "entry_begun": "新建条目",
            "draft_begun": "开始编辑条目",
            "draft_submitted": "提交审核",
            "draft_recalled": "撤回审核",
            "draft_rebased": "草稿换底稿",
            "draft_discarded": "放弃草稿",
            "draft_commented": "评论草稿",
            "draft_returned": "退回草稿",
            "entry_published": "审核通过并发布",
            "entry_withdrawn": "撤下条目",
            "entry_rolled_back": "条目改回旧版",
            "wording_added": "草稿加问法",
            "negative_added": "记反例",
            "negative_removed": "撤销反例",
        },
        statuses={EntryNotFound: 404, EditConflict: 409},
        tiles=lambda session, member: [
            *count_waiting(session, member),
            *imports.count_imports(session, member),
            *radar.count_open(session, member),
        ],
    )
