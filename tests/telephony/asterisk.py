"""An Asterisk of one's own: the project's configuration, a private view of the file system, free ports."""

import asyncio
import csv
import io
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .ami import AmiClient
from .ports import free_sip_port, free_tcp_port, free_udp_block
from .process import MissingTool, kill, require_tools, spawn, stop

REPOSITORY = Path(__file__).resolve().parents[2]
PROMPTS_IN_ASTERISK = "/usr/share/hotline/prompts"

# Asterisk runs in a mount namespace of its own, on an overlay of the root: nothing it or the script
# does touches the root, and all mounts vanish with the process, however it ends. `exec` keeps the
# pid: the child that was started is Asterisk itself.
_LAUNCH = """
set -e
root=$1 work=$2; shift 2
mount -t tmpfs tmpfs "$work/view"
mkdir "$work/view/upper" "$work/view/work" "$work/view/root"
over="lowerdir=$root,upperdir=$work/view/upper,workdir=$work/view/work"
mount -t overlay overlay -o "$over" "$work/view/root"
view=$work/view/root
# Asterisk looks up the machine's name for every call; without an answer it stalls.
printf '127.0.0.1 localhost\\n127.0.0.1 %s\\n' "$(uname -n)" > "$view/etc/hosts"
mount --rbind /proc "$view/proc"
mount --rbind /dev "$view/dev"
rm -rf "$view/etc/asterisk"
while [ "$1" != -- ]; do
    mkdir -p "$view$2"
    mount --bind "$1" "$view$2"
    shift 2
done
shift
exec setpriv --pdeathsig KILL -- chroot "$view" "$@"
"""


class CelRow(NamedTuple):
    """A line of the call event log; columns as config/asterisk/cel_custom.conf names them."""

    kind: str
    at: str
    uniqueid: str
    linkedid: str
    channel: str
    context: str
    exten: str
    caller_number: str
    caller_name: str
    application: str
    peer: str
    extra: str


