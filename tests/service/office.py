# SPDX-License-Identifier: GPL-3.0-or-later
"""A small municipality with a real slapd for its directory, one night, and the page: for tests of how people sign in."""
import email
import email.policy
import glob
import html
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
BASE, SITE = "dc=kalmar,dc=example", "behov.kalmar.example"
PASSWORD = {"anna": "Gr\u00f6n-B\u00e5t-17", "maria": "marias-losen", "admin": "administratorens", "bo": "bos-losen"}
DAY = "2026-11-24"


def person(uid, title="Rektor", **more):
    lines = [f"dn: uid={uid},ou=people,{BASE}", "objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {uid.title()} Berg", "sn: Berg",
             f"title: {title}", f"mail: {uid}@kalmar.example", f"userPassword: {PASSWORD.get(uid, 'x-' + uid)}"]
    return "\n".join(lines + [f"{k}: {v}" for k, v in more.items()]) + "\n\n"


def world(extra=""):
    out = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Kalmar\ndc: kalmar\n\n"
    out += "".join(f"dn: ou={ou},{BASE}\nobjectClass: organizationalUnit\nou: {ou}\n\n" for ou in ("people", "groups"))
    out += "".join(person(uid) for uid in ("anna", "maria", "admin", "vikarie")) + person("bo", "Kock") + person("cia", "Kock")
    dn = "uid={},ou=people," + BASE
    out += (f"dn: cn=app,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: app\n"
            + "".join(f"member: {dn.format(uid)}\n" for uid in ("bo", "cia", "anna")) + "\n")
    out += f"dn: cn=it,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: it\nmember: {dn.format('vikarie')}\n\n"
    return out + extra


