#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain against its signed heads: what each kind of tampering is found by, and what no list of heads can find."""
import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sqlite3
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import BUILD, Town, check

DAY = "2026-11-{:02}T{:02}:00+01:00"


def at(day, hour=2):
    return DAY.format(day, hour)


class Sealed(Town):
    """A town whose chain is sealed: the list, its copy on another disk, and the key."""

    def __init__(self, more="", **how):
        super().__init__("--people", "500", "--files", "40", **how)
        self.heads, self.copy, self.key = self.folder + "/audit/heads", self.folder + "/other/heads", self.folder + "/audit/heads.key"
        os.makedirs(self.folder + "/audit")
        os.makedirs(self.folder + "/other")
        self.audit(f'anchors = ( "{self.copy}" ); {more}')
        self.create()

    def audit(self, words):
        with open(self.folder + "/conf/behov.cfg", "r+", encoding="utf-8") as f:
            text = f.read().split("\naudit = {")[0]
            f.seek(0)
            f.truncate()
            f.write(text + f'\naudit = {{ heads = "{self.heads}"; {words} }};\n')

    def night(self, day):
        done = self.call(at(day), "run")
        assert done.returncode in (0, 3, 4), done.stderr.decode()
        return done

    def seal(self, day, want=0, **more):
        done = self.call(at(day, 4), "audit", "seal", **more)
        assert done.returncode == want, (done.returncode, done.stdout.decode(), done.stderr.decode())
        return done.stdout.decode()

    def verify(self):
        """What it says, with its exit code."""
        done = self.call(None, "audit", "verify", "--json")
        said = json.loads(done.stdout) if done.stdout else {}
        return {"exit": done.returncode, "error": done.stderr.decode(), **said}

    def apply(self, day):
        return self.call(at(day, 6), "apply")

    def change_store(self, work):
        db = sqlite3.connect(self.demo + "/behov.db")
        work(db)
        db.commit()
        db.close()


def lines(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def put(path, all_lines, end="\n"):
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(all_lines) + end)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rewrite(db, seq, actor):
    """What one could do who has the store: a row is changed, and every hash after it made anew."""
    db.execute("update audit set actor = ? where seq = ?", (actor, seq))
    prev = db.execute("select hash from audit where seq = ?", (seq - 1,)).fetchone()[0] if seq > 1 else "0" * 64
    for row in db.execute("select seq, at, actor, event, payload_digest from audit where seq >= ? order by seq", (seq,)).fetchall():
        told = dict(zip(("seq", "at", "actor", "event", "payload"), row), prev=prev)
        made = hashlib.sha256(canonical(told).encode()).hexdigest()
        db.execute("update audit set prev = ?, hash = ? where seq = ?", (prev, made, row[0]))
        prev = made


def cut(db, rows):
    db.execute("delete from audit_payload where seq > ?", (rows,))
    db.execute("delete from audit where seq > ?", (rows,))


