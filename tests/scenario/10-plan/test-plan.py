#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example municipality, judged: the same bytes each time, valid by its schema, and honest about what is missing."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import jsonschema

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
NOW = "2026-11-24T02:00+01:00"
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail)


def behov(world, *words):
    return subprocess.run([BEHOV, "--config", world + "/conf/behov.cfg", "--now", NOW, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def plan(world, *words):
    done = behov(world, "plan", "--json", *words)
    return done, json.loads(done.stdout) if done.returncode in (0, 3, 4) else None


def world_at(folder, files="600"):
    shutil.copytree(TOP + "/conf", folder + "/conf")
    shutil.copytree(TOP + "/rules", folder + "/rules")
    subprocess.run([TOP + "/tests/world/make-world", folder + "/build/demo", "--files", files], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def of_kind(plan_, *kinds):
    return [p for p in plan_["proposals"] if p["kind"] in kinds]


def tree(folder):
    """Every name, type, size and time below a folder."""
    seen = []
    for at, folders, files in os.walk(os.fsencode(folder)):
        for name in sorted(folders + files):
            st = os.lstat(os.path.join(at, name))
            seen.append((os.path.join(at, name), st.st_mode, st.st_size, st.st_mtime_ns, st.st_ctime_ns))
    return sorted(seen)


def whole(world, first, again):
    done, plan_ = first
    check("the example municipality is judged wholly", done.returncode == 0 and plan_["complete"],
          done.returncode, done.stderr.decode()[-2000:], plan_ and plan_["gaps"])
    with open(TOP + "/conf/schema/plan.schema.json", encoding="utf-8") as schema:
        try:
            jsonschema.validate(plan_, json.load(schema))
            check("plan --json is valid by its schema", True)
        except jsonschema.ValidationError as why:
            check("plan --json is valid by its schema", False, why.message, list(why.absolute_path))
    check("the same world gives the same bytes", done.stdout == again.stdout)
    check("-j1 and -j8 give the same bytes", behov(world, "-j1", "plan", "--json").stdout ==
          behov(world, "-j8", "plan", "--json").stdout == done.stdout)
    kinds = {p["kind"] for p in plan_["proposals"]}
    check("there is something of every kind to propose",
          {"remove-member", "cut-nesting", "destroy", "deliver"} <= kinds, kinds)
    check("ids are unique and lists sorted", len({p["id"] for p in plan_["proposals"]}) == len(plan_["proposals"])
          and plan_["proposals"] == sorted(plan_["proposals"], key=lambda p: (p["kind"], p["id"])))
    check("every proposal names the rule it rests on",
          all(p["rule"].startswith("rules/") and ".cfg:" in p["rule"] for p in plan_["proposals"]),
          [p["rule"] for p in plan_["proposals"]][:3])


def files(world, plan_):
    done, with_files = plan(world, "--files")
    batches = of_kind(with_files, "destroy", "deliver")
    check("plan --files lists each batch's files", all(
        len(b["entries"]) == b["files"] and sum(e["bytes"] for e in b["entries"]) == b["bytes"] for b in batches))
    check("no file is proposed before its day", all(e["due"] <= NOW[:10] for b in batches for e in b["entries"]))
    check("the table is for people", "Förslag" in behov(world, "plan").stdout.decode())


def explains(world, plan_):
    first = of_kind(plan_, "remove-member")[0]
    what = first["account"], first["system"] + "/" + first["role"]
    swedish, english = behov(world, "explain", *what).stdout.decode(), behov(world, "explain", "--english", *what).stdout.decode()
    check("explain says in Swedish that the role is not needed, the way to it, and each part that failed",
          "Rollen behövs inte" in swedish and " -> " in swedish and "stämmer inte" in swedish and "rules/systems/" in swedish, swedish)
    check("and in English", "The role is not needed" in english and "does not hold" in english and "stämmer" not in english, english)
    done = behov(world, "explain", "--json", *what)
    check("explain says why somebody has access", done.returncode == 0 and json.loads(done.stdout)["roles"][0]["verdict"] == "excess",
          done.returncode, done.stderr.decode()[-500:])
    done = behov(world, "explain", "nobody.at.all", first["system"])
    check("explain of nobody is refused with a word", done.returncode in (1, 2) and b"nobody.at.all" in done.stderr)


def stops_short(world, plan_):
    ldif = world + "/build/demo/directory.ldif"
    with open(ldif, "rb") as source:
        kept = source.read()
    with open(ldif, "wb") as cut:
        cut.write(kept[:len(kept) // 2].rstrip(b"\n"))
    done, half = plan(world)
    check("an LDIF cut in the middle is a gap, or refused with its place",
          (done.returncode == 3 and not half["complete"] and not of_kind(half, "remove-member", "cut-nesting"))
          or (done.returncode == 1 and b"directory.ldif:" in done.stderr), done.returncode, done.stderr.decode()[-500:])
    os.unlink(ldif)
    done, _ = plan(world)
    check("an LDIF that is not there is a failure that names it",
          done.returncode == 1 and b"directory.ldif" in done.stderr, done.returncode)
    with open(ldif, "wb") as back:
        back.write(kept)
    hr = world + "/build/demo/hr.csv"
    os.rename(hr, hr + ".away")
    done, without = plan(world)
    check("an HR file that did not come is a gap", done.returncode == 3 and any(
        g["what"] == "hr" for g in without["gaps"]), done.returncode, done.stderr.decode()[-500:])
    before = {p["id"] for p in of_kind(plan_, "remove-member")}
    check("without HR no new removal is proposed",
          {p["id"] for p in of_kind(without, "remove-member")} <= before)
    os.rename(hr + ".away", hr)


def share_gone(world):
    share = world + "/build/demo/shares/ekonomi"
    os.rename(share, share + ".away")
    done, without = plan(world)
    check("a share that is not there is a gap", done.returncode == 3 and any(
        g["what"] == "share" and g["id"] == "ekonomi" for g in without["gaps"]), done.returncode)
    check("and nothing on it is proposed", not any(p.get("share") == "ekonomi" for p in without["proposals"]))
    os.mkdir(share)
    done, empty = plan(world)
    check("an empty folder in its place is a gap, too", done.returncode == 3 and not any(
        p.get("share") == "ekonomi" for p in empty["proposals"]), done.returncode)
    os.rmdir(share)
    os.rename(share + ".away", share)


def edit(world, *changes):
    """A copy of the rules with these (file, old, new) made in it."""
    folder = world + "/edited"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world + "/rules", folder)
    for name, old, new in changes:
        with open(folder + "/" + name, encoding="utf-8") as source:
            text = source.read()
        assert old in text, (name, old)
        with open(folder + "/" + name, "w", encoding="utf-8") as out:
            out.write(text.replace(old, new))
    return folder


def compared(world, *changes):
    done = behov(world, "plan", "--json", "--rules", edit(world, *changes))
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr.decode()}


def ids(listed):
    return {p["id"] for p in listed}


def other_rules(world, first):
    """What an edit would do is the difference between two plans, and nothing else."""
    lists = ("opened", "withdrawn", "changed", "missing", "not_missing")
    same = compared(world)
    check("the same rules change nothing", same.get("complete") and not any(same[x] for x in lists), same)
    narrowed = ("systems/treserva.cfg", '"Barn och familj", "Mottagning", "Försörjningsstöd" )', '"Mottagning" )')
    then = compared(world, narrowed)
    shutil.rmtree(world + "/kept", ignore_errors=True)
    shutil.move(world + "/rules", world + "/kept")
    shutil.copytree(world + "/edited", world + "/rules")
    _, real = plan(world)
    shutil.rmtree(world + "/rules")
    shutil.move(world + "/kept", world + "/rules")
    check("a narrower need opens what the edited rules propose, and withdraws the rest",
          then["opened"] and ids(then["opened"]) == ids(real["proposals"]) - ids(first["proposals"])
          and ids(then["withdrawn"]) == ids(first["proposals"]) - ids(real["proposals"]), then)
    check("who no longer needs it is missing it no more",
          then["not_missing"] == [m for m in first["missing"] if m not in real["missing"]]
          and then["missing"] == [m for m in real["missing"] if m not in first["missing"]])
    with open(TOP + "/conf/schema/compare.schema.json", encoding="utf-8") as schema:
        jsonschema.validate(then, json.load(schema))
    check("what the edit would do is valid by its schema", True)
    wider = compared(world, ("systems/treserva.cfg", 'title = "Socialsekreterare*";  department = ( "Barn och familj", '
                             '"Mottagning", "Försörjningsstöd" );', 'title = "*";'))
    check("a wider need withdraws", wider["withdrawn"] and not wider["opened"], wider)
    words = compared(world, ("systems/treserva.cfg", 'title = "Enhetschef*"', 'title = ( "Enhetschef*", "Xyz*" )'))
    check("other words with the same outcome are told as changed", words["changed"] and not words["opened"]
          and not words["withdrawn"], words)
    done = behov(world, "plan", "--rules", edit(world, narrowed))
    check("and the table says what opens, with its rule", done.returncode == 0 and "nya förslag" in done.stdout.decode()
          and "  + " in done.stdout.decode() and "edited/systems/treserva.cfg:" in done.stdout.decode(), done.stdout.decode()[:800])
    for what, words, said in (("a folder that is not there", ["plan", "--rules", world + "/nowhere"], "nowhere"),
                              ("rules with a complaint", ["plan", "--rules", edit(world, (
                                  "systems/treserva.cfg", 'title = "Enhetschef*"', 'titel = "Enhetschef*"'))], "titel"),
                              ("--rules with another verb", ["check", "--rules", world + "/rules"], "--rules")):
        done = behov(world, *words)
        check(what + " is refused with a word", done.returncode == 2 and said in done.stderr.decode(),
              done.returncode, done.stderr.decode()[-500:])


def main():
    if os.geteuid() == 0:
        os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="behov-plan-") as folder:
        world = world_at(folder)
        before = tree(world)
        first = plan(world)
        again = behov(world, "plan", "--json")
        if not first[1]:
            check("the example municipality is judged", False, first[0].returncode, first[0].stderr.decode()[-3000:])
            return 1
        whole(world, first, again)
        files(world, first[1])
        explains(world, first[1])
        check("plan changed nothing anywhere", tree(world) == before)
        other_rules(world, first[1])
        shutil.rmtree(world + "/edited")
        check("nor did plan --rules", tree(world + "/build") == [one for one in before if os.fsencode(world + "/build/") in one[0]])
        stops_short(world, first[1])
        share_gone(world)
        back = behov(world, "plan", "--json")
        check("when all is back so is the plan", back.stdout == first[0].stdout)
    return 1 if failures else 0


sys.exit(main())