def call(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


class Slapd:
    """A slapd of its own, over TLS and in the clear, on free loopback ports; locks an account after five wrong passwords."""

    def __init__(self, extra=""):
        self.home = tempfile.mkdtemp(prefix="behov-slapd-")
        os.mkdir(self.home + "/db")
        self.certify()
        text = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
        text += (f"modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload ppolicy\npidfile {self.home}/pid\n"
                 f"TLSCACertificateFile {self.home}/ca.pem\nTLSCertificateFile {self.home}/cert.pem\nTLSCertificateKeyFile {self.home}/key.pem\n"
                 f"database mdb\nsuffix \"{BASE}\"\nrootdn \"cn=root,{BASE}\"\nrootpw root\ndirectory {self.home}/db\nsizelimit unlimited\n"
                 "access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n"
                 f"overlay ppolicy\nppolicy_default \"cn=policy,{BASE}\"\n")
        with open(self.home + "/slapd.conf", "w", encoding="utf-8") as out:
            out.write(text)
        policy = (f"dn: cn=policy,{BASE}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\npwdAttribute: userPassword\n"
                  "pwdLockout: TRUE\npwdMaxFailure: 5\npwdLockoutDuration: 3600\n\n")
        call("/usr/sbin/slapadd", "-q", "-f", self.home + "/slapd.conf", "-l", self.write("world.ldif", world(extra) + policy))
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.tls, self.clear = (s.getsockname()[1] for s in (one, other))
        self.url, self.ca = f"ldaps://127.0.0.1:{self.tls}", self.home + "/ca.pem"
        self.plain = f"ldap://127.0.0.1:{self.clear}"
        self.server = None
        self.conf = f'source = "{self.plain}"; base = "{BASE}"; schema = "rfc2307bis"; access-groups = ( "ou=groups,{BASE}" );'
        self.group = f"cn=app,ou=groups,{BASE}"

    def write(self, name, text):
        with open(f"{self.home}/{name}", "w", encoding="utf-8") as out:
            out.write(text)
        return f"{self.home}/{name}"

    def certify(self):
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        home = self.home + "/"
        call("openssl", "req", "-x509", *curve, "-days", "3650", "-subj", "/CN=test CA", "-keyout", home + "ca-key.pem", "-out",
             home + "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
        call("openssl", "req", "-new", *curve, "-subj", "/CN=ldap", "-keyout", home + "key.pem", "-out", home + "r")
        call("openssl", "x509", "-req", "-in", home + "r", "-CA", home + "ca.pem", "-CAkey", home + "ca-key.pem", "-CAcreateserial",
             "-days", "3650", "-out", home + "cert.pem", "-extfile", self.write("names", "subjectAltName=IP:127.0.0.1\n"))

    def start(self):
        self.server = subprocess.Popen(["/usr/sbin/slapd", "-d", "0", "-f", self.home + "/slapd.conf", "-h", f"{self.url} {self.plain}"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.server.poll() is None and self.tool("ldapsearch", "-s", "base", "-b", "").returncode:
            time.sleep(0.05)        # a server says nothing when it is up: asking is all there is

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(30)
        self.server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home)

    def tool(self, name, *words, text="", who=f"cn=root,{BASE}", password="root"):
        return subprocess.run([name, "-x", "-H", self.plain, "-D", who, "-w", password, *words], input=text.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def binds(self, uid, password):
        return self.tool("ldapwhoami", who=f"uid={uid},ou=people,{BASE}", password=password).returncode == 0


class Reply:
    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), value.strip())
        self.text = body.decode("utf-8", "replace")
        self.where = self.headers.get("location")

    def field(self, name):
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        return html.unescape(found.group(1)) if found else None

    def hidden(self, action=None):
        """What the (first) form with that action would post."""
        form = self.text.split("<main", 1)[1]
        if action:
            form = form.split(f'action="{action}"', 1)[1].split("</form>")[0]
        return {html.unescape(k): html.unescape(v) for k, v in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)}


class Browser:
    """Keeps its cookies; listen is a port, or the path of a socket."""

    def __init__(self, office):
        self.office, self.cookies = office, {}

    def ask(self, method, path, form=None, headers=()):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {SITE}", "Connection: close"]
        body = b""
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        reply = Reply(self.office.talk("\r\n".join(lines + list(headers)).encode() + b"\r\n\r\n" + body))
        if "set-cookie" in reply.headers:
            name, _, value = reply.headers["set-cookie"].split(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, form, **more):
        return self.ask("POST", path, dict(form), **more)


class Office:
    """directory: has conf and group.  `web`: what stands in web = { … } beside where it is."""

    def __init__(self, directory, web, more="", listen="127.0.0.1:0", klass=1):
        self.directory, self.page, self.listen = directory, None, listen
        self.home = tempfile.mkdtemp(prefix="behov-office-")
        if listen == "unix":
            self.listen = f"unix:{self.home}/web.sock"
        os.mkdir(self.home + "/rules")
        os.makedirs(self.home + "/share/Kvitton/2017")
        for i in range(3):
            open(f"{self.home}/share/Kvitton/2017/{i}.pdf", "w", encoding="utf-8").close()
        self.write("behov.cfg", 'organisation = "Kalmar kommun"; store = "sqlite:b.db"; rules = "rules"; mode = "apply";\n'
                   f'directory = {{ {directory.conf} }};\n'
                   'mail = { server = "maildir:o"; from = "behov@kalmar.example"; contact = "Servicedesk"; };\n'
                   f'web = {{ listen = "{self.listen}"; url = "http://{SITE}"; {web} }};\n'
                   f'people = {{ archivist = "maria"; administrators = ( "admin" ); }}; {more}\n')
        self.write("rules/s.cfg", f'system = {{ id = "s"; name = "Skolan"; owner = "anna"; class = {{ konfidentialitet = {klass}; riktighet = 1; '
                   'tillganglighet = 1; sparbarhet = 1; }; roles = ( { id = "r"; name = "Handläggare"; groups = ( "'
                   f'{directory.group}" ); needs = ( {{ why = "w"; by = "anna"; since = "2026-01-01"; title = "Rektor"; }} ); }} ); }};\n'
                   f'shares = ( {{ id = "e"; name = "Ekonomi"; path = "{self.home}/share"; owner = "anna"; identity = "none"; class = {{ konfidentialitet = 1; '
                   'riktighet = 1; tillganglighet = 1; sparbarhet = 1; }; } );\n'
                   'series = ( { id = "kvitton"; name = "Kvitton"; owner = "anna"; action = "destroy"; keep = "7 years"; clock = "path-year"; '
                   'where = ( { share = "e"; path = "Kvitton/{year}/**"; } ); batch = { path = "Kvitton/{year}"; whole = true; }; '
                   'decision = { dnr = "KS 2019/1"; date = "2019-01-01"; body = "KS"; }; } );\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        shutil.rmtree(self.home)

    def write(self, name, text):
        with open(f"{self.home}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def change(self, name, old, new):
        with open(f"{self.home}/{name}", encoding="utf-8") as f:
            text = f.read()
        assert old in text, (name, old)
        self.write(name, text.replace(old, new))

    def call(self, *words, at="02:00", day=DAY):
        return subprocess.run([BEHOV, "--config", self.home + "/behov.cfg", *(("--now", f"{day}T{at}+01:00") if at else ()), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def night(self, day=DAY, at="02:00"):
        if not os.path.exists(self.home + "/b.db"):
            done = self.call("store", "create", "--test", at=None)
            assert done.returncode == 0, done.stderr
        done = self.call("run", day=day, at=at)
        assert done.returncode in (0, 3, 4), done.stderr
        return done

    def serve(self, at="09:00", day=DAY):
        self.close()
        self.log = open(self.home + "/log", "a+", encoding="utf-8")
        self.page = subprocess.Popen([BEHOV, "--config", self.home + "/behov.cfg", "--now", f"{day}T{at}+01:00", "serve"],
                                     stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.page.stderr:
            ready = re.search(r"port=(\d+)", line)
            if ready:
                self.port = int(ready.group(1))
                return
            self.log.write(line)
        raise AssertionError(self.said())

    def said(self):
        """What serve has said up to now; ends it."""
        self.close()
        with open(self.home + "/log", encoding="utf-8") as f:
            return f.read()

    def close(self):
        if self.page:
            self.page.terminate()
            self.log.write(self.page.stderr.read())
            self.page.wait(20)
            self.page.stderr.close()
            self.log.close()
            self.page = None

    def talk(self, data):
        unix = self.listen.startswith("unix:")
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as s:
            s.settimeout(30)
            s.connect(self.listen[5:] if unix else ("127.0.0.1", self.port))
            s.sendall(data)
            out = b""
            while chunk := s.recv(65536):
                out += chunk
            return out

    def mails(self, to):
        """Oldest first by their Date, then by what they say: (subject, text)."""
        found = []
        for name in glob.glob(self.home + "/o/new/*"):
            with open(name, "rb") as f:
                mail = email.message_from_binary_file(f, policy=email.policy.default)
            if f"{to}@" in mail["To"]:
                found.append((mail["Date"].datetime, os.path.getmtime(name), mail["Subject"], mail.get_body(("plain",)).get_content()))
        return [(subject, text) for _, _, subject, text in sorted(found)]

    def token(self, who):
        return [t.group(1) for t in (re.search(r"/b/(\S+)", text) for _, text in self.mails(who)) if t][-1]

    def rows(self, sql, *values, of="b.db"):
        db = sqlite3.connect(f"file:{self.home}/{of}?mode=ro", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()


def choices(page, **said):
    """The form of /beslut, where each proposal of that kind (access, files) is answered with those words."""
    form = {"nonce": page.field("nonce")}
    for name, value in re.findall(r'name="(v-[^"]+)" value="([^"]*)"', page.text):
        # Files are linked to; people are not.
        kind = "files" if f"/filer/{name[2:]}" in page.text else "access"
        verdict, reason = (said.get(kind, ("",)) + ("",))[:2]
        form.update({name: value, "d-" + name[2:]: verdict, "r-" + name[2:]: reason, "u-" + name[2:]: ""})
    return form


failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, flush=True)
