#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document in each format, as others read it: Python's csv and json, openpyxl, LibreOffice where it is, qpdf and poppler."""
import csv
import datetime
import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
import zipfile
import zoneinfo

BUILD = os.environ.get("BUILD", "build")
ORACLE = os.path.join(BUILD, "tests/unit/oracle-report")
ZONE = zoneinfo.ZoneInfo("Europe/Stockholm")
COLUMNS = [["who", "Vem", "text"], ["count", "Antal", "number"], ["since", "Sedan", "day"], ["at", "Tid", "moment"], ["odd", "Övrigt; \"=x\"", "text"]]
ODD = ["", "Åsa Öberg", "=1+1", "+46 70", "-x", "@a", "\ttab", "\rcr", "a\nb", "a\r\nb", 'cit"at', "a,b", "a;b", " blank", "<b>&'", "\u202egnp", "x" * 40000,
       "_x0041_", "\x01ogiltig", "\x02styr\x7f", "\ufffe\uffff", "007", "1e9", "2026-01-01", "🦆", "'citat", "=HYPERLINK(\"http://x\")", "[x]:*?/\\"]
PAGE = {"title": "Behörighetsgenomgång 2026Q3", "organisation": "Kalmar kommun", "dnr": "KS 2026/1", "quarter": "2026Q3", "rules": "ab" * 32,
        "chain_head": "cd" * 32, "nights": 92, "period": "2026-07-01 till och med 2026-09-30",
        "conclusions": [{"tone": "red", "text": "Två personer har åtkomst utan behov.", "detail": "Treserva.", "link": "#x"},
                        {"tone": "act", "text": "Sju förslag väntar.", "detail": None, "link": None},
                        {"tone": "good", "text": "Alla borttagningar är gjorda.", "detail": "", "link": None},
                        {"tone": "note", "text": "=Regel 3 är ny.", "detail": "Ingen åtgärd.", "link": None}]}
wrong = False


def say(good, name, *why):
    global wrong
    wrong |= not good
    print("ok" if good else "not ok", name, *([] if good else [str(w)[:1500] for w in why]))


def cell(rng, kind):
    if rng.random() < 0.1:
        return None
    if rng.random() < 0.1 or kind == "text":
        return rng.choice(ODD)
    if kind == "number":
        return rng.choice(["0", "7", "-12", "1234567", "999999999999999", "1234567890123456", "123456789012345678901234567890", "-0"])
    day = datetime.date(rng.randrange(1850, 2100), rng.randrange(1, 13), rng.randrange(1, 29))
    if kind == "day":
        return day.isoformat()
    return f"{day.isoformat()}T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}" + rng.choice(["Z", "+01:00", "+02:00"])


def random_list(rng, number, rows):
    columns = [["c" + str(i), *rng.choice(COLUMNS)[1:]] for i in range(rng.randrange(1, 8))]
    return {"id": f"lista{number}", "title": rng.choice(["Åtkomst", "åtkomst", "Väntar: [x]/?*\\'", "Ett mycket långt namn på en lista som inte ryms"]),
            "columns": columns, "rows": [[cell(rng, c[2]) for c in columns] for _ in range(rows)]}


def write(folder, kind, document, *more):
    path, out = os.path.join(folder, "in.json"), os.path.join(folder, "out." + kind)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f)
    done = subprocess.run([ORACLE, kind, path, out, *map(str, more)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-2000:]
    with open(out, "rb") as f:
        return f.read()


def shown(text):
    """A cell as name_show() has it, where it is not UTF-8."""
    return text if "\x01" not in text else re.sub("[\x00-\x1f\x7f%]", lambda m: "%FF" if m[0] == "\x01" else f"%{ord(m[0]):02X}", text)


def is_plain(kind, text):
    if kind == "number":
        return bool(re.fullmatch(r"-?\d{1,38}", text))
    if kind == "day":
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))
    return kind == "moment" and bool(re.fullmatch(r"\d[-\d:TZ+.]{16,31}", text))


# ------------------------------------------------------------------ CSV and JSON

def csv_cell(kind, text):
    text = (text or "").replace("\x01", "\xff")
    return "'" + text if text[:1] in tuple("=+-@\t\r") and text and not is_plain(kind, text) else text


