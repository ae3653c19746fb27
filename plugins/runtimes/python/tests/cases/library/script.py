"""The standard library, a little of much of it."""

import base64, collections, dataclasses, datetime, decimal, difflib, enum, fractions, functools, gzip, hashlib, hmac, html
import io, itertools, json, logging, math, pickle, pprint, re, sqlite3, statistics, string, struct, sys, tarfile, textwrap, tomllib
import typing, unicodedata, urllib.parse, uuid, xml.etree.ElementTree, zipfile, zlib, zoneinfo

print(hashlib.sha256(b"x").hexdigest()[:16], hashlib.md5(b"x").hexdigest()[:8], hmac.new(b"k", b"m", "sha1").hexdigest()[:8])
print(hashlib.new("sha3_256", b"x").hexdigest()[:8], hashlib.blake2b(b"x").hexdigest()[:8], zlib.crc32(b"x"))
base = sqlite3.connect(":memory:")
base.execute("create table t (a integer, b text)")
base.executemany("insert into t values (?, ?)", [(1, "x"), (2, "y")])
print(base.execute("select sum(a), group_concat(b) from t").fetchall())
print(xml.etree.ElementTree.fromstring("<a><b c='d'>t</b></a>").find("b").attrib, html.escape("<&>"))
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("n.txt", "inside" * 100)
print(zipfile.ZipFile(buffer).read("n.txt")[:6], gzip.decompress(gzip.compress(b"gz")), len(zlib.compress(b"a" * 1000)))
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
    entry = tarfile.TarInfo("t")
    entry.size = 3
    archive.addfile(entry, io.BytesIO(b"tar"))
buffer.seek(0)
print(tarfile.open(fileobj=buffer).extractfile("t").read())
moment = datetime.datetime(2026, 3, 29, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
print(moment.isoformat(), moment.astimezone(zoneinfo.ZoneInfo("America/New_York")), datetime.date(2024, 2, 29) + datetime.timedelta(366))
print(tomllib.loads("a = 1\n[b]\nc = [1.5]"), urllib.parse.urlparse("https://u@h:1/p?q#f"), urllib.parse.quote("ä /"))
print(re.sub(r"(\w+)@(\w+)", r"\2 at \1", "a@b"), textwrap.fill("one two three four", 9).splitlines(), decimal.Decimal("1.10") * 3)


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)


class Colour(enum.Flag):
    RED = 1
    BLUE = 2


print(Point(1, [2]), Point(1) < Point(2), Colour.RED | Colour.BLUE, pickle.loads(pickle.dumps(Point(3))))
print(statistics.median([1, 3, 2]), fractions.Fraction(3, 6), math.isclose(0.1 + 0.2, 0.3), struct.pack("<hI", 1, 2), unicodedata.name("é"))
print(list(itertools.batched("abcde", 2)), functools.reduce(lambda a, b: a * b, range(1, 6)), collections.Counter("aab").most_common(1))
print("".join(difflib.unified_diff(["a\n", "b\n"], ["a\n", "c\n"], "x", "y")), uuid.uuid5(uuid.NAMESPACE_DNS, "a"), base64.b85encode(b"ab"))
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(name)s %(message)s", level="INFO")
logging.getLogger("l").info("logged %d", 1)
logging.getLogger("l").debug("not")
print(string.Template("$a").substitute(a=1), json.dumps({"b": 1, "a": [1.0, 1e100, "\u2028"]}, sort_keys=True), typing.get_type_hints(Point)["x"])
pprint.pprint({"k" * 30: list(range(20)), "l": "m" * 50})
