"""What tests of staff accounts share: passwords that hash quickly, members of any role, and a browser that signs in."""

import re

from argon2 import PasswordHasher

import staff.passwords
from qinwen.clock import now
from staff import Member, Role, add_member, change_password, list_members, read_member
from staff.members import MemberFilter

PASSWORD = "plum-rain-on-2-roofs"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_quickly(monkeypatch):
    monkeypatch.setattr(staff.passwords, "_hasher", QUICK)
    staff.passwords._nobody.cache_clear()


def make_member(database, login, *roles, departments=(), regions=(), password=PASSWORD) -> Member:
    """Make an account whose owner has changed the first password already."""
    with database.session() as session:
        add_member(session, login, f"{login} 的姓名", roles or {Role.EDITOR}, departments, regions)
        listed = list_members(session, MemberFilter(words=login)).members
        member = next(one.member for one in listed if one.member.login == login)
        if password:
            change_password(session, member.id, password, now(), keep="")
        return read_member(session, member.id)


class Browser:
    """Uses the console like a browser without scripts: keeps cookies, sends the form token of the page it last read."""

    def __init__(self, client):
        self.client = client
        self.token = ""
        self.text = ""

    async def get(self, path, **options):
        answer = await self.client.get(path, allow_redirects=False, **options)
        await self._read(answer)
        return answer

    async def send(self, path, token=None, headers=None, **fields):
        data = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
        data.append(("csrf_token", self.token if token is None else token))
        answer = await self.client.post(path, data=data, headers=headers, allow_redirects=False)
        await self._read(answer)
        return answer

    async def sign_in(self, login, password=PASSWORD, back="/"):
        await self.get("/login")
        answer = await self.send("/login", login=login, password=password, next=back)
        if answer.status == 303:
            await self.get("/account/password" if "code" not in answer.headers["Location"] else "/login/code")
        return answer

    def cookie(self, name="qinwen_staff"):
        found = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))
        return found[name].value if name in found else None

    async def _read(self, answer):
        self.text = await answer.text(errors="replace")  # a download is no text
        if found := re.search(r'name="csrf-token" content="([0-9a-f]+)"', self.text):
            self.token = found[1]
