#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small shares and series, judged by behov and by plain Python that tries every way to read a path.

For each world the batches of `plan --json --files` are exactly those that the oracle gives: kind, series, batch, due
date, and each file with its size and date.
"""
import calendar
import datetime
import fnmatch
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
import zoneinfo

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
WORLDS = int(os.environ.get("WORLDS", "300"))
FIRST = int(os.environ.get("FIRST", "0"))
ZONE = zoneinfo.ZoneInfo("Europe/Stockholm")
TODAY = datetime.date(2026, 3, 1)
CONF = """organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules";
directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };
mail = { server = "maildir:outbox"; from = "behov@kalmar.example"; };
web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };
"""
LDIF = """dn: CN=anna,OU=P,DC=kalmar,DC=example
objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==
objectClass: user
sAMAccountName: anna
sAMAccountType: 805306368
userAccountControl: 512

dn: CN=g,OU=G,DC=kalmar,DC=example
objectGUID:: AQAAAAAAAAAAAAAAAAAAAA==
objectClass: group
sAMAccountName: g
member: CN=anna,OU=P,DC=kalmar,DC=example

"""

# where, its clocks, the folders that may be its batch
PATTERNS = [
    ("V/{year}/**", ["path-year", "modified"], ["V/{year}"]),
    ("V/{year}/{case}/*", ["path-year", "modified"], ["V/{year}", "V/{year}/{case}"]),
    ("V/**/{year}*/**", ["path-year"], ["V"]),
    ("v/{year}/{case}/**", ["path-year"], ["v/{year}/{case}"]),
    ("**/{date}*", ["path-date"], []),
    ("V/*/{case}/{date} *", ["path-date", "modified"], ["V/*", "V/*/{case}"]),
    ("V/{year}/{case}/{date}*", ["path-date", "path-year"], ["V/{year}/{case}"]),
    ("**/{case}/**", ["modified"], []),
    ("**", ["modified"], []),
    ("*/*/k-*/**", ["modified"], ["*/*"]),
    ("V/Årsbok/**", ["modified"], ["V/Årsbok"]),
    ("V/*/{case}-*/**", ["modified"], ["V/*"]),
    ("**/{case} *", ["modified"], []),
    ("V/????/K-?/*.pdf", ["modified"], ["V/????/K-?"]),
]
TOPS = ["V", "V", "V", "v", "W"]
MIDDLES = ["2017", "2018", "2019", "2024", "2031", "1850", "Årsbok", "A\u030arsbok", "201"]
CASES = ["K-1", "K-2", "k-2", "K-1/Bilaga", "2019 x", "K-1/2018"]
NAMES = ["2018-02-28 a.pdf", "20200229 b.pdf", "2019-02-30.pdf", "2025-11-30 c.PDF", "a.pdf", "b.xlsx", "2019-12-31", "Å.pdf"]
MOMENTS = ["2018-12-31T22:59:59", "2018-12-31T23:00:00", "2019-06-30T21:59:00", "2019-06-30T22:00:00", "2024-02-29T12:00:00",
           "2025-02-28T12:00:00", "2025-08-31T12:00:00", "2017-05-05T05:05:05", "1970-01-01T00:00:00", "2028-05-05T05:05:05"]


def fold(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


# ------------------------------------------------------------------ days

def add(day, count, unit):
    if unit == "days":
        return day + datetime.timedelta(days=count)
    months = day.year * 12 + day.month - 1 + (count * 12 if unit == "years" else count)
    year, month = months // 12, months % 12 + 1
    if day.day > calendar.monthrange(year, month)[1]:
        return add(datetime.date(year, month, 1), 1, "months")
    return datetime.date(year, month, day.day)


def due_of(anchor, series):
    start = anchor
    if series["count"] == "year-end":
        start = datetime.date(anchor.year + 1, 1, 1)
    elif series["count"] == "month-end":
        start = add(anchor.replace(day=1), 1, "months")
    return add(start, *series["keep"])


# ------------------------------------------------------------------ every way a pattern can read a path

def read_part(pattern, text):
    """Each way to read one component: a list of (what, value)."""
    if not pattern:
        if not text:
            yield []
    elif pattern[:6] in ("{year}", "{date}", "{case}"):
        for n in range(1, len(text) + 1):
            word = text[:n]
            if pattern[:6] == "{year}":
                ok = n == 4 and word.isascii() and word.isdigit() and word != "0000"
                value = ok and datetime.date(int(word), 12, 31)
            elif pattern[:6] == "{date}":
                value = None
                for form in ("%Y-%m-%d", "%Y%m%d"):
                    try:
                        if n == (10 if "-" in form else 8):
                            value = datetime.datetime.strptime(word, form).date()
                    except ValueError:
                        pass
            else:
                value = word
            if value:
                for rest in read_part(pattern[6:], text[n:]):
                    yield [(pattern[1:5], value)] + rest
    elif pattern[0] == "*":
        for n in range(len(text) + 1):
            yield from read_part(pattern[1:], text[n:])
    elif text and pattern[0] in ("?", text[0]):
        yield from read_part(pattern[1:], text[1:])


def read(parts, path):
    if not parts:
        if not path:
            yield []
    elif parts[0] == "**":
        for n in range(len(path) + 1):
            yield from read(parts[1:], path[n:])
    elif path:
        for here in read_part(parts[0], path[0]):
            for rest in read(parts[1:], path[1:]):
                yield here + rest


def ways(pattern, path, folded):
    if folded:
        pattern, path = fold(pattern), fold(path)
    return list(read(pattern.split("/"), path.split("/")))


# ------------------------------------------------------------------ one file, one world

def covers(world, series, f):
    """How the series matches the file: None, or (anchor or None, all cases)."""
    folded = world["fold"] or series["action"] == "preserve"
    name = f["path"].split("/")[-1]
    if series["names"] and not any(fnmatch.fnmatchcase(fold(name) if folded else name, fold(g) if folded else g)
                                   for g in series["names"]):
        return None
    found = ways(series["where"], f["path"], folded)
    if not found:
        return None
    if series["clock"] == "modified":
        anchor = datetime.datetime.fromtimestamp(f["mtime"], ZONE).date()
    else:
        word = series["clock"][5:]
        anchor = max(value for way in found for what, value in way if what == word)
    if not 1900 <= anchor.year <= TODAY.year + 1:
        anchor = None
    return anchor, {fold(value) for way in found for what, value in way if what == "case"}


def in_years(series, anchor):
    low, high = series["years"]
    return anchor is None or low <= anchor.year <= high


def held(world, f, matched):
    for hold in world["holds"]:
        if hold.get("share", "a") != "a":
            continue
        if "path" in hold and not ways(hold["path"] + "/**", f["path"], True):
            continue
        if "series" in hold and hold["series"] not in [s["id"] for s, _, _ in matched]:
            continue
        if "case" in hold and fold(hold["case"]) not in {c for _, _, cases in matched for c in cases}:
            continue
        return True
    return False


def judge(world, f):
    """(outcome, series, due): due None when it is not known."""
    matched = [(s, *got) for s in world["series"] for got in [covers(world, s, f)] if got]
    if held(world, f, matched):
        return "held", None, None
    live = [(s, anchor) for s, anchor, _ in matched if in_years(s, anchor)]
    if any(s["action"] == "preserve" for s, _ in live):
        return "preserve", None, None
    for action in ("deliver", "destroy"):
        these = [(s, a) for s, a in live if s["action"] == action and (s["decided"] or action == "deliver")]
        if not these:
            continue
        dues = [(due_of(a, s) if a else None, s) for s, a in these]
        unknown = [s for due, s in dues if due is None]
        if unknown or (action == "destroy" and f["broken"]):
            return action, unknown[0] if unknown else max(dues, key=lambda d: d[0])[1], None
        due, series = max(dues, key=lambda d: d[0])
        return action, series, due
    return "none", None, None


def batch_folder(world, series, path):
    """The folder of the file's batch: as many components as the batch's path has."""
    return "/".join(path.split("/")[:len(series["batch"].split("/"))]) if series["batch"] else ""


def case_of(series, folder):
    """What says which case a folder is of: the case, and the years and dates before it."""
    parts = series["batch"].split("/")
    if "{case}" not in parts:
        return None
    at = parts.index("{case}")
    before = [fold(c) for p, c in zip(parts[:at], folder.split("/")) if "{year}" in p or "{date}" in p]
    return before + [re.sub(r"[/\\:_ ]", "-", fold(folder.split("/")[at]))]


def kin(world, series, folder):
    """All folders of the same case, itself first."""
    depth, case = len(series["batch"].split("/")), case_of(series, folder)
    all_ = {"/".join(f["path"].split("/")[:depth]) for f in world["files"] if f["path"].count("/") >= depth}
    return [folder] + [other for other in sorted(all_ - {folder}) if case and case_of(series, other) == case
                       and ways(series["batch"], other, world["fold"])]


def expected(world):
    verdicts = [(f, *judge(world, f)) for f in world["files"]]
    out = {}
    for f, outcome, series, due in verdicts:
        if outcome not in ("deliver", "destroy") or not series["decided"] or (not series["whole"] and due is None):
            continue
        folder = batch_folder(world, series, f["path"])
        if not series["whole"]:
            if due <= TODAY:
                out.setdefault((outcome, series["id"], folder, due), []).append((f, due))
            continue
        folders = [[v for v in verdicts if (v[0]["path"] + "/").startswith(one + "/")] for one in kin(world, series, folder)]
        if all(v[1] == outcome and v[2] is series and v[3] and v[3] <= TODAY for inside in folders for v in inside):
            out[(outcome, series["id"], folder, max(v[3] for v in folders[0]))] = [(v[0], v[3]) for v in folders[0]]
    return {(k[0], k[1], shown(k[2]), str(k[3])): sorted((shown(f["path"]), f["bytes"], str(due)) for f, due in files)
            for k, files in out.items()}


def shown(path):
    """The one escape: bytes that are not UTF-8 as %XX."""
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in path)


# ------------------------------------------------------------------ making one

def make(seed):
    draw = random.Random(seed)
    world = {"fold": draw.random() < 0.3, "series": [], "holds": [], "files": []}
    for i in range(draw.randint(1, 5)):
        where, clocks, batches = draw.choice(PATTERNS)
        action = draw.choice(["destroy"] * 6 + ["preserve", "deliver"])
        batch = draw.choice(batches) if batches and draw.random() < 0.6 else ""
        if action == "preserve":
            batch = ""
        years = draw.choice([(0, 9999)] * 4 + [(2018, 2019), (0, 2018), (2019, 9999)])
        world["series"].append({
            "id": f"serie{i}", "where": where, "clock": draw.choice(clocks), "action": action, "batch": batch,
            "names": draw.choice([[]] * 3 + [["*.pdf"], ["*.xlsx", "2*"]]), "decided": draw.random() < 0.8,
            "whole": bool(batch) and draw.random() < 0.5, "years": years,
            "keep": draw.choice([(1, "years"), (7, "years"), (0, "years"), (18, "months"), (6, "months"), (400, "days")]),
            "count": draw.choice(["year-end", "month-end", "day"])})
    for i in range(draw.choice([0, 0, 0, 1, 2])):
        world["holds"].append(draw.choice([
            {"path": "v/2018"}, {"path": "V/*/k-1"}, {"series": "serie0"}, {"case": "k-2"}, {"share": "b"},
            {"path": "V/201?", "series": "serie1"}, {"case": "2018"}, {"path": "V/Årsbok/**"}, {"share": "a", "case": "K-1"},
            {"case": "K"}, {"case": "2018-02-28"}]))
    known = {s["id"] for s in world["series"]}
    world["holds"] = [h for h in world["holds"] if h.get("series", "serie0") in known]
    paths = {}
    for _ in range(draw.randint(1, 25)):
        parts = [draw.choice(TOPS), draw.choice(MIDDLES), draw.choice(CASES), draw.choice(NAMES)]
        if draw.random() < 0.2:
            del parts[draw.randint(0, 2)]
        path = "/".join(parts)
        if draw.random() < 0.03:
            path += "\udce5"
        moment = datetime.datetime.fromisoformat(draw.choice(MOMENTS) + "+00:00")
        paths[path] = {"path": path, "bytes": draw.randint(0, 99), "mtime": int(moment.timestamp()),
                       "broken": "\udce5" in path}
    folders = {p[:i] for p in paths for i in range(len(p)) if p[i] == "/"}
    world["files"] = [f for p, f in sorted(paths.items()) if p not in folders]
    return world


def series_text(s):
    low, high = s["years"]
    years = "".join([f"from = {low}; " if low else "", f"to = {high}; " if high != 9999 else ""])
    names = ", ".join(f'"{n}"' for n in s["names"])
    return (f'{{ id = "{s["id"]}"; name = "{s["id"]}"; owner = "anna"; action = "{s["action"]}"; '
            f'keep = "{s["keep"][0]} {s["keep"][1]}"; clock = "{s["clock"]}"; count-from = "{s["count"]}"; '
            + ('decision = { dnr = "KS 1"; date = "2019-02-12"; body = "KS"; }; ' if s["decided"] else "")
            + (f"records = {{ {years}}}; " if years else "")
            + (f'batch = {{ path = "{s["batch"]}"; whole = {str(s["whole"]).lower()}; }}; ' if s["batch"] else "")
            + f'where = ( {{ share = "a"; path = "{s["where"]}"; ' + (f"name = ( {names} ); " if names else "") + "} ); }")


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def lay_out(folder, world):
    os.makedirs(folder + "/rules")
    for f in world["files"]:
        path = f"{folder}/share/{f['path']}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(b"x" * f["bytes"])
        os.utime(path, (f["mtime"], f["mtime"]))
    holds = ", ".join(f'{{ id = "h{i}"; reason = "r"; ' + "".join(f'{k} = "{v}"; ' for k, v in h.items()) + "}"
                      for i, h in enumerate(world["holds"]))
    write(folder + "/behov.cfg", CONF)
    write(folder + "/d.ldif", LDIF)
    write(folder + "/rules/r.cfg",
          f'shares = ( {{ id = "a"; path = "{folder}/share"; owner = "anna"; identity = "none"; '
          f'case = "{"fold" if world["fold"] else "exact"}"; }},\n'
          f' {{ id = "b"; path = "{folder}/rules"; owner = "anna"; identity = "none"; }} );\n'
          "series = (\n" + ",\n".join(series_text(s) for s in world["series"]) + "\n);\n"
          f"holds = ( {holds} );\n")


def planned(plan):
    return {(p["kind"], p["series"], p["batch"], p["due"]): sorted((e["path"], e["bytes"], e["due"]) for e in p["entries"])
            for p in plan["proposals"] if p["kind"] in ("destroy", "deliver")}


def main():
    wrong, batches = [], 0
    for seed in range(FIRST, FIRST + WORLDS):
        world = make(seed)
        with tempfile.TemporaryDirectory(prefix="behov-files-") as folder:
            lay_out(folder, world)
            done = subprocess.run([BEHOV, "-q", "--config", folder + "/behov.cfg", "--now", "2026-03-01T02:00+01:00",
                                   "-j", str((1, 2, 8, 64)[seed % 4]), "plan", "--json", "--files"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode not in (0, 3, 4):
            wrong.append(f"world {seed}: exit {done.returncode}: {done.stderr.decode()[-300:]}")
            continue
        is_, should = planned(json.loads(done.stdout)), expected(world)
        batches += len(should)
        for key in sorted(is_.keys() | should.keys()):
            if is_.get(key) != should.get(key):
                wrong.append(f"world {seed}: {key}: is {is_.get(key)}, should be {should.get(key)}")
        if "-v" in sys.argv and is_ != should:
            print(seed, json.dumps(world, indent=1, default=str))
    print(("not ok " if wrong else "ok ") + f"{WORLDS} random shares: what is due is what every reading of the rules says")
    print("\n".join(wrong[:20]))
    print(("ok " if batches > WORLDS // 3 else "not ok ") + f"{batches} batches were compared")
    return 1 if wrong else 0


sys.exit(main())
