"""Python's HTTP clients over the host's requests: `urllib`, `http.client`, `requests`, `httpx`."""

import http.client
import io
import socket

from .exchange import Exchange


class Connection(io.RawIOBase):
    """What a client takes for its connected socket."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, scheme: str, host: str, port: int, timeout=None) -> None:
        self._place = (scheme, host, port)
        self._timeout = timeout if isinstance(timeout, (int, float)) else socket.getdefaulttimeout()
        self._exchange: Exchange | None = None

    def secure(self) -> None:
        """From now on it is TLS, which the host does."""
        self._place = ("https", *self._place[1:])

    def _current(self) -> Exchange:
        if self._exchange is None:
            self._exchange = Exchange(*self._place)
        self._exchange.timeout = self._timeout
        return self._exchange

    def sendall(self, content, flags=0) -> None:
        exchange = self._current()
        if exchange.response is not None:
            exchange.close()
            self._exchange = None
            exchange = self._current()
        exchange.write(content)
        # The answer is waited for where the request ends: there clients expect that connecting fails. That it
        # takes too long they expect where they read.
        if exchange.left == 0:
            try:
                exchange.receive()
            except TimeoutError as error:
                exchange.late = error

    def send(self, content, flags=0) -> int:
        self.sendall(content)
        return len(content)

    def recv(self, size, flags=0) -> bytes:
        return self._current().read(size)

    def recv_into(self, buffer, size=0, flags=0) -> int:
        piece = self.recv(size or len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    readable = writable = lambda self: True
    readinto = recv_into

    def makefile(self, mode="r", buffering=None, **_):
        return io.BufferedReader(_Reader(self)) if "r" in mode else io.BufferedWriter(_Writer(self))

    def settimeout(self, timeout) -> None:
        self._timeout = timeout

    def gettimeout(self):
        return self._timeout

    def setblocking(self, flag) -> None:
        self._timeout = None if flag else 0.0

    def setsockopt(self, *_) -> None:
        """The connection is the host's."""

    def getsockopt(self, *_) -> int:
        return 0

    def getpeername(self):
        return (self._place[1], self._place[2])

    def getsockname(self):
        return ("0.0.0.0", 0)

    def getpeercert(self, binary_form=False):
        return b"" if binary_form else {}

    def version(self) -> str:
        return "TLSv1.3"

    def cipher(self):
        return ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def selected_alpn_protocol(self):
        return None

    def fileno(self) -> int:
        return -1

    def shutdown(self, how) -> None:
        """There is nothing left to say."""

    def detach(self) -> int:
        return -1

    def unwrap(self):
        return self

    def close(self) -> None:
        if not self.closed:
            super().close()


class _Reader(io.RawIOBase):
    """A connection's response. It stays readable where the connection is closed meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._connection.recv_into(buffer)

    def close(self) -> None:
        if not self.closed and self._connection._exchange is not None:
            self._connection._exchange.close()
        super().close()


class _Writer(io.RawIOBase):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, content) -> int:
        return self._connection.send(bytes(content))


def lay() -> None:
    """Has Python's own client, and so `urllib`, connect this way."""
    http.client.HTTPConnection.connect = lambda self: _connect(self, "http")
    http.client.HTTPSConnection.connect = lambda self: _connect(self, "https")


def _connect(self, scheme: str) -> None:
    # Proxies are the host's business: a tunnel through one leads to its far end.
    host, port = (self._tunnel_host, self._tunnel_port) if self._tunnel_host else (self.host, self.port)
    self.sock = Connection(scheme, host, port, self.timeout)


def lay_urllib3() -> None:
    """Has `urllib3`, and so `requests`, connect this way."""
    import requests.adapters
    import urllib3.connection as connection
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    class Pooled(Connection):
        """A connection that fails as those of `urllib3` do."""

        owner = None

        def sendall(self, content, flags=0):
            try:
                super().sendall(content)
            except socket.gaierror as error:
                raise NameResolutionError(self._place[1], self.owner, error) from error
            except OSError as error:
                raise NewConnectionError(self.owner, f"Failed to establish a new connection: {error}") from error

    def new(self):
        secure = isinstance(self, connection.HTTPSConnection)
        made = Pooled("https" if secure else "http", self.host, self.port, self.timeout)
        made.owner = self
        return made

    def connect(self) -> None:
        self.sock = self._new_conn()
        self.is_verified = True

    connection.HTTPConnection._new_conn = new
    connection.HTTPSConnection.connect = connect
    # Certificates are looked at by the host.
    requests.adapters.HTTPAdapter.cert_verify = lambda self, connection, url, verify, cert: None


def lay_httpcore() -> None:
    """Has `httpcore`, and so `httpx`, connect this way, waiting or not."""
    import httpcore
    from httpcore._backends import auto, sync

    class Stream(httpcore.NetworkStream):
        """A connection for clients that wait."""

        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        @_mapped
        def read(self, max_bytes, timeout=None):
            self.connection.settimeout(timeout)
            return self.connection.recv(max_bytes)

        @_mapped
        def write(self, buffer, timeout=None):
            self.connection.settimeout(timeout)
            if buffer:
                self.connection.sendall(buffer)

        def close(self):
            if self.connection._exchange is not None:
                self.connection._exchange.close()

        def start_tls(self, ssl_context, server_hostname=None, timeout=None):
            self.connection.secure()
            return self

        def get_extra_info(self, info):
            return False if info == "is_readable" else None

    class AsyncStream(httpcore.AsyncNetworkStream):
        """A connection for clients of `asyncio`."""

        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        async def read(self, max_bytes, timeout=None):
            await _arrived(self.connection, timeout)
            return _mapped(lambda: self.connection.recv(max_bytes))()

        async def write(self, buffer, timeout=None):
            self.connection.settimeout(timeout)
            if buffer:
                _mapped(lambda: self.connection._current().write(buffer))()

        async def aclose(self):
            if self.connection._exchange is not None:
                self.connection._exchange.close()

        async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
            self.connection.secure()
            return self

        def get_extra_info(self, info):
            return False if info == "is_readable" else None

    class AsyncBackend(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
            return AsyncStream(Connection("http", host, port, timeout))

        async def sleep(self, seconds):
            import asyncio

            await asyncio.sleep(seconds)

    async def init(self):
        self._backend = AsyncBackend()

    sync.SyncBackend.connect_tcp = lambda self, host, port, timeout=None, local_address=None, socket_options=None: (
        Stream(Connection("http", host, port, timeout))
    )
    auto.AutoBackend._init_backend = init


def _mapped(function):
    """Raises what `httpcore` expects where a connection fails."""
    import functools

    import httpcore

    @functools.wraps(function)
    def call(*arguments, **options):
        try:
            return function(*arguments, **options)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error
        except OSError as error:
            raise httpcore.ConnectError(error) from error

    return call


async def _arrived(connection: Connection, timeout) -> None:
    """Waits for what can be read, while others go on."""
    import asyncio

    from . import eventloop

    connection.settimeout(timeout)
    exchange = connection._current()
    subscribe = exchange.waits_for
    if subscribe is None and not exchange.answer and exchange.content is not None and exchange.content.sources:
        subscribe = exchange.content.sources[0].subscribe
    if subscribe is not None:
        try:
            await asyncio.wait_for(eventloop.until(subscribe), timeout)
        except TimeoutError as error:
            import httpcore

            raise httpcore.ReadTimeout(error) from error
