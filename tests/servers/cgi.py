"""CGI programs (MapServer, QGIS Server) behind a small HTTP server on loopback."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def cgi(program: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a CGI program for every request until the block ends; yield its address."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self.send_response(200)
                self.end_headers()
                return
            self._run()

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def _run(self) -> None:
            query = urlsplit(self.path).query
            asked.append(query)
            host, port = self.server.server_address[:2]
            done = subprocess.run(
                [program],
                env={
                    "PATH": os.environ["PATH"],
                    "REQUEST_METHOD": "GET",
                    "QUERY_STRING": query,
                    "SERVER_NAME": str(host),
                    "SERVER_PORT": str(port),
                    "SERVER_PROTOCOL": "HTTP/1.1",
                    "SCRIPT_NAME": "/ows",
                    "REQUEST_URI": self.path,
                    **environment,
                },
                capture_output=True,
                timeout=60,
                check=False,
            )
            head, _, body = done.stdout.replace(b"\r\n", b"\n", 20).partition(b"\n\n")
            status, headers = 200, {}
            for line in head.decode("latin-1").splitlines():
                name, _, value = line.partition(":")
                if name.lower() == "status":
                    status = int(value.split()[0])
                elif value:
                    headers[name] = value.strip()
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/ows"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
