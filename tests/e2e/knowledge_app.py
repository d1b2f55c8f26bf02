"""The staff port with a little knowledge and two members: `python -m tests.e2e.knowledge_app FOLDER PORT`."""

import sys
from pathlib import Path

from aiohttp import web

import starting
from knowledge_base import Faq, Guide, Item, Publisher
from knowledge_base.content import read_facets
from qinwen.database import Database
from qinwen.settings import load_settings, write_secrets
from staff import Role
from tests.staffing import make_member
from web.console.knowledge import Background, make_knowledge_module, make_room
from web.health import CHECKS
from web.staff import make_staff_app

FACETS = {
    "overview": {"text": "到出入境窗口照相、填表、交费。", "asked": ["护照怎么办"]},
    "eligibility": {"text": "中国公民都能办。", "conditions": ["具有中国国籍"]},
    "materials": {"text": "带身份证。", "asked": ["护照要带什么材料"], "list": [{"name": "居民身份证", "originals": 1}]},
    "fee": {"text": "每本120元。", "asked": ["护照要多少钱"], "charged": True, "items": [{"name": "工本费", "amount": "120", "unit": "元/本"}]},
    "duration": {"text": "七个工作日。", "statutory": {"days": 15}, "promised": {"days": 7}},
}  # fmt: skip


def fill(database: Database) -> None:
    fixed = {"department": "公安", "case_lookup": True, "type": "行政许可", "handling": "承诺件", "served": ("自然人",),
             "authority_level": "县级", "topic": "证件", "venue": "police"}  # fmt: skip
    publisher = Publisher("none", lambda _: None)
    with database.session() as session:
        publisher.publish_item(session, Item("passport", "普通护照签发", "办护照", aliases=("护照",), **fixed))
        publisher.publish_item(session, Item("idcard", "居民身份证补领", "补身份证", aliases=("身份证",), **fixed))
        publisher.publish_guide(session, Guide("passport", "610000", read_facets(FACETS, "测试")), author="示例", sample=True)
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "有，在地下一层。"), author="示例")


def main(folder: str, port: str) -> None:
    write_secrets(Path(folder))
    settings = load_settings({"QINWEN_VAR": folder, "QINWEN_ENCODER": "none"})
    starting.migrate(settings)
    database = Database(settings.database_url)
    fill(database)
    make_member(database, "wang", Role.EDITOR)
    make_member(database, "lili", Role.REVIEWER)
    room = make_room(settings, database)
    app = make_staff_app(settings, database, (make_knowledge_module(room),))
    background = Background(room)

    async def work(_):
        background.start()
        yield
        await background.stop()

    app.cleanup_ctx.append(work)
    app[CHECKS] = {}
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
