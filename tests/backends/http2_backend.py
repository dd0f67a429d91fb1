"""A backend that speaks HTTP/2 over TLS, with a certificate made for the occasion.

In: scripts that say what to do with a stream. Out: an origin, its certificate, and what it saw.
Never: a patch of the project's code.
"""

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, TypeAlias

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

Act: TypeAlias = Callable[[H2Connection, int], Callable[[], None] | None]
"""Answers one stream, and may return what to do a moment later."""

OK = [(":status", "200"), ("content-type", "text/event-stream")]


def make_certificate(folder: Path) -> Path:
    """Return a file that holds a key and a certificate for localhost."""
    file = folder / "localhost.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    command += f" -addext subjectAltName=DNS:localhost -keyout {file}.key -out {file}.crt"
    subprocess.run(command.split(), check=True, capture_output=True)
    file.write_text(Path(f"{file}.key").read_text() + Path(f"{file}.crt").read_text())
    return file


class Http2Backend:
    """Answers each request with the next act, the last one for ever."""

    def __init__(self, certificate: Path, *acts: Act) -> None:
        self._acts = list(acts)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._tls.set_alpn_protocols(["h2"])
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.paths: list[bytes] = []
        self.gone: list[asyncio.Event] = []
        """One for each connection, set once the peer has closed it."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.url = f"https://localhost:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.Event()
        self.gone.append(gone)
        connection = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        connection.initiate_connection()
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(connection.data_to_send())
                while data := await reader.read(65536):
                    for later in self._receive(connection, data):
                        writer.write(connection.data_to_send())
                        await asyncio.sleep(0.05)
                        later()
                    writer.write(connection.data_to_send())
        finally:
            gone.set()
            writer.transport.abort()

    def _receive(self, connection: H2Connection, data: bytes) -> Iterator[Callable[[], None]]:
        for event in connection.receive_data(data):
            if isinstance(event, RequestReceived):
                self.paths.append(dict(event.headers)[b":path"])
            elif isinstance(event, DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                if later := act(connection, event.stream_id):
                    yield later


def sends(*pieces: bytes, ends: bool = True) -> Act:
    """Return an act that sends each piece in a DATA frame of its own."""

    def act(connection: H2Connection, stream: int) -> None:
        connection.send_headers(stream, OK)
        for piece in pieces:
            connection.send_data(stream, piece)
        if ends:
            connection.end_stream(stream)

    return act


def resets(connection: H2Connection, stream: int) -> None:
    """Reset the stream before it is answered."""
    connection.reset_stream(stream)


def resets_midway(connection: H2Connection, stream: int) -> None:
    """Begin an answer and reset its stream."""
    connection.send_headers(stream, OK)
    connection.send_data(stream, b"one")
    connection.reset_stream(stream)


def goes_away(connection: H2Connection, _stream: int) -> None:
    """End the connection with GOAWAY."""
    connection.close_connection()


def breaks_its_word(connection: H2Connection, stream: int) -> Callable[[], None]:
    """Promise ten bytes of body and end after three, a moment later."""
    connection.send_headers(stream, [*OK, ("content-length", "10")])
    connection.send_data(stream, b"one")
    return lambda: connection.end_stream(stream)


def says_what_is_no_status(connection: H2Connection, stream: int) -> None:
    """Answer with a status that is no number."""
    connection.config.validate_outbound_headers = False
    connection.send_headers(stream, [(":status", "abc")], end_stream=True)
