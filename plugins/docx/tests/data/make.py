# Makes word.docx with python-docx, and page.html, which LibreOffice makes writer.docx of.
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.opc.constants import RELATIONSHIP_TYPE

document = Document()
document.add_heading("Annual report", 0)
document.add_heading("Sales", 1)
paragraph = document.add_paragraph("Sales rose by ")
paragraph.add_run("12 %").bold = True
paragraph.add_run(" in ")
paragraph.add_run("every").italic = True
paragraph.add_run(" region, see ")
link = OxmlElement("w:hyperlink")
link.set(qn("r:id"), document.part.relate_to("https://example.org/report?a=1&b=2", RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
run = OxmlElement("w:r")
text = OxmlElement("w:t")
text.text = "the figures"
run.append(text)
link.append(run)
paragraph._p.append(link)
paragraph.add_run(".")
document.add_paragraph("North", style="List Bullet")
document.add_paragraph("Oslo", style="List Bullet 2")
document.add_paragraph("South", style="List Bullet")
document.add_paragraph("First", style="List Number")
document.add_paragraph("Second", style="List Number")
document.add_heading("Table", 2)
table = document.add_table(rows=3, cols=3)
for row, cells in zip(table.rows, [("City", "Price", "Paid"), ("Rome", "2.50", "yes"), ("Oslo | Bergen", "4.00", "no")]):
    for cell, text in zip(row.cells, cells):
        cell.text = text
document.add_paragraph("To be or not to be", style="Quote")
split = document.add_paragraph("Dear ")
split.add_run("{{na").bold = True
split.add_run("me}}")
split.add_run(", welcome to {{place}}.")
document.sections[0].header.paragraphs[0].text = "Draft for {{name}}"
document.core_properties.author = "Holm"
document.save("word.docx")

open("page.html", "w").write("""<html><head><title>Writer</title></head><body>
<h1>A page</h1><p>Some <b>bold</b>, <i>italic</i> and <s>old</s> text &amp; a <a href="https://example.org/">link</a>.</p>
<h2>Lists</h2><ol><li>one<ul><li>inner</li></ul></li><li>two</li></ol>
<table border="1"><tr><th>Name</th><th>Number</th></tr><tr><td>Ada</td><td>1815</td></tr><tr><td colspan="2">both</td></tr></table>
<pre>let x = 1;</pre>
<p>A claim<a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1</sup></a> ends.</p>
<div id="sdfootnote1"><p class="sdfootnote"><a class="sdfootnotesym" name="sdfootnote1sym" href="#sdfootnote1anc">1</a>Its <b>source</b>.</p></div>
</body></html>""")
