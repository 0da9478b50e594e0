# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit chain: verified, beside who only reads its rows, and who does the same in Python."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

from common import BEHOV, ROOM, goal, table, turns

ROWS = int(os.environ.get("ROWS", "1000000"))
HERE = os.path.join(ROOM, "chain")
CONF = """organisation = "Kalmar kommun"; store = "sqlite:behov.db"; rules = "rules"; directory = { source = "file:none.ldif"; base = "DC=kalmar,DC=example";
access-groups = ( "OU=x,DC=kalmar,DC=example" ); }; mail = { server = "maildir:outbox"; from = "behov@kalmar.example"; };
web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };
"""


def row_hash(seq, at, actor, event, payload, prev):
    return hashlib.sha256((f'{{"actor":"{actor}","at":"{at}","event":"{event}","payload":"{payload}","prev":"{prev}","seq":{seq}}}')
                          .encode()).hexdigest()


def fill(path):
    """A chain as apply would have made it: a payload of some hundred bytes in each row."""
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    prev = "0" * 64
    for seq in range(1, ROWS + 1):
        at, salt = "2026-01-05T01:00:00Z", f"{seq:032x}"
        payload = json.dumps({"kind": "access", "note": "medlemskapet är borta ur katalogen", "proposal": f"{seq:016x}", "state": "done",
                              "version": salt * 2}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        told = hashlib.sha256((salt + payload).encode()).hexdigest()
        made = row_hash(seq, at, "apply", "proposal-done", told, prev)
        db.execute("insert into audit (seq, at, actor, event, payload_digest, prev, hash) values (?, ?, ?, ?, ?, ?, ?)",
                   (seq, at, "apply", "proposal-done", told, prev, made))
        db.execute("insert into audit_payload (seq, salt, payload) values (?, ?, ?)", (seq, salt, payload))
        prev = made
    db.commit()
    db.close()


def walk(path):
    """The same walk, in Python."""
    prev = "0" * 64
    for seq, at, actor, event, told, before, made, salt, payload in sqlite3.connect(path).execute(
            "select a.seq, at, actor, event, payload_digest, prev, hash, salt, payload from audit a left join audit_payload p "
            "on p.seq = a.seq order by a.seq"):
        if before != prev or made != row_hash(seq, at, actor, event, told, prev) or \
           told != hashlib.sha256((salt + payload).encode()).hexdigest():
            sys.exit(f"row {seq}")
        prev = made


def chain():
    if not os.path.exists(HERE + "/made"):
        shutil.rmtree(HERE, ignore_errors=True)
        os.makedirs(HERE + "/rules")
        with open(HERE + "/behov.cfg", "w", encoding="utf-8") as f:
            f.write(CONF)
        subprocess.run([BEHOV, "--config", HERE + "/behov.cfg", "store", "create", "--test"], check=True)
        fill(HERE + "/behov.db")
        with open(HERE + "/made", "w", encoding="utf-8"):
            pass
    took = turns({"sqlite3, reads each row": ["sqlite3", HERE + "/behov.db", "select sum(length(hash) + length(payload) + length(actor)) from audit a "
                                              "left join audit_payload p on p.seq = a.seq order by a.seq"],
                  "python3, hashlib": [sys.executable, os.path.abspath(__file__), HERE + "/behov.db"],
                  "behov audit verify": [BEHOV, "--config", HERE + "/behov.cfg", "audit", "verify"],
                  "behov audit export": [BEHOV, "--config", HERE + "/behov.cfg", "audit", "export"]})
    table(f"The audit chain, {ROWS} rows", took, "python3, hashlib")
    rate = ROWS / took["behov audit verify"].wall
    goal("verified", f"{rate:.0f} rows/s", "500000", rate >= 500000)


if __name__ == "__main__":
    walk(sys.argv[1])
