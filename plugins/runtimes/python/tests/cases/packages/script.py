"""The bundled packages, a little of each."""

import importlib.metadata
import importlib.resources
import io

import attrs, bs4, cachetools, click, colorama, dateutil.parser, defusedxml.ElementTree, docopt, dotenv, frontmatter, h11, html5lib
import httpx, humanize, idna, jinja2, jmespath, json5, jsonschema, jwt, loguru, markdown, markdownify, more_itertools, openpyxl
import packaging.version, prettytable, pygments, pygments.formatters, pygments.lexers, pypdf, pyparsing, pytz, requests, rich.console
import rich.table, six, sortedcontainers, tabulate, tenacity, termcolor, toml, tomli_w, tomlkit, tqdm, typer, urllib3, xlsxwriter
import xmltodict, yaml

print(yaml.safe_load("a: [1, {b: c}]\nd: 2026-01-02"), yaml.safe_dump({"x": ["y"]}))
print(bs4.BeautifulSoup("<p>a<b>c</p>", "html.parser").b.text, bs4.BeautifulSoup("<p>a", "html5lib").p, markdownify.markdownify("<h1>t</h1>").strip())
print(jinja2.Template("{% for i in n %}{{ i|e }};{% endfor %}").render(n=["<", 2]), markdown.markdown("# t\n\n| a |\n|-|\n| b |", extensions=["tables"])[:11])
book = openpyxl.Workbook()
book.active.append(["a", 1.5])
buffer = io.BytesIO()
book.save(buffer)
print(list(openpyxl.load_workbook(buffer).active.values))
writer = pypdf.PdfWriter()
writer.add_blank_page(100, 200)
buffer = io.BytesIO()
writer.write(buffer)
print(pypdf.PdfReader(buffer).pages[0].mediabox.height)
try:
    jsonschema.validate({"a": "x"}, {"properties": {"a": {"type": "integer"}}})
except jsonschema.ValidationError as error:
    print(error.message)
table = rich.table.Table("x")
table.add_row("y")
rich.console.Console(width=20, file=(text := io.StringIO())).print(table)
print(text.getvalue().splitlines()[1], tabulate.tabulate([[1, 2]], headers=["a", "b"]).splitlines()[0])
print(jwt.decode(jwt.encode({"a": 1}, "k" * 32, algorithm="HS256"), "k" * 32, algorithms=["HS256"]), idna.encode("bücher.de"))
print(dateutil.parser.parse("3 Mar 2024 10:00").isoformat(), str(pytz.timezone("Asia/Tokyo")))
print(packaging.version.Version("1.10") > packaging.version.Version("1.9"), humanize.naturalsize(10**6), list(more_itertools.chunked("abc", 2)))
print(toml.loads("a=1"), tomli_w.dumps({"b": 2}).strip(), tomlkit.parse("c = 3")["c"], json5.loads("{a: 'b',}"), xmltodict.parse("<r><s>t</s></r>"))
print(jmespath.search("a[*].b", {"a": [{"b": 1}]}), sortedcontainers.SortedList([3, 1]), frontmatter.loads("---\nt: x\n---\nbody").content)
print(pygments.highlight("x = 1", pygments.lexers.PythonLexer(), pygments.formatters.NullFormatter()).strip(), docopt.docopt("usage: p [-a]", ["-a"]))
print(list(tqdm.tqdm([1, 2], disable=True)), tenacity.retry(stop=tenacity.stop_after_attempt(2))(lambda: 5)(), six.PY3, attrs.make_class("C", ["x"])(1))
print(dotenv.dotenv_values(stream=io.StringIO("A=b")), defusedxml.ElementTree.fromstring("<a/>").tag, pyparsing.Word("a").parse_string("aa")[0])
print(cachetools.LRUCache(2).maxsize, prettytable.PrettyTable(["f"]).field_names, termcolor.colored("t", no_color=True))
print(importlib.metadata.version("requests").split(".")[0], importlib.metadata.metadata("PyYAML")["Name"])
print(len(importlib.resources.files("tzdata").joinpath("zones").read_text()) > 1000, requests.Request("GET", "http://h/", params={"a": 1}).prepare().url)


@click.command()
@click.option("--n", default=2)
def command(n):
    click.echo(f"clicked {n}")


command(["--n", "3"], standalone_mode=False)
program = typer.Typer()
program.command()(lambda name="typed": print(name))
program([], standalone_mode=False)
