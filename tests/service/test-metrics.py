#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How it goes, for a machine that watches: what is counted is so, two readers understand it, nobody is named, and who may read it."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import office
from office import BASE, Browser, Office, Slapd, check

try:
    import yaml
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    print("skip everything: no python3-prometheus-client or python3-yaml")
    sys.exit(0)

RULES = os.path.join(office.TOP, "packaging/prometheus/behov.rules.yml")
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TOKEN = "0123456789abcdef0123456789abcdef"
BRAKE = "brake = { count = 0; ratio = 0.0; };"
FILE = 'metrics = { file = "m/behov.prom"; };'
PAGE = "metrics = { page = true; };"
WITH_TOKEN = 'metrics = { page = true; token-file = "token"; };'


def samples(text):
    """{ name: { labels: value } }, as OpenMetrics."""
    out = {}
    for family in openmetrics.text_string_to_metric_families(text):
        assert family.type == "gauge" and family.documentation and family.name.startswith("behov_"), family
        out[family.name] = {tuple(sorted(s.labels.items())): s.value for s in family.samples}
    return out


def older(text):
    """The same, as the text format that the node exporter reads."""
    out = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.type == "gauge", family
        out[family.name] = {tuple(sorted(s.labels.items())): s.value for s in family.samples}
    return out


def read(o):
    with open(o.home + "/m/behov.prom", encoding="utf-8") as f:
        return f.read()


def change(o, sql, *values):
    db = sqlite3.connect(o.home + "/b.db")
    db.execute(sql, values)
    db.commit()
    db.close()


def value(all_, name, **labels):
    return all_["behov_" + name].get(tuple(sorted(labels.items())))


