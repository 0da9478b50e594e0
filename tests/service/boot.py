#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside a machine that test-boot.py has booted: the installed units live through a year's disposal under systemd, with all that it shuts.

boot.py SOURCE PACKAGE: SOURCE has tests/world, PACKAGE is installed first.  What it says is "ok …" and "not ok …"; then the machine is switched off.
"""
import contextlib
import glob
import grp
import http.client
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(sys.argv[1], "tests/world"))
import tiny
from aiosmtpd.controller import Controller
from tiny import Tiny, check, write

STATE, AUDIT, ETC, SHARE = "/var/lib/behov", "/var/lib/behov-audit", "/etc/behov", "/srv/filer"
SMTP = 2525
SERVICES = ("run", "serve", "apply", "audit-seal")
CONF = f"""organisation = "Kalmar kommun"; store = "sqlite:{STATE}/store/behov.db"; inbox = "{STATE}/web/inbox"; key-file = "{STATE}/key/notify";
work = "{STATE}/work"; rules = "{ETC}/rules"; mode = "apply"; audit = {{ heads = "{AUDIT}/heads"; }};
directory = {{ source = "file:{ETC}/d.ldif"; base = "DC=kalmar,DC=example"; access-groups = ( "OU=Behorighet,DC=kalmar,DC=example" ); }};
mail = {{ server = "smtp://127.0.0.1:{SMTP}"; starttls = false; from = "behov@kalmar.example"; }};
web = {{ listen = "unix:/run/behov/web.sock"; url = "https://behov.kalmar.example"; }};
people = {{ coordinator = "it"; archivist = "maria"; administrators = ( "it" ); }}; brake = {{ count = 1000000; ratio = 1.0; }};  weekly = 0;
"""


class Postman:
    """Takes each letter, as a mail server would: what sends it is opened inside what the units shut."""

    async def handle_DATA(self, _server, _session, envelope):
        os.makedirs(ETC + "/outbox/new", exist_ok=True)
        with open(f"{ETC}/outbox/new/{len(os.listdir(ETC + '/outbox/new'))}", "wb") as out:
            out.write(envelope.original_content)
        return "250 OK"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def show(unit, *names):
    done = systemctl("show", unit, *(f"--property={name}" for name in names))
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def journal(unit):
    return subprocess.run(["journalctl", "--no-pager", "-o", "cat", "-u", unit], stdout=subprocess.PIPE, text=True, check=False).stdout[-3000:]


def given(path, user, group, mode):
    os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    os.chmod(path, mode)


class Machine(Tiny):
    """Its verbs are units, and their clock stands in a file."""

    def __init__(self):
        os.makedirs(ETC + "/rules", exist_ok=True)
        super().__init__(folder=ETC, share=SHARE, behov="/usr/bin/behov")
        write("/run/behov-now", "NOW=\n")
        for name in SERVICES:
            folder = f"/etc/systemd/system/behov-{name}.service.d"
            os.makedirs(folder, exist_ok=True)
            verb = name.replace("-", " ")
            write(folder + "/now.conf", f"[Service]\nEnvironmentFile=/run/behov-now\nExecStart=\nExecStart=/usr/bin/behov --now ${{NOW}} {verb}\n")
        systemctl("daemon-reload")

    def configure(self, source=None, more=None):
        write(ETC + "/behov.cfg", CONF)

    def directory(self, of=None):
        super().directory(of)
        given(ETC + "/d.ldif", "root", "behov", 0o640)

    def files(self):
        super().files()
        subprocess.run(["chown", "-R", "behov-apply:behov", SHARE], check=True)
        subprocess.run(["chmod", "-R", "u=rwX,g=rX,o=", SHARE], check=True)

    def as_user(self, user, now, *words):
        return subprocess.run(["runuser", "-u", user, "--", *self.command(now, *words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)

    def must_as(self, user, now, *words):
        done = self.as_user(user, now, *words)
        check(f"{user} can {' '.join(words[:3])}", done.returncode == 0, done.stderr.decode()[-800:])

    def unit(self, name, now):
        """Started as a timer would; how it ended."""
        write("/run/behov-now", f"NOW={now}\n")
        systemctl("reset-failed", f"behov-{name}.service")
        done = systemctl("start", f"behov-{name}.service")
        told = show(f"behov-{name}.service", "Result", "ExecMainStatus", "ActiveState")
        return done.returncode == 0 and told["Result"] == "success", told, done.stdout, journal(f"behov-{name}.service")

    def night(self, now, codes=(0,)):
        good, *told = self.unit("run", now)
        if not good:
            check(f"the night {now} runs", False, *told)

    def rows(self, sql, *values, name="behov.db"):
        return super().rows(sql, *values, name=os.path.relpath(f"{STATE}/store/{name}", ETC))

    def inbox(self, now):
        """serve has made it; its table is written as the page would."""
        link = ETC + "/behov.db.inbox"
        if not os.path.islink(link):
            os.symlink(f"{STATE}/web/inbox", link)


def page():
    """The first line of what serve answers on its socket."""
    for _ in range(100):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(20)
            s.connect("/run/behov/web.sock")
            break
        except OSError:
            time.sleep(0.1)
    else:
        return "no socket"
    c = http.client.HTTPConnection("behov.kalmar.example")
    c.sock = s
    c.request("GET", "/", headers={"Host": "behov.kalmar.example", "X-Forwarded-Proto": "https"})
    answer = c.getresponse()
    return f"{answer.status} {'Kalmar kommun' in answer.read().decode()}"


def lives(m):
    m.directory()
    m.files()
    m.must_as("behov", None, "store", "create", "--test")
    m.must_as("behov-apply", tiny.FIRST, "share", "adopt", "s")
    m.must_as("behov-apply", tiny.FIRST, "share", "probe", "s")
    good, *told = m.unit("run", tiny.FIRST)
    check("the first night runs, without a secret that is not there", good and m.rows("select count(*) from proposal")[0][0] > 4, *told)
    good, *told = m.unit("serve", tiny.SAID)
    check("serve is up", good and told[0]["ActiveState"] == "active", *told)
    check("and answers on its socket", page() == "200 True", page(), journal("behov-serve.service"))
    st = os.stat("/run/behov/web.sock")
    check("which the proxy's group can reach", st.st_gid == grp.getgrnam("behov-web").gr_gid and st.st_mode & 0o060 == 0o060, oct(st.st_mode))
    m.answer("approve", tiny.SAID)
    for now in tiny.NIGHTS:
        m.night(now)
    for series in ("ver", "volym", "lev"):
        m.must_as("behov", tiny.NIGHTS[-1], "series", "activate", series, "--by", "maria", "--reason", "Beslut finns")
    good, *told = m.unit("audit-seal", tiny.NIGHTS[-1])
    check("the chain is sealed", good and os.path.getsize(AUDIT + "/heads") > 0, *told)
    good, *told = m.unit("apply", tiny.DUE)
    states = dict(m.rows("select coalesce(series, account), state from proposal"))
    check("apply moves files aside, packages, and hands over an LDIF", good and states["ver"] == states["volym"] == "quarantined"
          and states["lev"] == "exported" and states["p0"] == "exported", states, *told)
    m.night(tiny.END_NIGHT)
    good, *told = m.unit("apply", tiny.END)
    check("and destroys what has lain aside", good and m.rows("select count(*) from proposal where state = 'done' and kind = 'destroy'")[0][0] == 2
          and sorted(os.listdir(SHARE + "/d")) == [], *told)
    made = sorted({os.path.splitext(n)[1] for n in os.listdir(f"{STATE}/work/protokoll")})
    check("the gallringsprotokoll are there, as PDF, too", made == [".csv", ".html", ".json", ".pdf"], made)
    mode = os.stat(f"{STATE}/work/protokoll").st_mode
    check("and the night can put them there, too", mode & 0o7777 == 0o2770, oct(mode))
    os.unlink(f"{STATE}/work/protokoll/GALLR-2026-1.html")
    m.must_as("behov", None, "report", "protocol", "all")
    good, *told = m.unit("audit-seal", tiny.END)
    check("the chain is sealed again, and whole", good and m.as_user("behov", None, "audit", "verify").returncode == 0, *told)
    check("serve is up still, by the process that began", show("behov-serve.service", "ActiveState", "NRestarts") == {
        "ActiveState": "active", "NRestarts": "0"}, journal("behov-serve.service"))
    done = systemctl("stop", "behov-serve.service")
    told = show("behov-serve.service", "Result", "ActiveState")
    check("and stops when it is told to", told == {"Result": "success", "ActiveState": "inactive"}, told, done.stdout)


def shut(m):
    """What the units promise, of processes that run: as systemd and the kernel tell."""
    m.unit("serve", tiny.END)
    pid = show("behov-serve.service", "MainPID")["MainPID"]
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        status = dict(line.strip().split(":\t", 1) for line in f if ":\t" in line)
    check("serve has no capability, no new privileges and a filter", status["CapEff"] == status["CapBnd"] == "0" * 16 and status["NoNewPrivs"] == "1"
          and status["Seccomp"] == "2", {k: status[k] for k in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")})
    check("it is who it should be", status["Uid"].split("\t")[0] == str(pwd.getpwnam("behov-web").pw_uid), status["Uid"])
    enter = ["nsenter", "-t", pid, "-m", "--", "sh", "-c"]
    write(ETC + "/secret/proof", "x")
    write("/root/proof", "x")
    for what, folder in (("shares", "/srv"), ("secrets", ETC + "/secret"), ("keys", STATE + "/key"), ("homes", "/root"), ("work", STATE + "/work")):
        check(f"{what} are not there for it, not for root", os.listdir(folder) and not subprocess.run(
            [*enter, f"ls {folder}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).stdout, folder)
    check("it can write nowhere but where it keeps its own", subprocess.run(
        [*enter, f"touch /etc/x || touch /usr/x || touch {STATE}/store/x"], stderr=subprocess.PIPE, check=False).returncode != 0)
    systemctl("stop", "behov-serve.service")


def timers():
    names = [f"behov-{n}.timer" for n in ("run", "apply", "audit-seal")]
    done = systemctl("enable", "--now", *names)
    check("the timers can be enabled", done.returncode == 0, done.stdout)
    for name in names:
        told = show(name, "ActiveState", "NextElapseUSecRealtime", "Unit")
        check(f"{name} waits for its time", told["ActiveState"] == "active" and told["NextElapseUSecRealtime"] not in ("", "0")
              and told["Unit"] == name.replace("timer", "service"), told)


def dpkg(*words):
    return subprocess.run(["dpkg", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def enabled():
    return {os.path.basename(p) for p in glob.glob("/etc/systemd/system/*.wants/behov-*") if not p.endswith("/behov-boot.service")}


def renewed():
    """The package over itself, and away, while its page and its timers are in use."""
    started = {"behov-serve.service", *(f"behov-{n}.timer" for n in ("run", "apply", "audit-seal"))}
    systemctl("enable", "--now", "behov-serve.service")
    was = show("behov-serve.service", "MainPID", "ActiveState")
    done = dpkg("-i", sys.argv[2])
    now = show("behov-serve.service", "MainPID", "ActiveState")
    check("a new package serves the page with the new program", done.returncode == 0 and was["ActiveState"] == now["ActiveState"] == "active"
          and was["MainPID"] != now["MainPID"], was, now, done.stdout)
    check("and leaves the timers waiting", all(show(name, "ActiveState")["ActiveState"] == "active" for name in started) and enabled() == started, enabled())
    systemctl("stop", "behov-serve.service")
    done = dpkg("-i", sys.argv[2])
    check("a page that nobody serves stays so", done.returncode == 0 and show("behov-serve.service", "ActiveState")["ActiveState"] == "inactive", done.stdout)
    systemctl("start", "behov-serve.service")
    done = dpkg("-r", "behov")
    check("without the package nothing of it runs", done.returncode == 0 and all(
        show(name, "ActiveState")["ActiveState"] == "inactive" for name in started), done.stdout)
    done = dpkg("-P", "behov")
    check("purged, nothing of it is enabled, and the store and the heads are there", done.returncode == 0 and not enabled()
          and os.path.exists(f"{STATE}/store/behov.db") and os.path.exists(AUDIT + "/heads"), enabled(), done.stdout)


def install():
    with contextlib.suppress(FileNotFoundError):
        os.unlink("/usr/sbin/policy-rc.d")                      # units do start here; what is written to this machine is thrown away
    done = dpkg("-i", sys.argv[2])
    check("the package is installed", done.returncode == 0, done.stdout[-2000:])
    states = {name: systemctl("is-enabled", name).stdout.strip() for name in ("behov-run.timer", "behov-apply.timer", "behov-audit-seal.timer",
                                                                              "behov-serve.service")}
    check("and nothing of it is enabled", set(states.values()) == {"disabled"}, states)


def main():
    install()
    m = Machine()
    shutil.rmtree(ETC + "/rules/library", ignore_errors=True)
    post = Controller(Postman(), hostname="127.0.0.1", port=SMTP)
    post.start()
    lives(m)
    shut(m)
    timers()
    broken = [u for u in systemctl("list-units", "--failed", "--plain", "--no-legend").stdout.split() if u.startswith("behov")]
    check("no unit of ours has failed", not broken, broken)
    told = subprocess.run(["journalctl", "-b", "--no-pager", "-o", "cat"], stdout=subprocess.PIPE, text=True, check=False).stdout
    wrong = [line for line in told.splitlines() if re.search(r"behov.*(SIGSYS|Operation not permitted|Permission denied|Read-only file system)", line)]
    check("nothing of ours was refused anything", not wrong, *wrong[:5])
    renewed()


try:
    main()
except BaseException as e:                                      # the one who waits outside must hear of it
    check("the machine ran its course", False, repr(e))
    raise
finally:
    print("the end", flush=True)
    subprocess.run(["systemctl", "poweroff", "--no-block"], check=False)
