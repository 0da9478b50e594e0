#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that examine mail open every link, press every button and run every script before an owner sees the letter:
a real one, sent by SMTP, and a real page.  Nothing is decided by it, no link is used up, and no owner is locked out."""
import asyncio
import concurrent.futures
import email
import email.policy
import html.parser
import http.client
import itertools
import logging
import os
import re
import shutil
import socket
import sqlite3
import sys
import threading
import urllib.parse
import warnings

from aiosmtpd.smtp import SMTP

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import Owner, Town, check

NOW = "2026-11-24T09:00+01:00"
AGENTS = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36", "BarracudaCentral/1.0",
          "Mozilla/5.0 (compatible; SafeLinks)", "python-requests/2.28", "", "curl/7.88", "Mimecast", "x" * 2000)
LOOKING = ({}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"Range": "bytes=0-10"},
           {"If-None-Match": "*"}, {"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3"}, {"X-HTTP-Method-Override": "POST"})


class Post:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.got, self.lock, self.loop = [], threading.Lock(), asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(self.loop.create_server(
            lambda: SMTP(self, loop=self.loop, hostname="mail.example"), "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def handle_DATA(self, _server, _session, envelope):
        with self.lock:
            self.got.append((envelope.rcpt_tos[0], email.message_from_bytes(envelope.original_content, policy=email.policy.default)))
        return "250 OK"

    def to(self, name):
        with self.lock:
            return [mail for to, mail in self.got if to.split("@")[0] == name]

    def texts(self, name):
        return [mail.get_body(("plain",)).get_content() for mail in self.to(name)]

    def codes(self, name):
        return [m.group(1) for m in (re.search(r"(?:Din kod är|Your code is) (\d{6})\b", text) for text in self.texts(name)) if m]

    def long_codes(self, name):
        return [m.group(1) for m in (re.search(r"(?:Din långa kod är|Your long code is) (\S+)", text) for text in self.texts(name)) if m]


class Page(html.parser.HTMLParser):
    """What can be followed and filled in."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self.form = set(), [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links |= {attrs[a] for a in ("href", "src", "action", "data-url", "formaction") if attrs.get(a)}
        if tag == "form":
            self.form = {"action": attrs.get("action") or "", "fields": [], "buttons": [(None, None)]}
            self.forms.append(self.form)
        elif self.form and tag in ("input", "textarea", "select") and attrs.get("name"):
            self.form["fields"].append((attrs.get("type") or tag, attrs["name"], attrs.get("value") or ""))
        elif self.form and tag == "button":
            self.form["buttons"].append((attrs.get("name"), attrs.get("value")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None


class Scanner:
    """One sandbox: an address, a user agent, and cookies if it keeps any."""

    def __init__(self, port, number, keeps, words):
        self.port, self.keeps, self.words, self.cookie, self.seen = port, keeps, words, None, []
        self.source = f"127.{number % 250 + 1}.{number // 250}.{number % 7 + 2}"
        self.agent = AGENTS[number % len(AGENTS)]

    def ask(self, method, path, form=None, more=()):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(self.source, 0))
        headers = {"User-Agent": self.agent, **dict(more)}
        if self.keeps and self.cookie:
            headers["Cookie"] = self.cookie
        body = None
        if form is not None:
            body, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        link.request(method, path, body, headers)
        reply = link.getresponse()
        text = reply.read().decode("utf-8", "replace")
        if reply.getheader("Set-Cookie"):
            self.cookie = reply.getheader("Set-Cookie").split(";")[0]
        link.close()
        self.seen.append((method, path, form))
        where = reply.getheader("Location")
        return text + (self.ask("GET", where) if where and method != "HEAD" else "")

    def crawl(self, start, most=40):
        """Every link of every page, each looked at in all ways."""
        todo, done, pages = [start], set(), []
        while todo and len(done) < most:
            path = todo.pop(0)
            if path in done:
                continue
            done.add(path)
            for more in LOOKING:
                self.ask("HEAD", path, more=more)
                text = self.ask("GET", path, more=more)
            pages.append((path, Page(text)))
            for link in sorted(pages[-1][1].links):
                parts = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://127.0.0.1:{self.port}{path}", link))
                if parts.netloc == f"127.0.0.1:{self.port}":
                    todo.append(parts.path + ("?" + parts.query if parts.query else ""))
        return pages

    def fill(self, path, page, depth=0):
        """Every form with every button and everything that can be typed, and then the forms of what is answered."""
        for form in page.forms:
            typed = [name for kind, name, _ in form["fields"] if kind not in ("hidden", "checkbox", "radio", "select")]
            words = self.words if typed else [""]
            for (button, value), word in itertools.product(form["buttons"], words):
                fields = {name: word if name in typed else given or "ja" for _, name, given in form["fields"]}
                if button:
                    fields[button] = value or ""
                answer = Page(self.ask("POST", form["action"] or path, fields))
                if depth < 1:
                    self.fill(form["action"] or path, answer, depth + 1)

    def replay(self):
        for method, path, form in self.seen[:200]:
            self.ask(method, path, form)


def serve(t, now, log):
    """What it says is read all the time: a full pipe would stop it."""
    t.serve(now)
    threading.Thread(target=lambda said: log.extend(iter(said.readline, "")), args=(t.page.stderr,), daemon=True).start()


def delivered(post, name):
    """The letter as a scanner gets it: its links from both parts, and what may be a code."""
    mail = [m for m in post.to(name) if "/b/" in m.get_body(("plain",)).get_content()][-1]
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    links = set(re.findall(r"https?://[^\s<>\"]+", text + page)) | {link for link in Page(page).links if link.startswith("http")}
    token = re.search(r"/b/([\w-]+)", text).group(1)
    words = sorted(set(re.findall(r"\d{2,8}", text))) + [token, mail["To"].addresses[0].addr_spec, name, "godkänn", "000000", ""]
    return links, words, token


def dump(t, name):
    db = sqlite3.connect(f"file:{t.demo}/{name}?mode=ro", uri=True)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def decisions(t):
    return [line for line in dump(t, "behov.db.inbox") if line.startswith('INSERT INTO "decision"')]


def paths(links):
    return sorted({urllib.parse.urlsplit(link).path for link in links})


def scan(port, number, keeps, links, words):
    scanner = Scanner(port, number, keeps, words)
    for path in paths(links):
        for where, page in scanner.crawl(path):
            scanner.fill(where, page)
    scanner.replay()
    return len(scanner.seen)


def browse(t, links, words):
    """A sandbox with a browser that runs what there is, presses every button and types what it has read."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                 f"--user-data-dir={t.folder}/chromium"):
        options.add_argument(word)
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        pressed = set()
        for link, word in itertools.product(sorted(links), words[:3]):
            driver.get(link)
            for _ in range(4):
                for box in driver.find_elements(By.CSS_SELECTOR, "input:not([type=hidden])"):
                    box.send_keys(word)
                buttons = driver.find_elements(By.TAG_NAME, "button")
                todo = [b for b in buttons if (driver.current_url, b.text, word) not in pressed] or buttons[:1]
                if not todo:
                    break
                pressed.add((driver.current_url, todo[0].text, word))
                before = driver.find_element(By.TAG_NAME, "html")
                driver.execute_script("document.querySelectorAll('form').forEach(f => f.noValidate = true); arguments[0].click()", todo[0])
                settle(driver, before, WebDriverException)
        return len(pressed)
    finally:
        driver.quit()


def settle(driver, before, trouble):
    """Until the page that was left is gone and the next is whole."""
    from selenium.webdriver.support.expected_conditions import staleness_of
    from selenium.webdriver.support.ui import WebDriverWait
    WebDriverWait(driver, 60, ignored_exceptions=[trouble]).until(staleness_of(before))
    WebDriverWait(driver, 60, ignored_exceptions=[trouble]).until(lambda d: d.execute_script("return document.readyState") == "complete")


class Sender(Owner):
    """An owner whose mail comes by SMTP, and who has not signed in yet."""

    def __init__(self, t, post, name, token):              # pylint: disable=super-init-not-called
        self.town, self.name, self.cookie, self.post, self.token = t, name, None, post, token

    def press(self):
        return self.ask("POST", "/kod", {"token": self.token})

    def type_short(self, code):
        self.ask("POST", "/logga-in", {"nonce": town.field(self.ask("GET", "/logga-in"), "nonce"), "kod": code})
        return self.where == "/beslut"

    def type_long(self, code):
        self.ask("POST", "/logga-in", {"token": self.token, "kod": code})
        return self.where == "/beslut"


def scanners_come_before_the_owner(t, post, name):
    links, words, token = delivered(post, name)
    check("the letter has its link in the text and in the page", paths(links) == ["/b/" + token], links)
    early = Sender(t, post, name, token)
    early.press()
    first = post.codes(name)
    inside = Sender(t, post, name, token)
    inside.press()
    check("an owner is in before anybody comes", inside.type_short([c for c in post.codes(name) if c not in first][0]))
    before = dump(t, "behov.db")

    with concurrent.futures.ThreadPoolExecutor(4) as crowd:
        asked = sum(crowd.map(lambda n: scan(t.port, n, n % 2 == 0, links, words), range(16)))
    check("scanners asked for much", asked > 1000, asked)
    if shutil.which("chromedriver"):
        check("a browser pressed what there was", browse(t, links, words) > 3)
    else:
        print("skip a browser pressed what there was: no chromedriver")
    check("nothing in the store has changed", dump(t, "behov.db") == before)
    check("nothing was decided", decisions(t) == [])
    rows = [line for line in dump(t, "behov.db.inbox") if line.startswith("INSERT INTO")]
    check("and little was kept of all that", len(rows) < 20, len(rows))
    check("a mailbox got five codes and a long one", (len(post.codes(name)), len(post.long_codes(name))) == (5, 1),
          post.codes(name), post.long_codes(name))

    check("who had asked before can still type the code", early.type_short(first[0]))
    check("who was in is still in", "Logga ut" in inside.ask("GET", "/beslut") and inside.status == 200)
    stolen = Sender(t, post, name, token)
    check("a short code is good in no other browser", not any(stolen_code(stolen, code) for code in post.codes(name)))
    return token


def stolen_code(owner, code):
    """Typed with the link, as the long one is."""
    owner.ask("POST", "/logga-in", {"token": owner.token, "kod": code})
    return owner.where == "/beslut"


def the_owner_still_decides(t, post, name, token):
    owner = Sender(t, post, name, token)
    page = owner.press()
    check("the owner is told to take the long code from the mailbox", owner.status == 429 and "lång kod" in page and not owner.cookie, page)
    check("and signs in with it", owner.type_long(post.long_codes(name)[-1]))
    mine = re.search(r'name="v-([^"]+)"', owner.ask("GET", "/beslut")).group(1)
    check("and decides", "sparat" in owner.decide({mine: ("approve",)}))
    check("which is the only decision there is", len(decisions(t)) == 1)
    t.close_page()
    done = t.call("2026-11-25T02:00+01:00", "run")
    counted = t.rows("select verdict, refused from decision where proposal = ?", mine)
    check("and counts in the night", counted == [("approve", None)], counted, done.stderr.decode()[-500:])


def a_stranger_goes_on_for_a_day(t, post, name, token, log):
    """Presses whenever a code would be sent, hour after hour; and the owner gets in, at any time."""
    owner = None
    for hour in range(8, 24, 3):
        serve(t, f"2026-11-25T{hour:02}:00+01:00", log)
        stranger = Sender(t, post, name, token)
        for _ in range(8):
            stranger.press()
        owner = Sender(t, post, name, token)
        owner.press()
        check(f"the owner gets in at {hour}", owner.type_long(post.long_codes(name)[-1]))
    check("and a mailbox gets no more than fifteen short ones a day", len(post.codes(name)) <= 5 + 15, len(post.codes(name)))
    t.close_page()


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    with Post() as post, Town("--people", "500", "--files", "100") as t:
        t.change("conf/behov.cfg", 'server = "maildir:../build/demo/outbox";', f'server = "smtp://127.0.0.1:{post.port}"; starttls = false;')
        # Links lead to the page that is served: its port is known before it listens.
        page = free_port()
        t.change("conf/behov.cfg", "http://127.0.0.1:8440", f"http://127.0.0.1:{page}")
        t.change("conf/behov.cfg", "127.0.0.1:0", f"127.0.0.1:{page}")
        t.create()
        done = t.call(NOW, "run")
        assert done.returncode in (0, 3, 4), done.stderr.decode()
        name, = t.rows("select name from letter join letter_about on letter = id where kind = 'digest' group by id order by count(*) desc, id")[0]
        log = []
        serve(t, NOW, log)
        token = scanners_come_before_the_owner(t, post, name)
        the_owner_still_decides(t, post, name, token)
        a_stranger_goes_on_for_a_day(t, post, name, token, log)
        secrets = [token, *post.codes(name), *post.long_codes(name)]
        check("and the log holds neither links nor codes", len(log) > 20 and not [s for s in secrets if re.search(rf"\b{s}\b", "".join(log))], log[-3:])
    return 1 if town.failures else 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
