#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx with packaging/nginx-behov.conf and a real Apache with packaging/apache-behov.conf in front of the page: from the
link in a letter to a receipt over TLS, what gets into their logs, and that nobody but they says who somebody is."""
import base64
import concurrent.futures
import glob
import html
import http.client
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
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


class Front:
    """A proxy of ours, with folders, ports and a certificate of its own, as an ordinary user where it asks for one."""

    program = name = None

    def __init__(self, room, account):
        self.home, self.socket, self.account = room, room + "/web.sock", account
        self.tls, self.plain = free_port(), free_port()
        certificates(room)
        self.configure()
        for path in [room, *glob.glob(room + "/*")]:
            os.chown(path, *account[1:])

    def example(self, name, *changes):
        """packaging/NAME, with what is another in each place changed."""
        with open(f"{TOP}/packaging/{name}", encoding="utf-8") as f:
            text = f.read()
        for old, new in (("/run/behov/web.sock", self.socket), ("/etc/ssl/behov", self.home), ("behov.kalmar.example", "localhost"), *changes):
            assert old in text, old
            text = text.replace(old, new)
        return text

    def write(self, name, text):
        with open(f"{self.home}/{name}", "w", encoding="utf-8") as f:
            f.write(text)

    def __enter__(self):
        as_whom = {"user": self.account[1], "group": self.account[2], "extra_groups": []} if os.geteuid() == 0 else {}
        with open(self.home + "/said", "wb") as said:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=self.home, **as_whom)
        for _ in range(10000):          # until it listens, or has ended
            try:
                socket.create_connection(("127.0.0.1", self.tls), 5).close()
                return self
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.logs()
                try:
                    self.process.wait(0.02)
                except subprocess.TimeoutExpired:
                    pass
        raise AssertionError(f"{self.name} does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def logs(self):
        out = ""
        for name in [self.home + "/said", *sorted(glob.glob(self.home + "/*.log"))]:
            with open(name, encoding="utf-8", errors="replace") as f:
                out += f.read()
        return out


class Nginx(Front):
    program = "/usr/sbin/nginx"
    name = "nginx"
    signs_in = False
    chunks = 404            # read, and no such link

    def command(self):
        return [self.program, "-p", self.home, "-c", self.home + "/nginx.conf"]

    def configure(self):
        text = self.example("nginx-behov.conf", ("listen 443", f"listen 127.0.0.1:{self.tls}"), ("listen 80", f"listen 127.0.0.1:{self.plain}"), ("/var/log/nginx", self.home))
        text = re.sub(r"\tlisten \[::\].*\n", "", text)
        temp = "".join(f"{name}_temp_path {self.home}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.write("nginx.conf", f"daemon off; master_process off; pid {self.home}/pid; error_log {self.home}/error.log info;\nevents {{}}\nhttp {{\n{temp}{text}\n}}\n")


class Apache(Front):
    """With the modules that Debian switches on, and those that our example asks for; a file of passwords signs in for Kerberos."""

    program = "/usr/sbin/apache2"
    name = "apache"
    signs_in = True
    chunks = 403
    modules = ("mpm_event", "access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user", "autoindex", "deflate",
               "dir", "env", "filter", "mime", "negotiation", "reqtimeout", "setenvif", "ssl", "headers", "proxy", "proxy_http")
    folder = "/usr/lib/apache2/modules"

    def command(self):
        return [self.program, "-d", self.home, "-f", self.home + "/apache.conf", "-D", "FOREGROUND"]

    def configure(self):
        places = (("*:443", f"127.0.0.1:{self.tls}"), ("*:80", f"127.0.0.1:{self.plain}"), ("/var/log/apache2", self.home))
        head = "".join(f"LoadModule {name}_module {self.folder}/mod_{name}.so\n" for name in self.modules)
        head += (f"ServerName localhost\nPidFile {self.home}/pid\nDefaultRuntimeDir {self.home}\nErrorLog {self.home}/error.log\nLogLevel info\nMutex pthread\n"
                 "StartServers 1\nTypesConfig /dev/null\nAddOutputFilterByType DEFLATE text/html text/plain text/css\n<Directory />\nRequire all denied\n</Directory>\n"
                 f"Listen 127.0.0.1:{self.tls}\nListen 127.0.0.1:{self.plain}\n")
        self.write("users", "".join(f"{name}:{hashed(PASSWORD)}\n" for name in PEOPLE))
        self.write("apache.conf", head + self.example(
            "apache-behov.conf", *places, ("<IfModule auth_gssapi_module>", "<IfModule auth_basic_module>"), ("AuthType GSSAPI", "AuthType Basic"),
            ("GssapiCredStore keytab:/etc/apache2/behov.keytab", f"AuthUserFile {self.home}/users"), ("\t\t\tGssapiSSLonly On\n", "")))
        self.write("gssapi.conf", head + f"LoadModule auth_gssapi_module {self.folder}/mod_auth_gssapi.so\n" + self.example("apache-behov.conf", *places))

    def takes_kerberos(self):
        if not os.path.exists(self.folder + "/mod_auth_gssapi.so"):
            print("skip the example with Kerberos is taken: no mod_auth_gssapi")
            return
        done = subprocess.run([self.program, "-d", self.home, "-f", self.home + "/gssapi.conf", "-t"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check("the example with Kerberos is taken", done.returncode == 0 and "Syntax OK" in done.stdout, done.stdout)


PEOPLE, PASSWORD = ("per.ek", "anna.berg", "it.admin"), "Ett-losenord-som-stannar"


def hashed(password):
    return subprocess.run(["openssl", "passwd", "-apr1", password], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


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


def serve(t, account):
    """On a socket, in the group of the proxy; it is there when it says so."""
    as_whom = {"group": account[2]} if os.geteuid() == 0 else {}
    t.page = subprocess.Popen(t.command(NOW, "serve"), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **as_whom)
    for line in t.page.stderr:
        if "the page is served" in line:
            return
    raise AssertionError("serve did not begin")


def an_owner_decides_behind_it(t, front, home):
    owner = Browser(t, "per.ek" if any("per.ek" in n for (n,) in t.rows("select name from letter")) else "anna.berg", front.tls, home)
    SECRETS.append(owner.token)
    check("the letter's link begins with https", any(f"https://localhost:{front.tls}/b/{owner.token}" in text for _, text in t.mails(owner.name)))
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
    check("and a decision comes to a receipt", owner.where == "/kvitto" and "sparat" in receipt)
    return owner


def what_it_keeps_out(owner, front):
    form = {"token": owner.token}
    for name, more, status in (("a form of another site", {"Origin": "https://evil.example"}, (403,)), ("a form over a megabyte", None, (413,)),
                               ("another host", {"Host": "evil.example"}, (400,))):
        seen, _ = asked(owner, form if more is not None else {"x": "a" * 1200000}, more or {})
        check(f"{name} is answered by {status}", seen in status, seen)
    pages = [sent(owner, f"GET {path} HTTP/1.1\r\nHost: localhost:{front.tls}\r\nConnection: close\r\n\r\n".encode()) for path in ("/", "/style.css", "/beslut", "/nowhere")]
    check("what serve says of a page is said once", not [bare(page) for page in pages if bare(page) or b"form-action" not in page], pages[0][:700])
    owner.ask("GET", "/", more={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-For": "1.2.3.4"})
    check("what a client says of hosts is not handed on", owner.status == 200)
    for method in ("TRACE", "PUT", "DELETE", "OPTIONS"):
        owner.ask(method, "/beslut")
        check(f"{method} is refused", owner.status == 405, owner.status)
    shapes = (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")
    seen = [sent(owner, b"POST /kod HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/x-www-form-urlencoded\r\n" % front.tls + rest) for rest in shapes]
    check("two lengths are refused before they come to us", all(re.match(rb"HTTP/1.1 (400|403|501)", s) and len(re.findall(rb"HTTP/1\.[01] \d", s)) == 1 for s in seen), seen)
    chunks = sent(owner, b"POST /kod HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n7\r\ntoken=x\r\n0\r\n\r\n" % front.tls)
    check(f"a form in chunks {'reaches us as one with a length' if front.chunks == 404 else 'is refused'}", chunks.startswith(b"HTTP/1.1 %d" % front.chunks), chunks[:200])
    with socket.create_connection(("127.0.0.1", front.plain), 10) as s:
        s.sendall(f"GET /b/{owner.token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        said = read_all(s)
    check("without TLS there is only the way to it", b" 301 " in said and b"Location: https://localhost/\r\n" in said and owner.token.encode() not in said, said)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(front.home + "/ca.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        old.wrap_socket(socket.create_connection(("127.0.0.1", front.tls), 10), server_hostname="localhost").close()
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


def asked(owner, form, more, path="/kod"):
    """(status, the whole answer)"""
    body = urllib.parse.urlencode(form).encode()
    heads = {"Host": f"localhost:{owner.port}", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)), "Connection": "close", **more}
    reply = sent(owner, f"POST {path} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in heads.items()).encode() + b"\r\n" + body)
    return (int(reply.split()[1]) if reply else 0), reply


def a_browser_goes_the_same_way(t, front, owner):
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
        driver.get(f"https://localhost:{front.tls}/b/{owner.token}")
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


# ------------------------------------------------------------------ who somebody is

def who_it_says_that_they_are(t, front, owner):
    """A header of a browser's own never counts; where the proxy signs in, its own one does."""
    form, way = {"token": owner.token}, "/logga-in/proxy"
    basic = lambda name, password=PASSWORD: {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
    refused = 401 if front.signs_in else 403
    for head in ("X-Remote-User", "x-remote-user", "X-REMOTE-USER", "X_Remote_User", "Remote-User", "X-Remote-User "):
        status, said = asked(owner, form, {head: owner.name}, way)
        check(f"a browser that says '{head}' is not signed in", status in (refused, 400) and b"set-cookie" not in said.lower(), status, said[:500])
    if not front.signs_in:
        return
    status, said = asked(owner, form, basic(owner.name), way)
    check("who the proxy has signed in is", status == 303 and b"set-cookie" in said.lower(), said[:500])
    for name, more in (("with another's name", {**basic("it.admin"), "X-Remote-User": owner.name}), ("with a wrong password", basic(owner.name, "fel")), ("who is unknown there", basic("nobody"))):
        status, said = asked(owner, form, more, way)
        check(f"somebody {name} is not", status in (401, 403) and b"set-cookie" not in said.lower(), said[:500])


# ------------------------------------------------------------------ what comes through

class Recorder:
    """In the place of serve: keeps all that comes, and answers in as few words as serve's library does on its own."""

    def __init__(self, path, account):
        self.came, self.threads = [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chown(path, *account[1:])
        self.listener.listen(50)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                link = self.listener.accept()[0]
            except OSError:
                return
            self.threads.append(threading.Thread(target=self.answer, args=(link,)))
            self.threads[-1].start()

    def answer(self, link):
        link.settimeout(10)
        data = b""
        with link:
            try:
                while split(data) is None and (more := link.recv(65536)):
                    data += more
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                while more := link.recv(65536):         # is there another one behind it?
                    data += more
            except OSError:
                pass
        self.came.append(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in list(self.threads):
            one.join()


def split(data):
    """(the lines of its head, what is behind its body) of a request that has come whole, read as strictly as can be; else None."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    lines = head.split(b"\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
    if b"transfer-encoding" in fields:
        while True:
            size, end, rest = rest.partition(b"\r\n")
            if not end or len(rest) < int(size, 16) + 2:
                return None
            rest = rest[int(size, 16) + 2:]
            if int(size, 16) == 0:
                return lines, rest
    length = int(fields.get(b"content-length", b"0"))
    return (lines, rest[length:]) if len(rest) >= length else None


NAMED = b"it.admin"
HEADS = (b"X-Remote-User: it.admin", b"x-remote-user: it.admin", b"X-REMOTE-USER:it.admin", b"X_Remote_User: it.admin", b"X_REMOTE_USER: it.admin", b"X-Remote_User: it.admin",
         b"X_Remote-User: it.admin", b"X-Remote-User : it.admin", b"X-Remote-User\t: it.admin", b" X-Remote-User: it.admin", b"\tX-Remote-User: it.admin", b"X-Remote-User:\r\n it.admin",
         b"X-Remote-User: it.admin\r\nX-Remote-User: per.ek", b"X-Remote-User:\r\nX-Remote-User: it.admin", b"X-Remote-User: it.admin\r\nx-remote-user: it.admin\r\nX-ReMoTe-UsEr: it.admin",
         b"A: b\nX-Remote-User: it.admin", b"A: b\rX-Remote-User: it.admin", b"A: b\r\r\nX-Remote-User: it.admin", b"A: \x00\r\nX-Remote-User: it.admin", b"X-Remote-User\x00: it.admin",
         b"X-Remote-User\xa0: it.admin", b"\xef\xbb\xbfX-Remote-User: it.admin", b"X-Remote-User;: it.admin", b"Connection: close, X-Remote-User\r\nX-Remote-User: it.admin",
         b"Connection: X-Remote-User, Host\r\nX-Remote-User: it.admin", b"Proxy-Connection: X-Remote-User\r\nX-Remote-User: it.admin", b"A: " + b"b" * 3000 + b"\r\nX-Remote-User: it.admin",
         b"TE: trailers\r\nTrailer: X-Remote-User\r\nX-Remote-User: it.admin", b"Authorization: Basic aXQuYWRtaW46eA==\r\nX-Remote-User: it.admin", b"Upgrade: h2c\r\nX-Remote-User: it.admin",
         b"X-HTTP-Method-Override: POST\r\nX-Remote-User: it.admin", b"X-Forwarded-For: 10.9.8.7\r\nX-Remote-User: it.admin", b"X-Original-URL: /logga-in/proxy\r\nX-Rewrite-URL: /logga-in/proxy\r\nX-Remote-User: it.admin")
INSIDE = b"POST /logga-in/proxy HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: it.admin\r\nContent-Length: 0\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n0\r\n" % (len(INSIDE), INSIDE)
BODIES = (b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (len(INSIDE) + 5) + INSIDE, b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INSIDE,
          b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INSIDE, b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INSIDE,
          b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INSIDE, b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INSIDE,
          b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n" + INSIDE, b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INSIDE,
          b"Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + INSIDE, b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INSIDE) + INSIDE,
          b"Content-Length: %d\r\n\r\n" % len(INSIDE) + INSIDE, b"Content-Length: 0, %d\r\n\r\n" % len(INSIDE) + INSIDE, b"Content-Length: +0\r\n\r\n" + INSIDE,
          b"Content-Length: 0x0\r\n\r\n" + INSIDE, b"Content-Length: -1\r\n\r\n" + INSIDE, b"Content-Length: 00000000000000000000\r\n\r\n" + INSIDE, b"Content-Length:\r\n\r\n" + INSIDE,
          b"Content_Length: %d\r\n\r\n" % len(INSIDE) + INSIDE, b"Content-Length : 0\r\n\r\n" + INSIDE, b"Content-Length: 0\rX: y\r\n\r\n" + INSIDE, b"\r\n" + INSIDE,
          b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK + b"\r\n", b"Transfer-Encoding: chunked\r\nTrailer: X-Remote-User\r\n\r\n" + CHUNK + b"X-Remote-User: it.admin\r\n\r\n",
          b"Transfer-Encoding: chunked\r\n\r\n5;X-Remote-User=it.admin\r\nabcde\r\n0\r\n\r\n" + INSIDE, b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n" + INSIDE,
          b"Transfer-Encoding: chunked\r\n\r\n5\nabcde\n0\n\n" + INSIDE, b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nabcde\r\n0\r\n\r\n" + INSIDE,
          b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n" + INSIDE, b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n" + INSIDE)
PATHS = (b"/", b"/logga-in/proxy", b"/status/logga-in/proxy", b"/beslut/bevis/proxy", b"//logga-in//proxy", b"/logga-in/./proxy", b"/logga-in/%70roxy", b"/logga-in/proxy/", b"/logga-in/proxy?x", b"/logga-in%2fproxy",
         b"/logga-in/proxy;x", b"/x/../logga-in/proxy", b"/logga-in/proxy%20HTTP/1.1%0d%0aX-Remote-User:%20it.admin", b"http://localhost/logga-in/proxy", b"/logga-in/proxy\x0bX", b"/logga-in/proxy#x")
SAID = (b"content-security-policy", b"x-content-type-options", b"referrer-policy", b"cache-control", b"strict-transport-security")


def bare(reply):
    """Which of the page's headers the answers do not have once each; those without a head are of an older protocol."""
    heads = re.findall(rb"(?ms)^HTTP/1\.1 (?!100)(\d+ .*?)\r\n\r\n", reply)
    return [(head[:20], name) for head in heads for name in SAID if len(re.findall(rb"(?mi)^" + name + b":", head)) != 1]


def in_http2(front):
    """The same names in the other protocol, where the proxy speaks it."""
    if not shutil.which("curl"):
        print("skip names in HTTP/2: no curl")
        return
    url = f"https://localhost:{front.tls}"
    for head in ("X-Remote-User: it.admin", "X_Remote_User: it.admin", "x-remote_user: it.admin", "X-Remote-User;", "Authorization: Basic aXQuYWRtaW46eA=="):
        for path in ("/", "/logga-in/proxy"):
            done = subprocess.run(["curl", "-sS", "--noproxy", "*", "--http2", "--cacert", front.home + "/ca.pem", "-H", head, "-H", "X-Remote-User: per.ek", "-d", "token=x", "-o", front.home + "/got",
                                   "-w", "%{http_version} %{http_code}", url + path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            version, status = done.stdout.split()
            check(f"'{head}' to {path} is answered in HTTP/{version}", done.returncode == 0 and status in ("200", "400", "401") and (front.signs_in or version == "2"), done)


def what_comes_through(front, owner):
    """Whatever a browser writes: one request on each connection to serve, and no name in it but of who the proxy has signed in."""
    recorder, replies = Recorder(front.socket, front.account), []
    host = b"Host: localhost:%d\r\n" % front.tls
    tried = [b"%s %s HTTP/1.1\r\n%s%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (method, path, host, head) for method in (b"GET", b"POST") for path in PATHS[:2] for head in HEADS]
    tried += [b"POST %s HTTP/1.1\r\n%sX-Remote-User: it.admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (path, host) for path in PATHS]
    tried += [b"POST %s HTTP/1.1\r\n%sConnection: close\r\n" % (path, host) + body for path in PATHS[:2] for body in BODIES]
    tried += [b"GET / HTTP/1.1\r\nX-Remote-User: it.admin\r\n" + more + b"\r\n\r\n" for more in (b"", b"Host: a\r\nHost: b", b"Host: a b", b"Host:")]
    tried += [b"GET / HTTP/1.1 X-Remote-User: it.admin\r\n" + host + b"\r\n", b"GET  / HTTP/1.1\r\n" + host + b"\r\n", b"G\x00T / HTTP/1.1\r\n\r\n", b"\x80\x01\r\n\r\n", b"GET / HTTP/9.9\r\n" + host + b"\r\n",
              b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + host + b"\r\n", b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n" * 300 + b"\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    # Pressed through one connection that is kept: what one leaves behind is not before the next.
    tried += [b"POST / HTTP/1.1\r\n%sContent-Length: 0\r\n%s\r\n\r\nGET /b/x HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (host, head, host) for head in HEADS]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda data: sent(owner, data), tried))
    signed = [sent(owner, b"POST %s HTTP/1.1\r\n%sContent-Length: 0\r\nConnection: close\r\nX-Remote-User: it.admin\r\nAuthorization: Basic %s\r\n\r\n" % (
              path, host, base64.b64encode(f"per.ek:{PASSWORD}".encode()))) for path in PATHS[:4]]
    in_http2(front)
    recorder.close()
    through = [split(data) for data in recorder.came if data]
    check("much of it comes through", len(through) > len(tried) // 4 and None not in through, len(through), len(tried))
    said = [line.partition(b":")[2].strip() for one in through if one for line in one[0][1:] if line.lower().startswith(b"x-forwarded-for")]
    check("each says where it came from, as the proxy saw it", said and set(said) == {b"127.0.0.1"} and len(said) == len([one for one in through if one]), set(said))
    behind = [data for data, one in zip([data for data in recorder.came if data], through) if one and one[1]]
    check("each on a connection of its own, with nothing behind it", not behind, behind[:2])
    heads = [lines for lines, _ in filter(None, through)]
    broken = [lines for lines in heads if any(c in line for line in lines for c in (b"\r", b"\n", b"\0"))]
    check("and with no line that could be two", not broken, broken[:2])
    named = [(lines[0], line) for lines in heads for line in lines[1:] if re.sub(rb"[^a-z]", b"", line.partition(b":")[0].lower()) == b"xremoteuser" and line.partition(b":")[2].strip()]
    wanted = [b"per.ek"] * 3 if front.signs_in else []
    check("no name but of who the proxy has signed in", [line.partition(b":")[2].strip() for _, line in named] == wanted, named[:5])
    check("and no password, either", not [lines for lines in heads if any(line.lower().startswith((b"authorization", b"proxy-authorization")) for line in lines)])
    wrong = [(data[:80], bare(reply)) for data, reply in zip(tried, replies) if bare(reply)] + [bare(reply) for reply in signed if bare(reply)]
    check("every answer has the page's headers, once each, also where serve's library gave none, and the proxy's own", not wrong, wrong[:5])
    own = {re.match(rb"HTTP/1.1 (\d+)", reply).group(1) for reply in replies if reply.startswith(b"HTTP/1.1")}
    check("among them the proxy's own", {b"200", b"400"} <= own, own)


def proxy_account():
    """(name, uid, gid) of who the proxy runs as."""
    who = pwd.getpwnam("www-data") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return who.pw_name, who.pw_uid, who.pw_gid


def behind(kind):
    account = proxy_account()
    with Town("--people", "500", "--files", "100") as t, tempfile.TemporaryDirectory(prefix="behov-proxy-") as room:
        front = kind(room, account)
        print(f"# {front.name}")
        t.change("conf/behov.cfg", 'listen = "127.0.0.1:0"', f'listen = "unix:{front.socket}"; proof = ( "code", "proxy" ); proxy-user = "{account[1]}"')
        t.change("conf/behov.cfg", "http://127.0.0.1:8440", f"https://localhost:{front.tls}")
        t.create()
        t.call(NOW, "run")
        serve(t, account)
        if front.signs_in:
            front.takes_kerberos()
        with front:
            owner = an_owner_decides_behind_it(t, front, room)
            what_it_keeps_out(owner, front)
            who_it_says_that_they_are(t, front, owner)
            if shutil.which("chromedriver"):
                owner.used = [m.group(1) for m in (re.search(r"Din kod är (\d{6})", text) for _, text in t.mails(owner.name)) if m]
                a_browser_goes_the_same_way(t, front, owner)
            else:
                print("skip a browser signs in over TLS: no chromedriver")
            t.close_page()
            page = html.unescape(owner.ask("GET", "/b/" + owner.token))
            check("when the page is closed it says so, and keeps to the same rules", owner.status == 503 and "stängd just nu" in page
                  and owner.headers["cache-control"] == "no-store" and "frame-ancestors" in owner.headers["content-security-policy"], owner.status, owner.headers)
            what_comes_through(front, owner)
        said = front.logs()             # of one that has ended: all of it is there
        check("its logs tell what was asked for", " POST /kod 303 " in said and " GET /b/- 200 " in said and " GET /b/- 50" in said and "/kvitto" in said, said[-600:])
        check("and hold no link, no code, no cookie and no batch", len(SECRETS) > 3 and not [s for s in SECRETS if re.search(rf"\b{re.escape(s)}\b", said)],
              [line for line in said.splitlines() if any(s in line for s in SECRETS)][:3])
        left = [f for f in glob.glob(room + "/*/*") if os.path.isfile(f)]
        check("and nothing was laid aside on disk", not left, left)


def main():
    warnings.simplefilter("ignore", DeprecationWarning)         # TLS 1.1 is asked for on purpose
    for kind in (Nginx, Apache):
        if os.path.exists(kind.program):
            behind(kind)
        else:
            print(f"skip a real {kind.name}: there is none")
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
