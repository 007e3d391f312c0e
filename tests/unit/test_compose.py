"""docker-compose.yml and Dockerfile, held against the compose specification, the settings and Asterisk."""

import configparser
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml
from pydantic import SecretStr, ValidationError

from config.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
ASTERISK = ROOT / "config" / "asterisk"
ENVIRONMENT = {"POSTGRES_PASSWORD": "pg", "HOTLINE_ASTERISK__SECRET": "ami"}
TWILIO = {
    "HOTLINE_TWILIO__ACCOUNT_SID": "AC" + "1" * 32,
    "HOTLINE_TWILIO__AUTH_TOKEN": "signs",
    "HOTLINE_TWILIO__PUBLIC_URL": "https://hotline.example.com",
    "HOTLINE_TWILIO__API_KEY_SID": "SK" + "2" * 32,
    "HOTLINE_TWILIO__API_KEY_SECRET": "opens",
    "HOTLINE_TWILIO__CALLER_ID": "+18005550100",
    "HOTLINE_TWILIO__SAY": "true",
    "HOTLINE_TWILIO__DELETE_RECORDINGS": "true",
}
"""What a site with Twilio adds to its .env."""

SECRETS = {name for name in TWILIO if re.search("SECRET|TOKEN", name)}

EXAMPLE = (ROOT / ".env.example").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def interpolated(node: Any, environment: Mapping[str, str]) -> Any:
    """`${NAME}`, `${NAME:-default}` and `${NAME:?error}` in every string replaced, as Compose does."""

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        assert environment.get(name) or kind == "-", f"{name} has no value and no default"
        return environment.get(name) or default or ""

    match node:
        case dict():
            return {key: interpolated(inner, environment) for key, inner in node.items()}
        case list():
            return [interpolated(inner, environment) for inner in node]
        case str():
            return VARIABLE.sub(value, node)
    return node


