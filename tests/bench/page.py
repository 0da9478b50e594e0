# SPDX-License-Identifier: GPL-3.0-or-later
"""The owners' page: what it takes for one with thousands of proposals, and for hundreds of owners at once."""
import concurrent.futures
import glob
import gzip
import json
import os
import statistics
import subprocess
import sys
import time

from common import BEHOV, ROOM, TOP, TURNS, VISITORS, goal

sys.path.insert(0, TOP + "/tests/world")
import owners

SIZES = (10, 200, 5000)
OWNERS = 200


def office():
    folder = f"{ROOM}/owners"
    if not os.path.exists(folder + "/.made"):
        subprocess.run(["rm", "-rf", folder], check=True)
        o = owners.Office(BEHOV, list(SIZES) + [10] * OWNERS, folder)
        open(folder + "/.made", "w").close()
    else:
        o = owners.Office.__new__(owners.Office)
        o.behov, o.folder, o.process = BEHOV, folder, None
        o.configure()
    for path in glob.glob(folder + "/behov.db.inbox*") + glob.glob(folder + "/log"):
        os.unlink(path)
    return o


def sign_in(o, names):
    tokens = o.tokens()
    visitors = {who: owners.Visitor(o.port, tokens[who]) for who in names}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(owners.Visitor.ask_code, visitors.values()))
        codes = o.mails(r"Din kod är (\d{6})")
        list(pool.map(lambda who: visitors[who].sign_in(codes[who][-1]), visitors))
    for v in visitors.values():
        v.close()
    return [visitors[who].cookie for who in names]


def visit(o, cookies, seconds, every, idle=0, slow=0):
    done = subprocess.run([VISITORS, str(o.port), str(seconds), str(every), str(idle), str(slow)], input="\n".join(cookies).encode(),
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def sizes(o, cookies):
    print(f"\nThe page of one owner, one request after the other\n{'proposals':>12}{'ms':>9}{'least':>8}{'cpu':>8}{'bytes':>10}{'gzip':>9}")
    for size, cookie in zip(SIZES, cookies):
        v, took = owners.Visitor(o.port, cookie=cookie), []
        cpu = processor(o)
        for _ in range(10 * TURNS):
            began = time.monotonic()
            reply = v.ask("GET", "/beslut", **{"Accept-Encoding": "gzip"})
            took.append((time.monotonic() - began) * 1000)
        cpu = (processor(o) - cpu) / len(took) * 1000
        v.close()
        raw = len(gzip.decompress(reply.body))
        print(f"{size:12}{statistics.median(took):9.1f}{min(took):8.1f}{cpu:8.1f}{raw:10}{len(reply.body):9}", flush=True)
    goal("5,000 proposals", f"{statistics.median(took):.0f} ms", "100 ms", statistics.median(took) <= 100)
    goal("on the wire", f"{len(reply.body)} bytes", "300 KB", len(reply.body) <= 300 * 1024)


def processor(o):
    with open(f"/proc/{o.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crowd(o, cookies):
    seconds = 4 * TURNS
    leaving = 45                         # long enough that who is silent is sent away, and comes again
    cases = {"each once a second": (seconds, 1000, 0, 0), "the same, 10,000 silent and 50 slow beside": (leaving, 1000, 9950, 50),
             "each at once again": (seconds, 0, 0, 0)}
    print(f"\n{OWNERS} owners at once, the list with 10 proposals\n{'':44}{'p50 ms':>8}{'p99':>8}{'most':>9}{'req/s':>8}{'failed':>8}{'MiB':>6}")
    got = {}
    for name, case in cases.items():
        got[name] = visit(o, cookies, *case)
        one = got[name]
        print(f"{name:44}{one['p50']:8.1f}{one['p99']:8.1f}{one['most']:9.1f}{one['rate']:8.0f}{one['failures']:8}{o.rss() / 1024:6.0f}", flush=True)
    goal("p99 of the list", f"{got['each once a second']['p99']:.1f} ms", "50 ms", got["each once a second"]["p99"] <= 50)
    beside = got["the same, 10,000 silent and 50 slow beside"]
    goal("p99 with others beside", f"{beside['p99']:.1f} ms", "50 ms", beside["p99"] <= 50)


def memory(o, cookies):
    begun = o.rss()
    done = visit(o, cookies, 10 * TURNS, 0)
    print(f"\nMemory: {begun / 1024:.0f} MiB, after {done['count']} requests more {o.rss() / 1024:.0f} MiB")
    goal("growth", f"{(o.rss() - begun) / 1024:.1f} MiB", "8 MiB", o.rss() - begun <= 8 * 1024)


def page():
    o = office()
    try:
        o.serve()
        names = [f"owner{n}" for n in range(len(SIZES) + OWNERS)]
        cookies = sign_in(o, names)
        sizes(o, cookies)
        crowd(o, cookies[len(SIZES):])
        memory(o, cookies[len(SIZES):])
    finally:
        o.stop()
