"""The demonstration: its command does what it says, needs the signature, and can be left out."""

import asyncio
import json

import pytest

from services_backend import BackendUnavailable, CaseState
from services_backend.reference import demo
from services_backend.reference.app import make_app


@pytest.fixture
def command(server, monkeypatch, tmp_path, capsys):
    for name, value in {
        "QINWEN_VAR": str(tmp_path),
        "QINWEN_SERVICES_URL": str(server.make_url("")).rstrip("/"),
        "QINWEN_SERVICES_KEY_ID": "tests",
        "QINWEN_SERVICES_SECRET": "secret-of-the-tests",
    }.items():
        monkeypatch.setenv(name, value)
    from qinwen.settings import write_secrets

    write_secrets(tmp_path)

    async def run(*words):
        status = await asyncio.to_thread(demo.main, ("--json", *words))
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines() if line.startswith("{")], err

    return run


async def test_it_lists_and_moves_cases(command, backend, office):
    _, cases, _ = await command("list", "review")
    assert {case["state"] for case in cases} == {"review"}
    number, last4 = cases[0]["number"], cases[0]["id_last4"]
    status, [moved], _ = await command("advance", number)
    assert (status, moved["state"]) == (0, "decided")
    spoken = f"{number[:6]} {number[6:10]} {number[10:]}".lower()
    assert (await command("advance", spoken, "refused", "不符合条件"))[1][0]["state"] == "refused"
    status, _, words = await command("advance", number, "review")
    assert (status, words.strip().endswith("。")) == (1, True)
    assert await command("advance", "SN1") == (1, [], "没有这件办件。\n")
    await backend.open_challenge(number, last4, "subject-01", "origin-01")
    _, messages, _ = await command("sms")
    assert office.last_code() in messages[0]["text"]


async def test_it_asks_for_material(command, office):
    number, _ = office.find(CaseState.REVIEW)
    assert (await command("advance", number, "correction", "缺第二页"))[1][0]["state"] == "correction"


async def test_a_printed_code_binds(command, backend, office):
    number, _ = office.find(CaseState.REVIEW)
    _, [printed], _ = await command("code", number)
    assert (await backend.list_cases((await backend.bind_by_code(printed["code"], "subject-01")).access)).total


async def test_it_breaks_and_heals(command, connect):
    backend = connect()
    await command("break", "500s")
    with pytest.raises(BackendUnavailable):
        await backend.check()
    await command("slow", "0")
    await backend.check()
    assert (await command("heal"))[1][0]["fault"] == "none"


async def test_it_shows_what_was_told_rated_and_urged(command, backend, get_access, office):
    number, access = await get_access()
    await backend.urge(access, number, "urge-key-1")
    office.move(number, CaseState.DECIDED)
    assert (await command("urges"))[1][0]["case_number"] == number
    assert (await command("deliveries"))[1][0]["to_state"] == "decided"
    assert (await command("ratings"))[1] == []


async def test_what_it_prints_for_a_person_names_what_is_needed_to_try(command, office, capsys, get_access):
    number, _ = await get_access()

    async def printed(*words):
        assert await asyncio.to_thread(demo.main, words) == 0
        return capsys.readouterr().out

    listed = await printed("list", "review", "-n", "1")
    assert "后四位" in listed
    assert listed.count("\n") == 1
    assert "“已决定”" in await printed("advance", number)
    assert office.last_code() in await printed("sms")
    assert "bind_" in await printed("code", number)
    assert "变慢，2 秒" in await printed("slow", "2")
    assert "变慢" in await printed("fault")
    assert "好着" in await printed("heal")
    assert "变为“已决定”" in await printed("deliveries")
    assert await printed("ratings") == "没有。\n"
    assert await printed("urges") == "没有。\n"


async def test_it_says_when_the_backend_is_not_there(command, monkeypatch, unused_tcp_port):
    monkeypatch.setenv("QINWEN_SERVICES_URL", f"http://127.0.0.1:{unused_tcp_port}")
    status, _, words = await command("sms")
    assert status == 1
    assert "连不上" in words


async def test_its_addresses_need_the_signature_and_exist_only_when_wanted(aiohttp_client, server, reference):
    client = await aiohttp_client(server)
    demo_paths = {r.canonical for r in server.app.router.resources() if r.canonical.startswith("/demo")}
    assert len(demo_paths) >= 8
    for path in ("/demo/cases", "/demo/sms", "/demo/fault", "/demo/ratings"):
        assert (await client.get(path)).status == 401
    plain = make_app(reference)
    assert not [r for r in plain.router.resources() if r.canonical.startswith("/demo")]
