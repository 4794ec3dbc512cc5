"""Settings from the environment and `.env`: the only place that reads them."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError
from db.pool import DatabaseConfig, SslMode
from db.rights import ROLE


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; write one like Europe/Berlin or UTC") from error
    return name


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write an address that begins with http:// or https://")
    return url


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir("techops", appauthor=False))


Zone = Annotated[str, AfterValidator(_zone)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Channel = Annotated[str, BeforeValidator(lambda value: str(value).strip().lstrip("#")), Field(min_length=1)]


class Settings(BaseSettings):
    """Every setting, validated. Times are seconds, secrets do not show in logs.

    `database_url` or the `db_*` parts name the dashboard's database; without either, `embedded` is true.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: SecretStr | None = None
    owner_database_url: SecretStr | None = None
    db_host: str | None = None
    db_port: int = Field(default=5432, ge=1, le=65535)
    db_name: str = "dashboard"
    db_user: str | None = None
    db_password: SecretStr | None = None
    db_ssl: Annotated[SslMode | None, BeforeValidator(_lower)] = None
    db_ssl_root_cert: Path | None = None
    db_pool_size: int = Field(default=20, ge=2, le=1000)
    dashboard_timezone: Zone = "UTC"
    techops_timezone: Zone = "UTC"
    care_hours: float = Field(default=3, gt=0, le=24)
    care_requests: bool = True

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: HttpUrl = "https://slack.com/api/"
    ops_channel: Channel = "ops"
    deploy_channel: Channel = "deployments"
    maintenance_channel: Channel = "ops"
    auto_provision: bool = True

    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    public_url: HttpUrl | None = None
    metrics_token: SecretStr | None = None
    max_wait: float = Field(default=25, ge=0, le=300)
    rate_limit: int = Field(default=120, ge=1, le=100_000)
    webhook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None

    data_dir: Path = Field(default_factory=_data_dir)
    backup_dir: Path | None = None
    backup_copy_dir: Path | None = None
    audit_keep_days: int | None = Field(default=None, ge=1, le=36_500)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"
    log_format: Annotated[Literal["json", "console"] | None, BeforeValidator(_lower)] = None

    @field_validator("slack_api_url")
    @classmethod
    def _trailing_slash(cls, url: str) -> str:
        return url if url.endswith("/") else url + "/"

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _postgres_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and urlsplit(url.get_secret_value()).scheme not in {"postgres", "postgresql"}:
            raise ValueError("write an address that begins with postgresql://")
        return url

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.db_ssl_root_cert is not None and not self.db_ssl_root_cert.is_file():
            raise ValueError(f"DB_SSL_ROOT_CERT: there is no file {self.db_ssl_root_cert}")
        if self.slack_bot_token and not (self.slack_signing_secret or self.slack_app_token):
            raise ValueError(
                "SLACK_BOT_TOKEN is set, but neither SLACK_SIGNING_SECRET (HTTP mode: Basic Information > App "
                "Credentials) nor SLACK_APP_TOKEN (Socket Mode: Basic Information > App-Level Tokens)"
            )
        return self

    @property
    def embedded(self) -> bool:
        """True where no database is configured, so that the embedded one is used."""
        return self.database_url is None and self.db_host is None

    @property
    def socket_mode(self) -> bool:
        """True where Slack is listened to over a WebSocket."""
        return self.slack_app_token is not None

    def database(self, process: str, *, owner: bool = False) -> DatabaseConfig:
        """The database to connect to, named after the process in pg_stat_activity.

        `owner` asks for OWNER_DATABASE_URL, which falls back to the ordinary address; its rights are kept. An ordinary
        connection of a role that may do so becomes techops_app.
        """
        url = (self.owner_database_url if owner else None) or self.database_url
        common = DatabaseConfig(
            dsn=url.get_secret_value() if url else None,
            ssl=self.db_ssl if not url or self.db_ssl else None,
            ssl_root_cert=self.db_ssl_root_cert,
            role=None if owner else ROLE,
            timezone=self.dashboard_timezone,
            application_name=f"techops {process}",
            max_size=self.db_pool_size,
        )
        if url:
            return common
        return DatabaseConfig(
            host=self.db_host,
            port=self.db_port,
            name=self.db_name,
            user=self.db_user,
            password=self.db_password.get_secret_value() if self.db_password else None,
            ssl=self.db_ssl or "false",
            ssl_root_cert=common.ssl_root_cert,
            role=common.role,
            timezone=common.timezone,
            application_name=common.application_name,
            max_size=common.max_size,
        )


def load(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: one message that lists every fault and its fix.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type] # field names and raw values; pydantic checks both
    except ValidationError as error:
        faults = [_fault(".".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors()]
        raise SettingsError("These settings cannot be used:\n" + "\n".join(faults)) from error


def require_slack(settings: Settings, process: str) -> None:
    """Check that the process can talk to Slack.

    Raises:
        SettingsError: SLACK_BOT_TOKEN, or what receives requests, is missing; only `techops up` can do without.
    """
    missing = []
    if settings.slack_bot_token is None:
        missing.append("  SLACK_BOT_TOKEN: the app's Bot User OAuth Token, xoxb-... (OAuth & Permissions)")
    if settings.slack_signing_secret is None and settings.slack_app_token is None and process == "web":
        missing.append("  SLACK_SIGNING_SECRET: the app's signing secret (Basic Information), or SLACK_APP_TOKEN")
    if missing:
        raise SettingsError(
            f"`techops {process}` needs a Slack app:\n"
            + "\n".join(missing)
            + "\nTo try the bot without Slack, run `techops up`: it serves a sandbox workspace."
        )


def _fault(location: str, message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"  {location.upper()}: {text}" if location else f"  {text}"
