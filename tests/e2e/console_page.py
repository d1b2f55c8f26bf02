"""The console as a member sees and uses it, for the journeys of staff."""

from playwright.sync_api import Page


class Console:
    """The console as a member sees and uses it. Remembers what the browser complains about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._answer)
        page.on("console", lambda message: self._hear(message.text) if message.type == "error" else None)
        self.questions: list[str] = []

    def _hear(self, text: str) -> None:
        if "Failed to load resource" not in text:  # refused forms and missing pages are what some journeys are about
            self.complaints.append(text)

    def _answer(self, dialog) -> None:
        self.questions.append(dialog.message)
        dialog.accept()

    def sign_in(self, login: str, password: str, path: str = "/") -> None:
        self.page.goto(path)
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()

    def change_password(self, present: str, new: str) -> None:
        self.page.get_by_label("现在的密码").fill(present)
        self.page.get_by_label("新密码", exact=True).fill(new)
        self.page.get_by_label("再输一遍新密码").fill(new)
        self.page.get_by_role("button", name="修改密码").click()

    def add_member(self, login: str, name: str, *roles: str) -> str:
        """Make an account; returns its first password."""
        self.page.goto("/staff/new")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("姓名").fill(name)
        for role in roles:
            self.page.get_by_label(role, exact=True).check()
        self.page.get_by_role("button", name="建账号").click()
        return self.page.locator("#first-password").inner_text()

    def menu(self) -> list[str]:
        return self.page.get_by_role("navigation", name="主菜单").get_by_role("link").all_inner_texts()

    @property
    def heading(self):
        return self.page.get_by_role("heading", level=1)
