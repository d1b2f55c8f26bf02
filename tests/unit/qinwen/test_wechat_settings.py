import contextlib

import pytest

from qinwen.errors import SettingError
from qinwen.settings import all_settings, load_settings

GOOD = {
    "QINWEN_WECHAT_MODE": "secure",
    "QINWEN_WECHAT_TOKEN": "Token123",
    "QINWEN_WECHAT_APP_ID": "wxba5fad812f8e6fb9",
    "QINWEN_WECHAT_ORIGINAL_ID": "gh_97417a04a28d",
    "QINWEN_WECHAT_AES_KEY": "a" * 43,
    "QINWEN_WECHAT_APP_SECRET": "0123456789abcdef" * 2,
}


@pytest.fixture
def load(tmp_path):
    secrets = {setting.variable: "secret-of-the-tests" for setting in all_settings() if setting.secret}
    return lambda **changes: load_settings({"QINWEN_VAR": str(tmp_path), **secrets, **GOOD, **changes})


def test_a_full_account_is_taken(load):
    assert load().wechat_mode == "secure"


def test_without_wechat_nothing_of_it_is_needed(load):
    assert load(**dict.fromkeys(GOOD, ""), QINWEN_WECHAT_MODE_FILE="").wechat_mode == "off"


@pytest.mark.parametrize(("variable", "value"), [
    ("QINWEN_WECHAT_MODE", "safe"),
    ("QINWEN_WECHAT_TOKEN", "ab"),
    ("QINWEN_WECHAT_TOKEN", "令牌令牌"),
    ("QINWEN_WECHAT_TOKEN", "a" * 33),
    ("QINWEN_WECHAT_APP_ID", "gh_97417a04a28d"),
    ("QINWEN_WECHAT_ORIGINAL_ID", "wxba5fad812f8e6fb9"),
    ("QINWEN_WECHAT_AES_KEY", "a" * 42),
    ("QINWEN_WECHAT_AES_KEY", "a" * 42 + "="),
    ("QINWEN_WECHAT_PREVIOUS_AES_KEY", "short"),
    ("QINWEN_WECHAT_APP_SECRET", "with spaces inside"),
    ("QINWEN_WECHAT_BUDGET", "5"),
    ("QINWEN_WECHAT_WINDOW", "-1"),
    ("QINWEN_WECHAT_MENU_MESSAGES", "maybe"),
    ("QINWEN_WECHAT_API_URL", "api.weixin.qq.com"),
    ("QINWEN_PUBLIC_URL", "ftp://example"),
    ("QINWEN_PUBLIC_URL", "https://"),
])  # fmt: skip
def test_a_bad_value_names_its_variable_and_never_shows_a_secret(load, variable, value):
    with pytest.raises(SettingError, match=variable) as caught:
        load(**{variable: value})
    assert caught.value.message.endswith("。")
    if variable.endswith(("TOKEN", "KEY", "SECRET")):
        assert value not in caught.value.message


@pytest.mark.parametrize(("mode", "changes", "missing"), [
    ("plain", {}, {"TOKEN", "ORIGINAL_ID", "APP_ID", "APP_SECRET"}),
    ("plain", {"QINWEN_WECHAT_CUSTOMER_MESSAGES": "off"}, {"TOKEN", "ORIGINAL_ID"}),
    ("compatible", {"QINWEN_WECHAT_CUSTOMER_MESSAGES": "off"}, {"TOKEN", "ORIGINAL_ID", "APP_ID", "AES_KEY"}),
    ("secure", {}, {"TOKEN", "ORIGINAL_ID", "APP_ID", "AES_KEY", "APP_SECRET"}),
])  # fmt: skip
def test_each_mode_needs_just_what_it_uses(load, mode, changes, missing):
    needed = set()
    for variable in GOOD.keys() - {"QINWEN_WECHAT_MODE"}:
        with contextlib.suppress(SettingError):
            load(**{"QINWEN_WECHAT_MODE": mode, **changes, variable: ""})
            continue
        needed.add(variable.removeprefix("QINWEN_WECHAT_"))
    assert needed == missing


def test_printed_settings_show_no_secret_of_wechat(load):
    shown = repr(load(QINWEN_WECHAT_PREVIOUS_AES_KEY="b" * 43))
    for variable in ("QINWEN_WECHAT_TOKEN", "QINWEN_WECHAT_AES_KEY", "QINWEN_WECHAT_APP_SECRET"):
        assert GOOD[variable] not in shown
    assert "b" * 43 not in shown
