import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinwen.errors import SettingError
from qinwen.settings import Settings, all_settings, load_settings, write_secrets

SECRETS = {setting.variable: setting.variable.split("_")[1].lower() for setting in all_settings() if setting.secret}


@pytest.fixture
def environ(tmp_path):
    return {"QINWEN_VAR": str(tmp_path), **SECRETS}


def test_defaults_follow_from_the_runtime_folder_and_the_ports(environ, tmp_path):
    settings = load_settings({**environ, "QINWEN_ENGINE_PORT": "5105"})
    assert settings.database_url == f"sqlite:///{tmp_path}/qinwen.db"
    assert settings.tracker_url == f"sqlite:///{tmp_path}/tracker.db"
    assert settings.engine_url == "http://127.0.0.1:5105"
    assert settings.actions_url == "http://127.0.0.1:5055"


def test_a_given_address_wins_over_the_derived_one(environ):
    settings = load_settings({**environ, "DATABASE_URL": "postgresql://db/qinwen", "QINWEN_ENGINE_URL": "http://engine"})
    assert settings.database_url == "postgresql://db/qinwen"
    assert settings.engine_url == "http://engine"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("QINWEN_PUBLIC_PORT", "eighty"),
        ("QINWEN_PUBLIC_PORT", "-1"),
        ("QINWEN_PUBLIC_PORT", "70000"),
        ("QINWEN_STAFF_PORT", "0"),
        ("QINWEN_ENGINE_TIMEOUT", "soon"),
        ("QINWEN_ENGINE_TIMEOUT", "-2"),
        ("QINWEN_ENGINE_TIMEOUT", "nan"),
        ("QINWEN_CONVERSATION_IDLE", "inf"),
        ("QINWEN_RATE_LIMITS", "yes"),
        ("QINWEN_LOG_LEVEL", "loud"),
        ("QINWEN_ENCODER", "bert"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_variable(environ, variable, value):
    with pytest.raises(SettingError, match=variable) as caught:
        load_settings({**environ, variable: value})
    assert caught.value.message.endswith("。")


def test_a_value_may_stand_in_a_file(environ, tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n")
    del environ["QINWEN_ENGINE_SECRET"]
    settings = load_settings({**environ, "QINWEN_ENGINE_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.engine_secret == "from-a-file"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_that_gives_no_secret_stops_the_start(environ, tmp_path, content):
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    del environ["QINWEN_ACTIONS_SECRET"]
    with pytest.raises(SettingError, match="QINWEN_ACTIONS_SECRET"):
        load_settings({**environ, "QINWEN_ACTIONS_SECRET_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_a_missing_secret_stops_the_start_and_names_the_variable(environ, missing):
    del environ[missing]
    with pytest.raises(SettingError, match=missing):
        load_settings(environ)


def test_no_secret_has_a_default():
    secrets = [setting for setting in all_settings() if setting.secret]
    assert {setting.variable for setting in secrets} == set(SECRETS)
    assert all(setting.default is None for setting in secrets)
    assert all(setting.default is not None for setting in all_settings() if not setting.secret)


def test_the_first_start_generates_the_secrets_for_the_owner_alone(tmp_path):
    var = tmp_path / "var"
    write_secrets(var)
    assert (var / "secrets.env").stat().st_mode & 0o777 == 0o600
    settings = load_settings({"QINWEN_VAR": str(var)})
    assert len(settings.engine_secret) >= 32
    assert settings.engine_secret != settings.actions_secret


def test_generated_secrets_stay_and_only_missing_ones_are_added(tmp_path):
    (tmp_path / "secrets.env").write_text("QINWEN_ENGINE_SECRET=kept\n")
    write_secrets(tmp_path)
    first = (tmp_path / "secrets.env").read_text()
    write_secrets(tmp_path)
    assert (tmp_path / "secrets.env").read_text() == first
    assert "QINWEN_ENGINE_SECRET=kept\n" in first
    assert "QINWEN_ACTIONS_SECRET=" in first


def test_the_environment_wins_over_the_generated_secrets(tmp_path):
    write_secrets(tmp_path)
    settings = load_settings({"QINWEN_VAR": str(tmp_path), "QINWEN_ENGINE_SECRET": "given"})
    assert settings.engine_secret == "given"


def test_settings_cannot_be_changed(environ):
    settings = load_settings(environ)
    with pytest.raises(AttributeError):
        settings.public_port = 1


@given(st.integers(1, 65535))
def test_every_port_is_read_as_given(port):
    settings = load_settings({"QINWEN_VAR": "/nowhere", "QINWEN_PUBLIC_PORT": str(port), **SECRETS})
    assert isinstance(settings, Settings)
    assert settings.public_port == port
