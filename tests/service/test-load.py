#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many at once: every decision with a receipt is in the store and in the chain once, and nobody waits for somebody who is slow."""
import concurrent.futures
import json
import os
import re
import resource
import socket
import subprocess
import sys
import threading

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world")]
from owners import NOW, Office, Visitor, silent

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
BEHOV = os.path.join(BUILD, "behov")
SLOW = "/thread" in BUILD or "/address" in BUILD       # a sanitizer watches: fewer will do
INBOX = "behov.db.inbox"
NIGHT = "2026-11-26T02:00+01:00"


def at_once(work, things, hands=32):
    with concurrent.futures.ThreadPoolExecutor(hands) as pool:
        return list(pool.map(work, things))


def signed_in(o, names=None):
    """Visitors, each with a session of their own."""
    tokens = o.tokens()
    visitors = {who: Visitor(o.port, tokens[who]) for who in names or tokens}
    before = {who: len(found) for who, found in o.mails(r"Din kod är (\d{6})").items()}
    for reply in at_once(Visitor.ask_code, visitors.values()):
        assert reply.status == 303, reply.text
    codes = o.mails(r"Din kod är (\d{6})")
    at_once(lambda who: visitors[who].sign_in(codes[who][before.get(who, 0)]), visitors)
    return visitors


def in_the_store(o):
    """Of each proposal, what counts: in the table, and in the chain."""
    rows = o.rows("select proposal, verdict, key from decision where refused is null order by proposal")
    chain = [json.loads(payload) for (payload,) in o.rows("select payload from audit a join audit_payload p using (seq) where event = 'decision-taken'")]
    refused = o.rows("select count(*) from decision where refused is not null")[0][0]
    return rows, sorted((c["proposal"], c["verdict"], c["by"]) for c in chain), refused


# ------------------------------------------------------------------ nothing lost, nothing doubled

