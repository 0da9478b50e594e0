#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""PDFs as others see them: qpdf, poppler, and PDFBox's Preflight, which knows PDF/A-1 and so most of what A-3 asks.

No validator of A-3 is in Debian.  What A-1 forbids and A-3 allows (attached files, a font without CIDSet) is expected.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
ORACLE = os.path.join(BUILD, "tests/unit/oracle-pdf")
REPORT = os.path.join(BUILD, "tests/unit/oracle-report")
JAVA = "/usr/share/java/"
JARS = ["pdfbox2", "fontbox2", "preflight", "xmpbox", "commons-io", "commons-logging", "jaxb-api", "javax.activation"]
wrong = False


def say(good, name, *why):
    global wrong
    wrong |= not good
    print("ok" if good else "not ok", name, *([] if good else why))


def out(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def shown(*command):
    return out(*command)[1].decode("utf-8", "replace")


class Document:
    def __init__(self, path):
        self.path = path
        self.objects = json.loads(out("qpdf", "--json", "--json-key=qpdf", path)[1])["qpdf"][1]
        trailer = self.get("trailer")
        self.root = self.value(trailer["/Root"])
        self.info = self.value(trailer["/Info"])

    def get(self, key):
        found = self.objects[key]
        return found["value"] if "value" in found else found["stream"]["dict"]

    def value(self, ref):
        return self.get("obj:" + ref) if isinstance(ref, str) and re.fullmatch(r"\d+ \d+ R", ref) else ref

    def stream(self, ref):
        return out("qpdf", "--show-object=" + ref.split()[0], "--filtered-stream-data", self.path)[1]

    def pages(self):
        kids = self.value(self.root["/Pages"])["/Kids"]
        while kids:
            ref = kids.pop(0)
            page = self.value(ref)
            if page["/Type"] == "/Pages":
                kids = page["/Kids"] + kids
            else:
                yield ref, page


def elements(doc, ref):
    """Every element below, each with its reference; children must name their parent."""
    element = doc.value(ref)
    kids = element.get("/K", [])
    yield ref, element
    for kid in kids if isinstance(kids, list) else [kids]:
        if isinstance(kid, str):
            assert doc.value(kid)["/P"] == ref, (kid, ref)
            yield from elements(doc, kid)


def pieces_of(element):
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        if isinstance(kid, int):
            yield element["/Pg"], kid
        elif isinstance(kid, dict):
            yield kid["/Pg"], kid["/MCID"]


def content_tokens(raw):
    """Operators, names and numbers, without what stands in strings."""
    return re.findall(rb"\((?:[^()\\]|\\.)*\)|<[0-9a-fA-F\s]*>(?!>)|<<|>>|/[^\s<>\[\]()/]*|[^\s<>\[\]()/]+", raw, re.S)


def marks_in(raw):
    """(numbers of the pieces, whether anything is painted outside of every mark)"""
    numbers, outside, depth, last = [], [], 0, []
    for token in content_tokens(raw):
        if token in (b"BDC", b"BMC"):
            if b"/MCID" in last[-4:]:
                numbers.append(int(last[last.index(b"/MCID", len(last) - 4) + 1]))
            depth += 1
        elif token == b"EMC":
            depth -= 1
        elif token in (b"Tj", b"TJ", b"f", b"f*", b"S", b"B", b"Do", b"sh") and depth == 0:
            outside.append(token)
        last = (last + [token])[-6:]
    return numbers, outside, depth


def check_structure(doc, name):
    top = doc.value(doc.root["/StructTreeRoot"])
    assert doc.value(top["/K"])["/P"] == doc.root["/StructTreeRoot"]
    owner, kinds = {}, {}
    for ref, element in elements(doc, top["/K"]):
        kinds[element["/S"]] = kinds.get(element["/S"], 0) + 1
        for piece in pieces_of(element):
            assert piece not in owner, piece
            owner[piece] = ref
    numbers = doc.value(top["/ParentTree"])["/Nums"]
    parents = dict(zip(numbers[::2], numbers[1::2]))
    bad = []
    for ref, page in doc.pages():
        ids, outside, depth = marks_in(doc.stream(page["/Contents"]))
        back = doc.value(parents[page["/StructParents"]])
        if ids != list(range(len(back))) or outside or depth or [owner.pop((ref, i), None) for i in ids] != back:
            bad.append((ref, ids, outside, depth))
    say(not bad and not owner, f"{name}: each piece of each page is of one element, or is no content", bad, owner)
    return kinds


def check_metadata(doc, name):
    xmp = doc.stream(doc.root["/Metadata"]).decode()
    text = {k: v[2:] if v.startswith("u:") else v for k, v in doc.info.items()}
    unquoted = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"}

    def said(tag):
        found = re.search(rf"<{tag}>(?:<[^>]*>)*([^<]*)<", xmp)
        return re.sub("&[^;]*;", lambda m: unquoted[m[0]], found[1]) if found else None

    date = re.sub(r"D:(....)(..)(..)(..)(..)(..)Z", r"\1-\2-\3T\4:\5:\6Z", text["/CreationDate"])
    say(said("dc:title") == text["/Title"] and said("dc:creator") == text["/Author"] and said("pdf:Producer") == text["/Producer"] and
        said("xmp:CreateDate") == said("xmp:ModifyDate") == date and said("xmp:CreatorTool") == text["/Creator"] and
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in xmp,
        f"{name}: XMP says what Info says, and PDF/A-3a", xmp, text)
    intent = doc.root["/OutputIntents"][0]
    say(intent["/S"] == "/GTS_PDFA1" and doc.value(intent["/DestOutputProfile"])["/N"] == 3 and doc.root["/Lang"] == "u:sv" and
        doc.root["/MarkInfo"]["/Marked"] is True, f"{name}: sRGB, marked, in Swedish")


def check_preflight(path, name):
    if not shutil.which("java") or not all(os.path.exists(JAVA + jar + ".jar") for jar in JARS):
        print("skip Preflight is not installed")
        return
    flat = path + ".a1"
    subprocess.run(["qpdf", "--object-streams=disable", "--force-version=1.4", "--newline-before-endstream", path, flat], check=True)
    with open(flat, "rb") as f:
        raw = f.read()
    with open(flat, "wb") as f:         # of the same length, so that what is where stays true
        f.write(raw.replace(b"part>3<", b"part>1<").replace(b"conformance>A<", b"conformance>B<").replace(b"/Group", b"/Grooq"))
    said = shown("java", "-cp", ":".join(JAVA + jar + ".jar" for jar in JARS), "org.apache.pdfbox.preflight.Validator_A1b", flat)
    faults = [line for line in said.splitlines() if re.match(r"\d+\.\d", line) and "CIDSet entry is missing" not in line
              and "EmbeddedFile entry is present" not in line]
    say("a1b file" in said.lower().replace("/", "").replace("-", "") and not faults, f"{name}: Preflight finds nothing that A-3 forbids", said)


def check_inside(path, name):
    """No word stands outside of its page's margins."""
    said = shown("pdftotext", "-bbox", path, "-")
    outside, words = [], 0
    for page in re.split("<page ", said)[1:]:
        width, height = (float(n) for n in re.findall(r'(?:width|height)="([\d.]+)"', page)[:2])
        for x1, y1, x2, y2 in re.findall(r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', page):
            words += 1
            if float(x1) < 56 or float(x2) > width - 56 or float(y1) < 40 or float(y2) > height - 24:
                outside.append((x1, y1, x2, y2))
    say(words > 20 and not outside, f"{name}: no word leaves its page", outside[:5])


def check_any(folder, name, *arguments):
    path = os.path.join(folder, name + ".pdf")
    code, said = out(ORACLE, *(arguments or (name,)), path)
    say(code == 0, f"{name}: is made", said)
    return check_file(path, name)


def check_quarter(folder):
    """The review of a quarter, as its own room writes it: plots, tables, files inside."""
    path = os.path.join(folder, "quarter.pdf")
    code, said = out(REPORT, "pdf", os.path.join(os.path.dirname(os.path.abspath(__file__)), "report/document.json"), path)
    say(code == 0, "quarter: is made", said)
    _, _, kinds = check_file(path, "quarter")
    say({"/H1", "/H2", "/H3", "/Table", "/Figure"} <= set(kinds), "quarter: headings, tables and pictures are told as such", kinds)


def check_file(path, name):
    code, said = out("qpdf", "--check", path)
    say(code == 0 and b"WARNING" not in said, f"{name}: qpdf finds nothing wrong", said)
    fonts = shown("pdffonts", path).splitlines()[2:]
    say(fonts and all(re.search(r" yes yes yes +\d+ +\d+$", line) and re.match(r"[A-Z]{6}\+(LiberationSans|DejaVuSans)", line) for line in fonts),
        f"{name}: its fonts are ours, embedded, subsets, and can be read as text", fonts)
    info = shown("pdfinfo", path)
    say(re.search(r"Tagged: +yes", info) and re.search(r"JavaScript: +no", info) and "PDF version:     1.7" in info, f"{name}: tagged", info)
    doc = Document(path)
    check_metadata(doc, name)
    check_inside(path, name)
    check_preflight(path, name)
    return path, doc, check_structure(doc, name)


def check_protocol(folder):
    path, doc, kinds = check_any(folder, "protocol")
    text = shown("pdftotext", "-layout", path, "-")
    say(all(line in text for line in ("Gallringsprotokoll", "inte angivet", "sida 1 av 3", "sida 3 av 3", "KS-GALLR 2026/17", "Namnförtydligande")),
        "protocol: is what was said", text)
    say(kinds["/H1"] == 1 and kinds["/H2"] == 6 and kinds["/Figure"] == 1 and kinds["/Caption"] == 3 and kinds["/LBody"] == 8, "protocol: its elements", kinds)
    figure = next(e for _, e in elements(doc, doc.value(doc.root["/StructTreeRoot"])["/K"]) if e["/S"] == "/Figure")
    say("Stapeldiagram" in figure["/Alt"], "protocol: who does not see its picture is told of it", figure)
    say(shown("qpdf", "--json", "--json-key=outlines", path).count('"title"') == 7, "protocol: has an outline")
    inside = os.path.join(folder, "inside")
    os.mkdir(inside)
    subprocess.run(["pdfdetach", "-saveall", "-o", inside, path], check=True)
    with open(os.path.join(inside, "filer.csv"), "rb") as f:
        said = f.read()
    spec = doc.value(doc.root["/AF"][0])
    say(said.startswith(b"fil;byte;sha256\r\n") and spec["/AFRelationship"] == "/Source", "protocol: its list is in it, whole", said, spec)


def check_access(folder):
    path, doc, kinds = check_any(folder, "access")
    pages = shown("pdftotext", "-layout", path, "-").split("\f")[:-1]
    say(len(pages) > 2 and all(re.search(r"Namn +Konto +Roll", page) and f"sida {i + 1} av {len(pages)}" in page for i, page in enumerate(pages)),
        "access: each page has the head of the table, and its number", pages)
    say((kinds["/THead"], kinds["/TBody"], kinds["/TR"], kinds["/TD"]) == (1, 1, 123, 5 * 122), "access: to a listener it has one", kinds)


def check_hostile(folder):
    path, doc, _ = check_any(folder, "hostile")
    text = shown("pdftotext", "-raw", path, "-")
    say("Anna\ufffd" in text and "\u202e" not in text and "\x1b" not in text and "BDC (x) Tj" in re.sub(r"\s+", " ", text),
        "hostile: names are shown as what they are")
    names = [doc.value(ref)["/UF"] for ref in doc.root["/AF"]]
    say(all(not re.search(r"[/\\:\u202e]", name[2:]) for name in names), "hostile: the name of an attached file is no path", names)


def check_missing(folder):
    """A library that lacks what we call: the error says which ones are needed, and no half of a file is written."""
    hollow, path = os.path.join(folder, "hollow"), os.path.join(folder, "missing.pdf")
    os.mkdir(hollow)
    with open(os.path.join(BUILD, "late-names.h"), encoding="ascii") as f:
        name = re.search(r'LATE_qpdf "(.*)"', f.read())[1]
    subprocess.run(["gcc", "-shared", "-x", "c", "-", "-o", os.path.join(hollow, name)], input=b"", check=True)
    done = subprocess.run([ORACLE, "protocol", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "LD_LIBRARY_PATH": hollow})
    say(done.returncode == 1 and b"undefined symbol" in done.stdout and ("%s are needed" % name).encode() in done.stdout and not os.path.exists(path),
        "missing: a library that cannot be used is an error that names it", done.returncode, done.stdout)


def main():
    for tool in ("qpdf", "pdffonts", "pdfdetach"):
        if not shutil.which(tool):
            print("skip", tool, "is not installed")
            return False
    with tempfile.TemporaryDirectory() as folder:
        check_protocol(folder)
        check_access(folder)
        check_quarter(folder)
        check_hostile(folder)
        check_any(folder, "rows", "rows", "1500")
        check_missing(folder)
    return wrong


sys.exit(main())