def what_is_counted(slapd):
    with Office(slapd, 'proof = "code";', BRAKE + FILE) as o:
        o.change("behov.cfg", "directory = {", 'directory = { name = "k\\"al\\\\mar\\nö";')
        os.mkdir(o.home + "/m", 0o755)
        before = os.umask(0o077)
        o.night()
        os.umask(before)
        text = read(o)
        got = samples(text)
        check("it ends as OpenMetrics ends", text.endswith("# EOF\n") and text.count("# EOF") == 1, text[-80:])
        check("the older reader reads the same", older(text) == got, set(older(text)) ^ set(got))
        check("all may read it, and nothing else lies there", os.stat(o.home + "/m/behov.prom").st_mode & 0o777 == 0o644 and
              os.listdir(o.home + "/m") == ["behov.prom"], os.listdir(o.home + "/m"))
        check("the night is told with its moment", value(got, "night_published_timestamp_seconds") == 1795482000 and value(got, "night_complete") == 1 and
              value(got, "nights_failed") == 0 and value(got, "nights_week", state="published") == 1, got["behov_night_published_timestamp_seconds"])
        named = [dict(labels)["source"] for labels in got["behov_source_complete"]]
        check("each source is there, whatever it is called", sorted(named) == sorted(["e", 'k"al\\mar\nö']) and set(got["behov_source_complete"].values()) == {1}, named)
        counted = dict(o.rows("select state, count(*) from proposal group by state"))
        told = {dict(k)["state"]: v for k, v in got["behov_proposals"].items()}
        check("queues are as the store has them", {k: v for k, v in told.items() if v} == counted and len(told) == 10, told, counted)
        scopes = {dict(k)["scope"]: v for k, v in got["behov_braked_proposals"].items()}
        check("so is what is braked", scopes == dict(o.rows("select scope, count(*) from proposal where state = 'braked' group by scope")) and
              value(got, "brakes", kind="proposals") == len(scopes) == 2, scopes)
        check("and the chain", value(got, "audit_broken_row") == 0 and value(got, "audit_compared") == 0 and value(got, "audit_rows") == 0,
              got["behov_audit_rows"])
        check("and the shares", value(got, "share_files", share="e") == 3 and value(got, "share_ungoverned_files", share="e") == 0)
        check("what is not known is no number", not got["behov_apply_timestamp_seconds"] and not got["behov_quarantine_oldest_timestamp_seconds"]
              and not got["behov_letters_unsent_oldest_timestamp_seconds"] and not got["behov_reviews_waiting_oldest_timestamp_seconds"] and not
              got["behov_apply_good"], got["behov_apply_good"])
        check("what is covered", [value(got, "coverage_ratio", of=what) for what in ("complete", "systems", "groups", "files")] == [1, 1, 0.5, 1],
              got["behov_coverage_ratio"])
        check("goals that are met, and one that is not", value(got, "goal_met", goal="brakes") == 0 and value(got, "goal_met", goal="files") == 1)
        names = {n for row in o.rows("select account, display, owner, member from proposal") for n in row if n}
        names |= {n for row in o.rows("select name, display, mail from letter") for n in row if n}
        words = set(re.findall(r'"((?:[^"\\]|\\.)*)"', text))
        check("nobody is named", len(names) > 5 and not [w for w in words if w in names or "@kalmar" in w], [w for w in words if w in names])
        with open(RULES, encoding="utf-8") as f:
            rules = yaml.safe_load(f)
        asked = {name for group in rules["groups"] for rule in group["rules"] for name in re.findall(r"\bbehov_\w+", rule["expr"])}
        check("each rule asks for what there is", len(asked) > 15 and asked <= set(got), asked - set(got))
        labels = {(name, key) for group in rules["groups"] for rule in group["rules"]
                  for name, inside in re.findall(r"\b(behov_\w+)\{([^}]*)\}", rule["expr"]) for key in re.findall(r"(\w+)[=!]", inside)}
        known = {(name, key) for name, all_ in got.items() for one in all_ for key, _ in one}
        check("by labels that it has", len(labels) >= 4 and labels <= known, labels - known)
        check("and says what it means", all(rule["annotations"].get("summary") and rule["labels"]["severity"] in ("critical", "warning")
                                            for group in rules["groups"] for rule in group["rules"]))
        promtool = shutil.which("promtool")
        if promtool:
            done = subprocess.run([promtool, "check", "rules", RULES], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            check("promtool takes the rules", done.returncode == 0, done.stdout)
        else:
            print("skip promtool is not installed")


def what_goes_wrong(slapd):
    with Office(slapd, 'proof = "code";', FILE) as o:
        done = o.night()
        check("a folder that is not there is told of, and the night is good", "cannot write the metrics" in done.stderr and done.returncode == 0
              and o.rows("select state from night") == [("published",)], done.stderr)
        os.mkdir(o.home + "/m")
        change(o, "insert into night (verb, state, started, rules) values ('run', 'failed', 1795568400, 'x')")
        done = o.call("apply", day="2026-11-25", at="09:00")
        got = samples(read(o))
        check("apply tells, too, and of a night that failed", done.returncode == 0 and value(got, "nights_failed") == 1 and
              value(got, "nights_week", state="failed") == 1 and value(got, "apply_good") == 1 and value(got, "apply_failed") == 0, done.stderr)
        check("with its moment", value(got, "apply_timestamp_seconds") == value(got, "metrics_timestamp_seconds") == 1795593600)
        shutil.move(o.home + "/share", o.home + "/gone")
        change(o, "update audit set actor = 'nobody' where seq = 2")
        o.night("2026-11-26")
        shutil.move(o.home + "/gone", o.home + "/share")
        got = samples(read(o))
        check("a night afterwards, and none has failed since", value(got, "nights_failed") == 0)
        check("a source that it did not see", value(got, "source_complete", kind="share", source="e") == 0 and value(got, "gaps", kind="share") == 1 and
              value(got, "gaps_all") == 1 and value(got, "night_complete") == 0 and value(got, "goal_met", goal="complete") == 0, got["behov_gaps"])
        check("a chain that somebody has changed", value(got, "audit_broken_row") == 2 and
              [1 for (kind,) in o.rows("select kind from finding") if kind == "chain"] == [1], o.rows("select kind, text from finding"))


# ------------------------------------------------------------------ who may read it

def reply_of(o, *headers, method="GET"):
    return Browser(o).ask(method, "/metrics", headers=headers)


def contents(o):
    return {(name, table): o.rows(f'select * from "{table}"', of=name) for name in ("b.db", "b.db.inbox")
            for (table,) in o.rows("select name from sqlite_master where type = 'table'", of=name)}


def hardened(reply):
    return {k: v for k, v in reply.headers.items() if k not in ("date", "content-length", "content-type", "content-encoding")}


def who_may_read(slapd):
    with Office(slapd, 'proof = "code";') as o:
        o.night()
        o.serve()
        check("there is no such page unless it is wanted", reply_of(o).status == 404)
    with Office(slapd, 'proof = "code";', PAGE) as o:
        o.night()
        o.serve()
        before = contents(o)
        reply = reply_of(o)
        check("who asks from this machine may read it", reply.status == 200 and reply.headers["content-type"] == TYPE and
              value(samples(reply.text), "night_complete") == 1, reply.status, reply.headers)
        check("HEAD as well, and nothing else", reply_of(o, method="HEAD").status == 200 and reply_of(o, method="DELETE").status == 405 and
              Browser(o).post("/metrics", {"x": "y"}).status == 405)
        check("with the headers of every page", hardened(reply) == hardened(Browser(o).get("/tillganglighet")), hardened(reply))
        for header in ("X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: x",
                       "X-Forwarded-Proto: http", "X-Forwarded-Server: x", "X-Forwarded-Port: 80", "x-forwarded-for:"):
            check(f"what was passed on is somebody else's: {header}", reply_of(o, header).status == 403)
        check("reading it writes nothing", contents(o) == before)
        codes = [reply_of(o).status for _ in range(70)]
        check("so many in a minute", codes.count(200) == 58 and set(codes[58:]) == {429}, codes)
        check("which keeps nobody from the page", Browser(o).get("/").status == 200)
        said = o.said()
        check("who is refused time after time fills no log", said.count("wants to read /metrics") == 5, said[-500:])
    with Office(slapd, 'proof = "code";', WITH_TOKEN) as o:
        o.write("token", TOKEN + "\n")
        os.chmod(o.home + "/token", 0o600)
        o.night()
        o.serve()
        for name, shown in (("none", ()), ("another", ("Authorization: Bearer " + TOKEN[::-1],)), ("a part", ("Authorization: Bearer " + TOKEN[:-1],)),
                            ("more", ("Authorization: Bearer " + TOKEN + "0",)), ("an empty one", ("Authorization: Bearer ",)),
                            ("another kind", ("Authorization: Basic " + TOKEN,)), ("it where it does not belong", ("Cookie: token=" + TOKEN,))):
            reply = reply_of(o, *shown)
            check(f"with a token, {name} is refused", reply.status == 403 and "behov_" not in reply.text, reply.status)
        check("and it is taken, from anywhere", reply_of(o, "Authorization: Bearer " + TOKEN, "X-Forwarded-For: 10.0.0.1").status == 200)
        check("it stands in no log", TOKEN not in o.said())
        for text, mode in (("short", 0o600), (TOKEN, 0o644)):
            o.write("token", text)
            os.chmod(o.home + "/token", mode)
            done = o.call("serve", at="09:00")
            check(f"a token that is short, or that others can read, is refused: {text} {mode:o}", done.returncode == 2 and text not in done.stderr.replace("shorter", ""),
                  done.stderr)
    for web, more, word in (('proof = "code";', WITH_TOKEN.replace("page = true; ", ""), "page"), ('proof = "code";', 'metrics = { file = "m/behov.txt"; };', ".prom")):
        with Office(slapd, web, more) as o:
            o.write("token", TOKEN)
            os.chmod(o.home + "/token", 0o600)
            done = o.call("check", at=None)
            check(f"the configuration is refused: {more}", done.returncode == 2 and word in done.stderr, done.stderr)
    with Office(slapd, 'proof = "code";', PAGE, listen="unix") as o:
        done = o.call("check", at=None)
        check("behind a proxy there must be a token", done.returncode == 2 and "needs token-file" in done.stderr, done.stderr)
    with Office(slapd, 'proof = "code";', PAGE) as o:
        o.change("behov.cfg", "http://" + office.SITE, "https://" + office.SITE)
        done = o.call("check", at=None)
        check("also where the proxy is on a port", done.returncode == 2 and "needs token-file" in done.stderr, done.stderr)


def main():
    with Slapd("") as slapd:
        for test in (what_is_counted, what_goes_wrong, who_may_read):
            test(slapd)
    return 1 if office.failures else 0


if __name__ == "__main__":
    sys.exit(main())
