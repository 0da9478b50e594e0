#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators see at /status: who may look, that looking changes nothing, that what is said is so, and what is not named."""
import os
import re
import shutil
import sqlite3
import sys

import office
from office import BASE, PASSWORD, Browser, Office, Slapd, check

WEB = ('proof = ( "ldap", "code" ); ldap = {{ server = "{0}"; ca-file = "{1}"; name = "uid=%s,ou=people,' + BASE + '"; }}; '
       f'administrators = "cn=it,ou=groups,{BASE}";')
PAGES = ("", "/arbete", "/fynd", "/agare", "/stopp", "/brev", "/natter", "/mal")
PEOPLE = office.person("dia", "Kock", displayName="<script>alert(1)</script> \u202eaiD")


def sign_in(o, who="admin", password=None):
    b = Browser(o)
    return b, b.post("/status/logga-in", {"konto": who, "losen": PASSWORD.get(who, "x-" + who) if password is None else password})


def contents(o):
    """All that lies in the store and the inbox."""
    out = {}
    for name in ("b.db", "b.db.inbox"):
        for (table,) in o.rows("select name from sqlite_master where type = 'table'", of=name):
            out[name, table] = o.rows(f'select * from "{table}"', of=name)
    return out


def who_may_look(slapd):
    with Office(slapd, WEB.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        for page in PAGES:
            reply = Browser(o).get("/status" + page)
            check(f"/status{page} sends who is not signed in to sign in", reply.status == 303 and reply.where == "/status/logga-in", reply.status)
        owner = Browser(o)
        reply = owner.post("/logga-in", {"token": o.token("anna"), "losen": PASSWORD["anna"]})
        owner.cookies["behov-status"] = owner.cookies["behov"]
        check("an owner's session is none here", reply.status == 303 and owner.get("/status").status == 303)
        accounts = "select letter from code where letter like 'ldap:%' and letter not like 'ldap:?%'"
        tried = o.rows(accounts, of="b.db.inbox")
        answers = [sign_in(o, who, password)[1] for who, password in
                   (("anna", None), ("finns.inte", "x"), ("bo", PASSWORD["bo"]), ("", "x"), ("admin' --", "x"), ("*", "*"))]
        check("who is no administrator is told what everybody is told", len({(a.status, a.text) for a in answers}) == 1 and answers[0].status == 403,
              [(a.status, a.text) for a in answers])
        check("and their password is tried nowhere", o.rows(accounts, of="b.db.inbox") == tried and slapd.binds("bo", PASSWORD["bo"]))
        empty = [sign_in(o, who, "")[1] for who in ("admin", "anna", "finns.inte", "")]
        check("nor does no password tell who is one", len({(a.status, a.text) for a in empty}) == 1 and empty[0].status == 422,
              [(a.status, a.text) for a in empty])
        wrong = sign_in(o, "admin", "fel")[1]
        check("as is an administrator with a wrong password", (wrong.status, wrong.text) == (answers[0].status, answers[0].text), wrong.text)
        check("no password is none", sign_in(o, "admin", "")[1].status == 422)
        admin, reply = sign_in(o)
        check("one whom the configuration names may look", reply.status == 303 and admin.get("/status").status == 200, reply.text)
        flags = reply.headers["set-cookie"]
        check("with a cookie of its own", flags.startswith("behov-status=") and all(f in flags for f in ("; Path=/", "; HttpOnly", "; SameSite=Strict")), flags)
        admin.cookies["behov"] = admin.cookies["behov-status"]
        check("which decides nothing", admin.get("/beslut").status == 401)
        del admin.cookies["behov"]
        member, reply = sign_in(o, "vikarie")
        check("so may who is in the group", reply.status == 303 and member.get("/status").status == 200, reply.text)
        before = contents(o)
        seen = [admin.ask(method, "/status" + page) for page in (*PAGES, "/natt?nr=1", "/fynd?fran=50", "/arbete?vem=x", "/natt?nr=" + "9" * 150)
                for method in ("GET", "HEAD")]
        check("looking changes nothing", contents(o) == before and {s.status for s in seen} == {200, 404}, [s.status for s in seen])
        for page in PAGES:
            reply = admin.post("/status" + page, {"nonce": admin.get("/status").field("nonce")})
            check(f"POST /status{page} is refused", reply.status == 405 and contents(o) == before, reply.status)
        check("and so is any other method", admin.ask("DELETE", "/status").status == 405 and admin.get("/status/../etc").status == 404)
        check("signing out needs the page's own form", admin.post("/status/logga-ut", {"nonce": "x"}).status == 403 and admin.get("/status").status == 200)
        out = admin.post("/status/logga-ut", {"nonce": admin.get("/status").field("nonce")})
        check("and ends it", out.status == 200 and admin.get("/status").status == 303, out.text)
        o.serve("09:59")
        check("an hour is all", member.get("/status").status == 200)
        o.serve("10:00")
        check("there is", member.get("/status").status == 303)
        member, _ = sign_in(o, "vikarie")
        slapd.tool("ldapmodify", text=f"dn: cn=it,ou=groups,{BASE}\nchangetype: modify\nreplace: member\nmember: uid=maria,ou=people,{BASE}\n")
        o.night("2026-11-25")
        check("who has left the group sees nothing after the next night", member.get("/status").status == 303)
    with Office(slapd, 'proof = "code";') as o:
        o.night()
        o.serve()
        check("with nothing but codes there is no such page", {Browser(o).get("/status" + page).status for page in (*PAGES, "/logga-in")} == {404})
    with Office(slapd, f'proof = "proxy"; proxy-user = "{os.geteuid()}";', listen="unix") as o:
        o.night()
        o.serve()
        for name, status in (("admin", 303), ("anna", 403), ("", 403)):
            b = Browser(o)
            reply = b.post("/status/logga-in/proxy", {"x": "y"}, headers=["X-Remote-User: " + name])
            check(f"the proxy signs in administrators: '{name}'", reply.status == status and b.get("/status").status == (200 if status == 303 else 303),
                  reply.status)
        check("and a password does not", b.post("/status/logga-in", {"konto": "admin", "losen": PASSWORD["admin"]}).status == 403)


def tries(o):
    return {name: n for name, n in o.rows("select letter, count(*) from code group by letter", of="b.db.inbox")}


def what_strangers_cannot(slapd):
    key = slapd.tool("ldapsearch", "-LLL", "-b", BASE, "(uid=maria)", "entryUUID").stdout.decode().split("entryUUID: ")[1].split()[0]
    web = WEB.format(slapd.url, slapd.ca).replace("cn=it,", "cn=chiefs,")
    slapd.tool("ldapadd", text=f"dn: cn=chiefs,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: chiefs\nmember: uid=maria,ou=people,{BASE}\n")
    with Office(slapd, web) as o:
        o.night()
        o.serve()
        said = [sign_in(o, who, "fel")[1] for _ in range(7) for who in ("maria", "finns.inte", "bo")]
        check("too many tries, a wrong password and nobody at all: one answer", len({(r.status, r.text) for r in said}) == 1 and said[0].status == 403,
              [r.status for r in said])
        asked = tries(o)
        check("and as many of each are asked of the directory", asked["ldap:" + key] == asked["status:" + key] == 3 and
              sorted(n for name, n in asked.items() if name.startswith("ldap:?")) == [3, 3], asked)
        check("who has a link may still try", Browser(o).post("/logga-in", {"token": o.token("maria"), "losen": "fel"}).status == 403)
        check("until the two doors together have had what the directory allows", Browser(o).post("/logga-in", {"token": o.token("maria"),
              "losen": PASSWORD["maria"]}).status == 429 and tries(o)["ldap:" + key] == 4)
        check("the account is not locked", slapd.binds("maria", PASSWORD["maria"]))
        for i in range(310):
            last = sign_in(o, f"konto{i}", "x")[1]
        check("nor is the page, however much junk comes", last.text == said[0].text and sign_in(o)[1].status == 303)
        check("for which the directory is asked no more than so often", tries(o)["status@"] == 300)
        before = tries(o)
        right = [sign_in(o)[1].status for _ in range(8)]
        check("a right password is not counted", right == [303] * 8 and tries(o) == before, right)
    with Office(slapd, web + f' proxy-user = "{os.geteuid()}";', listen="unix") as o:
        o.night()
        o.serve()

        def come(from_, who="admin", password="fel"):
            b = Browser(o)
            return b.post("/status/logga-in", {"konto": who, "losen": password}, headers=["X-Forwarded-For: " + a for a in from_]).status

        for _ in range(9):
            come(["10.0.0.1"])
        check("from one address the name alone shuts nobody out", come(["10.0.0.2"], password=PASSWORD["admin"]) == 303, tries(o))
        check("but that address", come(["10.0.0.1"], password=PASSWORD["admin"]) == 403)
        for i in range(40):
            come([f"10.{i}.0.1, 10.0.0.9", f"10.{i}.0.1,10.0.0.3"], f"konto{i}")
        asked = tries(o)
        check("thirty in an hour from one, whatever it says that it came by", asked["status@10.0.0.3"] == 30 and "status@10.0.0.9" not in asked and
              asked["status@"] == 30, asked)
        check("so it is told the same, though it has the right one", come(["10.0.0.3"], password=PASSWORD["admin"]) == 403)
        check("and the others come in", come(["10.0.0.4"], password=PASSWORD["admin"]) == 303 and come(["2001:db8::7"], password=PASSWORD["admin"]) == 303)
    with Office(slapd, web + ' proxy-user = "nobody";', listen="unix") as o:
        o.night()
        o.serve()
        come(["10.0.0.1"])
        come(["10.0.0.1"], "finns.inte")
        check("of somebody else on the socket no address is believed", not [name for name in tries(o) if "10.0.0.1" in name] and tries(o)["status@"] == 1, tries(o))


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text.split("<main")[1])).replace("\u00a0", " ")