class AsteriskServer:
    """Asterisk with config/asterisk as /etc/asterisk; only files under site/ are written.

    `agents` are endpoints (name and password alike), `contacts` agents who never register because
    their phone's URI is known (sipp); `files` replaces or adds configuration files by
    their path below /etc/asterisk, `modules` are loaded besides the configured ones. Folders in
    `shared` are seen by Asterisk under the same path as here, as is the server's own `work` folder.
    """

    ami_user = "hotline"

    def __init__(
        self,
        work: Path,
        *,
        agents: Sequence[str] = (),
        contacts: Mapping[str, str] | None = None,
        shared: Sequence[Path] = (),
        files: Mapping[str, str] | None = None,
        modules: Sequence[str] = (),
        rtp_timeout: int = 15,
        rtp_ports: int = 1000,
        aeap_port: int | None = None,
        globals_: Mapping[str, str | int] | None = None,
    ) -> None:
        self.work = work.resolve()
        self.sip_port = free_sip_port()
        self.ami_port = free_tcp_port()
        self.ami_secret = secrets.token_urlsafe(16)
        self.harness_secret = secrets.token_urlsafe(16)
        self.aeap_port = aeap_port or free_tcp_port()
        self.agents = tuple(agents)
        self._contacts = dict(contacts or {})
        self.etc = self.work / "etc"
        self.log = self.work / "log"
        self.spool = self.work / "spool"
        self._shared = [self.work, *(path.resolve() for path in shared)]
        self._root = asterisk_root()
        self._process: subprocess.Popen[bytes] | None = None
        self._folders()
        self._write_site(modules, rtp_timeout, rtp_ports, self.aeap_port, dict(globals_ or {}))
        for name, text in (files or {}).items():
            self._write(name, text)

    # ------------------------------------------------------------------ life

    def start(self, timeout: float = 30) -> "AsteriskServer":
        """Start and return once the manager interface says FullyBooted."""
        (self.work / "view").mkdir(exist_ok=True)
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _LAUNCH, "asterisk"]
        command += [str(self._root), str(self.work), *self._mounts(), "--", "asterisk", "-f"]
        self._process = spawn(command, cwd=self.work, log=self.work / "console.log")
        self._wait_ready(timeout)
        return self

    def stop(self) -> None:
        if self._process:
            stop(self._process)
            self._process = None

    def kill(self) -> None:
        """As a crash does: no BYE, no closing of files."""
        if self._process:
            kill(self._process)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "Asterisk is not running"
        return self._process.pid

    # ------------------------------------------------------------------ what tests ask of it

    @property
    def sip_address(self) -> str:
        return f"127.0.0.1:{self.sip_port}"

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.sip_address}"

    async def ami(self) -> AmiClient:
        """A session of an observer with every permission, beside the program's own user."""
        return await AmiClient.connect(self.ami_port, "harness", self.harness_secret)

    @property
    def cel_file(self) -> Path:
        return self.log / "cel-custom" / "hotline.csv"

    def cel(self) -> list[CelRow]:
        if not self.cel_file.exists():
            return []
        text = self.cel_file.read_text(encoding="utf-8")
        return [CelRow(*row) for row in csv.reader(io.StringIO(text)) if row]

    def complaints(self) -> str:
        """What Asterisk wrote to its log: warnings and errors."""
        path = self.log / "messages.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def written(self) -> str:
        """All that Asterisk wrote: its console, its logs and the call event log."""
        files = [self.work / "console.log", *(path for path in self.log.rglob("*") if path.is_file())]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    # ------------------------------------------------------------------ set-up

    def _folders(self) -> None:
        shutil.copytree(
            REPOSITORY / "config" / "asterisk",
            self.etc,
            ignore=shutil.ignore_patterns("site"),
            dirs_exist_ok=True,
        )
        for path in (
            self.etc / "site",
            self.log / "cel-custom",
            self.spool,
            self.work / "lib",
            self.work / "run",
        ):
            path.mkdir(parents=True, exist_ok=True)

    def _mounts(self) -> list[str]:
        pairs: list[tuple[Path, str]] = [
            (self.etc, "/etc/asterisk"),
            (self.log, "/var/log/asterisk"),
            (self.spool, "/var/spool/asterisk"),
            (self.work / "lib", "/var/lib/asterisk"),
            (self.work / "run", "/var/run/asterisk"),
            (REPOSITORY / "config" / "prompts", PROMPTS_IN_ASTERISK),
            *((path, str(path)) for path in self._shared),
        ]
        return [part for source, target in pairs for part in (str(source), target)]

    def _write(self, name: str, text: str) -> None:
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _write_site(
        self,
        modules: Sequence[str],
        rtp_timeout: int,
        rtp_ports: int,
        aeap_port: int,
        globals_: Mapping[str, str | int],
    ) -> None:
        first = free_udp_block(rtp_ports)
        self._write("site/rtp.conf", f"[general](+)\nrtpstart={first}\nrtpend={first + rtp_ports - 1}\n")
        self._write(
            "site/manager.conf",
            f"[general](+)\nport={self.ami_port}\n\n[{self.ami_user}](+)\nsecret={self.ami_secret}\n\n"
            f"[harness]\nsecret={self.harness_secret}\nread=all\nwrite=all\nwritetimeout=5000\n",
        )
        self._write("site/aeap.conf", f"[vosk](+)\nurl=ws://127.0.0.1:{aeap_port}\n")
        self._write("site/modules.conf", "".join(f"load = {name}.so\n" for name in modules))
        self._write("site/globals.conf", "".join(f"{key} = {value}\n" for key, value in globals_.items()))
        self._write("site/pjsip.conf", self._pjsip(rtp_timeout))

    def _pjsip(self, rtp_timeout: int) -> str:
        sections = [
            f"[transport-udp](+)\nbind=127.0.0.1:{self.sip_port}\n",
            "[hotline-trunk-identify]\ntype=identify\nendpoint=hotline-trunk\nmatch=127.0.0.1\n",
            f"[hotline-trunk](+)\nrtp_timeout={rtp_timeout}\n",
        ]
        for name in self.agents:
            sections.append(
                f"[{name}](hotline-agent)\nauth={name}\naors={name}\nrtp_timeout={rtp_timeout}\n"
                f"[{name}](hotline-agent-auth)\nusername={name}\npassword={name}\n"
                f"[{name}](hotline-agent-aor)\n"
            )
        for name, uri in self._contacts.items():
            sections.append(
                f"[{name}](hotline-agent)\naors={name}\nrtp_timeout={rtp_timeout}\n"
                f"[{name}](hotline-agent-aor)\ncontact={uri}\nqualify_frequency=0\n"
            )
        return "\n".join(sections)

    def _wait_ready(self, timeout: float) -> None:
        process = self._process
        assert process is not None
        for _ in range(int(timeout * 20)):
            if self._fully_booted():
                return
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        self.kill()
        console = (self.work / "console.log").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"Asterisk did not come up within {timeout} s:\n{console}")

    def _fully_booted(self) -> bool:
        login = f"Action: Login\r\nUsername: {self.ami_user}\r\nSecret: {self.ami_secret}\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.ami_port), timeout=2) as connection:
                connection.sendall(login.encode())
                seen = b""
                while b"FullyBooted" not in seen:
                    received = connection.recv(4096)
                    if not received:
                        return False
                    seen += received
        except OSError:
            return False
        return True


async def appears(path: Path, timeout: float = 10) -> None:
    """Wait for a file, such as the mark a MixMonitor's command leaves when the recordings are closed."""
    async with asyncio.timeout(timeout):
        while not await asyncio.to_thread(path.exists):  # noqa: ASYNC110 (no event tells of it)
            await asyncio.sleep(0.02)


def asterisk_root() -> Path:
    """The prepared file system with Asterisk 22; MissingTool says what is not there or not allowed."""
    require_tools("unshare", "setpriv", "mount", "chroot")
    cache = os.environ.get("HOTLINE_CACHE") or Path.home() / ".cache" / "hotline"
    root = Path(cache) / "asterisk-root"
    if not (root / "usr/sbin/asterisk").exists():
        raise MissingTool(f"no Asterisk root at {root}")
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    if probe.returncode:
        raise MissingTool("this user may not make mount namespaces, which the Asterisk root needs")
    return root