def as_csv(folder, lists):
    bad = []
    for one in lists:
        raw = write(folder, "csv", {"page": {}, "lists": [one]})
        said = list(csv.reader(io.StringIO(raw.decode("utf-8", "surrogateescape").replace("\udcff", "\xff"), newline=""), strict=True))
        wanted = [[csv_cell("text", c[1]) for c in one["columns"]]] + [[csv_cell(c[2], v) for c, v in zip(one["columns"], row)] for row in one["rows"]]
        if len(one["columns"]) == 1:            # a row of one empty cell is an empty line, to Python
            said = [row or [""] for row in said]
        if said != wanted or not raw.endswith(b"\r\n"):
            bad.append([(a, b) for a, b in zip(said, wanted) if a != b][:2] or (len(said), len(wanted)))
    say(not bad, f"CSV: {len(lists)} lists are read back as they were, no cell begins as a formula", bad[:2])
    marked = write(folder, "csv-bom", {"page": {}, "lists": lists[:1]})
    say(marked == b"\xef\xbb\xbf" + write(folder, "csv", {"page": {}, "lists": lists[:1]}), "CSV: with a mark for spreadsheets, the same after it")


def as_json(folder, document):
    raw = write(folder, "json", document)
    said, bad = json.loads(raw), []
    for one, got in zip(document["lists"], said["lists"]):
        if [[c["id"], c["title"], c["type"]] for c in got["columns"]] != one["columns"] or (got["id"], got["title"]) != (one["id"], one["title"]):
            bad.append(got["columns"])
        for row, have in zip(one["rows"], got["rows"]):
            for (name, _, kind), value in zip(one["columns"], row):
                wanted = value if value is None else shown(value)
                if value is not None and kind == "number" and re.fullmatch(r"-?(0|[1-9]\d{0,14})", value):
                    wanted = int(value)
                if have[name] != wanted or type(have[name]) is not type(wanted):
                    bad.append((name, have[name], wanted))
        if len(one["rows"]) != len(got["rows"]):
            bad.append(len(got["rows"]))
    say(not bad and len(said["lists"]) == len(document["lists"]) and said["page"] == document["page"] and said["format"] == "behov-report-1",
        "JSON: page, lists and plots are what they were", bad[:3])
    plots = [{k: p[k] for k in ("id", "title", "unit", "says", "x", "plan", "series")} for p in document["plots"]]
    say(said["plots"] == plots, "JSON: a value that is missing is null", said["plots"], plots)
    again = json.dumps(json.loads(raw), sort_keys=True)
    say(again == json.dumps(json.loads(raw)), "JSON: keys are sorted")


# ------------------------------------------------------------------ XLSX

