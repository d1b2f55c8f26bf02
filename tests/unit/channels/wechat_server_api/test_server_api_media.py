"""Media: only what its bytes show to be a picture or a voice is kept, privately, and not for long."""

import os
import stat
from datetime import timedelta
from zlib import compress

import pytest

from channels.wechat.server_api import CallFailed, ContentRefused, erase_media, purge_media
from channels.wechat.server_api.apis import MediaLimits, MediaRules, read_apis
from channels.wechat.server_api.file_types import file_type
from channels.wechat.server_api.media import MediaStore
from channels.wechat.server_api.transport import Answer
from qinwen.clock import now
from tests.unit.channels.wechat_server_api.wechat_stand_in import refusal

PATH = "/cgi-bin/media/get"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 50
AMR = b"#!AMR\n" + b"\x3c" * 50
RULES = MediaRules(MediaLimits(1000, ("jpeg", "png", "gif", "webp")), MediaLimits(500, ("amr", "speex", "mp3")))


@pytest.fixture
def store(api, tmp_path):
    return MediaStore(api, tmp_path / "media", RULES)


@pytest.mark.parametrize(("kind", "content", "found"), [("image", JPEG, "jpeg"), ("voice", AMR, "amr")])
async def test_media_is_stored_under_a_random_name_for_us_alone(store, wechat, tmp_path, kind, content, found):
    wechat.always[PATH] = Answer(200, "application/octet-stream", content)
    stored = [await store.fetch("MEDIA_id-1", kind) for _ in range(2)]
    assert stored[0].name != stored[1].name
    assert (stored[0].type, stored[0].size) == (found, len(content))
    path = store.path_of(stored[0].name)
    assert path.read_bytes() == content
    assert path.parent == tmp_path / "media"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(s.name for s in stored)


async def test_when_the_disk_does_not_take_it_it_can_be_fetched_again_later(store, wechat, tmp_path):
    (tmp_path / "media").write_text("in the way", encoding="utf-8")
    wechat.always[PATH] = Answer(200, "image/jpeg", JPEG)
    with pytest.raises(CallFailed) as caught:
        await store.fetch("m1", "image")
    assert (caught.value.reason, caught.value.fault.action) == ("disk", "retry")


async def test_no_more_than_the_limit_is_read_and_what_is_bigger_is_refused(store, wechat, tmp_path):
    wechat.always[PATH] = Answer(200, "image/jpeg", JPEG, complete=False)
    with pytest.raises(ContentRefused):
        await store.fetch("m1", "image")
    assert wechat.requests[-1].largest == 1000
    assert not (tmp_path / "media").exists()


@pytest.mark.parametrize(
    "content",
    [b"<html><script>alert(1)</script>", b"MZ\x90\x00", b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", AMR],
)
async def test_what_is_no_picture_is_refused_whatever_it_calls_itself(store, wechat, content):
    wechat.always[PATH] = Answer(200, "image/jpeg", content)
    with pytest.raises(ContentRefused) as caught:
        await store.fetch("m1", "image")
    assert caught.value.message.endswith("。")


@pytest.mark.parametrize("media_id", ["", "../etc/passwd", "a b", "m1&access_token=x", "x" * 257, "编号"])
async def test_a_strange_media_id_is_not_asked_for(store, wechat, media_id):
    with pytest.raises(ContentRefused):
        await store.fetch(media_id, "image")
    assert wechat.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"), [(refusal(40007), "40007"), (Answer(200, "", b'{"video_url": "x"}'), "unlisted")]
)
async def test_a_refusal_in_place_of_a_file_is_a_refusal(store, wechat, answer, reason):
    wechat.always[PATH] = answer
    with pytest.raises(CallFailed) as caught:
        await store.fetch("m1", "voice")
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["../qinwen.db", "x.jpeg", "0" * 32, f"{'0' * 32}.jpeg/../../x", f"/{'0' * 32}.png", ""])
def test_only_our_own_names_lead_to_a_file(store, name):
    with pytest.raises(ContentRefused):
        store.path_of(name)


def test_old_files_are_deleted_and_new_ones_stay(tmp_path):
    folder = tmp_path / "media"
    moment = now()
    before = moment - timedelta(days=30)
    assert purge_media(folder, before, dry_run=False) == 0
    folder.mkdir()
    for name, days in (("old.jpeg", 31), (".unfinished.amr", 40), ("new.jpeg", 29)):
        (folder / name).write_bytes(b"x")
        age = (moment - timedelta(days=days)).timestamp()
        os.utime(folder / name, (age, age))
    assert purge_media(folder, before, dry_run=True) == 2
    assert len(list(folder.iterdir())) == 3
    assert purge_media(folder, before, dry_run=False) == 2
    assert [path.name for path in folder.iterdir()] == ["new.jpeg"]


async def test_what_a_citizen_sent_goes_with_them_and_nobody_else_s(store, wechat, tmp_path):
    wechat.always[PATH] = Answer(200, "image/jpeg", JPEG)
    mine, other = "a" * 24, "b" * 24
    stored = [await store.fetch("m1", "image", citizen) for citizen in (mine, mine, other)]
    assert store.path_of(stored[0].name).read_bytes() == JPEG
    assert erase_media(tmp_path / "media", "../x") == {}
    assert erase_media(tmp_path / "media", mine) == {"张图片和语音": 2}
    assert [path.name for path in (tmp_path / "media").iterdir()] == [stored[2].name]


@pytest.mark.parametrize(
    ("content", "content_type", "found"),
    [
        (b"\x89PNG\r\n\x1a\n" + compress(b"x"), "", "png"),
        (b"GIF89a....", "", "gif"),
        (b"GIF87a....", "", "gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "", "webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "", ""),
        (b"#!AMR-WB\n\x00", "", "amr"),
        (b"ID3\x04\x00", "", "mp3"),
        (b"\xff\xfb\x90\x64", "", "mp3"),
        (b"\xff\xf1\x50\x80", "", ""),
        (b"OggS\x00\x02" + b"\x00" * 20 + b"\x01\x1eSpeex   1.2", "", "speex"),
        (b"OggS\x00\x02" + b"\x00" * 20 + b"\x01vorbis", "", ""),
        (b"\x03abc\x02de", "voice/speex", "speex"),
        (b"\x03abc\x05de", "voice/speex", ""),
        (b"\x00\x00", "voice/speex", ""),
        (b"", "voice/speex", ""),
        (b"\x03abc", "application/octet-stream", ""),
    ],
)
def test_a_file_is_what_its_bytes_say(content, content_type, found):
    assert file_type(content, content_type) == found


def test_the_rules_know_only_types_that_are_recognised():
    rules = read_apis().media
    assert set(rules.image.types) == {"jpeg", "png", "gif", "webp"}
    assert set(rules.voice.types) == {"amr", "speex", "mp3"}
