#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same judgement in SQL and with pandas: access through groups in groups, against what the clauses ask for.

Peers have the tables in memory (or in a warm cache) with indexes before the clock starts, as behov has its snapshot; each says how
much access there is, how much of it is too much, and how much is missing.  Cuts, which behov plans too, are asked of no peer.
"""
import csv
import glob
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

from common import JUDGE, ROOM, TURNS, goal, once

SIZE = ["10000", "5000", "200000", "200", "500", "2000"]
TABLES = {"person": "id integer primary key, title text, department text, unit text",
          "edge": "grp integer, member integer, nested integer", "listed": "role integer, grp integer",
          "clause": "role integer, title text, department text, unit text"}
INDEXES = "create index a on edge (grp); create index b on person (title); create index c on person (unit); create index d on person (department);"
ACCESS = """with recursive reach (role, grp) as (
  select role, grp from listed union select reach.role, edge.member from reach join edge on edge.grp = reach.grp where edge.nested = 1)
select distinct reach.role as role, edge.member as person from reach join edge on edge.grp = reach.grp where edge.nested = 0"""
# A literal may use an index, a pattern may not: each kind of clause is joined by itself, as a person would write it for speed.
NEED = """select clause.role as role, person.id as person from clause join person on person.unit = clause.unit where clause.unit <> '%'
union select clause.role, person.id from clause join person on person.title = clause.title
  where clause.unit = '%' and clause.title not like '%\\%' escape '\\' and (clause.department = '%' or person.department = clause.department)
