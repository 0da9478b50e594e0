#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a live directory to a letter, a browser, and back: the whole of it, on real parts.

Samba AD holds the example municipality; an SMTP server with STARTTLS and AUTH takes the letters; Chromium opens the link,
types the code, approves, regrets it by the link of the receipt, and approves again; apply removes the member from the directory and moves the files.
"""
import logging
import os
import re
import shutil
import ssl
import subprocess
import sys
import warnings

from aiosmtpd.controller import Controller as MailServer
from aiosmtpd.smtp import SMTP, AuthResult

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world")]
import loopback
import samba
import town
from town import BUILD, Owner, Town, check

ADDRESS = loopback.address()
BATCH = "select id, share, batch from proposal where series = 'verifikationer-2018' and state = 'open' order by due, id limit 1"
EDGE = ("select id, owner, grp, member, system from proposal where kind = 'remove-member' and state = 'open' and needs = 1"
        " and also = '[]' and owner = (select owner from proposal where kind = 'remove-member' and state = 'open' and needs = 1"
        " group by owner order by count(*) desc, owner limit 1) order by id limit 2")


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


class Box:
    """Takes mail for everybody into a maildir, as long as they come over TLS and have signed in."""

    def __init__(self, folder):
        self.folder, self.count, self.refused = folder, 0, 0
        os.makedirs(folder + "/new", exist_ok=True)

    async def handle_DATA(self, _server, session, envelope):
        if session.ssl is None or not session.authenticated:
            self.refused += 1
            return "530 not like this"
        self.count += 1
        with open(f"{self.folder}/new/{self.count:04}", "wb") as out:
            out.write(envelope.original_content)
        return "250 OK"


class Server(MailServer):
    def __init__(self, box, dc):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(dc.home + "/tls/cert.pem", dc.home + "/tls/key.pem")
        super().__init__(box, hostname="127.0.0.1", port=0)

    def factory(self):
        def sign_in(_server, _session, _envelope, _mechanism, data):
            return AuthResult(success=data.login == b"behov" and data.password == b"hemligt", handled=False)
        return SMTP(self.handler, tls_context=self.tls, require_starttls=True, auth_required=True, authenticator=sign_in)

    def _trigger_server(self):          # the library asks for port 0 instead of the one it was given
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def configure(t, dc, port):
    samba.write(t.folder + "/conf/directory.password", samba.PASSWORD + "\n")
    samba.write(t.folder + "/conf/mail.password", "hemligt\n")
    t.change("conf/behov.cfg", 'source = "file:../build/demo/directory.ldif"',
             f'source = "{dc.url}"; bind-dn = "{dc.admin}"; password-file = "directory.password"; ca-file = "{dc.ca}"')
    t.change("conf/behov.cfg", 'server = "maildir:../build/demo/outbox"',
             f'server = "smtp://127.0.0.1:{port}"; user = "behov"; password-file = "mail.password"; ca-file = "{dc.ca}"')
    for name in os.listdir(t.folder + "/rules/systems"):
        t.change("rules/systems/" + name, "system = {", 'system = {\n\tapply = "ldap";')


def the_same_both_ways(t, dc):
    live = t.call(at("11-24"), "plan", "--json")
    with open(t.demo + "/export.ldif", "wb") as out:
        out.write(dc.export())
    with open(t.folder + "/conf/behov.cfg", encoding="utf-8") as f:
        text = f.read()
    with open(t.folder + "/conf/export.cfg", "w", encoding="utf-8") as f:
        f.write(text.replace(f'source = "{dc.url}"', 'source = "file:../build/demo/export.ldif"'))
    file = subprocess.run([t.behov, "--config", t.folder + "/conf/export.cfg", "--now", at("11-24"), "plan", "--json"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("the municipality over LDAP and as an export gives the same plan, to the byte",
          live.returncode == 0 and live.stdout == file.stdout and live.stdout.count(b'"remove-member"') > 100,
          live.returncode, live.stderr.decode()[-900:], file.stderr.decode()[-900:])


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), done.stderr.decode()
    return done


class Browser:
    """The owner's own, with what comes to their mailbox.  What they see is kept in build/, wide and narrow."""

    def __init__(self, t, owner):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.expected_conditions import staleness_of
        from selenium.webdriver.support.ui import WebDriverWait

        self.t, self.owner, self.by, self.stale = t, owner, By, staleness_of
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--accept-lang=sv",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
                     "--window-size=1200,1400", f"--user-data-dir={t.folder}/browser"):
            options.add_argument(word)
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        # A page that is being left answers in more ways than one: only the new one counts.
        self.wait = WebDriverWait(self.driver, 60, ignored_exceptions=[WebDriverException])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def press(self, text):
        page = self.driver.find_element(self.by.TAG_NAME, "html")
        self.driver.find_element(self.by.XPATH, f"//button[normalize-space()='{text}']").click()
        self.wait.until(self.stale(page))
        self.wait.until(lambda d: d.execute_script("return document.readyState") == "complete")

    def sign_in(self):
        """The link of the last letter, the code of the one after it; what stood there before the code."""
        self.driver.delete_all_cookies()
        self.driver.get(f"http://127.0.0.1:{self.t.port}{self.t.link(self.owner)}")
        seen = self.driver.page_source
        self.press("Skicka kod")
        self.driver.find_element(self.by.ID, "kod").send_keys(
            re.search(r"Din kod är (\d{6})", self.t.mails(self.owner)[-1][1]).group(1))
        self.press("Logga in")
        return seen

    def choose(self, proposal, value):
        where = f"[name='d-{proposal}'][value='{value}']"
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.driver.find_element(self.by.CSS_SELECTOR, where))
        self.driver.find_element(self.by.CSS_SELECTOR, where).click()

    def keep(self, name):
        for width in (1200, 360):
            self.driver.set_window_size(width, 1400)
            self.driver.save_screenshot(f"{BUILD}/round-trip-{name}-{width}.png")
        self.driver.set_window_size(1200, 1400)

    def save(self, name):
        self.keep(name)
        self.press("Granska dina val")
        self.keep(name + "-confirm")
        self.press("Bekräfta och spara")
        self.keep(name + "-receipt")
        return self.driver.page_source