def decisions_of_many_owners_count_once_each():
    owners, each = (24, 4) if SLOW else (200, 5)
    with Office(BEHOV, [each] * owners) as o:
        o.serve()
        visitors = signed_in(o)

        def decide(who):
            v = visitors[who]
            form = v.confirm(lambda name: ("keep", "Vikarie " + who) if int(name[0], 16) % 3 == 0 else ("approve",))
            # Some press twice.
            again = Visitor(o.port, cookie=v.cookie)
            replies = at_once(lambda b: b.ask("POST", "/beslut/spara", form), [v, again] if hash(who) % 2 else [v], 2)
            assert all(r.status in (200, 303) and r.headers.get("Location", "/kvitto") == "/kvitto" for r in replies), replies[0].text
            again.close()
            return {name[2:]: value for name, value in form.items() if name.startswith("d-")}

        chosen, late = {}, "owner0"
        for one in at_once(decide, [who for who in visitors if who != late]):
            chosen.update(one)
        assert len(chosen) == (owners - 1) * each
        assert o.rows("select count(*) from decision", name=INBOX) == [(len(chosen),)]
        # Somebody decides while the night takes what the others have decided, and is taken by it or by the next one.
        night = subprocess.Popen(o.command(NIGHT, "run"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not o.rows("select 1 from decision limit 1"):
            assert night.poll() is None
        chosen.update(decide(late))
        assert night.wait(300) in (0, 3, 4)
        o.run(NIGHT)
        rows, chain, refused = in_the_store(o)
        assert {(p, v) for p, v, _ in rows} == set(chosen.items()) and len(rows) == len(chosen) and refused == 0
        assert sorted(rows) == chain
        o.call("audit", "verify", now=None)
        assert o.stop() == 0, o.log()[-3000:]


def a_page_that_is_killed_loses_no_receipt_and_doubles_nothing():
    owners, each = (12, 3) if SLOW else (60, 4)
    with Office(BEHOV, [each] * owners) as o:
        o.serve()
        visitors = signed_in(o)
        forms = {who: v.confirm(lambda name: ("approve",)) for who, v in visitors.items()}
        received, many = set(), threading.Semaphore(0)

        def save(who):
            try:
                reply = visitors[who].ask("POST", "/beslut/spara", forms[who])
            except (OSError, __import__("http").client.HTTPException):
                return                          # killed before an answer came
            assert reply.status == 303, reply.text
            received.add(who)
            many.release()

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            work = [pool.submit(save, who) for who in visitors]
            for _ in range(owners // 4):
                many.acquire()
            o.stop("kill")
            for one in work:
                one.result()
        assert owners // 4 <= len(received) <= owners
        sure = {name[2:] for who in received for name in forms[who] if name.startswith("d-")}
        o.serve()
        kept = {p for (p,) in o.rows("select proposal from decision", name=INBOX)}
        assert sure <= kept
        at_once(lambda who: setattr(visitors[who], "port", o.port), visitors)
        for who, v in visitors.items():         # the session and the form are still good: the same once again adds nothing
            v = Visitor(o.port, cookie=v.cookie)
            assert v.ask("POST", "/beslut/spara", forms[who]).status in (200, 303)
            v.close()
        o.run(NIGHT)
        rows, chain, refused = in_the_store(o)
        assert len(rows) == owners * each == len({p for p, _, _ in rows}) and refused == 0
        assert sorted(rows) == chain
        assert o.stop() == 0, o.log()[-3000:]


def those_who_try_many_codes_at_once_try_five():
    with Office(BEHOV, [2]) as o:
        o.serve()
        v = Visitor(o.port, o.tokens()["owner0"])
        assert v.ask_code().status == 303
        code = o.mails(r"Din kod är (\d{6})")["owner0"][0]
        nonce = v.ask("GET", "/logga-in").field("nonce")
        wrong = [f"{(int(code) + 1 + i) % 1000000:06}" for i in range(40)]

        def guess(number):
            b = Visitor(o.port, cookie=v.cookie)
            while (reply := b.ask("POST", "/logga-in", {"nonce": nonce, "kod": number})).status == 503:
                assert reply.headers["Retry-After"]     # one waits for the one before, and no more: they come again
            b.close()
            return "stämmer inte" in reply.text
        assert sum(at_once(guess, wrong)) == 4          # the fifth is told that the code is no longer good
        assert v.ask("POST", "/logga-in", {"nonce": nonce, "kod": code}).status == 403
        # A letter's limit holds over all its sessions.
        replies = at_once(lambda _: Visitor(o.port, v.token).ask_code().status, range(30))
        assert sorted(replies) == [303] * 4 + [429] * 26, replies
        assert len(o.mails(r"Din kod är (\d{6})")["owner0"]) == 5
        assert o.stop() == 0, o.log()[-3000:]


# ------------------------------------------------------------------ nobody waits for who is slow

class Tarpit:
    """A mail server that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(100)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def a_silent_mail_server_stops_only_those_who_wait_for_it():
    with Office(BEHOV, [3] * 13) as o:
        o.serve()
        v = signed_in(o, ["owner0"])["owner0"]
        assert o.stop() == 0
        tarpit = Tarpit()
        o.configure(mail=f"smtp://127.0.0.1:{tarpit.port}")
        o.serve()
        v = Visitor(o.port, v.token, v.cookie)
        waiting = []
        for who, token in o.tokens().items():
            body = "token=" + token
            if who != "owner0":
                waiting += silent(o.port, 1, (f"POST /kod HTTP/1.1\r\nHost: 127.0.0.1:{o.port}\r\nContent-Type: application/"
                                              f"x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        held = tarpit.socket.accept()           # one of them is being waited for
        for _ in range(20):
            assert v.ask("GET", "/beslut").status == 200
        form = v.confirm(lambda name: ("approve",))
        assert v.ask("POST", "/beslut/spara", form).status == 303
        assert not select_ready(waiting)        # all of this came before the first of them was given up
        for s in waiting:
            s.close()
        held[0].close()
        tarpit.close()
        assert o.stop() == 0, o.log()[-3000:]


def select_ready(sockets):
    import select
    poll = select.poll()
    for s in sockets:
        poll.register(s, select.POLLIN)
    return poll.poll(0)


def ten_thousand_silent_ones_and_slow_ones_stop_nobody():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 16000:
        print(f"skip ten_thousand_silent_ones_and_slow_ones_stop_nobody: no more than {hard} open files are allowed", flush=True)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Office(BEHOV, [3]) as o:
        o.serve()
        v = signed_in(o)["owner0"]
        alone = o.rss()
        idle = silent(o.port, 10000 - 50)
        slow = silent(o.port, 50, b"POST /kod HTTP/1.1\r\nHost: x\r\nContent-Len")
        for turn in range(20):
            for s in slow:
                s.sendall(b"g")
            fresh = Visitor(o.port, cookie=v.cookie)
            assert fresh.ask("GET", "/beslut").status == 200 and v.ask("GET", "/beslut").status == 200, turn
            fresh.close()
        each = (o.rss() - alone) / 10
        assert each < 20 * 1024 or SLOW, each   # KiB for a thousand of them
        for s in idle + slow:
            s.close()
        assert o.stop() == 0, o.log()[-3000:]


def where_it_is_full_the_first_one_gives_way():
    with Office(BEHOV, [3]) as o:
        o.serve(limit=700)                      # room for 320
        assert "allows 320 connections" in o.log(), o.log()
        v = signed_in(o)["owner0"]
        crowd = silent(o.port, 320)
        assert v.ask("GET", "/beslut").status == 200
        more = []
        for _ in range(10):
            more += silent(o.port, 60, b"GET / HT")
            assert v.ask("GET", "/beslut").status == 200        # who asks is never the first in the line
        assert crowd[0].recv(1) == b"" and len(select_ready(crowd)) == 320
        for s in crowd + more:
            s.close()
        assert o.stop() == 0, o.log()[-3000:]


# ------------------------------------------------------------------ memory

def memory_does_not_grow_with_what_is_asked():
    owners = 8
    with Office(BEHOV, [60] * owners) as o:
        o.serve()
        visitors = list(signed_in(o).values())

        def ask(count):
            def many(v):
                for i in range(count):
                    assert v.ask("GET", "/beslut").status == 200
                    if i % 10 == 0:
                        v.confirm(lambda name: ("approve",))
            at_once(many, visitors, owners)
            return o.rss()
        count = 2 if SLOW else 40
        ask(count)
        first = ask(count)
        for _ in range(4):
            last = ask(count)
        assert last - first < 16 * 1024 or SLOW, (first, last)
        assert o.stop() == 0, o.log()[-3000:]


def main():
    tests = [f for f in globals().values() if callable(f) and getattr(f, "__module__", "") == "__main__" and hasattr(f, "__code__")
             and f.__code__.co_argcount == 0 and f.__name__ != "main"]
    tests = tests if len(sys.argv) < 2 else [globals()[name] for name in sys.argv[1:]]
    failed = 0
    for test in tests:
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:            # any trouble is a failure, told with its place
            import traceback
            traceback.print_exc(limit=-9)
            print(f"not ok {test.__name__}: {type(problem).__name__}", flush=True)
            failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
