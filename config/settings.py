"""What an administrator sets, from the environment (prefix `HOTLINE_`): every knob of the process, typed."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CONFIG_DIR = Path(__file__).resolve().parent


class AsteriskSettings(BaseModel):
    """How to reach an Asterisk, and where it sees our files when it sees them elsewhere than we do."""

    host: str = "127.0.0.1"
    ami_port: int = Field(5038, ge=1, le=65535)
    username: str = "hotline"
    secret: SecretStr = SecretStr("")
    prompts_path: Path | None = Field(None, description="our prompts directory, as Asterisk sees it")
    recorded_prompts_path: Path | None = Field(None, description="config/prompts, as Asterisk sees it")
    spool_path: Path | None = Field(None, description="our spool directory, as Asterisk sees it")
    cel_file: Path | None = Field(None, description="Asterisk's CEL file, as we see it")
    lease_seconds: int = Field(15, ge=5, le=120)


class SpeechSettings(BaseModel):
    """The websocket to which Asterisk's AEAP client connects for speech in the menu."""

    host: str = "127.0.0.1"
    port: int = Field(9099, ge=0, le=65535)


def _web_address(value: str) -> str:
    """An http or https URL to which paths may be added; without a slash at its end."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address such as https://hotline.example.com is wanted")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("the address may have no login, ? or #")
    return value.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class TwilioSettings(BaseModel):
    """A Twilio account, and the address at which Twilio reaches this program."""

    account_sid: str = Field("", pattern="^(AC[0-9a-fA-F]{32})?$")
    auth_token: SecretStr = Field(SecretStr(""), description="signs the webhooks; also logs in without a key")
    shared_key: SecretStr = Field(SecretStr(""), description="the SharedKey's secret, if webhooks have one")
    api_key_sid: str = Field("", pattern="^(SK[0-9a-fA-F]{32})?$", description="logs in to the REST API")
    api_key_secret: SecretStr = SecretStr("")
    public_url: WebAddress = Field(
        "", description="where Twilio reaches us, such as https://hotline.example.com"
    )
    base_url: WebAddress = Field("https://api.twilio.com", description="Twilio's REST API")
    caller_id: str = Field("", description="what ringing agents see: a number of the account, in E.164")
    say: bool = Field(False, description="Twilio speaks the prompts; else it plays the sound that we serve")
    voices: dict[str, str] = Field({}, description='Twilio\'s voice for a language: {"zh": "Polly.Zhiyu"}')
    delete_recordings: bool = Field(False, description="delete recordings at Twilio once they are here")
    requests_per_second: float = Field(50.0, gt=0, le=1000)
    calls_per_second: float = Field(1.0, gt=0, le=1000, description="agents rung a second: the account's CPS")
    timeout_seconds: float = Field(10.0, gt=0, le=120, description="for each request to Twilio")
    reconcile_every: int = Field(
        300, ge=10, le=86400, description="seconds between looks at Twilio's call list"
    )

    def missing(self) -> list[str]:
        """Names of what has to be set before calls can come."""
        wanted: dict[str, object] = {
            "account_sid": self.account_sid,
            "auth_token": self.auth_token.get_secret_value(),
            "public_url": self.public_url,
        }
        if self.api_key_sid:
            wanted["api_key_secret"] = self.api_key_secret.get_secret_value()
        return [name for name, value in wanted.items() if not value]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    data: Path = Field(Path("data"), description="data directory: db, audio, spool, prompts, models, keys")
    config: Path = Field(CONFIG_DIR, description="the folder of menus, routing.yaml, scorecards, prompts")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory")
    redis_url: str = Field("", description="empty: the routing board lives in this process")
    carriers: Annotated[tuple[Literal["asterisk", "twilio"], ...], NoDecode] = Field(
        ("asterisk",), description="carriers that bring calls, separated by commas"
    )
    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535)
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    workers: int = Field(0, ge=0, le=256, description="threads that transcribe; 0: one per core")
    embedded_worker: bool = Field(True, description="transcribe and score in this process")
    vosk_models: Path | None = Field(None, description="a folder of Vosk models already on this machine")
    models_url: str = Field("", description="where `hotline models pull` fetches from")
    asterisk: AsteriskSettings = AsteriskSettings()
    speech: SpeechSettings = SpeechSettings()
    twilio: TwilioSettings = Field(TwilioSettings(), validate_default=True)

    @field_validator("carriers", mode="before")
    @classmethod
    def _separated(cls, value: Any) -> Any:
        return (
            [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value
        )

    @field_validator("twilio")
    @classmethod
    def _complete(cls, value: TwilioSettings, info: ValidationInfo) -> TwilioSettings:
        if "twilio" in info.data.get("carriers", ()) and (missing := value.missing()):
            names = ", ".join(f"HOTLINE_TWILIO__{name.upper()}" for name in missing)
            raise ValueError(f"calls come from Twilio, so set {names}")
        return value

    @cached_property
    def url(self) -> str:
        """The database URL for SQLAlchemy."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{self.data_dir('db') / 'hotline.sqlite3'}"

    def data_dir(self, *parts: str) -> Path:
        """A folder below the data directory, made when it is not there; private to this user."""
        folder = self.data.resolve().joinpath(*parts)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
