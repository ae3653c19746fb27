# Makes openpyxl.xlsx; LibreOffice makes calc.xlsx of it, with the formulas calculated.
from datetime import date, datetime, time, timedelta
from openpyxl import Workbook
from openpyxl.styles import Font

workbook = Workbook()
sheet = workbook.active
sheet.title = "Sales"
sheet.append(["city", "price", "paid", "day", "moment", "total"])
sheet.append(["Rome", 2.5, True, date(2026, 11, 28), datetime(2026, 11, 28, 9, 30), "=B2*2"])
sheet.append(["Oslo & \"Bergen\"", 4, False, date(1999, 12, 31), None, "=SUM(B2:B3)"])
sheet.append([None, None, None, None, time(12, 15), "=1/0"])
sheet["B5"], sheet["A5"] = timedelta(hours=36), "  kept blanks  "
sheet["B5"].number_format = "[h]:mm:ss"
for cell in sheet[1]:
    cell.font = Font(bold=True)
far = workbook.create_sheet("Far & away")
far["C3"], far["F9"] = "here", 7
workbook.create_sheet("Empty")
workbook.create_sheet("Hidden").sheet_state = "hidden"
workbook.save("openpyxl.xlsx")
