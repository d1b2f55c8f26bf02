"""Everything a citizen can do. Each act is a push; it returns when the platform is done with it, after at most three attempts.

With `held=True` an act is only prepared: deliver it later by `phone.deliver(push)`, in any order.
Acts at the same moment: `asyncio.gather(phone.says("一"), phone.says("二"))`.
"""

from __future__ import annotations

import re
from typing import Any

from . import messages
from .media import sample_film, sample_picture, sample_voice
from .records import Push, Sent, wall
from .screen import Screen

_INLINE_CHOICE = re.compile(r'weixin://bizmsgmenu\?msgmenucontent=([^&"]+)&(?:amp;)?msgmenuid=(\d+)')


class Phone(Screen):
    """A citizen's phone: what they can do; `Screen` holds what came of it."""

    async def says(self, text: str, *, held: bool = False) -> Push:
        """Type a text."""
        return await self.act(messages.text(text), text, "message", held=held)

    async def sends_sticker(self, *, held: bool = False) -> Push:
        """Send a sticker: it arrives as a fixed text."""
        return await self.act(messages.text(messages.UNSUPPORTED), "[表情]", "message", held=held)

    async def sends_voice(
        self, recognition: str | None = None, form: str = "amr", content: bytes | None = None, *, held: bool = False
    ) -> Push:
        """Speak. `recognition` is what the platform understood; None: it does not recognise speech."""
        media_id = self._platform.media.keep("voice", content or sample_voice())
        return await self.act(
            messages.voice(media_id, recognition, form), f"[语音] {recognition or ''}".rstrip(), "message", held=held
        )

    async def sends_image(self, content: bytes | None = None, *, held: bool = False) -> Push:
        """Send a picture."""
        media_id = self._platform.media.keep("image", content or sample_picture())
        return await self.act(messages.image(media_id), "[图片]", "message", held=held)

    async def sends_video(self, *, short: bool = False, held: bool = False) -> Push:
        """Send a film."""
        media_id, thumb_id = (
            self._platform.media.keep("video", sample_film()),
            self._platform.media.keep("thumb", sample_picture()),
        )
        return await self.act(messages.video(media_id, thumb_id, short), "[视频]", "message", held=held)

    async def sends_location(
        self, latitude: float, longitude: float, label: str = "", scale: int = 15, *, held: bool = False
    ) -> Push:
        """Send a place."""
        return await self.act(messages.location(latitude, longitude, label, scale), f"[位置] {label}", "message", held=held)

    async def sends_link(self, title: str, url: str, description: str = "", *, held: bool = False) -> Push:
        """Share a page."""
        return await self.act(messages.link(title, description, url), f"[链接] {title}", "message", held=held)

    async def sends_file(self, title: str, size: int = 1024, *, held: bool = False) -> Push:
        """Send a file."""
        return await self.act(
            messages.file(title, self._platform.serials.draw_id(), size), f"[文件] {title}", "message", held=held
        )

    async def taps(self, menu: str, *, held: bool = False) -> Push:
        """Tap a menu button, by its name or its key; what isn't in the menu is taken for the key of a click button."""
        button = self._platform.menu.find(menu)
        if button["type"] in ("view", "miniprogram"):
            name, key = ("VIEW", button["url"]) if button["type"] == "view" else ("view_miniprogram", button["pagepath"])
            return await self.act(
                messages.event(name, EventKey=key, MenuId=self._platform.menu.id), f"[菜单] {menu}", None, held=held
            )
        if button["type"].startswith("scancode_"):
            fields = messages.scan_code(button["type"], button["key"], "https://example.com/scanned")
            return await self.act(fields, f"[菜单] {menu}", "menu", held=held)
        return await self.act(messages.event("CLICK", EventKey=button["key"]), f"[菜单] {menu}", "menu", held=held)

    async def chooses(self, number: int, *, held: bool = False) -> Push:
        """Tap a choice, counted from 1, of the newest msgmenu or of the newest text with choices inside."""
        for bubble in reversed(self.received):
            items = [(one["id"], one["content"]) for one in bubble.content.get("list", [])]
            items = items or [(one, text) for text, one in _INLINE_CHOICE.findall(bubble.text)]
            if items:
                one, text = items[number - 1]
                known = one if isinstance(one, str) and one.isdecimal() else "0"  # other ids come back as 0
                return await self.act(messages.text(text, known), text, "message", held=held)
        raise LookupError("手机上没有可选的菜单。")

    async def follows(self, scene: str | None = None, *, held: bool = False) -> Push:
        """Follow the account, perhaps by a QR code's scene."""
        self.follower = True
        fields = messages.subscribe(scene, self._platform.serials.ticket_of(scene))
        return await self.act(fields, f"[关注] {scene or ''}".rstrip(), "subscribe", held=held)

    async def unfollows(self, *, held: bool = False) -> Push:
        """Leave the account: every window closes."""
        self.follower = False
        self._platform.quotas.close(self.openid)
        return await self.act(messages.event("unsubscribe", EventKey=""), "[取消关注]", None, held=held)

    async def scans(self, scene: str, *, held: bool = False) -> Push:
        """Scan a QR code; who doesn't follow yet follows by it."""
        if not self.follower:
            return await self.follows(scene, held=held)
        fields = messages.event("SCAN", EventKey=scene, Ticket=self._platform.serials.ticket_of(scene))
        return await self.act(fields, f"[扫码] {scene}", "scan", held=held)

    async def enters(self, latitude: float, longitude: float, *, held: bool = False) -> Push:
        """Open the chat with position reporting on."""
        fields = messages.event("LOCATION", Latitude=latitude, Longitude=longitude, Precision=65.0)
        return await self.act(fields, "[进入会话]", None, held=held)

    async def consents_to(self, template_id: str, times: float = 1, *, accepted: bool = True) -> Push:
        """Answer whether notices of a template may come; `float("inf")` times for a long-term one."""
        if accepted:
            self.consents[template_id] = self.consents.get(template_id, 0) + times
        return await self.act(messages.consent(template_id, accepted), f"[订阅] {template_id}", None, held=False)

    async def goes_through(self, event: str, *, held: bool = False, **fields: Any) -> Push:
        """Cause any other event, such as `kf_create_session` with its fields."""
        return await self.act(messages.event(event, **fields), f"[事件] {event}", None, held=held)

    async def says_again_same_id(self, push: Push | None = None) -> Push:
        """Let the platform deliver a push again, the last one if none is named: same id, same signature."""
        push = push or self.pushes[-1]
        await self._platform.deliver(push)
        return push

    async def deliver(self, push: Push, lose: int = 0) -> Push:
        """Deliver a held push; the first `lose` answers are lost on the way back."""
        await self._platform.deliver(push, lose)
        return push

    async def act(self, fields: messages.Fields, shown: str, trigger: str | None, *, held: bool) -> Push:
        """Do something: note it, open the window it opens, and push it."""
        push: Push = self._platform.prepare(self.openid, fields)
        self.pushes.append(push)
        self.last_act = self._platform.clock.now()
        self.note(Sent(wall(), str(fields.get("Event") or fields["MsgType"]), shown, push.id))
        if trigger:
            self._platform.quotas.open(self.openid, trigger)
        if not held and not (self.desk and push.is_message):
            await self._platform.deliver(push)
        return push
