#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems that keep their accounts themselves, as a table and as a SCIM 2.0 service over https: need, excess and proposals.

A service that is not whole is never a smaller one: then the system's groups are not known, and the others are judged.
"""
import http.server
import json
import os
import random
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake as ldap
from fake import BASE, BEHOV, NOW, check, sid

PEOPLE = 30
failures = 0


def person(i):
    return (f"CN=P{i},OU=Personal,{BASE}", {"objectClass": ["user"], "sAMAccountName": [f"p{i}"], "objectSid": [sid(2000 + i)],
                                            "sAMAccountType": ["805306368"], "title": ["Kock" if i % 2 else "Rektor"],
                                            "mail": [f"P{i}@kalmar.example"], "employeeID": [str(100 + i)], "userAccountControl": ["512"]})


class Home(ldap.Home):
    """Två: a system in AD, and one with accounts of its own; both have the role r for cooks."""

    def rules(self, accounts):
        need = '{ why = "w"; by = "p1"; since = "2026-01-01"; title = "Kock"; }'
        head = 'owner = "p1"; class = { konfidentialitet = 1; riktighet = 1; tillganglighet = 1; sparbarhet = 1; }; '
        self.write("rules/s.cfg", f'systems = ( {{ id = "ad"; name = "AD"; {head} roles = ( {{ id = "r"; name = "R"; groups = ( '
                   f'"CN=R,OU=Behorighet,{BASE}" ); needs = ( {need} ); }} ); }},\n {{ id = "egen"; name = "Egen"; {head} accounts = {{ {accounts} }}; '
                   f'roles = ( {{ id = "r"; name = "R"; groups = ( "Läsa, ändra" ); needs = ( {need} ); }} ); }} );\n')


def plan(home, members=(1, 2), extra=()):
    entries = [person(i) for i in range(PEOPLE)] + list(extra) + [ldap.group(1, "R", [person(i)[0] for i in members])]
    done = home.plan(home.export(entries))
    out = json.loads(done.stdout or "{}")
    return done, out


def people(out, part, system):
    return sorted(p["account"] for p in out.get(part, ()) if p["system"] == system)


# ---------------------------------------------------------------- tables


def tables(home):
    def table(text, match="account"):
        home.write("egen.csv", text)
        home.rules(f'csv = "egen.csv"; account = "Konto"; role = "Roll"; match = "{match}";')
    table("Konto;Roll\nP1;Läsa, ändra\np2;LÄSA, ändra\np4;Annat\np3;Läsa, ändra\nspöke;Läsa, ändra\np5;\n")
    done, out = plan(home)
    check("a table: who needs it keeps it, others are proposed, who lacks it is told, and who is nobody's", done.returncode == 0
          and people(out, "proposals", "egen") == ["p2"] and people(out, "missing", "egen") ==
          sorted(f"p{i}" for i in range(5, PEOPLE, 2)) and "account-of-nobody" in {f["kind"] for f in out["findings"]}, *ldap.show(done))
    check("and the system in AD is judged as ever", people(out, "proposals", "ad") == ["p2"], out.get("proposals"))
    twin = (f"CN=Tvilling,OU=Personal,{BASE}", {**person(2)[1], "objectSid": [sid(7)], "sAMAccountName": ["tvilling"]})
    table("Konto;Roll\nP2@Kalmar.example;Läsa, ändra\np1@kalmar.example;Läsa, ändra\n", "mail")
    check("accounts are found by their mail", people(plan(home)[1], "proposals", "egen") == ["p2"])
    done, out = plan(home, extra=(twin,))
    check("one that could belong to two makes its group unknown", done.returncode == 3 and not people(out, "proposals", "egen")
          and not people(out, "missing", "egen") and people(out, "proposals", "ad") == ["p2"], *ldap.show(done))
    table("Konto;Roll\n102;Läsa, ändra\n101;Läsa, ändra\n", "employeeID")
    check("accounts are found by their employeeID", people(plan(home)[1], "proposals", "egen") == ["p2"])
    name, what = ldap.group(9, "Ghost", [person(i)[0] for i in (4, 6)])
    ghost = (name, {**what, "sAMAccountName": ["Läsa, ändra"]})
    done, out = plan(home, extra=(ghost,))
    check("a group of AD with the name of its role is not taken for it", people(out, "proposals", "egen") == ["p2"], *ldap.show(done))
    for name, text in (("stops short", "Konto;Roll\np2;Läsa, ändra\np1;Läsa"), ("has no column for it", "Konto;Role\np2;x\n"),
                       ("is empty", ""), ("has no rows", "Konto;Roll\n"), ("has an account without a name", "Konto;Roll\n;Läsa, ändra\n"),
                       ("has half a row", "Konto;Roll\np2;Läsa, ändra\np1\n")):
        table(text)
        broken(home, f"a table that {name}")
    os.unlink(home.folder + "/egen.csv")
    broken(home, "a table that is not there")


def broken(home, name):
    done, out = plan(home)
    check(f"{name}: a gap, nothing of that system is judged, and the others are", done.returncode == 3
          and [g["id"] for g in out.get("gaps", ()) if g["what"] == "accounts"] == ["egen"]
          and not people(out, "proposals", "egen") and not people(out, "missing", "egen") and people(out, "proposals", "ad") == ["p2"],
          *ldap.show(done))


def same_as_ad(home):
    """The same world as groups of AD and as a table: the same people are in excess and the same lack it."""
    draw, bad = random.Random(3), []
    for _ in range(12):
        members = draw.sample(range(PEOPLE), draw.randrange(1, PEOPLE))
        home.write("egen.csv", "Konto,Roll\n" + "".join(f'p{i},"Läsa, ändra"\n' for i in members))
        home.rules('csv = "egen.csv"; account = "Konto"; role = "Roll";')
        _, out = plan(home, members)
        if any(people(out, part, "ad") != people(out, part, "egen") for part in ("proposals", "missing")):
            bad.append((members, out))
    check("random worlds: a table and a group of AD give the same", not bad, bad[:1])


def nights(home):
    """A list that does not come one night: no brake on the directory, and what stands about the system is frozen."""
    def states():
        db = sqlite3.connect(home.folder + "/b.db")
        try:
            return dict(db.execute("select system || '/' || account, state from proposal"))
        finally:
            db.close()
    whole = "Konto;Roll\n" + "".join(f"p{i};Läsa, ändra\n" for i in range(1, PEOPLE)) + "".join(f"p3;Annat {i}\n" for i in range(40))
    home.write("egen.csv", whole)
    home.rules('csv = "egen.csv"; account = "Konto"; role = "Roll";')
    entries = [person(i) for i in range(PEOPLE)] + [ldap.group(1, "R", [person(i)[0] for i in (1, 2)])]
    source = home.export(entries)
    home.call(source, "store", "create", "--test")
    first = home.call(source, "--now", NOW, "run")
    before = states()
    check("a night with a table proposes for both systems", before.get("ad/p2") == "open" and "egen/p2" in before, before, *ldap.show(first))
    home.write("egen.csv", whole[:40])
    second = home.call(source, "--now", NOW.replace("11-24", "11-25"), "run")
    check("a table that does not come whole brakes no directory and withdraws nothing", states() == before
          and b"har krympt" not in second.stderr and b"shrunk" not in second.stderr and b"complete=1" in second.stderr, states(), *ldap.show(second))


# ---------------------------------------------------------------- SCIM


class Service:
    """A SCIM service over https with a bearer token; `wrong` turns a page into what is sent."""

    def __init__(self, users, groups, wrong=None, size=7):
        self.lists, self.wrong, self.size, self.asked = {"Users": users, "Groups": groups}, wrong, size, []

    def __enter__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                where = urllib.parse.urlsplit(self.path)
                query = urllib.parse.parse_qs(where.query)
                what, start = where.path.rpartition("/")[2], int(query["startIndex"][0])
                service.asked.append((what, start, self.headers.get("Authorization")))
                if self.headers.get("Authorization") != "Bearer hemligt":
                    self.send_error(401)
                    return
                part = service.lists[what][start - 1:start - 1 + service.size]
                page = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(service.lists[what]),
                        "startIndex": start, "itemsPerPage": len(part), "Resources": part}
                if service.wrong:
                    page = service.wrong(what, start, page)
                body = page if isinstance(page, bytes) else json.dumps(page).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/scim+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, CERTIFICATE)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/scim/v2"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def users():
    return [{"id": f"u{i}", "userName": f"p{i}", "externalId": str(100 + i), "active": i != 6,
             "emails": [{"value": f"x{i}@x.example"}, {"value": f"p{i}@kalmar.example", "primary": True}]} for i in range(10)]


def groups():
    return [{"id": "g1", "displayName": "Läsa, ändra", "members": [{"value": "u1"}, {"value": "u2"}, {"value": "u6"}, {"value": "g2", "type": "Group"}]},
            {"id": "g2", "displayName": "Inre", "members": [{"value": "u3"}, {"value": "u4"}]}]


def scim(home):
    home.write("token", "hemligt\n")
    os.chmod(home.folder + "/token", 0o600)

    def use(service, match="account"):
        home.rules(f'scim = "{service.url}"; token-file = "token"; ca-file = "{CERTIFICATE}"; match = "{match}";')
    for match in ("account", "mail", "employeeID"):
        with Service(users(), groups()) as service:
            use(service, match)
            done, out = plan(home)
            check(f"SCIM, matched by {match}: all pages, groups in groups, and who is shut has no access", done.returncode == 0
                  and people(out, "proposals", "egen") == ["p2"] and people(out, "structural", "egen") == ["p4"] and not {"p1", "p3"} & set(people(out, "missing", "egen"))
                  and "account-inactive" in {f["kind"] for f in out["findings"]}
                  and service.asked[0] == ("Users", 1, "Bearer hemligt") and ("Users", 8, "Bearer hemligt") in service.asked,
                  *ldap.show(done), service.asked)

    def change(key, value, at=1, of="Users"):
        return lambda what, start, page: {**page, key: value} if what == of and start == at else page

    def drop(what, start, page):
        return {k: v for k, v in page.items() if k != "totalResults"}
    wrong = {
        "says another number of all on its second page": change("totalResults", 9, 8),
        "says no number of all": drop,
        "answers with another page than was asked for": change("startIndex", 1, 8),
        "repeats its first page": lambda what, start, page: {**page, "Resources": users()[:len(page["Resources"])]} if start == 8 else page,
        "ends before all have come": change("Resources", [], 8),
        "gives more than there are": lambda what, start, page: {**page, "totalResults": 5} if what == "Users" else page,
        "has a user without an id": lambda what, start, page: {**page, "Resources": [{"userName": "p1"}] + page["Resources"][1:]},
        "has a group without a name": lambda what, start, page: {**page, "Resources": [{**g, "displayName": ""} for g in page["Resources"]]}
        if what == "Groups" else page,
        "has a member that is nobody": lambda what, start, page: {**page, "Resources": [{**page["Resources"][0], "members": [{"value": "u99"}]},
                                                                                     *page["Resources"][1:]]} if what == "Groups" else page,
        "gives no members": lambda what, start, page: {**page, "Resources": [{k: v for k, v in g.items() if k != "members"} for g in
                                                                          page["Resources"]]} if what == "Groups" else
        {**page, "Resources": [{**u, "active": True} for u in page["Resources"]]},
        "is no JSON": lambda what, start, page: b"<html>",
        "is cut": lambda what, start, page: json.dumps(page).encode()[:-9],
        "gives a list": lambda what, start, page: b"[]",
    }
    for name, how in wrong.items():
        with Service(users(), groups(), how) as service:
            use(service)
            broken(home, f"a service that {name}")
    with Service(users(), groups()) as service:
        use(service)
        home.write("token", "fel\n")
        broken(home, "a service that does not know our token")
    broken(home, "a service that is not there")


def main():
    global CERTIFICATE
    home = Home()
    CERTIFICATE = home.folder + "/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", home.folder + "/key", "-out", home.folder + "/crt",
                    "-days", "3650", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    with open(CERTIFICATE, "wb") as out:
        for part in ("key", "crt"):
            with open(f"{home.folder}/{part}", "rb") as f:
                out.write(f.read())
    try:
        tables(home)
        same_as_ad(home)
        nights(home)
        scim(home)
    finally:
        shutil.rmtree(home.folder)
    return 1 if ldap.failures else 0


sys.exit(main())
