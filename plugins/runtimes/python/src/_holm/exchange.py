"""One HTTP/1.1 exchange, as clients write it to a socket, carried out as one request of the host.

Whoever speaks HTTP in Python writes a request's bytes and reads a response's. Here they are read on the way, sent
by `wasi:http`, and answered in the same form. The host makes the connection and its TLS, and asks for the right.
"""

import http.client as client
import socket
import ssl
import weakref

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler
from wit_world.imports import wasi_http_types as http

from . import denial, relay
from .streams import Incoming, Outgoing, release

# A head that grows and grows would fill the memory before anything is sent.
LONGEST_HEAD = 1024 * 1024
# What belongs to a connection, which is the host's.
_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "te", "expect"}
_METHODS = {
    "GET": http.Method_Get, "HEAD": http.Method_Head, "POST": http.Method_Post, "PUT": http.Method_Put,
    "DELETE": http.Method_Delete, "OPTIONS": http.Method_Options, "PATCH": http.Method_Patch,
    "TRACE": http.Method_Trace, "CONNECT": http.Method_Connect,
}  # fmt: skip


def _release(held: list) -> None:
    while held:
        release(held.pop())


class Exchange:
    """A request on its way out and its response on the way in."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        # What the host holds for it, each after what it belongs to: it is let go of from the end. It is kept alive
        # from elsewhere, since the garbage collector knows no such order, and the host ends who breaks it.
        self.held: list = []
        weakref.finalize(self, _release, self.held).atexit = False
        self.scheme, self.host, self.port = scheme, host, port
        self.timeout: float | None = None
        self.head = b""
        # Bytes of the body that are still to come; none: it comes in chunks; -1: there is no request yet.
        self.left: int | None = -1
        self.chunks = b""
        self.sink: Outgoing | None = None
        self.body = self.pending = self.response = self.content = None
        # That the response did not come in time, until it is read.
        self.late: TimeoutError | None = None
        # What of the response can be read before its body.
        self.answer = b""
        self.method = ""

    def write(self, content: bytes) -> None:
        """The next bytes of the request."""
        content = bytes(content)
        if self.left == -1:
            self.head += content
            head, end, content = self.head.partition(b"\r\n\r\n")
            if not end:
                if len(self.head) > LONGEST_HEAD:
                    raise OSError(90, "Message too long: the head of a request")
                return
            self.head = b""
            self._begin(head)
        if self.left is None:
            self._write_chunks(content)
        elif content:
            self.left -= len(content)
            self._send(content)
        if self.left == 0 and self.pending and self.sink:
            self._close_body()

    def _begin(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, target, _ = first.split(" ", 2)
        headers = []
        length, chunked = 0, False
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "content-length":
                length = int(value)
            elif name == "transfer-encoding":
                chunked = "chunked" in value.lower()
            if name not in _HOP:
                headers.append((name, value.encode("latin-1")))
        try:
            request = self._hold(http.OutgoingRequest(http.Fields.from_list(headers)))
            method = _METHODS.get(self.method)
            request.set_method(method() if method else http.Method_Other(self.method))
            request.set_scheme(http.Scheme_Https() if self.scheme == "https" else http.Scheme_Http())
            request.set_authority(self._authority())
            request.set_path_with_query(target if target.startswith("/") else _path(target))
        except Err as error:
            raise ValueError(f"this request cannot be sent: {type(error.value).__name__}") from None
        self.left = None if chunked else length
        self.body = self._hold(request.body())
        self.sink = Outgoing(self._hold(self.body.write()))
        try:
            self.pending = self._hold(outgoing_handler.handle(request, self._options()))
        except Err as error:
            raise self._failed(error.value) from None
        if self.left == 0:
            self._close_body()

    def _hold(self, resource):
        self.held.append(resource)
        return resource

    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    def _options(self):
        if self.timeout is None:
            return None
        options, time = http.RequestOptions(), max(1, int(self.timeout * 1e9))
        options.set_connect_timeout(time)
        options.set_first_byte_timeout(time)
        options.set_between_bytes_timeout(time)
        return options

    def _send(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[self.sink.put(rest) :]
            except BrokenPipeError:
                return  # A server may answer before it has read everything: its answer tells.

    def _write_chunks(self, content: bytes) -> None:
        self.chunks += content
        while self.chunks:
            size, end, rest = self.chunks.partition(b"\r\n")
            if not end:
                return
            count = int(size.split(b";")[0], 16)
            if len(rest) < count + 2:
                return
            self.chunks = rest[count + 2 :]
            if count == 0:
                self.left = 0
                self._close_body()
                return
            self._send(rest[:count])

    def _close_body(self) -> None:
        self.sink.close()
        self.sink = None
        try:
            http.OutgoingBody.finish(self.body, None)
        except Err as error:
            raise self._failed(error.value) from None

    @property
    def waits_for(self):
        """What becomes ready with the head of the response."""
        return self.pending.subscribe if self.pending and not self.response else None

    def receive(self) -> None:
        """Waits for the head of the response."""
        if self.response is not None:
            return
        if self.pending is None:
            raise ConnectionError("no request was sent yet")
        if not relay.wait([self.pending.subscribe], self.timeout):
            raise TimeoutError("timed out")
        found = self.pending.get()
        found = found.value if isinstance(found, (Ok, Err)) and isinstance(found.value, (Ok, Err)) else found
        if not isinstance(found, Ok):
            raise self._failed(found.value)
        self.response = self._hold(found.value)
        fields = self.response.headers()
        lines = [f"HTTP/1.1 {self.response.status()} {_reason(self.response.status())}".encode()]
        lines += [
            name.encode("latin-1") + b": " + value
            for name, value in fields.entries()
            if name.lower() not in ("transfer-encoding", "connection", "keep-alive")
        ]
        release(fields)
        self.answer = b"\r\n".join([*lines, b"Connection: close", b"", b""])
        body = self._hold(self.response.consume())
        self.content = Incoming(self._hold(body.stream()))

    def read(self, most: int) -> bytes:
        """The next bytes of the response; none at its end."""
        if self.late is not None:
            late, self.late = self.late, None
            raise late
        self.receive()
        if self.answer:
            piece, self.answer = self.answer[:most], self.answer[most:]
            return piece
        if self.timeout is not None and self.content.sources:
            if not relay.wait([self.content.sources[0].subscribe], self.timeout):
                raise TimeoutError("timed out")
        return self.content.take(most)

    def _failed(self, error) -> OSError:
        """What Python would say of a request that failed."""
        kind = type(error).__name__.removeprefix("ErrorCode_")
        if kind in ("HttpRequestDenied", "DestinationIpProhibited"):
            found = denial.last()
            if found is not None and found.capability == "net":
                return PermissionError(13, f"Permission denied: {denial.describe(found)}")
            return PermissionError(13, f"Permission denied: Holm denied {self.scheme}://{self._authority()}")
        where = f"{self.host}:{self.port}"
        if kind.startswith("Dns") or kind == "DestinationNotFound":
            return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if kind == "ConnectionRefused":
            return ConnectionRefusedError(111, f"Connection refused: {where}")
        if kind in ("DestinationUnavailable", "DestinationIpUnroutable"):
            return OSError(101, f"Network is unreachable: {where}")
        if "Timeout" in kind:
            return TimeoutError("timed out")
        if kind == "TlsCertificateError":
            return ssl.SSLCertVerificationError(1, f"certificate verify failed: {where}")
        if kind.startswith("Tls"):
            return ssl.SSLError(1, f"TLS failed: {where}")
        text = getattr(error, "value", None)
        return ConnectionError(f"{where}: {text if isinstance(text, str) else kind}")

    def close(self) -> None:
        """Lets go of all of it."""
        _release(self.held)
        if self.content is not None:
            self.content.sources.clear()


def _path(target: str) -> str:
    _, _, rest = target.partition("://")
    return "/" + rest.partition("/")[2]


def _reason(status: int) -> str:


    return client.responses.get(status, "")