def gap_of_an_older_night(o):
    """As an older program left it: without what it did not count."""
    db = sqlite3.connect(o.home + "/b.db")
    db.execute("update night set summary = json_remove(summary, '$.measure') where id = 1")
    db.execute("update night set summary = null where id = 2")
    db.commit()
    db.close()
    admin, _ = sign_in(o)
    pages = [admin.get("/status" + p) for p in ("", "/mal", "/natter")]
    plots = re.findall(r"<svg.*?</svg>", pages[1].text, re.S)
    told = o.call("status", at="09:00", day="2026-12-21")
    return [p.status for p in pages] == [200] * 3 and plots[1].count("<rect") == 0 and plots[7].count("<rect") == 1 and told.returncode == 0 and \
        "okänt" in told.stdout


def what_is_said(slapd):
    brake = "brake = { count = 0; ratio = 0.0; };"
    with Office(slapd, WEB.format(slapd.url, slapd.ca), brake) as o:
        o.night()
        o.serve()
        admin, _ = sign_in(o)
        page = admin.get("/status")
        commands = re.findall(r"<code>behov (decide release \S+) ", page.text)
        check("what is braked stands with what releases it", commands == ["decide release series:kvitton@e", "decide release system:s"], commands)
        check("and the night was complete", "fullständig" in text_of(page) and "inte fullständig" not in text_of(page), text_of(page))
        done = [o.call(*c.split(), "--by", "admin", "--reason", "sett", at="03:00") for c in commands]
        page = admin.get("/status")
        check("typed as it stands, it does", all(d.returncode == 0 for d in done) and "decide release" not in page.text, [d.stderr for d in done])
        check("queues have their ages", "Väntar på svar 4 st 0 dagar" in text_of(page), text_of(page))
        o.serve("09:00", "2026-12-20")
        admin, _ = sign_in(o)
        page = admin.get("/status")
        check("a night that has not been is told", "mer än ett dygn sedan" in text_of(page), text_of(page))
        work = admin.get("/status/arbete")
        check("who is to answer, with how long it has waited", "anna Kvitton, Skolan 4 frågor 26 dagar, gammalt" in text_of(work) and
              "maria Kvitton 1 frågor 26 dagar, gammalt" in text_of(work), text_of(work))
        link = re.search(r'href="(/status/arbete\?vem=[^"]+)"', work.text).group(1)
        items = admin.get(link)
        check("and what", "bo" in text_of(items) and "Handläggare i Skolan" in text_of(items) and "2026-11-24" in text_of(items), text_of(items))
        check("nobody else's cookie opens it", Browser(o).get(link).status == 303)
        owners = admin.get("/status/agare")
        check("owners stand as the rules say", "System Skolan anna" in text_of(owners) and "ingen ersättare" in text_of(owners), text_of(owners))
        # Now something that cannot be seen, said or sent.
        shutil.rmtree(o.home + "/o")
        open(o.home + "/o", "w", encoding="utf-8").close()
        o.call("hold", "add", "utlamnande-1", "--share", "e", "--path", "Kvitton/2017/**", "--by", "maria", "--reason", "Begärd ut <snart>", at="03:00")
        shutil.move(o.home + "/share", o.home + "/gone")
        o.night("2026-12-21")
        shutil.move(o.home + "/gone", o.home + "/share")
        o.serve("09:00", "2026-12-21")
        admin, _ = sign_in(o)
        page, facts, letters, holds = (admin.get("/status" + p) for p in ("", "/fynd", "/brev", "/stopp"))
        check("a night with a gap is not complete", "inte fullständig" in text_of(page), text_of(page))
        check("the gap is told", "Lucka Lagringsytan e " in text_of(facts), text_of(facts))
        check("letters that were not sent, and why", "Nya förslag" in text_of(letters) and "cannot" in text_of(letters) and "anna@kalmar.example" in text_of(letters),
              text_of(letters))
        check("what may not go, and why", "utlamnande-1" in text_of(holds) and "Kvitton/2017/**" in text_of(holds) and "&lt;snart&gt;" in holds.text, holds.text)
        nights = admin.get("/status/natter")
        words = [float(x) for x in re.findall(r'<text x="([0-9.]+)%"[^>]*text-anchor="start"', nights.text)]
        check("and the last word has the room that is left for it", words and max(words) < 82, words)
        check("the nights, drawn and written", nights.text.count("<svg") == 3 and nights.text.count('fill="none"') == 3 and "Med luckor" in text_of(nights)
              and nights.text.count("<desc") == 3 and "4 öppna" in text_of(nights), text_of(nights))
        # "Äldsta frågan utan svar" ages by itself; the first of three nights does not say how long it has been since the one before it.
        goals = admin.get("/status/mal")
        said = text_of(goals)
        check("goals stand with what is and what is wanted", all(w in said for w in ("Luckor 1 mål högst 0 nås inte", "Källor som lästes helt 50 % mål minst 100 % nås inte",
              "Äldsta frågan utan svar 27 dagar mål högst 28 dagar nås", "Behörighetsgrupper som hör till ett system 33,3 % mål minst 95 % nås inte",
              "System där varje roll har skrivna behov 100 % mål minst 100 % nås", "Filer som en serie styr okänt mål minst 80 % inte mätt")), said)
        check("and which sources were not read whole", "Lagringsytan Ekonomi lästes inte helt" in said and "lästes helt" in said, said)
        check("eight plots, each with its words", goals.text.count("<svg") == goals.text.count("<desc") == 8 and goals.text.count("stroke-dasharray") == 6, goals.text)
        check("the overview has the same", "Luckor 1 mål högst 0 nås inte" in text_of(page), text_of(page))
        plots = re.findall(r"<svg.*?</svg>", goals.text, re.S)
        check("of a night that does not say there is no bar, and the line below is broken", plots[0].count("<rect") == 1 and
              re.findall(r'<line x1="([\d.]+)%" x2="([\d.]+)%" y1="116" y2="116"', plots[0]) == [("34.00", "68.00")], plots[0])
        night = admin.get(re.search(r'href="(/status/natt\?nr=\d+)"', nights.text).group(1))
        check("and what one of them saw", "Katalogen" in text_of(night) and "7 personer" in text_of(night) and "sha256:" in night.text
              and "Såg inte" in night.text, text_of(night))
        check("an older night without these facts is a gap, and no failure", gap_of_an_older_night(o))
        check("no page has a style of its own", not [p for p in (page, facts, letters, holds, nights, night, work, items) if "style=" in p.text or "<style" in p.text])