union select clause.role, person.id from clause join person on person.title like clause.title
  where clause.unit = '%' and clause.title like '%\\%' escape '\\' and (clause.department = '%' or person.department = clause.department)"""
COUNTS = """select (select count(*) from access), (select count(*) from (select * from access except select * from need) x),
(select count(*) from (select * from need except select * from access) x)"""


def rows(folder, name):
    with open(f"{folder}/{name}.csv", encoding="utf-8") as lines:
        return list(csv.reader(lines))


def timed(action):
    began = time.monotonic()
    found = action()
    return time.monotonic() - began, tuple(int(n) for n in found)


def in_sqlite(folder):
    db = sqlite3.connect(":memory:")
    db.execute("pragma case_sensitive_like = on")
    for name, columns in TABLES.items():
        db.execute(f"create table {name} ({columns})")
        marks = ", ".join("?" * (columns.count(",") + 1))
        db.executemany(f"insert into {name} values ({marks})", rows(folder, name))
    db.executescript(INDEXES + "analyze;")

    def judge():
        db.executescript(f"drop table if exists temp.access; drop table if exists temp.need; create temp table access as {ACCESS};"
                         f"create temp table need as {NEED};")
        return db.execute(COUNTS).fetchone()
    return judge


class Postgres:
    """A server of its own, on a socket in a folder of its own, without what a crash would need."""

    def __init__(self, folder):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.home = tempfile.mkdtemp(prefix="behov-pg-")
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.as_user:
            shutil.chown(self.home, "postgres", "postgres")
        self.call(f"{self.bin}/initdb", "-D", self.home + "/data", "-A", "trust", "-U", "behov", "-E", "UTF8", "--locale=C")
        self.server = subprocess.Popen(self.as_user + [
            f"{self.bin}/postgres", "-D", self.home + "/data", "-k", self.home, "-c", "listen_addresses=", "-c", "fsync=off",
            "-c", "shared_buffers=512MB", "-c", "work_mem=512MB", "-c", "max_parallel_workers_per_gather=0", "-c", "jit=off"],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", self.home], check=False).returncode == 0:
                break
            time.sleep(0.1)
        for name, columns in TABLES.items():
            self.sql(f"create table {name} ({columns})")
            with open(f"{folder}/{name}.csv", encoding="utf-8") as lines:
                self.sql(f"copy {name} from stdin with (format csv)", lines)
        self.sql(INDEXES + "analyze;")

    def call(self, *command):
        subprocess.run([*self.as_user, *command], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def sql(self, text, lines=subprocess.DEVNULL):
        return subprocess.run(["psql", "-h", self.home, "-U", "behov", "-d", "postgres", "-qAtX", "-F", ",", "-v", "ON_ERROR_STOP=1", "-c", text],
                              stdin=lines, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout

    def judge(self):
        return self.sql(f"create temp table access as {ACCESS}; create temp table need as {NEED}; analyze access; analyze need; "
                        f"{COUNTS};").strip().split(",")

    def close(self):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.home)


def in_pandas(folder):
    import pandas
    data = {name: pandas.DataFrame(rows(folder, name), columns=[c.split()[0] for c in columns.split(", ")])
            for name, columns in TABLES.items()}
    edge = data["edge"].astype("int64")
    listed = data["listed"].astype("int64")
    person, clause = data["person"].astype({"id": "int64"}), data["clause"].astype({"role": "int64"})

    def judge():
        nested, direct = edge[edge.nested == 1], edge[edge.nested == 0]
        reach = new = listed.drop_duplicates()
        while len(new):
            new = new.merge(nested, on="grp")[["role", "member"]].rename(columns={"member": "grp"}).drop_duplicates()
            new = new.merge(reach, how="left", indicator=True).query("_merge == 'left_only'")[["role", "grp"]]
            reach = pandas.concat([reach, new])
        have = reach.merge(direct, on="grp")[["role", "member"]].drop_duplicates()
        pairs = []
        for key, other in (("unit", None), ("title", None), ("title", "department")):
            some = clause[(clause[key] != "%") & ((clause.department != "%") == (other is not None))]
            plain = some[~some[key].str.endswith("%")]
            pairs.append(plain.merge(person, on=[key, other] if other else key)[["role", "id"]])
            for pattern, of in some[some[key].str.endswith("%")].groupby(key):
                who = person[person[key].str.startswith(pattern[:-1])]
                pairs.append(of.merge(who, on=other)[["role", "id"]] if other else of.merge(who, how="cross")[["role", "id"]])
        need = pandas.concat(pairs).drop_duplicates().rename(columns={"id": "member"})
        both = have.merge(need, how="outer", indicator=True)["_merge"].value_counts()
        return len(have), both["left_only"], both["right_only"]
    return judge


def by_behov(size):
    out = subprocess.run([JUDGE, *size], stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout
    return __import__("json").loads(out)


def judge():
    large = {"1,000,000 people, 100,000 groups, 20,000,000 memberships, 2,000 systems, 5,000 roles, 20,000 clauses":
             (["1000000", "100000", "20000000", "2000", "5000", "20000"], 5.0),
             "100,000 people, 20,000 groups, 5,000,000 memberships, 400 systems, 1,000 roles, 4,000 clauses":
             (["100000", "20000", "5000000", "400", "1000", "4000"], 0.5)}
    for title, (size, wanted) in large.items():
        seen = sorted((by_behov(size) for _ in range(TURNS)), key=lambda one: one["cpu"])
        one = seen[len(seen) // 2]
        print(f"\n{title}, in memory\n  median {one['cpu']:.2f} s of one core, least {seen[0]['cpu']:.2f}; {one['all_mb']} MiB, "
              f"{one['world_mb']} of them the directory and the rules\n  access {one['access']}, excess {one['excess']}, "
              f"missing {one['missing']}, proposals {one['proposals']}, stays {one['structural']}; could go at most "
              f"{one['bound']}, goes {one['excess'] - one['structural']}")
        goal("closure, need, comparison and cuts", f"{one['cpu']:.2f} s", f"{wanted} s", one["cpu"] <= wanted)
        goal("memory", f"{one['all_mb']} MiB", "2048 MiB", one["all_mb"] <= 2048)
    peers(f"{ROOM}/judgement")


def peers(folder):
    once(folder, lambda: subprocess.run([JUDGE, *SIZE, folder], check=True))
    postgres = Postgres(folder)
    judges = {"SQLite, recursive SQL": in_sqlite(folder), "PostgreSQL, recursive SQL": postgres.judge, "pandas": in_pandas(folder)}
    seen = {name: [] for name in ("behov", *judges)}
    counts = {}
    try:
        for _ in range(TURNS):
            one = by_behov(SIZE)
            seen["behov"].append(one["cpu"])
            counts["behov"] = (one["access"], one["excess"], one["missing"])
            for name, judge_it in judges.items():
                took, counts[name] = timed(judge_it)
                seen[name].append(took)
    finally:
        postgres.close()
    print("\n10,000 people, 5,000 groups, 200,000 memberships, 500 roles, 2,000 clauses: the judgement alone"
          f"\n{'':30}{'seconds':>9}{'of behov':>10}{'access':>9}{'excess':>8}{'missing':>9}")
    middle = {name: sorted(took)[len(took) // 2] for name, took in seen.items()}
    for name, took in middle.items():
        print(f"{name:30}{took:9.3f}{took / middle['behov']:10.1f}{counts[name][0]:9}{counts[name][1]:8}{counts[name][2]:9}")
    if len(set(counts.values())) != 1:
        sys.exit("bench: they do not agree")
