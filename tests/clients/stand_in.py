"""A stand-in for a vendor's own hosts: a proxy on loopback that answers in their names, with their certificates.

A connector's program is not changed: it asks `https://api.vendor.com` through `https_proxy`; the lists of authorities
in its environment (certifi's, or its own) hold the stand-in's as long as it runs.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class StandIn:
    """Answers by path, JSON or a text as it is: one of a list in turn, anything else each time.

    `unanswered` are requests of other paths.
    """

    def __init__(self, answers: Mapping[str, Any], certificate: Path) -> None:
        self.asked: list[str] = []
        self.unanswered: list[str] = []
        left = {path: list(one) if isinstance(one, list) else one for path, one in answers.items()}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_CONNECT(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                self.close_connection = False

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                outer.asked.append(f"{self.command} {self.headers.get('Host')} {self.path} {body}")
                path = urlsplit(self.path).path
                found = left.get(path)
                if isinstance(found, list):
                    found = found.pop(0) if found else None
                if found is None:
                    outer.unanswered.append(outer.asked[-1])
                answer = {"error": f"nothing at {path}"} if found is None else found
                data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()

            do_POST = do_GET

            def finish(self) -> None:
                super().finish()
                self.connection.close()

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self.left = left
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def stand_in(answers: Mapping[str, Any], certificate: Path) -> Iterator[StandIn]:
    running = StandIn(answers, certificate)
    threading.Thread(target=running.server.serve_forever, daemon=True).start()
    try:
        yield running
    finally:
        running.server.shutdown()
        running.server.server_close()


@contextmanager
def trusted(environment: Path, certificate: Path) -> Iterator[None]:
    """Every list of authorities below `environment` holds this certificate too."""
    lists = [path for name in ("cacert.pem", "ca-certificates.crt") for path in environment.rglob(name)]
    before = {path: path.read_bytes() for path in lists}
    try:
        for path, text in before.items():
            path.write_bytes(text + b"\n" + certificate.read_bytes())
        yield
    finally:
        for path, text in before.items():
            path.write_bytes(text)


def certificate_of(hosts: list[str], path: Path) -> None:
    """A key and a certificate of these hosts, which is its own authority, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