def excel_text(text):
    text = re.sub(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", "\ufffd", shown(text))
    text = "".join("\ufffd" if c in "\ufffe\uffff\x7f" or c < " " and c not in "\n\t" else c for c in text)
    most = text.encode("utf-16-le")[:64000].decode("utf-16-le", "ignore")       # as a spreadsheet counts
    return text if most == text else most + "…"


def excel_cell(kind, text):
    if not text:
        return None
    if kind == "number" and re.fullmatch(r"-?\d+", text) and len(text) <= 15 and (text[0] != "0" or text == "0"):
        return float(text)
    if kind == "day" and is_plain(kind, text) and text >= "1900-03-01":
        return datetime.datetime.fromisoformat(text)
    if kind == "moment" and is_plain(kind, text):
        local = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(ZONE).replace(tzinfo=None)
        if local >= datetime.datetime(1900, 3, 1):
            return local.replace(microsecond=0)
    return excel_text(text)


def read_book(raw):
    import openpyxl
    return openpyxl.load_workbook(io.BytesIO(raw))


def unescaped(value):
    """A workbook writes _xHHHH_ for a character that XML has not, and so does ours for one that looks so; openpyxl leaves it."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n")
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), value)


def as_book(folder, document):
    raw, bad, formulas = write(folder, "xlsx", document), [], []
    book = read_book(raw)
    sheets = book.worksheets
    say(len(sheets) == 1 + len(document["lists"]) and sheets[0].title == "Slutsatser" and len({s.title.lower() for s in sheets}) == len(sheets) and
        all(len(s.title) <= 31 for s in sheets), "XLSX: a sheet of conclusions and one for each list, with names of their own", [s.title for s in sheets])
    said = [[c.value for c in row] for row in sheets[0].iter_rows()]
    say(said[1:] == [["Rött", "Två personer har åtkomst utan behov.", "Treserva."], ["Behöver beslut", "Sju förslag väntar.", None],
                     ["I ordning", "Alla borttagningar är gjorda.", None], ["Att känna till", "=Regel 3 är ny.", "Ingen åtgärd."]], "XLSX: what was concluded", said)
    flat = [(sheet.title, c.coordinate) for sheet in sheets for row in sheet.iter_rows() for c in row
            if c.row > 1 and isinstance(c.value, str) and (len(c.value) > 60 or "\n" in c.value) and (sheet.row_dimensions[c.row].height or 0) < 30]
    say(not flat, "XLSX: a row is as high as what is broken into lines in it", flat[:5])
    for one, sheet in zip(document["lists"], sheets[1:]):
        formulas += [c.coordinate for row in sheet.iter_rows() for c in row if c.data_type == "f"]
        wanted = [[excel_text(c[1]) for c in one["columns"]]] + [[excel_cell(c[2], v) for c, v in zip(one["columns"], row)] for row in one["rows"]]
        got = [[unescaped(c.value) for c in row] for row in sheet.iter_rows(max_row=len(wanted), max_col=len(one["columns"]))]
        for a, b in zip(got, wanted):
            for x, y in zip(a, b):
                x = x.replace(microsecond=0) if isinstance(x, datetime.datetime) else x
                if x != (y.replace("\r\n", "\n") if isinstance(y, str) else y):
                    bad.append((x, y))
        if sheet.max_row > len(wanted) or sheet.freeze_panes != "A2" or not sheet.auto_filter.ref.startswith("A1"):
            bad.append((sheet.max_row, sheet.freeze_panes, sheet.auto_filter.ref))
    say(not bad, "XLSX: numbers are numbers, dates are dates, texts are texts; a head that stays, and filters", bad[:4])
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        sheet_xml = b"".join(z.read(n) for n in z.namelist() if n.startswith("xl/worksheets"))
        links = [n for n in z.namelist() if "externalLink" in n or n.endswith("vbaProject.bin")] + re.findall(rb"<f>|<hyperlink", sheet_xml)
    say(not formulas and not links, "XLSX: no formula and no link anywhere", formulas, links)
    say(raw == write(folder, "xlsx", document), "XLSX: the same bytes each time")
    return raw


def at_the_limits(folder):
    """What a spreadsheet would repair, or not show: a cell that is too long as it counts, its own name for a sheet, days after its last."""
    far = ["9999-12-31T23:59:59-12:00", "9999-12-31T20:00:00+01:00"]
    lists = [{"id": f"l{i}", "title": title, "columns": [["x", "Text", "text"], ["at", "Tid", "moment"]],
              "rows": [["🦆" * n, at] for n, at in zip((15999, 16000, 16001, 40000), far * 2)]} for i, title in enumerate(["History", "history", "🦆" * 20, "🦆" * 20])]
    book = read_book(write(folder, "xlsx", {"page": PAGE, "lists": lists}))
    cells = [[c.value for c in row] for row in book.worksheets[1].iter_rows(min_row=2)]
    say([len(c[0]) for c in cells] == [15999, 16000, 16001, 16001] and cells[2][0] == "🦆" * 16000 + "…", "XLSX: no cell has more than a spreadsheet holds, as it counts",
        [len(c[0]) for c in cells])
    say([c[1] for c in cells[:2]] == [far[0], datetime.datetime(9999, 12, 31, 20)], "XLSX: a moment after the last day is a text", [c[1] for c in cells])
    names = book.sheetnames[1:]
    say(all(len(n.encode("utf-16-le")) <= 62 and n.lower() != "history" for n in names) and len({n.lower() for n in names}) == 4, "XLSX: no sheet has a name that is kept for others, or is too long",
        names)


def long_list(folder):
    one = {"id": "lang", "title": "Lång [lista]", "columns": [["n", "Nr", "number"], ["x", "Text", "text"]], "rows": [[str(i), "rad"] for i in range(2500)]}
    book = read_book(write(folder, "xlsx", {"page": PAGE, "lists": [one]}, 1000))
    rows = [[r[0].value for r in sheet.iter_rows(min_row=2)] for sheet in book.worksheets[1:]]
    say([len(r) for r in rows] == [999, 999, 502] and sum(rows, []) == list(range(2500)) and all(s["A1"].value == "Nr" for s in book.worksheets[1:]) and
        book.sheetnames == ["Slutsatser", "Lång  lista", "Lång  lista (2)", "Lång  lista (3)"], "XLSX: what a sheet has no room for stands on the next",
        book.sheetnames, [len(r) for r in rows])


def packed_in_blocks(folder):
    """What is packed by several hands is one member: as unzip and openpyxl read it, whatever hand was first."""
    rng = random.Random(7)
    rows = [[str(i), "".join(rng.choice("abcåäö&<> ") for _ in range(rng.randrange(1, 200))).strip() or "x"] for i in range(12000)]
    one = {"id": "x", "title": "X", "columns": [["n", "Nr", "number"], ["x", "Text", "text"]], "rows": rows}
    raws = [write(folder, "xlsx", {"page": PAGE, "lists": [one]}) for _ in range(3)]
    with zipfile.ZipFile(io.BytesIO(raws[0])) as z:
        sizes = {i.filename: i.file_size for i in z.infolist()}
        bad, names = z.testzip(), z.namelist()
        for name in names:
            xml.etree.ElementTree.fromstring(z.read(name))
    got = [[str(int(r[0].value)), r[1].value] for r in read_book(raws[0]).worksheets[1].iter_rows(min_row=2)]
    say(not bad and got == rows and sizes["xl/worksheets/sheet2.xml"] > 4 * 256 * 1024, "XLSX: what is packed block by block is read as one", bad, sizes)
    say(raws[0] == raws[1] == raws[2], "XLSX: which hand was first changes no byte")
    say(names[:2] == ["[Content_Types].xml", "_rels/.rels"] and names[2].startswith("xl/"), "XLSX: known as a workbook by its beginning", names)


def in_office(folder, raw):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if not office:
        print("skip LibreOffice opens the workbook: it is not installed")
        return
    path = os.path.join(folder, "bok.xlsx")
    with open(path, "wb") as f:
        f.write(raw)
    subprocess.run([office, f"-env:UserInstallation=file://{folder}/office", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76",
                    "--outdir", folder, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    with open(os.path.join(folder, "bok.csv"), encoding="utf-8") as f:
        said = list(csv.reader(f))
    say(said[1][:2] == ["Rött", "Två personer har åtkomst utan behov."] and said[4][1] == "=Regel 3 är ny.", "LibreOffice opens the workbook", said[:5])


# ------------------------------------------------------------------ PDF

def out(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def as_paper(folder, document):
    raw, path = write(folder, "pdf", document), os.path.join(folder, "out.pdf")
    checked = out("qpdf", "--check", path)
    say(checked.returncode == 0 and b"WARNING" not in checked.stdout, "PDF: qpdf finds nothing wrong", checked.stdout)
    fonts = out("pdffonts", path).stdout.decode().splitlines()[2:]
    say(fonts and all(re.search(r" yes yes yes +\d+ +\d+$", line) for line in fonts), "PDF: fonts are embedded, subsets, and can be read as text", fonts)
    info = out("pdfinfo", path).stdout.decode()
    say("Tagged:          yes" in info and "Behörighetsgenomgång 2026Q3" in info, "PDF: tagged, with its title", info)
    text = re.sub(r"\s+", " ", out("pdftotext", path, "-").stdout.decode())
    say(all(w in text for w in ("Rött Två personer har åtkomst utan behov. Treserva. Behöver beslut • Sju förslag väntar. Att känna till • =Regel 3 är ny. Ingen åtgärd. "
                                "I ordning • Alla borttagningar är gjorda.", "KS 2026/1", "Tid 2026-07-01 till och med 2026-09-30", "Utveckling", "Kurvan faller.", "cdcdcd")), "PDF: says what the page says", text[:3000])
    first = out("pdftotext", "-l", "1", path, "-").stdout.decode()
    say("Slutsatser" in first and "Alla borttagningar är gjorda" in first and "Utveckling" not in first, "PDF: page one is the conclusions' own", first)
    bad = []
    names = re.findall(r"^(\d+): (.*)$", out("pdfdetach", "-list", path).stdout.decode(), re.M)
    for number, one in enumerate(document["lists"], 1):
        inside = out("pdfdetach", "-save", str(number), "-o", os.path.join(folder, "inside"), path)
        with open(os.path.join(folder, "inside"), "rb") as f:
            have = f.read()
        if have != write(folder, "csv", {"page": {}, "lists": [one]}) or hashlib.sha256(have).hexdigest() not in text.replace(" ", ""):
            bad.append((one["id"], inside.stdout))
    say(not bad and names == [(str(i + 1), one["id"] + ".csv") for i, one in enumerate(document["lists"])], "PDF: each list lies inside as CSV, whole, and its digest is in the text", bad)
    say(raw == write(folder, "pdf", document), "PDF: the same bytes each time")


def too_long_for_paper(folder):
    one = {"id": "access", "title": "Åtkomst", "columns": [["x", "Text", "text"]], "rows": [["y" * 30000]] * 600}
    write(folder, "pdf", {"page": PAGE, "lists": [one]})
    path = os.path.join(folder, "out.pdf")
    text = re.sub(r"\s+", "", out("pdftotext", path, "-").stdout.decode())
    digest = hashlib.sha256(write(folder, "csv", {"page": {}, "lists": [one]})).hexdigest()
    say(b"0 embedded files" in out("pdfdetach", "-list", path).stdout and "förstorfördenhärfilen" in text and digest in text,
        "PDF: a list that is too long stays beside, and its digest inside", text[-1500:])


# ------------------------------------------------------------------ a small document, word for word

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report")


def dump(raw):
    """A workbook as lines: each cell with its type and how it is shown."""
    lines = []
    for sheet in read_book(raw).worksheets:
        lines.append(f"[{sheet.title}] {sheet.dimensions}, filter {sheet.auto_filter.ref}, frozen at {sheet.freeze_panes}")
        lines += [f"{c.coordinate} {c.data_type} {c.number_format} {c.value!r}" for row in sheet.iter_rows() for c in row if c.value is not None]
    return "\n".join(lines) + "\n"


def golden(folder):
    """GOLDEN=1 makes them anew: look at what has changed."""
    with open(os.path.join(HERE, "document.json"), encoding="utf-8") as f:
        document = json.load(f)
    made = {"golden.csv": write(folder, "csv", {"page": {}, "lists": document["lists"][1:2]}), "golden.json": write(folder, "json", document),
            "golden.svg": write(folder, "svg", document), "golden-xlsx.txt": dump(write(folder, "xlsx", document)).encode()}
    write(folder, "pdf", document)
    made["golden-pdf.txt"] = out("pdftotext", "-layout", os.path.join(folder, "out.pdf"), "-").stdout
    for name, raw in made.items():
        path = os.path.join(HERE, name)
        if os.environ.get("GOLDEN"):
            with open(path, "wb") as f:
                f.write(raw)
        with open(path, "rb") as f:
            kept = f.read()
        apart = [(a, b) for a, b in zip(raw.splitlines(), kept.splitlines()) if a != b][:3]
        say(raw == kept, f"{name}: a small document is written as it was", apart or (len(raw), len(kept)))


# ------------------------------------------------------------------ all of them

def peak(folder, kind, times):
    """Resident memory in MB at most, for a list of so many rows."""
    one = {"id": "access", "title": "Åtkomst", "columns": [["x", "Vem", "text"], ["n", "Antal", "number"], ["d", "Dag", "day"]],
           "rows": [["Åsa Öberg", "17", "2026-09-30"]] * 100, "times": times}
    path = os.path.join(folder, "in.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"page": PAGE, "lists": [one]}, f)
    child = subprocess.Popen([ORACLE, kind, path, os.path.join(folder, "out." + kind)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    assert child.returncode == 0, kind
    return used.ru_maxrss / 1024


def streams(folder):
    if "address" in BUILD or "thread" in BUILD:
        print("skip lists of 200,000 rows pass through: a sanitizer has memory of its own")
        return
    for kind, room in (("csv", 10), ("json", 10), ("xlsx", 20), ("pdf", 90)):
        short, long = peak(folder, kind, 1), peak(folder, kind, 2000)
        say(long < short + room, f"{kind}: a list of 200,000 rows passes through", f"{short:.0f} MB, {long:.0f} MB")


def main():
    rng = random.Random(int(os.environ.get("SEED", "1")))
    lists = [random_list(rng, i, rng.choice([0, 1, 5, 80])) for i in range(12)]
    plots = [{"id": "p", "title": "Förslag", "unit": "st", "says": "Kurvan faller.", "x": ["a", "b", "c"], "kind": "lines", "plan": [1, None, 3],
              "series": [{"name": "Öppna", "values": [3, None, 1.5]}]}]
    document = {"page": PAGE, "lists": lists, "plots": plots}
    with tempfile.TemporaryDirectory() as folder:
        golden(folder)
        as_csv(folder, lists)
        as_json(folder, document)
        in_office(folder, as_book(folder, document))
        at_the_limits(folder)
        long_list(folder)
        packed_in_blocks(folder)
        as_paper(folder, document)
        too_long_for_paper(folder)
        streams(folder)
    return wrong


sys.exit(main())