def the_store_is_changed(t):
    t.night(2)
    said = t.seal(2)
    check("the first sealing says which key it made", f"Nyckeln är ny: {json.loads(lines(t.heads)[0])['public']}" in said, said)
    check("nobody else can read the key", os.stat(t.key).st_mode & 0o777 == 0o600)
    first = t.verify()
    check("what was sealed verifies", first["exit"] == 0 and first["sealed"] == first["rows"] > 3 and first["heads"] == 2, first)
    shutil.copy(t.demo + "/behov.db", t.folder + "/older.db")
    check("the list and its copy are the same", lines(t.heads) == lines(t.copy))
    t.night(3)
    newer = t.verify()
    check("rows after the head are not sealed yet", newer["exit"] == 0 and newer["sealed"] == first["rows"] < newer["rows"], newer)
    t.seal(3)
    check("sealed again without a new key", "Nyckeln" not in t.seal(3) and len(lines(t.heads)) == 3, lines(t.heads))
    check("apply goes on", t.apply(3).returncode in (0, 3), t.apply(3).stderr.decode())
    t.seal(3)
    whole, rows = t.demo + "/behov.db", t.verify()["rows"]
    shutil.copy(whole, t.folder + "/whole.db")

    def tampered(name, work, row, stops=True):
        t.change_store(work)
        said, done = t.verify(), t.apply(3)
        check(f"{name}: found", said["exit"] == 1 and said["broken"] == row, said)
        if stops:
            check(f"{name}: nothing is carried out", done.returncode == 1 and b"nothing is carried out" in done.stderr, done.stderr)
            done = t.call(at(3, 6), "restore", "x-1", "--by", "it.admin", "--reason", "Fel person")
            check(f"{name}: and nothing is restored", done.returncode == 1 and b"nothing is restored" in done.stderr, done.stderr)
        again = t.call(at(3, 5), "audit", "seal")
        check(f"{name}: and not signed", again.returncode == 1 and b"is not signed" in again.stderr, again.stderr)
        shutil.copy(t.folder + "/whole.db", whole)

    tampered("a row and all hashes after it", lambda db: rewrite(db, 3, "ingen"), first["rows"])
    tampered("the first row and all hashes after it", lambda db: rewrite(db, 1, "ingen"), first["rows"])
    tampered("the last row", lambda db: rewrite(db, rows, "ingen"), rows)
    tampered("the last row is gone", lambda db: cut(db, rows - 1), rows)
    tampered("rows are gone", lambda db: cut(db, 4), 5)
    tampered("all rows are gone", lambda db: cut(db, 0), 1)
    tampered("one row, and no hash", lambda db: db.execute("update audit set actor = 'ingen' where seq = 2"), 2, stops=False)
    shutil.copy(t.folder + "/older.db", whole)
    said, done = t.verify(), t.apply(3)
    check("an older copy of the store: found", said["exit"] == 1 and said["broken"] == first["rows"] + 1, said)
    check("an older copy of the store: nothing is carried out", done.returncode == 1 and b"older than its heads" in done.stderr, done.stderr)
    done = t.night(3)
    check("the night tells administrators", any("undertecknade huvuden" in text for _, text in t.mails("it.admin")),
          done.stderr.decode(), t.mails("it.admin"))
    refused = t.call(at(4), "audit", "epoch", "--by", "it.admin", "--reason", "Disken gick sönder")
    check("only the archivist takes it as it is", refused.returncode == 2, refused.stderr)
    taken = t.call(at(4), "audit", "epoch", "--by", "maria.arkivarie", "--reason", "Disken gick sönder")
    check("who does begins an epoch", taken.returncode == 0, taken.stderr)
    said = t.verify()
    check("and the chain holds from there", said["exit"] == 0 and said["epoch"] == 2 and said["sealed"] == said["rows"], said)
    check("apply goes on after that", t.apply(4).returncode in (0, 3), t.apply(4).stderr)
    t.night(4)
    t.seal(4)
    check("the epoch has heads of its own", t.verify()["exit"] == 0 and t.verify()["epoch"] == 2, t.verify())


