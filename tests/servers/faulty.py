"""A server on loopback that answers as it is told, faults of real services included."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Call(BaseHTTPRequestHandler):
    """One request; a script answers it through the helpers."""

    protocol_version = "HTTP/1.1"
    server: Server  # type: ignore[assignment]

    @property
    def query(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}

    def reply(
        self,
        body: bytes = b"",
        status: int = 200,
        /,
        content_type: str = "text/plain",
        **headers: str,
    ) -> None:
        """Answer whole; header names have _ for -."""
        self.start(len(body), status, content_type, **headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def start(
        self, length: int | None, status: int = 200, content_type: str = "", **headers: str
    ) -> None:
        """Send the head only."""
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def file(self, body: bytes, etag: str = '"v1"', break_after: int | None = None) -> None:
        """Answer like a web server with a file: ranges, ETag, If-None-Match; may hang up midway."""
        if self.headers.get("If-None-Match") == etag:
            self.reply(b"", 304, ETag=etag)
            return
        start, status = 0, 200
        asked = self.headers.get("Range", "")
        if asked and self.headers.get("If-Range", etag) == etag:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, status = int(first), 206
            stop = min(int(last) + 1, len(body)) if last else len(body)
        else:
            stop = len(body)
        rest = body[start:stop]
        head = {"ETag": etag, "Accept-Ranges": "bytes"}
        if status == 206:
            head["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        self.start(len(rest), status, "application/octet-stream", **head)
        if self.command == "HEAD":
            return
        if break_after is not None:
            self.wfile.write(rest[:break_after])
            self.wfile.flush()
            self.hang_up()
        else:
            self.wfile.write(rest)

    def gzipped(self, body: bytes, content_type: str = "application/json") -> None:
        """Answer compressed."""
        self.reply(gzip.compress(body), content_type=content_type, Content_Encoding="gzip")

    def drip(self, body: bytes, pause: float) -> None:
        """Answer a byte at a time."""
        self.start(len(body))
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(pause)

    def hang_up(self) -> None:
        """Break the connection off."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        if self.command == "HEAD" and self.path == "/":  # the knock before the first request
            self.server.knocks += 1
            self.reply(b"")
            return
        path = urlsplit(self.path).path
        self.server.calls.append(self)
        self.server.times.append(time.monotonic())
        number = self.server.counts[path]
        self.server.counts[path] += 1
        script = self.server.scripts.get(path)
        if script is None:
            self.reply(b"no such page", 404)
            return
        steps = script if isinstance(script, list) else [script]
        try:
            steps[min(number, len(steps) - 1)](self)
        except (BrokenPipeError, ConnectionResetError):  # the client had enough
            self.close_connection = True

    do_GET = do_POST = do_HEAD = _run  # noqa: N815 - the names http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


Script = Callable[[Call], None]


class Server(ThreadingHTTPServer):
    """Scripts by path (a list: one a request, the last one for ever), and what was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.scripts: dict[str, Script | list[Script]] = {}
        self.calls: list[Call] = []
        self.times: list[float] = []
        self.counts: dict[str, int] = defaultdict(int)
        self.knocks = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server until the block ends."""
    server = Server()
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
