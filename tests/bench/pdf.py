# SPDX-License-Identifier: GPL-3.0-or-later
"""A long table as PDF, beside WeasyPrint with the same rows as HTML."""
import os

from common import BUILD, ROOM, goal, table, turns, write

PRINT = os.path.join(BUILD, "tests/unit/oracle-pdf")
FIRST = ["Anna", "Björn", "Cecilia", "David", "Åsa", "Örjan", "Maryam", "Łukasz"]
LAST = ["Åberg", "Ek", "Lindqvist", "Öberg", "Andersson", "Nowak", "Hosseini"]


def html(count):
    rows = "".join(f"<tr><th>{FIRST[i % 8]} {LAST[i % 7]}</th><td>an{i * 7919 % 9973:04d}</td><td>handläggare</td><td>anställd på enheten</td>"
                   f"<td>20{10 + i % 16}-{1 + i % 12:02d}-{1 + i % 28:02d}</td><td>{i * 37 % 4000}</td></tr>" for i in range(count))
    return ("<!doctype html><html lang=sv><title>Åtkomst</title><style>body{font:8.5pt 'Liberation Sans'}td,th{text-align:left}</style>"
            f"<table><thead><tr><th>Namn<th>Konto<th>Roll<th>Behov<th>Sedan<th>Dagar</thead><tbody>{rows}</tbody></table></html>")


def pdf():
    few, many = 1000, 10000
    write(f"{ROOM}/rows.html", html(few))
    peer = "weasyprint, without tags"
    took = turns({
        peer: ["weasyprint", "--quiet", f"{ROOM}/rows.html", f"{ROOM}/weasyprint.pdf"],
        "behov, tagged": [PRINT, "rows", str(few), f"{ROOM}/rows.pdf"],
    })
    table(f"a table of {few} rows and 6 columns as PDF", took, peer)
    long = turns({"behov, tagged": [PRINT, "rows", str(many), f"{ROOM}/rows.pdf"]})
    table(f"a table of {many} rows and 6 columns as PDF", long, "behov, tagged")
    got = long["behov, tagged"]
    goal("a long table", f"{got.cpu:.2f} s of the processor, {got.peak:.0f} MiB", "3 s, 100 MiB", got.cpu < 3 and got.peak < 100)
