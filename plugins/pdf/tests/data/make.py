# Makes report.pdf, columns.pdf and secret.pdf with reportlab.
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, PageBreak, PageTemplate, Paragraph, SimpleDocTemplate, Spacer, Table

styles = getSampleStyleSheet()


class Outlined(SimpleDocTemplate):
    def afterFlowable(self, flowable):
        if isinstance(flowable, Paragraph) and flowable.style.name.startswith("Heading"):
            key = f"h{id(flowable)}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, int(flowable.style.name[-1]) - 1, False)


rows = [["City", "Price", "Paid"], ["Rome", "2.50", "yes"], ["Oslo", "", "no"], ["New York", "1,200.00", "yes"]]
ruled = Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
plain = Table([["Item", "Count", "Weight"], ["apples", "12", "1.5 kg"], ["pears", "7", "0.9 kg"], ["red plums", "30", "2.2 kg"]], colWidths=[140, 90, 90])
report = Outlined("report.pdf", pagesize=A4, title="Annual report", author="Ada Holm", subject="Sales", invariant=1)
report.build([
    Paragraph("Annual report", styles["Heading1"]),
    Paragraph("Sales rose by <b>12 %</b> in every region. The figures are in the table below, naïve as they are; the café’s are apart. " * 3, styles["Normal"]),
    Spacer(1, 20),
    ruled,
    Paragraph("Weights", styles["Heading2"]),
    plain,
    PageBreak(),
    Paragraph("Second page", styles["Heading1"]),
    Paragraph("The end.", styles["Normal"]),
])

columns = BaseDocTemplate("columns.pdf", pagesize=A4, invariant=1)
columns.addPageTemplates(PageTemplate(frames=[Frame(60, 60, 220, 700), Frame(315, 60, 220, 700)]))
columns.build([Paragraph(" ".join(f"left{n}" for n in range(60)), styles["Normal"]), FrameBreak(), Paragraph(" ".join(f"right{n}" for n in range(60)), styles["Normal"])])

secret = Canvas("secret.pdf", pagesize=A4, invariant=1, encrypt=StandardEncryption("open sesame", ownerPassword="owner", canPrint=0, strength=128))
secret.drawString(100, 700, "The treasure is under the palm.")
secret.save()
