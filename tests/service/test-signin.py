#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who somebody is: by a password tried at a real directory, by a proxy on a socket, by a code; and what each is good for."""
import base64
import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys

from aiosmtpd.controller import Controller

import loopback
import office
import samba
from office import BASE, PASSWORD, Browser, Office, Slapd, check, choices

LDAP = 'proof = ( "ldap", "code" ); ldap = {{ server = "{0}"; ca-file = "{1}"; name = "uid=%s,ou=people,' + BASE + '"; }};'


def sign_in(o, who="anna", password=None, **more):
    b = Browser(o)
    return b, b.post("/logga-in", {"token": o.token(who), "losen": PASSWORD[who] if password is None else password}, **more)


def by_code(o, who="anna"):
    b = Browser(o)
    b.post("/kod", {"token": o.token(who)})
    page = b.get("/logga-in")
    code = re.search(r"Din kod är (\d{6})", o.mails(who)[-1][1]).group(1)
    return b, b.post("/logga-in", {"nonce": page.field("nonce"), "kod": code})


def memory_of(pid, needle):
    """Does a process hold those bytes anywhere it can write?"""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            try:
                mem.seek(start)
                if needle in mem.read(end - start):
                    return True
            except (OSError, ValueError):
                continue
    return False


def has_plugins(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return "/sasl2/" in maps.read()


def in_memory(o):
    """While the connection lives."""
    password = "Ett-langt-losenord-som-star-kvar-1234567890-abcdefghijklmnop"
    body = office.urllib.parse.urlencode({"token": o.token("maria"), "losen": password})
    with socket.create_connection(("127.0.0.1", o.port)) as link:
        link.sendall(f"POST /logga-in HTTP/1.1\r\nHost: {office.SITE}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        told = link.recv(12)
        while b"</html>" not in told:
            told += link.recv(65536)
        link.sendall(f"GET /style.css HTTP/1.1\r\nHost: {office.SITE}\r\n\r\n".encode())
        link.recv(12)               # what was before it on this connection is over
        # GnuTLS frees its copy as it is: what came in the form is ours.
        check("a password is wiped when it has been tried", b" 403 " in told[:16] and not memory_of(o.page.pid, b"losen=Ett-langt"), told[:300])


def a_password(slapd):
    with Office(slapd, LDAP.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        page = Browser(o).get("/b/" + o.token("anna"))
        check("the page of a link offers a password first, then a code", page.status == 200
              and 0 < page.text.find('name="losen"') < page.text.find("Skicka kod") and "Anna" not in page.text, page.text)
        b, reply = sign_in(o)
        check("the right password signs in", reply.status == 303 and reply.where == "/beslut" and b.get("/beslut").status == 200, reply.text)
        check("and no password stands in what is answered, stored or said",
              not any(PASSWORD["anna"] in str(row) for table in ("session", "code", "decision") for row in o.rows(f"select * from {table}", of="b.db.inbox")))
        for wrong in ("galet", PASSWORD["anna"].upper(), PASSWORD["anna"] + " ", "*", PASSWORD["bo"]):
            _, reply = sign_in(o, password=wrong)
            check(f"'{wrong}' does not", reply.status in (403, 429) and "set-cookie" not in reply.headers and wrong not in reply.text.split("<main")[1].replace("*", ""),
                  reply.status, reply.text)
        if os.geteuid() == 0:                           # nobody else may look
            check("and none of SASL's plugins is there, which nobody needs for it", not has_plugins(o.page.pid))
        if os.geteuid() != 0 or "/address" in office.BEHOV or "/thread" in office.BEHOV:        # a sanitizer's shadow is of many terabytes
            print("skip passwords are not looked for in memory")
        else:
            in_memory(o)
            check("where what stays is found", memory_of(o.page.pid, b"Kalmar kommun"))
        said = o.said()
        check("nor in the log", not [p for p in PASSWORD.values() if p in said] and "signed in" in said, said)


def an_empty_one(slapd):
    with Office(slapd, LDAP.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        for _ in range(5):
            _, reply = sign_in(o, password="")
            check("no password is none, and is asked of nobody", reply.status == 422 and "Skriv ditt lösenord" in reply.text, reply.text)
        _, reply = sign_in(o)
        check("nor counted", reply.status == 303, reply.status)


def too_many(slapd):
    with Office(slapd, LDAP.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        slapd.binds("maria", PASSWORD["maria"])        # what others tried before is forgotten
        with concurrent.futures.ThreadPoolExecutor(20) as many:
            got = sorted(r.status for _, r in many.map(lambda _: sign_in(o, "maria", "fel"), range(20)))
        check("four wrong passwords, and no more are tried, though they come at once", got == [403] * 4 + [429] * 16, got)
        check("so that the account is not locked", slapd.binds("maria", PASSWORD["maria"]))
        page = sign_in(o, "maria")[1]
        check("not the right one either, and the page says what to do", page.status == 429 and "halvtimme" in page.text and "en kod" in page.text, page.text)
        b, reply = by_code(o, "maria")
        check("a code goes on working", reply.status == 303 and b.get("/beslut").status == 200, reply.text)
        o.serve("09:29")
        check("for half an hour", sign_in(o, "maria")[1].status == 429)
        o.serve("09:31")
        check("and then a password is tried again", sign_in(o, "maria")[1].status == 303)
        check("others are not disturbed", sign_in(o)[1].status == 303)


def no_answer(slapd):
    for what, web in (("a certificate nobody vouches for", LDAP.format(slapd.url, "/etc/ssl/certs/ca-certificates.crt")),
                      ("a server that is not there", LDAP.format("ldaps://127.0.0.1:1", slapd.ca)),
                      ("a server that speaks no TLS", LDAP.format(slapd.plain.replace("ldap:", "ldaps:"), slapd.ca))):
        with Office(slapd, web) as o:
            o.night()
            o.serve()
            _, reply = sign_in(o)
            check(f"{what}: nobody signs in, and a code is offered", reply.status == 503 and "logga in med en kod" in reply.text, reply.status, reply.text)
            check("and others are served", Browser(o).get("/").status == 200)
    with socket.create_server(("127.0.0.1", 0)) as silent, Office(slapd, LDAP.format(f"ldaps://127.0.0.1:{silent.getsockname()[1]}", slapd.ca)) as o:
        o.night()
        o.serve()
        with concurrent.futures.ThreadPoolExecutor(1) as other:
            waits = other.submit(sign_in, o)
            kept = silent.accept()  # it has come so far, and nobody says anything
            check("nobody else waits for a directory that is silent", Browser(o).get("/").status == 200 and by_code(o, "maria")[1].status == 303
                  and not waits.done())
            check("and who does is told", waits.result()[1].status == 503, kept)
    for web, word in ((LDAP.format("ldap://ldap.kalmar.example", slapd.ca).replace("ldap = {", "ldap = { starttls = false;"), "without starttls"),
                      (LDAP.format("file:x.ldif", slapd.ca), "nobody can sign in there"), ('proof = ( "ldap" );', "needs a name"),
                      (LDAP.format(slapd.url, slapd.ca).replace("%s", "%d"), "once for the account name"),
                      ('proof = ( "password" );', "allowed are"), ('proof = ( "code", "code" );', "twice"), ('proof = ( "proxy" ); proxy-user = "root";', "unix:"),
                      ('strong = ( "destroy" );', "nobody could approve"), ('proof = "ldap"; strong = ( "class4" );', "allowed are"),
                      ('proxy-header = "X-User";', "does not allow"), ('proxy-user = "root";', "unix:")):
        with Office(slapd, web) as o:
            done = o.call("check", at=None)
            check(f"refused: {web[:50]}", done.returncode == 2 and word in done.stderr, done.returncode, done.stderr)


def one_session_holds_no_more_than_a_hand(slapd):
    with socket.create_server(("127.0.0.1", 0)) as silent, Office(slapd, LDAP.format(f"ldaps://127.0.0.1:{silent.getsockname()[1]}", slapd.ca)) as o:
        o.night()
        o.serve()
        b, _ = by_code(o)
        form = choices(b.get("/beslut"), files=("approve",))
        with concurrent.futures.ThreadPoolExecutor(31) as many:
            slow = many.submit(b.post, "/beslut/bevis", dict(form, losen="x"))
            kept = silent.accept()  # its turn has been taken, and the directory says nothing
            forms = [many.submit(b.post, "/beslut", form) for _ in range(30)]
            refused = [f.result() for _, f in zip(range(29), concurrent.futures.as_completed(forms))]
            told = refused[0].text.split("<main")[-1]
            check("one form of a session waits for its turn, the others are told so at once", not slow.done() and {r.status for r in refused} == {503}
                  and "retry-after" in refused[0].headers and "behandlas fortfarande" in told, [r.status for r in refused], told, kept)
            check("and nobody else waits for it", Browser(o).post("/ny-lank", {"vem": "x"}).status == 200 and by_code(o, "maria")[1].status == 303
                  and not slow.done())
            waited = [f.result() for f in forms if f.result().status != 503]
            check("the one that waited has its turn after it", slow.result().status == 503 and len(waited) == 1 and waited[0].status == 200, slow.result().text, waited)
        page = b.post("/beslut", form)
        check("and the next one its own", page.status == 200, page.text)


def another_person_of_that_name():
    with Slapd() as slapd, Office(slapd, LDAP.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        dn = f"uid=anna,ou=people,{BASE}"
        slapd.tool("ldapdelete", dn)
        slapd.tool("ldapadd", text=office.person("anna"))
        check("a new account has that name and that password", slapd.binds("anna", PASSWORD["anna"]))
        _, reply = sign_in(o)
        check("and is not who the letter was for", reply.status == 403 and "set-cookie" not in reply.headers, reply.status, reply.text)
        check("which the log tells", "nothing there says that it is of" in o.said())


def night_says(o, day, at="02:00"):
    """(verdict, why it was refused) of what has been taken."""
    o.night(day, at)
    return o.rows("select verdict, refused from decision order by id")


def confirm(b, page, more=()):
    form = dict(page.hidden("/beslut/spara"), forstar="ja")
    return b.post("/beslut/spara", dict(form, **dict(more)))


def what_is_strong(slapd):
    web = LDAP.format(slapd.url, slapd.ca) + ' strong = ( "destroy", "class3" );'
    with Office(slapd, web, klass=3) as o:
        o.night()
        o.serve()
        b, _ = by_code(o)
        page = b.get("/beslut")
        kept = b.post("/beslut", choices(page, access=("keep", "Vikarie")))
        check("with a code one may keep", confirm(b, kept).where == "/kvitto", kept.text)
        again = b.post("/beslut", choices(b.get("/beslut"), files=("approve",)))
        check("approving destruction asks for a password, and says why", again.status == 200 and "starkare inloggning" in again.text
              and 'name="losen"' in again.text and 'name="skicka"' not in again.text and "forstar" not in again.text, again.text)
        form = again.hidden("/beslut/bevis")
        forced = b.post("/beslut/spara", dict(form, once="ab" * 16, forstar="ja"))
        check("whatever is posted", forced.status == 403 and "starkare inloggning" in forced.text, forced.status)
        wrong = b.post("/beslut/bevis", dict(form, losen="galet-1"))
        check("a wrong password keeps what was chosen", wrong.status == 403 and dict(wrong.hidden("/beslut/bevis"), nonce="") == dict(form, nonce="") and "galet-1" not in wrong.text, wrong.text)
        check("a code does not help", b.post("/beslut/bevis", dict(form, kod="123456")).status == 403)
        right = b.post("/beslut/bevis", dict(form, losen=PASSWORD["anna"]))
        check("the right one leads to what is to be confirmed", right.status == 200 and "Bekräfta" in right.text, right.text)
        check("with a new cookie", "set-cookie" in right.headers)
        check("and it is saved", confirm(b, right).where == "/kvitto")
        proofs = [json.loads(p) for (p,) in o.rows("select proof from decision order by id", of="b.db.inbox")]
        check("each with the proof it was made with", [p["kind"] for p in proofs] == ["code", "code", "ldap"], proofs)
        b, _ = by_code(o, "maria")
        page = b.post("/beslut", choices(b.get("/beslut"), files=("approve",)))
        check("the archivist is asked likewise", 'action="/beslut/bevis"' in page.text, page.text)
        o.close()
        # Somebody who has taken serve over writes what they like; a code stays a code.
        forge(o, "maria", "code")
        got = night_says(o, "2026-11-25")
        check("the night takes what has its proof, and no destruction by a code", got == [("keep", None), ("keep", None), ("approve", None),
              ("approve", "a code is not enough to approve it")], got)
        receipt = o.mails("maria")[-1][1]
        check("and says so in the receipt", "starkare inloggning än en kod" in receipt, receipt)


def a_list_of_a_strong_class(slapd):
    web = LDAP.format(slapd.url, slapd.ca) + ' strong = ( "class3" );'
    with Office(slapd, web, klass=3) as o:
        o.night(day="2026-09-29")
        o.night()
        o.serve()
        b, _ = by_code(o)
        link = re.search(r'href="(/granska/\d+)"', b.get("/beslut").text).group(1)
        page = b.get(link)
        check("with a code one may read the list, and is asked for a password to review it", page.status == 200 and "Logga in starkare" in page.text and
              'name="losen"' in page.text and 'name="anmarkning"' not in page.text and "bo" in page.text, page.text)
        form = page.hidden("/granska/bevis")
        digest, = o.rows("select digest from review_list")[0]
        forced = b.post("/granska", dict(form, version=digest, anmarkning=""))
        check("whatever is posted", forced.status == 403 and o.rows("select * from decision", of="b.db.inbox") == [], forced.status)
        wrong = b.post("/granska/bevis", dict(form, losen="galet-1"))
        check("a wrong password is none", wrong.status == 403 and "galet-1" not in wrong.text and 'aria-invalid="true"' in wrong.text, wrong.text)
        check("a code does not help", b.post("/granska/bevis", dict(form, kod="123456")).status == 403)
        right = b.post("/granska/bevis", dict(form, losen=PASSWORD["anna"]))
        check("the right one leads back to the list, with a new cookie", right.where == link and "set-cookie" in right.headers, right.text)
        page = b.get(link)
        saved = b.post("/granska", dict(page.hidden("/granska"), anmarkning=""))
        check("and it is saved", saved.where == "/kvitto", saved.text)
        o.close()
        forge(o, "anna", "code", row=("2026Q3@s", digest, "review"))
        o.night(day="2026-11-25")
        got = o.rows("select refused from review order by id")
        check("the night takes the one that has its proof", got == [(None,), ("a code is not enough to review it",)], got)


def forge(o, who, kind, when=f"{office.DAY}T09:00:00+01:00", row=None):
    import datetime
    import sqlite3
    at = int(datetime.datetime.fromisoformat(when).timestamp())
    letter, key = o.rows("select id, key from letter where name = ? and token_hash is not null order by created", who)[-1]
    row = row or (*o.rows("select id, version from proposal where kind = 'destroy'")[0], "approve")
    proof = {"kind": kind, "letter": letter, "account": key, "code_sent": at, "proved": at}
    db = sqlite3.connect(o.home + "/b.db.inbox")
    db.execute("insert into decision (token, proposal, version, verdict, reason, until, at, proof) values (?,?,?,?,null,null,?,?)",
               (o.token(who), *row, at, json.dumps(proof)))
    db.commit()
    db.close()


def once_more_before_destruction(slapd):
    with Office(slapd, LDAP.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        b, _ = by_code(o)
        nonce = b.get("/beslut").field("nonce")
        o.serve("09:14")
        check("a POST keeps the session awake", b.post("/beslut", {"nonce": nonce}).status == 422)
        o.serve("09:16")
        page = b.get("/beslut")
        access = b.post("/beslut", choices(page, access=("approve",)))
        check("after a quarter access can still be approved", 'action="/beslut/spara"' in access.text, access.text)
        again = b.post("/beslut", choices(page, files=("approve",), access=("keep", "Vikarie <till> maj")))
        check("destruction cannot, before one has signed in once more", "mer än en kvart" in again.text and 'action="/beslut/bevis"' in again.text, again.text)
        before = len(o.mails("anna"))
        sent = b.post("/beslut/bevis", dict(again.hidden("/beslut/bevis"), skicka="ja"))
        code = re.search(r"Din kod är (\d{6})", o.mails("anna")[-1][1]).group(1)
        check("a code is sent", sent.status == 200 and len(o.mails("anna")) == before + 1 and 'name="kod"' in sent.text, sent.text)
        check("while it is, the old proof still stands for what it stood for",
              b.post("/beslut/spara", dict(access.hidden("/beslut/spara"), once="cd" * 16)).where == "/kvitto")
        wrong = b.post("/beslut/bevis", dict(sent.hidden("/beslut/bevis"), kod=f"{(int(code) + 1) % 1000000:06}"))
        check("a wrong one keeps what was chosen", wrong.status == 403 and "Vikarie &lt;till&gt; maj" in wrong.text and 'name="kod"' in wrong.text, wrong.text)
        right = b.post("/beslut/bevis", dict(wrong.hidden("/beslut/bevis"), kod=code))
        check("the right one goes on", right.status == 200 and 'action="/beslut/spara"' in right.text and "Vikarie &lt;till&gt; maj" in right.text, right.text)
        check("to the end", confirm(b, right).where == "/kvitto")
        got = night_says(o, "2026-11-25")
        check("and all of it counts", len(got) == 5 and all(not refused for _, refused in got), got)


HEADER = "X-Remote-User: "


def a_proxy(slapd):
    web = 'proof = ( "proxy", "code" ); proxy-user = "{}"; proxy-realms = ( "KALMAR.EXAMPLE", "KALMAR" );'
    with Office(slapd, web.format(os.geteuid()), listen="unix") as o:
        o.night()
        o.serve()
        form = {"token": o.token("anna")}

        def said(*headers, path="/logga-in/proxy", fields=form):
            b = Browser(o)
            return b, b.post(path, fields, headers=[HEADER + h if not h.startswith("x-") else h for h in headers])

        for name in ("anna", "ANNA", "anna@KALMAR.EXAMPLE", "kalmar\\anna", "Anna@kalmar.example"):
            b, reply = said(name)
            check(f"'{name}' is who the letter is for", reply.status == 303 and b.get("/beslut").status == 200, reply.status, reply.text)
        for name in (("bo",), (), ("anna", "anna"), ("anna", "bo"), ("anna", "x-remote-user: anna"), ("anna@EVIL.EXAMPLE",), ("EVIL\\anna",), ("",),
                     ("anna@",), ("\\anna",), ("anna ,bo",), ("KALMAR\\anna@KALMAR.EXAMPLE",), ("a" * 300,)):
            b, reply = said(*name)
            check(f"{name!r:.60} is not", reply.status == 403 and "set-cookie" not in reply.headers, reply.status, reply.text[:300])
        check("a link is needed", said("anna", fields={})[1].status == 404)
        check("a header by itself is no sign-in", Browser(o).get("/beslut", headers=[HEADER + "anna"]).status == 401)
        b, _ = said("anna")
        page = b.post("/beslut", choices(b.get("/beslut"), files=("approve",)))
        check("it approves destruction", confirm(b, page).where == "/kvitto", page.text)
        o.serve("09:16")
        page = b.post("/beslut", choices(b.get("/beslut"), access=("approve",)), headers=[HEADER + "anna"])
        check("idle for a quarter is the end of a session here, too", page.status == 401)
        got = night_says(o, "2026-11-25")
        check("and the night believes it", got == [("approve", None)], got)
    with Office(slapd, web.format("nobody"), listen="unix") as o:
        o.night()
        o.serve()
        b = Browser(o)
        reply = b.post("/logga-in/proxy", {"token": o.token("anna")}, headers=[HEADER + "anna"])
        check("somebody else on the socket writes no header that counts", reply.status == 403 and "set-cookie" not in reply.headers, reply.text)
        check("which the log tells", "somebody else than 'nobody' writes the header" in o.said())
    with Office(slapd, 'proof = "code";', listen="unix") as o:
        o.night()
        o.serve()
        reply = Browser(o).post("/logga-in/proxy", {"token": o.token("anna")}, headers=[HEADER + "anna"])
        check("where no proxy proves anything its header is nothing", reply.status == 403, reply.status)
        check("nor is a password", sign_in(o)[1].status == 403)


def a_new_link(slapd):
    with Office(slapd, 'proof = "code";') as o:
        o.night()
        o.serve("20:00")
        old = o.token("anna")
        page = Browser(o).get("/")
        check("the first page has a form to ask for a link", page.status == 200 and 'action="/ny-lank"' in page.text, page.text)
        bad = Browser(o).get("/b/" + old[:-1] + "_")
        check("so has a link that is no good", bad.status == 404 and 'action="/ny-lank"' in bad.text)
        said = [Browser(o).post("/ny-lank", {"vem": who}) for who in
                ("anna", " Anna@Kalmar.example ", "bo", "finns.inte", "", "x" * 300, "<script>", "' or 1=1 --", "\u202eanna")]
        check("whoever asks is told the same, to the byte", len({(r.status, r.text) for r in said}) == 1 and said[0].status == 200
              and "senast i morgon" in said[0].text, [r.text for r in said])
        kept = [who for (who,) in o.rows("select who from wish order by id", of="b.db.inbox")]
        check("what they wrote lies in the inbox", kept == ["anna", "anna@kalmar.example", "bo", "finns.inte", "<script>", "' or 1=1 --", "\u202eanna"], kept)
        for _ in range(5):
            again = Browser(o).post("/ny-lank", {"vem": "anna"})
        check("three times a day, and no more", len(o.rows("select 1 from wish where id > 0 and who = 'anna'", of="b.db.inbox")) == 3 and again.text == said[0].text)
        for i in range(70):
            again = Browser(o).post("/ny-lank", {"vem": f"konto{i}"})
        noted = "select who from wish where id > 0"
        check("and so many of whom nobody knows", len(o.rows(noted, of="b.db.inbox")) == 60 and again.text == said[0].text,
              len(o.rows(noted, of="b.db.inbox")))
        again = Browser(o).post("/ny-lank", {"vem": " MARIA "})
        check("which keeps nobody out who has something to decide", o.rows(noted + " and who = 'maria'", of="b.db.inbox") and again.text == said[0].text)
        check("a page that looks writes nothing", Browser(o).get("/ny-lank").status == 200 and len(o.rows(noted, of="b.db.inbox")) == 61)
        before = {who: len(o.mails(who)) for who in ("anna", "maria", "bo", "admin")}
        o.close()
        o.night("2026-11-25")
        got = {who: [subject for subject, _ in o.mails(who)[n:]] for who, n in before.items()}
        check("the next night writes to who has something to decide, once", got == {"anna": ["Behov: din nya länk"], "maria": ["Behov: din nya länk"], "bo": [], "admin": []}, got)
        o.serve("09:00", "2026-11-25")
        check("and that link leads in", o.token("anna") != old and Browser(o).get("/b/" + o.token("anna")).status == 200)
        check("as the old one does", Browser(o).get("/b/" + old).status == 200)
        o.close()
        o.night("2026-11-26")
        check("nobody gets another by itself", len(o.mails("anna")) == before["anna"] + 1, [s for s, _ in o.mails("anna")])
    with Office(slapd, f'proof = "code"; proxy-user = "{os.geteuid()}";', listen="unix") as o:
        o.night()
        o.serve("20:00")
        for i in range(25):
            last = Browser(o).post("/ny-lank", {"vem": f"konto{i}"}, headers=["X-Forwarded-For: 10.0.0.1"])
        check("from one address come twenty", len(o.rows(noted, of="b.db.inbox")) == 20 and last.text == said[0].text, o.rows(noted, of="b.db.inbox"))
        Browser(o).post("/ny-lank", {"vem": "konto99"}, headers=["X-Forwarded-For: 10.0.0.1, 10.0.0.2"])
        check("and others from others", o.rows(noted + " and who = 'konto99'", of="b.db.inbox"))


GROUP = "CN=APP,OU=Grupper," + samba.BASE


def active_directory():
    """Some of the people, who get their passwords when it runs."""
    def user(name, **more):
        return samba.entry(f"CN={name},OU=Personal,{samba.BASE}", objectClass="user", sAMAccountName=name, userAccountControl=544,
                           mail=f"{name}@kalmar.example", title=more.pop("title", "Rektor"), **more)

    load = [samba.entry(f"OU={ou},{samba.BASE}", objectClass="organizationalUnit") for ou in ("Personal", "Grupper")]
    load += [user("anna"), user("maria"), user("admin"), user("bo", title="Kock")]
    return load + [samba.entry(GROUP, objectClass="group", sAMAccountName="APP", groupType=-2147483646,
                               member=[f"CN={name},OU=Personal,{samba.BASE}" for name in ("anna", "bo")])]


def with_password(dc, name):
    password = base64.b64encode(f'"{samba.PASSWORD}"'.encode("utf-16-le")).decode()
    done = dc.tool("ldapmodify", text=f"dn: CN={name},OU=Personal,{samba.BASE}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {password}\n-\n"
                   "replace: userAccountControl\nuserAccountControl: 512\n")
    assert done.returncode == 0, done.stdout


def in_ad():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return
    with samba.Controller(loopback.address(), active_directory()) as dc:
        samba.write(dc.home + "/password", samba.PASSWORD + "\n")
        dc.conf = (f'source = "{dc.url}"; base = "{samba.BASE}"; bind-dn = "{dc.admin}"; password-file = "{dc.home}/password"; ca-file = "{dc.ca}"; '
                   f'access-groups = ( "OU=Grupper,{samba.BASE}" );')
        dc.group = GROUP
        for name in ("anna", "maria", "bo"):
            with_password(dc, name)
        with Office(dc, 'proof = ( "ldap", "code" ); ldap = { tries = 10; };') as o:
            o.night()
            o.serve()
            b, reply = sign_in(o, password=samba.PASSWORD)
            check("AD: by the name that every account has, with nothing to configure", reply.status == 303 and b.get("/beslut").status == 200, reply.text, o.said())
            o.serve()
            check("AD: a wrong password", sign_in(o, password="Losenord.2")[1].status == 403)
            dc.tool("ldapmodify", text=f"dn: CN=anna,OU=Personal,{samba.BASE}\nchangetype: modify\nreplace: userAccountControl\n"
                    "userAccountControl: 514\n")
            check("AD: an account that is shut", sign_in(o, password=samba.PASSWORD)[1].status == 403)
        with Office(dc, 'proof = ( "ldap", "code" ); ldap = { name = "%s@kalmar.example"; };') as o:
            with_password(dc, "anna")
            o.night()
            o.serve()
            _, reply = sign_in(o, "maria", samba.PASSWORD)
            check("AD: by a name in a pattern", reply.status == 303, reply.text, o.said())
            o.serve()
            dc.tool("ldapdelete", f"CN=anna,OU=Personal,{samba.BASE}")
            dc.tool("ldapmodify", text=f"dn: CN=bo,OU=Personal,{samba.BASE}\nchangetype: modify\nreplace: userPrincipalName\n"
                    "userPrincipalName: anna@kalmar.example\n")
            _, reply = sign_in(o, "anna", samba.PASSWORD)
            said = o.said()
            check("AD: a name that is somebody else's principal", reply.status == 403 and "nothing there says that it is of" in said, reply.status, said)


class Postman:
    def __init__(self):
        self.letters = 0

    async def handle_DATA(self, _server, _session, _envelope):
        self.letters += 1
        return "250 OK"


def a_library_put_in_place(slapd):
    """The page mails a code when what sends it has come: it is not started anew for that."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        post = Controller(Postman(), hostname="127.0.0.1", port=free.getsockname()[1])
    with open(os.path.dirname(office.BEHOV) + "/late-names.h", encoding="ascii") as f:
        name = re.search(r'LATE_curl "(.*)"', f.read())[1]
    with Office(slapd, "") as o:
        o.night()
        owners = ("anna", "maria") * 2
        tokens = {who: o.token(who) for who in owners}
        o.change("behov.cfg", '"maildir:o"', f'"smtp://127.0.0.1:{post.port}"; starttls = false')
        hollow = f"{o.home}/hollow/{name}"
        os.mkdir(os.path.dirname(hollow))
        subprocess.run(["gcc", "-shared", "-x", "c", "-", "-o", hollow], input=b"", check=True)
        os.environ["LD_LIBRARY_PATH"] = os.path.dirname(hollow)
        o.serve()
        del os.environ["LD_LIBRARY_PATH"]
        post.start()
        reply = Browser(o).post("/kod", {"token": tokens["anna"]})
        check("a code is not sent where libcurl is hollow, and that is said", reply.status == 503 and "kunde inte skickas" in reply.text and not post.handler.letters, reply.text)
        os.unlink(hollow)
        with concurrent.futures.ThreadPoolExecutor(len(owners)) as pool:
            got = list(pool.map(lambda who: Browser(o).post("/kod", {"token": tokens[who]}).status, owners))
        check("and to all who ask at once when there is a whole one", got == [303] * len(owners) and post.handler.letters == len(owners), got, o.said())
        post.stop()


def main():
    with Slapd() as slapd:
        for test in (a_password, an_empty_one, no_answer, one_session_holds_no_more_than_a_hand, what_is_strong, a_list_of_a_strong_class, once_more_before_destruction, a_proxy, a_new_link, a_library_put_in_place, too_many):
            test(slapd)
    another_person_of_that_name()
    in_ad()
    return 1 if office.failures else 0


if __name__ == "__main__":
    sys.exit(main())