def forged_line(t, make):
    """A line with a signature of another key."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", t.folder + "/thief.pem"], check=True)
    told = make(json.loads(lines(t.heads)[-1]))
    told.pop("signature")
    with open(t.folder + "/told", "w", encoding="utf-8") as f:
        f.write(canonical(told))
    sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", t.folder + "/thief.pem", "-rawin", "-in", t.folder + "/told"],
                         check=True, stdout=subprocess.PIPE).stdout
    return canonical(dict(told, signature=sig.hex()))


def the_list_is_changed(t):
    whole = lines(t.heads)

    def tampered(name, change, want=1, says=""):
        put(t.heads, change(list(whole)))
        said = t.verify()
        check(name, said["exit"] == want and says in said["error"], said)
        put(t.heads, whole)

    def other(key, value):
        return lambda all_lines: all_lines[:-1] + [canonical(dict(json.loads(all_lines[-1]), **{key: value}))]

    for key, value in (("rows", 1), ("head", "0" * 64), ("at", "2020-01-01T00:00:00Z"), ("number", 99), ("prev", "1" * 64),
                       ("epoch", 7), ("signature", "0" * 128), ("more", "x")):
        tampered(f"a head with another {key} is found", other(key, value), says="does not hold at line")
    tampered("a forged head is found", lambda a: a[:-1] + [forged_line(t, lambda o: dict(o, head="2" * 64))], says="signature does not hold")
    thief = subprocess.run(["openssl", "pkey", "-in", t.folder + "/thief.pem", "-pubout", "-outform", "DER"], check=True,
                           stdout=subprocess.PIPE).stdout[-32:].hex()
    tampered("a head of another key is found", lambda a: a[:-1] + [forged_line(t, lambda o: dict(o, key=thief))], says="another key")
    tampered("a line that is gone is found", lambda a: a[:1] + a[2:], says="line 2")
    tampered("lines in another order are found", lambda a: a[:1] + [a[2], a[1]] + a[3:], says="line 2")
    tampered("a line that is no JSON is found", lambda a: a + ["x"], says="not JSON")
    tampered("a line written in another way is found", lambda a: a[:-1] + [a[-1].replace(":", ": ", 1)], says="as we write")
    tampered("a list cut short is known by its copy", lambda a: a[:-1], want=3)
    put(t.heads, whole[:-1])
    check("and nothing is carried out then", b"lacks the last of the heads" in t.apply(4).stderr, t.apply(4).stderr)
    t.seal(4)
    check("sealing makes it whole again", lines(t.heads)[:len(whole)] == whole, lines(t.heads))
    os.rename(t.copy, t.copy + ".away")
    check("a copy that is away stops apply", b"lacks the last of the heads" in t.apply(4).stderr, t.apply(4).stderr)
    os.rename(t.copy + ".away", t.copy)
    put(t.heads, lines(t.heads), end='\n{"at":"2026')
    check("a line torn by a crash is passed over", t.verify()["exit"] == 0, t.verify())
    t.night(5)
    t.seal(5)
    check("and cut off by the next sealing", t.verify()["exit"] == 0 and lines(t.heads) == lines(t.copy), lines(t.heads)[-2:])


def a_key_is_copied(t):
    """Two machines with one key: each signs what it sees, and the copy on another disk knows only one of them."""
    shutil.copy(t.heads, t.folder + "/mine")
    theirs = t.folder + "/theirs"
    os.makedirs(theirs)
    for name in ("heads", "heads.key"):
        shutil.copy(t.folder + "/audit/" + name, theirs)
    shutil.copy(t.demo + "/behov.db", t.folder + "/before.db")
    t.night(6)
    t.seal(6)
    now, ours = t.demo + "/behov.db", lines(t.heads)
    shutil.copy(now, t.folder + "/after.db")
    shutil.copy(t.folder + "/before.db", now)
    for name in ("heads", "heads.key"):
        shutil.copy(theirs + "/" + name, t.folder + "/audit/" + name)
    done = t.call(at(6, 7), "audit", "seal")
    check("who seals an older store with a copied key is stopped by the anchor", done.returncode == 1, done.stderr)
    t.audit("")
    t.call(at(6, 8), "run")
    t.seal(6)
    t.audit(f'anchors = ( "{t.copy}" );')
    said = t.verify()
    check("two lists of one key part, and that is found", said["exit"] == 1 and "somebody else has signed with our key" in said["error"], said)
    put(t.heads, ours)
    shutil.copy(t.folder + "/after.db", now)
    check("ours is as it was", t.verify()["exit"] == 0, t.verify())


def keys_change(t):
    before = t.verify()["key"]
    with open(t.key, encoding="utf-8") as f:
        old = f.read()
    done = t.call(at(7), "audit", "rotate")
    check("a new key is told", done.returncode == 0 and "Nyckeln är ny" in done.stdout.decode(), done.stderr)
    t.night(7)
    t.seal(7)
    last = json.loads(lines(t.heads)[-1])
    check("it signs from then on", last["kind"] == "head" and last["key"] != before and t.verify()["key"] == before, last)
    with open(t.key, "r+", encoding="utf-8") as f:
        new = f.read()
        f.seek(0)
        f.write(old)
    done = t.call(at(7, 5), "audit", "seal")
    check("the old key signs no more", done.returncode == 2 and b"goes on with" in done.stderr, done.stderr)
    os.unlink(t.key)
    done = t.call(at(7, 5), "audit", "seal")
    check("a key that is lost is not made anew in silence", done.returncode == 2 and not os.path.exists(t.key), done.stderr)
    with open(t.key, "w", encoding="utf-8") as f:
        os.chmod(t.key, 0o600)
        f.write(new)
    t.audit(f'anchors = ( "{t.copy}" ); key = "{"0" * 64}";')
    check("a list that does not begin with the key of the archive is found", "begins with the key" in t.verify()["error"], t.verify())
    t.audit(f'anchors = ( "{t.copy}" ); key = "{before}";')
    check("one that does is not", t.verify()["exit"] == 0, t.verify())


def an_auditor_has_only_files(t):
    export = t.folder + "/kedja.jsonl"
    with open(export, "wb") as f:
        f.write(t.call(None, "audit", "export").stdout)
    key = t.verify()["key"]

    def verify(*words):
        return subprocess.run([town.BEHOV, "--config", "/nowhere", "audit", "verify", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    done = verify(export, t.heads, "--key", key, "--json")
    said = json.loads(done.stdout or "{}")
    check("an export verifies where there is no behov", done.returncode == 0 and said["sealed"] > 5 and said["rows"] == t.verify()["rows"], done)
    check("one with another key does not", verify(export, t.heads, "--key", "1" * 64).returncode == 1)
    check("no list is not a list", verify(export, t.folder + "/none").returncode == 1)
    whole = lines(export)
    bad = 0
    for row in range(1, len(whole)):
        told = json.loads(whole[row])
        for key in told:
            changed = dict(told, **{key: 99 if key == "seq" else {"x": 1} if key == "payload" else "0" * 64 if told[key] else "x"})
            if changed == told or (key == "salt" and told["payload"] is None):
                continue
            put(export, whole[:row] + [canonical(changed)] + whole[row + 1:])
            said = json.loads(verify(export, t.heads, "--json").stdout)
            if said["broken"] != row:
                bad += 1
                print(row, key, said)
        if row > 6:
            break
    check("any value of any row, changed, is the first bad row", bad == 0)
    put(export, whole[:3] + whole[4:])
    check("a row that is gone is", json.loads(verify(export, "--json").stdout)["broken"] == 3)
    put(export, whole[:3] + [whole[4], whole[3]] + whole[5:])
    check("rows that changed places are", json.loads(verify(export, "--json").stdout)["broken"] == 3)
    put(export, whole[:-1])
    check("without heads, rows cut from the end cannot be found", verify(export).returncode == 0)
    done = verify(export, t.heads)
    check("with heads they can", done.returncode == 1, done)
    put(export, whole[1:])
    check("what does not begin as an export is none", verify(export).returncode == 1)
    put(export, whole[:2], end="")
    check("a row without its end is none", verify(export).returncode == 1)
    disposed = [dict(json.loads(line), payload=None, salt=None) for line in whole[1:]]
    put(export, whole[:1] + [canonical(d) for d in disposed])
    said = json.loads(verify(export, t.heads, "--json").stdout)
    check("payloads that are gone without a decision are missed", said["broken"] == 1 and said["disposed"] > 3
          and "gallringsbeslut" in said["why"], said)


class Authority(http.server.BaseHTTPRequestHandler):
    """An RFC 3161 authority made with openssl; `mood` is how it behaves."""
    mood, folder, replayed = "good", "", b""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.mood == "down":
            self.send_error(503)
            return
        with open(self.folder + "/query", "wb") as f:
            f.write(body)
        subprocess.run(["openssl", "ts", "-reply", "-config", self.folder + "/ts.cnf", "-section", "stranger" if self.mood == "stranger" else
                        "authority", "-queryfile", self.folder + "/query", "-out", self.folder + "/reply"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(self.folder + "/reply", "rb") as f:
            reply = f.read()
        if self.mood == "old":
            reply = Authority.replayed
        Authority.replayed = reply
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


def make_authorities(folder):
    os.makedirs(folder)
    with open(folder + "/ts.cnf", "w", encoding="utf-8") as f:
        f.write("[ext]\nextendedKeyUsage = critical,timeStamping\n")
        for name in ("authority", "stranger"):
            f.write(f"[{name}]\nserial = {folder}/serial\nsigner_cert = {folder}/{name}.pem\nsigner_key = {folder}/{name}.key\n"
                    "signer_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\n")
    for name in ("authority", "stranger"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", "-subj", f"/CN={name}", "-days", "3650", "-addext",
                        "extendedKeyUsage = critical,timeStamping"], check=True, stderr=subprocess.DEVNULL)
    with open(folder + "/serial", "w", encoding="utf-8") as f:
        f.write("01\n")


def another_clock(t):
    make_authorities(t.folder + "/tsa")
    Authority.folder = t.folder + "/tsa"
    server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    t.audit(f'anchors = ( "{t.copy}" ); stamp = {{ url = "http://127.0.0.1:{server.server_address[1]}/tsa"; '
            f'ca-file = "{t.folder}/tsa/authority.pem"; }};')
    for mood in ("down", "stranger"):
        Authority.mood = mood
        t.night(8)
        said = t.call(at(8, 4), "audit", "seal", "--json")
        check(f"an authority that is {mood}: sealed, and told", said.returncode == 3 and json.loads(said.stdout)["unstamped"], said)
        check(f"an authority that is {mood}: no stamp", t.verify()["stamps"] == 0 and t.verify()["exit"] == 0, t.verify())
    Authority.mood = "good"
    t.seal(8)
    check("the next sealing has the stamp", t.verify()["stamps"] == 1 and t.verify()["exit"] == 0, t.verify())
    Authority.mood = "old"
    t.night(9)
    said = t.call(at(9, 4), "audit", "seal", "--json")
    check("an old answer, played again, is none", said.returncode == 3 and t.verify()["stamps"] == 1, said)
    whole = lines(t.heads)
    stamp = next(i for i, line in enumerate(whole) if json.loads(line)["kind"] == "stamp")
    with open(t.folder + "/token", "wb") as f:
        f.write(bytes.fromhex(json.loads(whole[stamp])["token"]))
    seen = subprocess.run(["openssl", "ts", "-verify", "-digest", hashlib.sha256(whole[stamp - 1].encode()).hexdigest(), "-in",
                           t.folder + "/token", "-token_in", "-CAfile", t.folder + "/tsa/authority.pem"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check("openssl agrees about the line before it", seen.returncode == 0, seen)
    t.audit(f'anchors = ( "{t.copy}" ); stamp = {{ url = "http://127.0.0.1:{server.server_address[1]}/tsa"; '
            f'ca-file = "{t.folder}/tsa/stranger.pem"; }};')
    check("a stamp of somebody that is not trusted is found", "the stamp on line" in t.verify()["error"], t.verify())
    server.shutdown()
    server.server_close()
    t.audit(f'anchors = ( "{t.copy}" );')


def who_watches(t):
    path = t.folder + "/log"
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(path)
    ear.setblocking(False)
    t.audit(f'anchors = ( "{t.copy}" ); syslog = "{path}";')
    sealed = t.verify()["sealed"]
    t.night(10)
    rows = t.verify()["rows"]
    said = json.loads(t.call(at(10, 4), "audit", "seal", "--json").stdout)
    got = []
    while True:
        try:
            got.append(ear.recv(65536).decode())
        except BlockingIOError:
            break
    told = [json.loads(line.split(": ", 1)[1]) for line in got]
    check("each new row goes to syslog, once", [o["seq"] for o in told] == list(range(sealed + 1, rows + 1)) and said["sent"] == len(told), said)
    check("with its hash and without what it says", {tuple(sorted(o)) for o in told} == {("actor", "at", "event", "hash", "seq")}, told[:1])
    check("as authpriv.notice", all(line.startswith("<85>behov-audit[") for line in got), got[:1])
    ear.close()
    os.unlink(path)
    t.night(11)
    done = t.call(at(11, 4), "audit", "seal")
    check("no syslog: told, and the head is signed all the same", done.returncode == 1 and t.verify()["sealed"] == t.verify()["rows"], done)
    t.audit(f'anchors = ( "{t.copy}" );')


def steps_of(t, *words):
    path = t.folder + "/steps"
    if os.path.exists(path):
        os.unlink(path)
    done = t.call(at(12, 4), "audit", *words, env={**os.environ, "BEHOV_STEPS": path})
    assert done.returncode == 0, done.stderr
    return len(lines(path))


def ended_anywhere():
    """Sealing and changing keys, ended at each step and begun again."""
    with Sealed(behov=BUILD + "/behov-steps") as t:
        t.night(12)
        kept, bad, ends = t.folder + "/kept", [], 0
        for words in (("seal",), ("rotate",), ("seal",)):
            shutil.rmtree(kept, ignore_errors=True)
            for part in ("audit", "other"):
                shutil.copytree(f"{t.folder}/{part}", f"{kept}/{part}")
            steps = steps_of(t, *words)
            want = len(lines(t.heads))
            for n in range(1, steps + 1):
                for part in ("audit", "other"):
                    shutil.rmtree(f"{t.folder}/{part}")
                    shutil.copytree(f"{kept}/{part}", f"{t.folder}/{part}")
                ended = t.call(at(12, 4), "audit", *words, env={**os.environ, "BEHOV_DIE_AT": str(n)})
                again = t.call(at(12, 4), "audit", "seal")
                said, ends = t.verify(), ends + 1
                if ended.returncode != 100 or again.returncode or said["exit"] or lines(t.heads) != lines(t.copy) or \
                   abs(len(lines(t.heads)) - want) > 1 or os.path.exists(t.key + ".next"):
                    bad.append((words, n, ended.returncode, again.stderr, said))
            t.night(13 + len(words[0]))
        check(f"ended at each of {ends} steps, the lists and the key hold", ends > 5 and not bad, bad)


def main():
    with Sealed() as t:
        the_store_is_changed(t)
        the_list_is_changed(t)
        a_key_is_copied(t)
        keys_change(t)
        an_auditor_has_only_files(t)
        another_clock(t)
        who_watches(t)
    ended_anywhere()
    sys.exit(1 if town.failures else 0)


main()
