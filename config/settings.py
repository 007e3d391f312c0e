"""What an administrator sets, from the environment (prefix `HOTLINE_`): every knob of the process, typed."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
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


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    data: Path = Field(Path("data"), description="data directory: db, audio, spool, prompts, models, keys")
    config: Path = Field(CONFIG_DIR, description="the folder of menus, routing.yaml, scorecards, prompts")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory")
    redis_url: str = Field("", description="empty: the routing board lives in this process")
    carriers: Annotated[tuple[Literal["asterisk"], ...], NoDecode] = Field(
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

    @field_validator("carriers", mode="before")
    @classmethod
    def _separated(cls, value: Any) -> Any:
        return (
            [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value
        )

    @cached_property
    def url(self) -> str:
        """The database URL for SQLAlchemy's asyncio engines."""
        if self.database_url:
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite+aiosqlite:///{self.data_dir('db') / 'hotline.sqlite3'}"

    def data_dir(self, *parts: str) -> Path:
        """A folder below the data directory, made when it is not there; private to this user."""
        folder = self.data.resolve().joinpath(*parts)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
