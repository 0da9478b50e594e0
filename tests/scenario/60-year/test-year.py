#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The year before the demo, with fewer nights: the same each time, whole, and with something of each kind in it."""
import json
import os
import re
import shutil
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.insert(0, TOP + "/tests/world")
import town  # noqa: E402
from town import FACTS, check  # noqa: E402
from year import THEN, Year  # noqa: E402

# What is another each time: what the kernel says of a file, the name of the folder, and keys that are made by chance.
CHANCE = {"letter": ("id", "token_hash"), "effect": ("before", "after"), "proposal": ("manifest",), "decision": ("inbox", "proof"), "review": ("inbox", "proof")}
TOLD = ("person-came", "person-moved", "person-left", "consultant-ended", "account-dormant", "member-added", "member-regranted", "many-let-in",
        "owner-late", "owner-changed", "rule-changed", "rule-reviewed", "class-raised", "hold-in-rules", "hold-set", "hold-lifted", "files-new",
        "series-activated", "every-night", "brake-released", "removed-by-others", "delivery", "delivery-refused", "restored", "export-short", "list-reviewed")
# kind -> what the store has of it
FOUND = {
    **{f"an owner said {word}": f"select 1 from decision where refused is null and verdict = '{word}'"
       for word in ("approve", "keep", "ask", "rule", "not-mine", "later", "hold", "undo")},
    "kept with a reason and an end": "select 1 from exception where reason <> '' and until is not null",
    "two people approved": "select 1 from decision d join proposal p on p.id = d.proposal where verdict = 'approve' and d.refused is null and"
                           " p.state = 'done' and needs = 2 group by d.proposal having count(distinct d.key) > 1",
    "silence brought somebody else": "select 1 from approver where waited > 0",
    "taken out of a group, and seen gone": "select 1 from effect e join proposal p on p.id = e.proposal where act = 'export' and p.state = 'done'",
    "there again after it was taken out": "select 1 from proposal where evidence like '%regrant%' or episode > 1 and kind = 'remove-member'",
    "due at the turn of the year": "select 1 from proposal where kind = 'destroy' and state <> 'withdrawn' and due = {new_year}",
    "moved to quarantine": "select 1 from effect where act = 'quarantine' and state = 'done'",
    "put back from quarantine": "select 1 from effect where act = 'quarantine' and state = 'undone'",
    "destroyed": "select 1 from effect where act = 'unlink' and state = 'done'",
    "a list that is reviewed": "select 1 from review where refused is null and text is null",
    "with remarks": "select 1 from review where refused is null and text is not null",
    "and one that is not": "select 1 from review_list l where not exists (select 1 from review r where r.digest = l.digest)",
    "a protocol": "select 1 from protocol where written is not null",
    "a delivery with its receipt": "select 1 from proposal where kind = 'deliver' and state = 'done'",
    "an account that nobody signs in to": "select 1 from finding where kind = 'dormant-member'",
    "a night that did not see all": "select 1 from night where complete = 0 and state = 'published'",
}


def facts(y):
    out = {}
    for table in FACTS:
        columns = [row[1] for row in y.rows(f"select * from pragma_table_info('{table}')") if row[1] not in CHANCE.get(table, ())]
        out[table] = sorted(re.sub(re.escape(y.top), "TOP", repr(row)) for row in y.rows(f"select {', '.join(columns)} from {table}"))
    return out


def lived():
    """A year with fewer people, files and nights, in a folder of its own."""
    top = tempfile.mkdtemp(prefix="behov-year-")
    shutil.copytree(TOP + "/conf", top + "/conf")
    shutil.copytree(TOP + "/rules", top + "/rules")
    y = Year(top, every=28, people=700, files=400)
    y.lived()
    return y


def nights_of(y, quarter):
    """What its report says of the nights it rests on."""
    y.must(y.at(y.now, 1), "report", "quarter", quarter, "--format", "json", codes=(0,))
    with open(f"{y.demo}/work/rapport/{quarter}.json", encoding="utf-8") as f:
        conclusions = json.load(f)["page"]["conclusions"]
    return [(c["tone"], c["text"]) for c in conclusions if re.search("nätter|dygn|natt", c["text"])]


def everything_happens(y):
    told = {kind for _, kind, _ in y.diary}
    for kind in TOLD:
        check(f"the diary has: {kind}", kind in told, sorted(told))
    new_year = (y.now.replace(month=1, day=1) - y.now.replace(year=1970, month=1, day=1)).days
    for kind, sql in FOUND.items():
        check(f"the store has: {kind}", bool(y.rows(sql.replace("{new_year}", str(new_year)) + " limit 1")))


def main():
    first, again = None, None
    try:
        first = lived()
        everything_happens(first)
        check("no night has failed", not first.rows("select * from night where state <> 'published'"), first.rows("select * from night"))
        done = first.call(None, "audit", "verify")
        check("the chain is whole", done.returncode == 0, done.stderr.decode())
        check("nobody who reads of the last quarter is told of nights that were left out", nights_of(first, "2026Q3") == [
            ("good", "Alla 92 nätter var fullständiga.")], nights_of(first, "2026Q3"))
        last = first.now.isoformat()
        first.rules_of(first.now)
        check("in the end the rules are those of the example", all(
            open(f"{at}/{name}", encoding="utf-8").read() == open(f"{TOP}/rules/{os.path.relpath(at, first.folder + '/rules')}/{name}",
                                                                  encoding="utf-8").read().replace('"../build/demo', f'"{first.top}/build/demo')
            for at, _, names in os.walk(first.folder + "/rules") for name in names) and max(then[0] for then in THEN) < last)
        done = first.call(first.at(first.now, 2), "run")
        check("tonight goes on from there", done.returncode in (0, 3, 4), done.stderr.decode())
        braked = first.rows("select distinct scope from proposal where state = 'braked'")
        check("and stops what was let in by mistake", braked == [("system:kostplan",)], braked)
        again = lived()
        again.must(again.at(again.now, 2), "run")
        one, other = facts(first), facts(again)
        for table in FACTS:
            check(f"a second time is the same: {table}", one[table] == other[table], *sorted(set(one[table]) ^ set(other[table]))[:6])
        check("and so is the diary", first.diary == again.diary)
    finally:
        for y in (first, again):
            if y:
                shutil.rmtree(y.top, ignore_errors=True)
    return 1 if town.failures else 0


sys.exit(main())
