"""A stand-in for the public hub of datasets, on this machine: what its client asks for, no more.

It serves folders of Minari datasets below one namespace, `farama-minari`, each first part of a name
a repository, as the hub has them: `mujoco/hopper/medium-v0` is the folder `hopper/medium-v0` of the
repository `farama-minari/mujoco`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

COMMIT = "0" * 40
OWNER = "farama-minari"


class Hub(ThreadingHTTPServer):
    """The server and what it has been asked.

    Attributes:
        folder: of the repositories.
        asked: paths, in order.
        breaks: part of a file's name; of files that have it only the first half is sent.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.folder = folder
        self.asked: list[str] = []
        self.breaks = ""

    @property
    def address(self) -> str:
        """What HF_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def files(self, repository: str) -> list[str]:
        """Paths of a repository's files."""
        home = self.folder / repository
        return sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.is_file())


class Answers(BaseHTTPRequestHandler):
    """The four questions of the client: which repositories, which files, about a file, a file."""

    server: Hub

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        """About a file."""
        self.answer(body=False)

    def do_GET(self) -> None:
        """Anything."""
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        """Finds what the path asks for."""
        url = urlparse(self.path)
        self.server.asked.append(url.path)
        parts = unquote(url.path).strip("/").split("/")
        if parts == ["api", "datasets"]:
            wanted = parse_qs(url.query).get("search", [""])[0]
            names = sorted(p.name for p in self.server.folder.iterdir() if wanted in p.name)
            self.json([{"id": f"{OWNER}/{name}", "_id": name} for name in names])
        elif parts[:3] == ["api", "datasets", OWNER] and "tree" in parts:
            files = self.server.files(parts[3])
            self.json([self.listed(parts[3], name) for name in files])
        elif parts[:3] == ["api", "datasets", OWNER]:
            files = [{"rfilename": name} for name in self.server.files(parts[3])]
            name = f"{OWNER}/{parts[3]}"
            self.json({"id": name, "_id": name, "sha": COMMIT, "siblings": files})
        elif parts[:2] == ["datasets", OWNER] and parts[3] == "resolve":
            self.file(self.server.folder / parts[2] / "/".join(parts[5:]), body)
        else:
            self.send_error(404)

    def listed(self, repository: str, name: str) -> dict[str, object]:
        """A file of a tree."""
        content = (self.server.folder / repository / name).read_bytes()
        return {"type": "file", "path": name, "oid": digest(content), "size": len(content)}

    def json(self, content: object) -> None:
        """Sends JSON."""
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def file(self, path: Path, body: bool) -> None:
        """Sends a file, or what the client wants to know before it asks for it."""
        if not path.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{digest(content)}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            broken = self.server.breaks and self.server.breaks in path.name
            self.wfile.write(content[: len(content) // 2] if broken else content)


def digest(content: bytes) -> str:
    """A file's name for the client's cache."""
    return hashlib.sha1(content).hexdigest()


@contextmanager
def local_hub(folder: Path) -> Iterator[Hub]:
    """A hub that serves a folder of repositories while the block runs."""
    with Hub(folder) as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
