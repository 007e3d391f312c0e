"""Which recogniser model each language uses, where it lies on this machine, and how to fetch it."""

import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from config.yaml_lines import load_model
from recordings.errors import ModelDownloadFailed, ModelMissing, NoModelForLanguage, NotAModel

#: Told the bytes that have come and, where the server says, how many there will be.
Downloaded = Callable[[int, int | None], None]

MOST_UNPACKED = 8 << 30  # bytes; the largest published model unpacks to half of that


class ModelSpec(BaseModel):
    """One language's model: `name` is its folder's and its archive's; `sha256` is of the archive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    package: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")] | None = None


class Catalogue(BaseModel):
    """The file `config/models.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Annotated[str, Field(pattern=r"^https?://")]
    models: Annotated[dict[str, ModelSpec], Field(min_length=1)]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `ConfigInvalid` with the line of every problem."""
        return load_model(path, cls)

    def spec(self, language: str) -> tuple[str, ModelSpec]:
        """(language, model) for a BCP 47 tag; `zh-CN` falls back to `zh`. Raises `NoModelForLanguage`."""
        for tag in (language, language.partition("-")[0]):
            if tag in self.models:
                return tag, self.models[tag]
        raise NoModelForLanguage(language, sorted(self.models))


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that was found to hold a Vosk model; `sample_rate` in Hz is what it was trained on.

    `grammars`: it can be told which phrases to expect.
    """

    name: str
    path: Path
    sample_rate: int
    grammars: bool


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `models list`; `path` is None where no usable model is on this machine.

    It is `broken` where there is a folder of that name which is no model.
    """

    language: str
    name: str
    path: Path | None
    problem: str | None
    broken: bool = False


def examine(path: Path, name: str | None = None) -> ModelFolder:
    """Looks whether `path` is a model's folder; raises `NotAModel` naming what is missing."""
    if not path.is_dir():
        raise NotAModel(str(path), "there is no such folder")
    needed = ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf"]
    if not (path / "graph/HCLG.fst").is_file():
        needed += ["graph/HCLr.fst", "graph/Gr.fst"]
    missing = [file for file in needed if not (path / file).is_file()]
    if missing:
        raise NotAModel(str(path), f"it lacks {', '.join(missing)}")
    settings = (path / "conf/mfcc.conf").read_text("utf-8", "replace")
    rate = re.search(r"^--sample-frequency=([0-9.]+)", settings, re.MULTILINE)
    return ModelFolder(
        name=name or path.name,
        path=path,
        sample_rate=int(float(rate[1])) if rate else 16000,  # Kaldi's own default
        grammars=(path / "graph/Gr.fst").is_file(),
    )


class ModelShelf:
    """The models of this machine: `folders` are looked through in order, then Python packages."""

    def __init__(self, catalogue: Catalogue, folders: Iterable[Path]) -> None:
        self.catalogue = catalogue
        self._folders = tuple(folders)

    def find(self, language: str) -> ModelFolder:
        """The first that is whole. Raises `NoModelForLanguage`, `ModelMissing` or `NotAModel`."""
        _, spec = self.catalogue.spec(language)
        places = [folder / spec.name for folder in self._folders]
        if spec.package and (packaged := _package(spec.package)):
            places.append(packaged)
        broken: list[NotAModel] = []
        for place in places:
            if place.exists():
                try:
                    return examine(place, spec.name)
                except NotAModel as error:
                    broken.append(error)
        if broken:
            raise broken[0]
        looked = [str(place.parent) for place in places] + (
            [f"package {spec.package}"] if spec.package else []
        )
        raise ModelMissing(spec.name, looked)

    def no_folders(self) -> list[Path]:
        """Places to look in that are no folders: not there, or a file."""
        return [folder for folder in self._folders if not folder.is_dir()]

    def with_stand_in(self, language: str) -> "ModelShelf":
        """The same shelf, with the model of `language` in the place of every one that is not here."""
        own = self.catalogue.models[language]
        models = {
            status.language: own if status.path is None else self.catalogue.models[status.language]
            for status in self.list()
        }
        return ModelShelf(self.catalogue.model_copy(update={"models": models}), self._folders)

    def list(self) -> list[ModelStatus]:
        return [self._status(language, spec) for language, spec in self.catalogue.models.items()]

    def _status(self, language: str, spec: ModelSpec) -> ModelStatus:
        try:
            return ModelStatus(language, spec.name, self.find(language).path, None)
        except (ModelMissing, NotAModel) as error:
            broken = isinstance(error, NotAModel)
            return ModelStatus(language, spec.name, None, str(error), broken)


def pull(catalogue: Catalogue, language: str, into: Path, progress: Downloaded | None = None) -> ModelFolder:
    """Fetches a language's model into `into`, whole or not at all; one that is there stays.

    Raises `ModelDownloadFailed` (network, checksum, hostile archive) and `NotAModel`.
    """
    _, spec = catalogue.spec(language)
    target = into / spec.name
    if target.exists():
        return examine(target)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=into) as scratch:
        archive = Path(scratch) / "model.zip"
        digest = _download(spec.name, f"{catalogue.base_url.rstrip('/')}/{spec.name}.zip", archive, progress)
        if spec.sha256 is not None and digest != spec.sha256:
            raise ModelDownloadFailed(spec.name, f"its SHA-256 is {digest}, not {spec.sha256}")
        unpacked = Path(scratch) / "unpacked"
        _unzip(spec.name, archive, unpacked)
        found = unpacked / spec.name
        if not found.is_dir():
            raise ModelDownloadFailed(spec.name, f"its archive holds no folder {spec.name}")
        examine(found)
        os.replace(found, target)
    return examine(target)


def _download(name: str, url: str, target: Path, progress: Downloaded | None) -> str:
    """Writes what `url` holds to `target` and gives its SHA-256."""
    import httpx

    digest, received = hashlib.sha256(), 0
    try:
        with (
            httpx.stream("GET", url, follow_redirects=True, timeout=30) as response,
            target.open("wb") as file,
        ):
            response.raise_for_status()
            announced = response.headers.get("content-length", "")
            total = int(announced) if announced.isdecimal() else None
            for block in response.iter_bytes(1 << 16):
                file.write(block)
                digest.update(block)
                received += len(block)
                if progress:
                    progress(received, total)
    except httpx.HTTPStatusError as error:
        raise ModelDownloadFailed(name, f"{url} answers {error.response.status_code}") from error
    except (httpx.HTTPError, OSError) as error:
        raise ModelDownloadFailed(name, f"{url}: {error or type(error).__name__}") from error
    return digest.hexdigest()


def _unzip(name: str, archive: Path, into: Path) -> None:
    """Unpacks files and folders only, none of them outside `into`."""
    try:
        with zipfile.ZipFile(archive) as packed:
            _refuse_hostile(name, packed.infolist())
            for member in packed.infolist():
                packed.extract(member, into)
    except zipfile.BadZipFile as error:
        raise ModelDownloadFailed(name, f"what came is not a zip archive ({error})") from error


def _refuse_hostile(name: str, members: Sequence[zipfile.ZipInfo]) -> None:
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise ModelDownloadFailed(name, f"it would unpack to more than {MOST_UNPACKED >> 30} GiB")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        symlink = (member.external_attr >> 28) == 0xA
        if path.is_absolute() or ".." in path.parts or ":" in member.filename or symlink:
            raise ModelDownloadFailed(name, "its archive holds a path that leads outside it")


def _package(name: str) -> Path | None:
    """The folder `model` of an installed package, which is not imported."""
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "model" if places else None