def lists_wait(slapd):
    with Office(slapd, WEB.format(slapd.url, slapd.ca)) as o:
        o.night()
        o.serve()
        admin, _ = sign_in(o)
        page = admin.get("/status")
        check("before a quarter is over there is nothing to review", "Behörighetslistor att granska 0 st" in text_of(page), text_of(page))
        o.night("2027-01-02")
        o.serve("09:00", "2027-01-12")
        admin, _ = sign_in(o)
        page, told = admin.get("/status"), o.call("status", at="09:00", day="2027-01-12").stdout
        check("lists that nobody has reviewed wait among the others", "Behörighetslistor att granska 1 st 10 dagar" in text_of(page), text_of(page))
        check("and for a terminal", " 1 behörighetslista väntar på granskning, sedan 10 dagar\n" in told, told)


def what_is_not_named(slapd):
    with Office(slapd, WEB.format(slapd.url, slapd.ca), klass=3) as o:
        o.change("rules/s.cfg", 'name = "Ekonomi"', 'name = "Ekonomi <b>"')
        o.change("rules/s.cfg", 'identity = "none"; class = { konfidentialitet = 1;', 'identity = "none"; class = { konfidentialitet = 3;')
        o.night()
        o.call("hold", "add", "h", "--share", "e", "--path", "Kvitton/Anna-Svensson/**", "--by", "maria", "--reason", "Annas sak", at="03:00")
        shutil.move(o.home + "/share", o.home + "/gone")
        o.night("2026-11-25")
        shutil.move(o.home + "/gone", o.home + "/share")
        o.serve("09:00", "2026-11-25")
        admin, _ = sign_in(o)
        pages = [admin.get("/status" + p) for p in PAGES]
        link = [re.search(r'href="(/status/arbete\?vem=[^"]+)"', p.text) for p in pages]
        pages += [admin.get(found.group(1)) for found in link if found]
        told = "\n".join(p.text for p in pages)
        check("of class 3 neither people, files nor folders are named", len(pages) == len(PAGES) + 1 and "Namnges inte här" in told
              and not [w for w in ("cia", ">bo<", "Kvitton/2017", "Anna-Svensson", "Annas sak", "&lt;script") if w in told],
              [w for w in ("cia", ">bo<", "Kvitton/2017", "Anna-Svensson", "Annas sak", "&lt;script") if w in told])
    with Office(slapd, WEB.format(slapd.url, slapd.ca)) as o:
        o.change("rules/s.cfg", 'name = "Ekonomi"', 'name = "Ekonomi <b>"')
        o.night()
        o.serve()
        admin, _ = sign_in(o)
        work = admin.get("/status/arbete")
        items = admin.get(re.search(r'href="(/status/arbete\?vem=[^"]+)"', work.text).group(1))
        told = items.text + admin.get("/status/agare").text
        check("what is named is only text", "<script" not in told and "&lt;script&gt;alert(1)" in told and "\u202e" not in told and "Ekonomi &lt;b&gt;" in told, told)


