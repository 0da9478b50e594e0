#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx with packaging/nginx-behov.conf in front of the page: from the link in a letter to a receipt over TLS, and what
gets into its logs."""
import glob
import html
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.parse
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../world"))
import town
from town import TOP, Owner, Town, check, field

NOW = "2026-11-24T09:00+01:00"
SECRETS = []            # whatever must not stand in a log


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificates(home):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
    with open(home + "/names", "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "behov.key", "-out", "behov.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "behov.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "2", "-extfile", "names", "-out", "behov.pem")


class Nginx:
    """Ours, with folders, ports and a certificate of its own."""

    def __init__(self, home, socket_path, tls, plain):
        self.home, self.tls, self.plain = home, tls, plain
        with open(TOP + "/packaging/nginx-behov.conf", encoding="utf-8") as f:
            text = f.read()
        for old, new in (("/run/behov/web.sock", socket_path), ("listen 443", f"listen 127.0.0.1:{tls}"), ("listen 80", f"listen 127.0.0.1:{plain}"),
                         ("behov.kalmar.example", "localhost"), ("/etc/ssl/behov", home), ("/var/log/nginx", home)):
            assert old in text, old
            text = text.replace(old, new)
        text = re.sub(r"\tlisten \[::\].*\n", "", text)
        temp = "".join(f"{name}_temp_path {home}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(home + "/nginx.conf", "w", encoding="utf-8") as f:
            f.write(f"daemon off; master_process off; pid {home}/pid; error_log {home}/error.log info;\nevents {{}}\nhttp {{\n{temp}{text}\n}}\n")

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", self.home, "-c", self.home + "/nginx.conf"], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        for _ in range(10000):          # until it listens, or has ended
            try:
                socket.create_connection(("127.0.0.1", self.tls), 5).close()
                return self
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.process.stderr.read().decode()
                try:
                    self.process.wait(0.02)
                except subprocess.TimeoutExpired:
                    pass
        raise AssertionError("nginx does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()

    def logs(self):
        out = ""
        for name in sorted(glob.glob(self.home + "/*.log")):
            with open(name, encoding="utf-8", errors="replace") as f:
                out += f.read()
        return out


class Browser(Owner):
    """An owner whose browser knows the CA and keeps to what cookies and headers say."""

    def __init__(self, t, name, port, home):            # pylint: disable=super-init-not-called
        self.town, self.name, self.port, self.cookie, self.flags = t, name, port, None, ""
        self.context = ssl.create_default_context(cafile=home + "/ca.pem")
        self.token = t.link(name)[3:]

    def ask(self, method, path, form=None, more=()):
        link = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.context)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://localhost:{self.port}", "Sec-Fetch-Site": "same-origin"})
        link.request(method, path, body, {**headers, **dict(more)})
        reply = link.getresponse()
        text = reply.read().decode()
        self.headers = {k.lower(): v for k, v in reply.getheaders()}
        if "set-cookie" in self.headers:
            self.flags = self.headers["set-cookie"]
            self.cookie = self.flags.split(";")[0]
            SECRETS.append(self.cookie.split("=")[1])
        link.close()
        self.where, self.status = path, reply.status
        return self.ask("GET", self.headers["location"]) if reply.status == 303 else text

    def sign_in(self):
        self.ask("POST", "/kod", {"token": self.token})
        page = self.ask("GET", "/logga-in")
        code = re.search(r"Din kod är (\d{6})", [text for subject, text in self.town.mails(self.name) if "engångskod" in subject][-1]).group(1)
        SECRETS.append(code)
        return self.ask("POST", "/logga-in", {"nonce": field(page, "nonce"), "kod": code})


def serve(t):
    """On a socket; it is there when it says so."""
    t.page = subprocess.Popen(t.command(NOW, "serve"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in t.page.stderr:
        if "the page is served" in line:
            return
    raise AssertionError("serve did not begin")


def an_owner_decides_behind_it(t, nginx, home):
    owner = Browser(t, "per.ek" if any("per.ek" in n for (n,) in t.rows("select name from letter")) else "anna.berg", nginx.tls, home)
    SECRETS.append(owner.token)
    check("the letter's link begins with https", any(f"https://localhost:{nginx.tls}/b/{owner.token}" in text for _, text in t.mails(owner.name)))
    page = owner.ask("GET", "/b/" + owner.token)
    check("the link opens a page over TLS", owner.status == 200 and "Skicka kod" in page, owner.status, page[:300])
    check("which says to stay with TLS, and not to keep it", owner.headers.get("strict-transport-security") == "max-age=31536000"
          and owner.headers.get("cache-control") == "no-store" and "content-encoding" not in owner.headers, owner.headers)
    page = owner.sign_in()
    check("a code signs in", owner.where == "/beslut" and "Logga ut" in page, owner.where, page[:500])
    check("with a cookie that stays with this host and TLS", owner.cookie.startswith("__Host-behov=") and all(f in owner.flags for f in (
          "; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/")) and "Domain" not in owner.flags, owner.flags)
    for batch in sorted(set(re.findall(r'href="(/filer/[^"]*)"', page)))[:2]:
        SECRETS.append(html.unescape(batch)[len("/filer/"):])
        owner.ask("GET", html.unescape(batch))
        check("the files of a batch are shown", owner.status == 200)
    mine = re.search(r'name="d-([^"]+)" value="approve"', owner.ask("GET", "/beslut")).group(1)
    receipt = owner.decide({mine: ("approve",)})
    check("and a decision comes to a receipt", owner.where == "/kvitto" and "mottag" in receipt)
    return owner


def what_it_keeps_out(owner, nginx):
    form = {"token": owner.token}
    for name, more, status in (("a form of another site", {"Origin": "https://evil.example"}, (403,)), ("a form over a megabyte", None, (413,)),
                               ("another host", {"Host": "evil.example"}, (400,))):
        seen = asked(owner, form if more is not None else {"x": "a" * 1200000}, more or {})
        check(f"{name} is answered by {status}", seen in status, seen)
    owner.ask("GET", "/", more={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-For": "1.2.3.4"})
    check("what a client says of hosts is not handed on", owner.status == 200)
    for method in ("TRACE", "PUT", "DELETE", "OPTIONS"):
        owner.ask(method, "/beslut")
        check(f"{method} is refused", owner.status == 405, owner.status)
    shapes = (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")
    seen = [sent(owner, b"POST /kod HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/x-www-form-urlencoded\r\n" % nginx.tls + rest) for rest in shapes]
    check("two lengths are refused before they come to us", all(re.match(rb"HTTP/1.1 (400|501)", s) and len(re.findall(rb"HTTP/1\.[01] \d", s)) == 1 for s in seen), seen)
    chunks = sent(owner, b"POST /kod HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" % nginx.tls)
    check("a form in chunks reaches us as one with a length", chunks.startswith(b"HTTP/1.1 404"), chunks[:200])
    with socket.create_connection(("127.0.0.1", nginx.plain), 10) as s:
        s.sendall(f"GET /b/{owner.token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        said = read_all(s)
    check("without TLS there is only the way to it", b" 301 " in said and b"Location: https://localhost/\r\n" in said and owner.token.encode() not in said, said)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(nginx.home + "/ca.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        old.wrap_socket(socket.create_connection(("127.0.0.1", nginx.tls), 10), server_hostname="localhost").close()
        check("TLS 1.1 is not spoken", False)
    except (ssl.SSLError, ConnectionError):
        check("TLS 1.1 is not spoken", True)


def read_all(s):
    out = b""
    try:
        while chunk := s.recv(65536):
            out += chunk
    except (ConnectionError, TimeoutError, ssl.SSLError):
        pass
    return out


def sent(owner, data):
    with owner.context.wrap_socket(socket.create_connection(("127.0.0.1", owner.port), 10), server_hostname="localhost") as s:
        s.sendall(data)
        s.settimeout(5)
        return read_all(s)


def asked(owner, form, more):
    body = urllib.parse.urlencode(form).encode()
    heads = {"Host": f"localhost:{owner.port}", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)), "Connection": "close", **more}
    reply = sent(owner, b"POST /kod HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in heads.items()).encode() + b"\r\n" + body)
    return int(reply.split()[1]) if reply else 0


def a_browser_goes_the_same_way(t, nginx, owner):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--ignore-certificate-errors", "--accept-lang=sv",
                 f"--user-data-dir={t.folder}/chromium"):
        options.add_argument(word)
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        driver.get(f"https://localhost:{nginx.tls}/b/{owner.token}")
        driver.find_element(By.XPATH, "//button[normalize-space()='Skicka kod']").click()
        box = WebDriverWait(driver, 60).until(lambda d: d.find_element(By.ID, "kod") if d.find_elements(By.ID, "kod") else None)
        tried = []
        for code in [m.group(1) for m in (re.search(r"Din kod är (\d{6})", text) for _, text in t.mails(owner.name)) if m]:
            SECRETS.append(code)
            tried.append(code)
        fresh = [c for c in tried if c not in owner.used][0]
        box.send_keys(fresh)
        driver.find_element(By.XPATH, "//button[normalize-space()='Logga in']").click()
        WebDriverWait(driver, 60).until(lambda d: d.current_url.endswith("/beslut"))
        check("a browser signs in over TLS, and is dressed", "Logga ut" in driver.page_source
              and driver.execute_script("return getComputedStyle(document.querySelector('.wide')).maxWidth") != "none")
        check("no script there sees the cookie", driver.execute_script("return document.cookie") == "")
    finally:
        driver.quit()


def main():
    warnings.simplefilter("ignore", DeprecationWarning)         # TLS 1.1 is asked for on purpose
    if not os.path.exists("/usr/sbin/nginx"):
        print("skip a real nginx: there is none")
        return 0
    with Town("--people", "500", "--files", "100") as t:
        home, tls, plain = t.folder + "/nginx", free_port(), free_port()
        os.makedirs(home)
        certificates(home)
        t.change("conf/behov.cfg", 'listen = "127.0.0.1:0"', f'listen = "unix:{t.folder}/web.sock"')
        t.change("conf/behov.cfg", "http://127.0.0.1:8440", f"https://localhost:{tls}")
        t.create()
        t.call(NOW, "run")
        serve(t)
        with Nginx(home, t.folder + "/web.sock", tls, plain) as nginx:
            owner = an_owner_decides_behind_it(t, nginx, home)
            owner.used = [s for s in SECRETS if re.fullmatch(r"\d{6}", s)]
            what_it_keeps_out(owner, nginx)
            if shutil.which("chromedriver"):
                owner.used = [m.group(1) for m in (re.search(r"Din kod är (\d{6})", text) for _, text in t.mails(owner.name)) if m]
                a_browser_goes_the_same_way(t, nginx, owner)
            else:
                print("skip a browser signs in over TLS: no chromedriver")
            t.close_page()
            page = owner.ask("GET", "/b/" + owner.token)
            check("when the page is closed it says so, and keeps to the same rules", owner.status == 503 and "stängd just nu" in page
                  and owner.headers["cache-control"] == "no-store" and "frame-ancestors" in owner.headers["content-security-policy"], owner.status, owner.headers)
            said = nginx.logs()
            check("its logs tell what was asked for", " POST /kod 303 " in said and " GET /b/- 200 " in said and " GET /b/- 50" in said and "/kvitto" in said, said[-600:])
            check("and hold no link, no code, no cookie and no batch", len(SECRETS) > 3 and not [s for s in SECRETS if re.search(rf"\b{re.escape(s)}\b", said)],
                  [line for line in said.splitlines() if any(s in line for s in SECRETS)][:3])
            left = [f for f in glob.glob(home + "/*/*") if os.path.isfile(f)]
            check("and nothing was laid aside on disk", not left, left)
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
