import pytest
from aiohttp.test_utils import make_mocked_request

from web.address import address_behind


def address(proxies, forwarded, remote="10.0.0.1"):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = make_mocked_request("POST", "/api/chat/sessions", headers=headers)
    return address_behind(request.clone(remote=remote), proxies)


def test_without_proxies_the_header_is_not_believed():
    assert address(0, "1.2.3.4") == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 172.16.0.1", "1.2.3.4"),
        (2, "1.2.3.4,172.16.0.1", "1.2.3.4"),
    ],
)
def test_behind_proxies_the_address_is_the_one_that_the_outermost_saw(proxies, forwarded, expected):
    assert address(proxies, forwarded) == expected


@pytest.mark.parametrize("forwarded", [None, "", " , "])
def test_behind_proxies_a_missing_header_falls_back_to_the_peer(forwarded):
    assert address(1, forwarded) == "10.0.0.1"


def test_fewer_addresses_than_proxies_are_not_believed():
    assert address(2, "6.6.6.6") == "10.0.0.1"