# ------------------------------------------------------------------ in a browser

def in_a_browser(slapd):
    if not shutil.which("chromedriver"):
        print("skip in_a_browser: no chromedriver")
        return
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def shot(name, width):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        size["height"] = driver.execute_script("return document.documentElement.scrollHeight")
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        driver.save_screenshot(os.path.join(office.TOP, os.environ.get("BUILD", "build"), f"status-{name}-{width}.png"))
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        return wide <= width

    def sign_out_and_in(path, fields):
        driver.get(f"http://127.0.0.1:{o.port}{path}")
        for name, value in fields.items():
            driver.find_element(By.ID, name).send_keys(value)
        driver.find_element(By.XPATH, "//button[normalize-space()='Logga in']").click()
        WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.XPATH, "//button[normalize-space()='Logga ut']"))

    with Office(slapd, WEB.format(slapd.url, slapd.ca), "brake = { count = 0; ratio = 0.0; };") as o:
        o.night()
        o.call("decide", "release", "system:s", "--by", "admin", "--reason", "sett", at="03:00")
        for day in range(25, 31):
            o.night(f"2026-11-{day}")
        o.serve("09:00", "2026-11-30")
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--accept-lang=sv", "--window-size=1280,1000",
                     f"--user-data-dir={o.home}/chromium"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        try:
            sign_out_and_in("/status", {"konto": "admin", "losen": PASSWORD["admin"]})
            fits = []
            for page in PAGES:
                driver.get(f"http://127.0.0.1:{o.port}/status{page}")
                fits += [(page, width) for width in (1280, 320) if not shot(page[1:] or "oversikt", width)]
            driver.get(f"http://127.0.0.1:{o.port}/status/natter")
            driver.find_element(By.CSS_SELECTOR, "tbody a").click()
            WebDriverWait(driver, 60).until(lambda d: "natt?" in d.current_url)
            fits += [("natt", width) for width in (1280, 320) if not shot("natt", width)]
            check("every page fits a wide and a narrow screen", not fits, fits)
            driver.get(f"http://127.0.0.1:{o.port}/status/natter")
            drawn = driver.execute_script("return [...document.querySelectorAll('svg rect')].map(r => r.getBoundingClientRect())"
                                          ".filter(b => b.width > 0 && b.height > 0).length")
            check("bars are drawn", drawn >= 7, drawn)
            names = driver.execute_script("return [...document.querySelectorAll('svg')].map(s => s.getAttribute('aria-labelledby').split(' ')"
                                          ".map(i => document.getElementById(i).textContent).join(': '))")
            check("and each plot says what it shows", len(names) == 3 and all("Högst" in n and "senast" in n for n in names), names)
            complaints = [e["message"] for e in driver.get_log("browser") if "Content Security Policy" in e["message"]]
            check("nothing that the policy forbids", not complaints, complaints)
            sign_out_and_in("/b/" + o.token("anna"), {"losen": PASSWORD["anna"]})
            check("an owner signs in with a password", "Dina beslut" in driver.page_source)
        finally:
            driver.quit()


def main():
    with Slapd(PEOPLE) as slapd:
        slapd.tool("ldapmodify", text=f"dn: cn=app,ou=groups,{BASE}\nchangetype: modify\nadd: member\nmember: uid=dia,ou=people,{BASE}\n")
        for test in (what_strangers_cannot, what_is_said, lists_wait, what_is_not_named, in_a_browser, who_may_look):
            test(slapd)
    return 1 if office.failures else 0


if __name__ == "__main__":
    sys.exit(main())
