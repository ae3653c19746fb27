"""A server that answers as clients of HTTP find it outside: on a free port, which it prints first."""

import gzip
import http.server
import json
import time


class Answers(http.server.BaseHTTPRequestHandler):
    """Tells a request back, or does what its path names."""

    protocol_version = "HTTP/1.1"
    # What of a request's head is told back: the rest differs by client and version.
    TOLD = ("x-own", "content-type", "cookie", "authorization")

    def log_message(self, *_):
        """Says nothing."""

    def body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def send(self, status: int, content: bytes, **headers) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self) -> None:
        body, path = self.body(), self.path.partition("?")[0]
        match path:
            case "/missing":
                self.send(404, b"nothing here")
            case "/moved":
                self.send(302, b"", location="/there")
            case "/packed":
                self.send(200, gzip.compress(b'{"packed": true}'), content_encoding="gzip", content_type="application/json")
            case "/large":
                self.send(200, b"x" * 5_000_000)
            case "/slow":
                time.sleep(1.5)
                self.send(200, b"late")
            case "/lines":
                self.send_response(200)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for line in (b"one\n", b"two\n", b"three\n"):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.write(b"0\r\n\r\n")
            case _:
                told = {name: self.headers[name] for name in self.TOLD if name in self.headers}
                what = {"method": self.command, "path": self.path, "length": len(body), "body": body[:40].decode(), **told}
                self.send(200, json.dumps(what).encode(), content_type="application/json", set_cookie="a=b")

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET


class Server(http.server.ThreadingHTTPServer):
    """A client that does not wait is no error of the server's."""

    def handle_error(self, request, client_address) -> None:
        """Says nothing."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Answers)
    print(server.server_port, flush=True)
    server.serve_forever()