WRITTEN: dict[str, Any] = yaml.safe_load(TEXT)
COMPOSE: dict[str, Any] = interpolated(WRITTEN, ENVIRONMENT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def settings_of(
    service: str, monkeypatch: pytest.MonkeyPatch, services: Mapping[str, Any] = SERVICES
) -> Settings:
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    for name, value in services[service]["environment"].items():
        monkeypatch.setenv(name, value)
    return Settings()


def given_by(example: str) -> dict[str, str]:
    """What a .env file says."""
    return dict(re.findall(r"^(\w+)=(.*)$", example, re.M))


def asterisk_option(file: str, section: str, option: str) -> str:
    parser = configparser.ConfigParser(strict=False, allow_no_value=True, comment_prefixes=(";", "#"))
    parser.read_string((ASTERISK / file).read_text())
    return parser[section][option]


def published(service: str) -> set[str]:
    """Container ports, as `5060/udp`."""
    return {port.rsplit(":", 1)[1] for port in SERVICES[service]["ports"]}


def sources(service: str) -> dict[str, str]:
    """Where each mounted path comes from."""
    mounts = (mount.split(":") for mount in SERVICES[service].get("volumes", []))
    return {mount[1]: mount[0] for mount in mounts}


def test_it_meets_the_compose_specification() -> None:
    compose = compose_spec.PyCompose.from_json(json.dumps(COMPOSE))
    compose.validate()
    assert {"program", "worker", "asterisk", "redis", "postgres"} <= set(compose.service_names())


def test_secrets_come_from_the_environment_and_are_required() -> None:
    assert {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == "?"} == set(ENVIRONMENT)
    environments = [service.get("environment", {}) for service in WRITTEN["services"].values()]
    secrets = [
        value
        for given in environments
        for name, value in given.items()
        if re.search("SECRET|PASSWORD|TOKEN", name)
    ]
    assert secrets
    assert all(VARIABLE.fullmatch(secret) for secret in secrets)


def test_the_example_names_every_variable() -> None:
    assert given_by(EXAMPLE).keys() == {name for name, _, _ in VARIABLE.findall(TEXT)}


def test_the_example_with_its_secrets_filled_in_is_what_comes_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {name for name, value in given_by(EXAMPLE).items() if not value} >= {*ENVIRONMENT, *SECRETS}
    copied = interpolated(WRITTEN, given_by(EXAMPLE) | ENVIRONMENT)
    assert copied == COMPOSE
    settings = settings_of("program", monkeypatch)
    assert settings.carriers == ("asterisk",)
    assert not settings.twilio.account_sid


@pytest.mark.parametrize("carriers", ["twilio", "asterisk,twilio"])
def test_a_site_may_take_calls_from_twilio(carriers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = given_by(EXAMPLE) | ENVIRONMENT | TWILIO | {"HOTLINE_CARRIERS": carriers}
    settings = settings_of("program", monkeypatch, interpolated(WRITTEN, environment)["services"])
    assert settings.carriers == tuple(carriers.split(","))
    for name, value in TWILIO.items():
        taken = getattr(settings.twilio, name.removeprefix("HOTLINE_TWILIO__").lower())
        shown = taken.get_secret_value() if isinstance(taken, SecretStr) else taken
        assert str(shown) == ("True" if value == "true" else value)


def test_a_carrier_without_its_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    services = interpolated(WRITTEN, ENVIRONMENT | {"HOTLINE_CARRIERS": "twilio"})["services"]
    with pytest.raises(ValidationError, match="HOTLINE_TWILIO__AUTH_TOKEN"):
        settings_of("program", monkeypatch, services)


@pytest.mark.parametrize("service", ["program", "worker", "migrate"])
def test_every_setting_named_exists_and_is_valid(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(service, monkeypatch)
    for name in SERVICES[service]["environment"]:
        field: Any = settings
        for part in name.removeprefix("HOTLINE_").lower().split("__"):
            assert part in type(field).model_fields, f"{name} is no setting"
            field = getattr(field, part)
    assert settings.url.startswith("postgresql+psycopg://hotline:pg@postgres:5432/")
    assert settings.redis_url == "redis://redis:6379/0"


def test_program_and_asterisk_agree_on_secret_and_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of("program", monkeypatch)
    assert settings.asterisk.secret.get_secret_value() == "ami"
    assert SERVICES["asterisk"]["environment"]["HOTLINE_ASTERISK__SECRET"] == "ami"
    assert SERVICES["program"]["network_mode"] == SERVICES["asterisk"]["network_mode"] == "service:network"
    assert settings.asterisk.ami_port == int(asterisk_option("manager.conf", "general", "port"))
    assert settings.asterisk.username in (ASTERISK / "manager.conf").read_text()
    speech = f"ws://{settings.speech.host}:{settings.speech.port}"
    assert asterisk_option("aeap.conf", "vosk", "url").startswith(speech)


def test_what_is_published_is_what_the_code_and_asterisk_open(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of("program", monkeypatch)
    assert settings.http_host == "0.0.0.0"
    rtp = SERVICES["asterisk"]["environment"]
    sip = asterisk_option("pjsip.conf", "transport-udp", "bind").rpartition(":")[2]
    rtp_ports = f"{rtp['RTP_START']}-{rtp['RTP_END']}"
    assert published("network") == {f"{sip}/udp", f"{rtp_ports}/udp", str(settings.http_port)}
    exposed = re.findall(r"^EXPOSE (.+)$", (ROOT / "Dockerfile").read_text(), re.M)
    assert exposed == [str(settings.http_port), f"{sip}/udp {rtp_ports}/udp"]


def test_program_and_asterisk_see_the_same_files(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of("program", monkeypatch)
    program, asterisk = sources("program"), sources("asterisk")
    for folder in ("prompts", "spool"):
        path = f"{settings.data}/{folder}"
        assert program[path] == asterisk[path] == folder
    assert asterisk[str(settings.asterisk.recorded_prompts_path)] == "./config/prompts"
    assert asterisk["/config"] == "./config/asterisk"
    assert program[str(settings.config)] == "./config"
    assert settings.asterisk.cel_file is not None
    log = str(settings.asterisk.cel_file).partition("/cel-custom/")[0]
    assert program[log] == asterisk[log]
    assert sources("worker")[f"{settings.data}"] == program[f"{settings.data}"]


def test_every_mounted_source_exists_or_is_a_declared_volume() -> None:
    used = {source for service in SERVICES for source in sources(service).values()}
    folders = {source for source in used if source.startswith(".")}
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert used - folders == set(COMPOSE["volumes"])


def test_every_lasting_service_has_a_health_check_and_waits_only_for_what_exists() -> None:
    for name, service in SERVICES.items():
        assert "healthcheck" in service or name in {"migrate", "network"}, name
        for other, wait in service.get("depends_on", {}).items():
            assert wait["condition"] != "service_healthy" or "healthcheck" in SERVICES[other], (name, other)


def test_every_image_is_a_stage_of_the_dockerfile_and_its_files_exist() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.M))
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= stages
    for copied in re.findall(r"^COPY (?:--chmod=\d+ )?(?!--from)(.+) \S+$", dockerfile, re.M):
        assert all((ROOT / path).exists() for path in copied.split()), copied


@pytest.fixture
def entrypoint(tmp_path: Path) -> Any:
    """Runs the container's start script on the committed configuration, with `true` in Asterisk's place."""

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        etc = tmp_path / "etc"
        etc.mkdir(exist_ok=True)
        return subprocess.run(
            [ROOT / "scripts" / "asterisk-entrypoint.sh"],
            env={
                "PATH": os.environ["PATH"],
                "CONFIG_SOURCE": str(ASTERISK),
                "ASTERISK_ETC": str(etc),
                "ASTERISK": "true",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_asterisk_starts_on_a_copy_of_the_committed_files(entrypoint: Any, tmp_path: Path) -> None:
    done = entrypoint(HOTLINE_ASTERISK__SECRET="ami-1", PUBLIC_ADDRESS="192.0.2.7")
    assert done.returncode == 0, done.stderr
    etc = tmp_path / "etc"
    for file in ASTERISK.glob("*.conf"):
        assert (etc / file.name).read_bytes() == file.read_bytes()
    assert "[hotline](+)\nsecret = ami-1\n" in (etc / "site" / "manager.conf").read_text()
    assert "rtpend = 10199" in (etc / "site" / "rtp.conf").read_text()
    assert "external_media_address = 192.0.2.7" in (etc / "site" / "pjsip.conf").read_text()
    assert (etc / "site" / "manager.conf").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("secret", ["", "a;b", "a\n[evil]", "a b"])
def test_a_secret_that_would_not_survive_the_configuration_file_is_refused(
    entrypoint: Any, tmp_path: Path, secret: str
) -> None:
    done = entrypoint(HOTLINE_ASTERISK__SECRET=secret)
    assert done.returncode == 78
    assert "HOTLINE_ASTERISK__SECRET" in done.stderr
    assert list((tmp_path / "etc").iterdir()) == []


@pytest.mark.parametrize("file", ["manager.conf", "rtp.conf", "pjsip.conf"])
def test_asterisk_reads_what_the_start_script_writes(file: str) -> None:
    assert f"#tryinclude site/{file}" in (ASTERISK / file).read_text()