def decided(t, edges):
    (approve, owner, _, member, _), (keep, _, _, _, _) = edges
    name = member[3:].split(" (")[0]
    t.serve(at("11-24", 9))
    with Browser(t, owner) as browser:
        seen = browser.sign_in()
        browser.choose(approve, "approve")
        browser.choose(keep, "keep")
        browser.driver.find_element(browser.by.ID, "r-" + keep).send_keys("Vikarie till sommaren")
        receipt = browser.save("decide")
    check("before the code nobody is named", name not in seen and "Skicka kod" in seen)
    check("the receipt in the browser says what was decided", "Vikarie till sommaren" in receipt and name in receipt)
    batch = t.rows(BATCH)[0]
    for who in ("eva.lind", "maria.arkivarie"):
        Owner(t, who).decide({batch[0]: ("approve",)})
    t.close_page()
    return batch


def state(t, proposal):
    return t.rows("select state from proposal where id = ?", proposal)[0][0]


def regretted(t, edges):
    """The receipt comes by mail; its link undoes; the night asks again; and the owner approves once more."""
    approve, owner = edges[0][:2]
    before = len(t.mails(owner))
    night(t, "11-25")
    letters = [letter for letter in t.mails(owner)[before:] if "/b/" in letter[1]]
    check("the night has scheduled it, and its receipt comes with a link", state(t, approve) == "scheduled" and len(letters) >= 1
          and any("vitto" in text for _, text in letters), letters)
    t.serve(at("11-25", 9))
    with Browser(t, owner) as browser:
        browser.sign_in()
        browser.choose(approve, "undo")
        receipt = browser.save("undo")
    t.close_page()
    check("what was approved is undone in the browser", "Ångra" in receipt, receipt[-3000:])
    night(t, "11-26")
    check("the night has taken the undo, and asks again", state(t, approve) == "open", state(t, approve))
    t.serve(at("11-26", 9))
    with Browser(t, owner) as browser:
        browser.sign_in()
        browser.choose(approve, "approve")
        browser.save("again")
    t.close_page()
    night(t, "11-27")
    check("and the second approval counts", state(t, approve) == "scheduled", state(t, approve))


def carried_out(t, dc, edges, batch):
    (approve, _, group, member, _), (keep, _, kept_group, kept_member, _) = edges
    before, others = dc.members(group), dc.members(kept_group)
    files = f"{t.demo}/shares/{batch[1]}/{batch[2]}"
    names = set(os.listdir(files))
    night(t, "11-28")
    t.call(at("11-28"), "series", "activate", "verifikationer-2018", "--by", "maria.arkivarie", "--reason", "Beslutet finns")
    done = t.call(at("12-03", 9), "apply")
    check("apply has taken exactly that member out of the directory", member in before and dc.members(group) == before - {member},
          done.stdout.decode(), done.stderr.decode()[-900:])
    check("what was kept is still there", kept_member in dc.members(kept_group) and len(dc.members(kept_group) ^ others) <= 1)
    check("and moved the files into quarantine", t.rows("select state from proposal where id = ?", batch[0]) == [("quarantined",)]
          and names - set(os.listdir(files)) and os.path.isdir(f"{t.demo}/shares/{batch[1]}/.behov-karantan/{batch[0]}"))
    night(t, "12-04")
    check("the night after, the membership is done", t.rows("select state from proposal where id = ?", approve) == [("done",)])
    done = t.call(at("12-04"), "restore", approve, "--by", "it.admin", "--reason", "Det blev fel")
    check("and restore puts it back", done.returncode == 0 and dc.members(group) == before, done.stderr.decode())
    check("the chain is whole", t.call(at("12-04"), "audit", "verify").returncode == 0)


def main():
    if os.geteuid() != 0:
        print("skip a domain controller needs ports below 1024: run as root")
        return 0
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    with Town("--files", "300") as t:
        with open(t.demo + "/directory.ldif", encoding="ascii") as f:
            load = samba.from_export(f.read())
        shutil.rmtree(t.demo + "/outbox", ignore_errors=True)
        with samba.Controller(ADDRESS, load) as dc:
            box = Box(t.demo + "/outbox")
            server = Server(box, dc)
            server.start()
            try:
                configure(t, dc, server.port)
                the_same_both_ways(t, dc)
                t.create()
                night(t, "11-24")
                check("the letters came over TLS, signed in", box.count > 5 and not box.refused, box.count, box.refused)
                edges = t.rows(EDGE)
                batch = decided(t, edges)
                regretted(t, edges)
                carried_out(t, dc, edges, batch)
            finally:
                server.stop()
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
