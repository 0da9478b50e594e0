#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""apply is ended at every step, once, and run again: the files, the store and the journal end as if nothing had happened."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, TOP + "/tests/world")
import sip  # noqa: E402
APPLY = os.path.join(TOP, os.environ.get("BUILD", "build"), "tests/crash/apply-steps")
NOW = 1767571200
LATER = NOW + 40 * 86400
failures = 0


def check(name, holds, *detail):
    global failures
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failures += 1
        print(*detail, sep="\n")


def fresh(home):
    shutil.rmtree(home, ignore_errors=True)
    for folder in "dwvl":
        os.makedirs(f"{home}/share/{folder}")
        for name in "abc" if folder != "v" else "ab":
            with open(f"{home}/share/{folder}/{name}", "w", encoding="utf-8") as out:
                out.write(folder + name)
    run(home, ["show"])                 # makes the store, with what is scheduled


def run(home, words, die=None, steps=None, now=NOW, held=None):
    set_to = {"BEHOV_DIE_AT": die, "BEHOV_STEPS": steps, "BEHOV_TEST_NOW": now, "BEHOV_TEST_HELD": held}
    return subprocess.run([APPLY, words[0], home + "/store", *words[1:], home], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, **{k: str(v) for k, v in set_to.items() if v is not None}})


def world(home):
    """Every file and what is in it, and what the store says.  Digests hold inodes and salts, which are others in each world."""
    found = []
    for folder, _, names in sorted(os.walk(home)):
        found.append(folder[len(home):] + "/")
        for name in sorted(names):
            if "/leverans" in folder and "/data/" not in folder:
                found.append(f"{folder[len(home):]}/{name}")    # they tell of times and inodes, which are new each time
            elif name.endswith(".pdf"):         # digests are packed in it: told_the_same_whenever() holds it byte for byte
                found.append(f"{folder[len(home):]}/{name}")
            elif not name.startswith("store"):
                with open(os.path.join(folder, name), encoding="utf-8") as text:
                    found.append(f"{folder[len(home):]}/{name}: {text.read()}")
    said = "\n".join(found) + "\n" + run(home, ["show"]).stdout.decode()
    return re.sub("[0-9a-f]{64}", "#", said.replace(home, ""))


def protocols(home):
    """Each file of them, byte for byte."""
    folder, found = home + "/store.work/protokoll", {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        with open(f"{folder}/{name}", "rb") as f:
            found[name] = f.read()
    return found


def steps_of(home, now):
    run(home, ["files"], steps=home + ".steps", now=now)
    with open(home + ".steps", encoding="utf-8") as text:
        steps = [line.split(" ")[1] for line in text.read().splitlines()]
    os.unlink(home + ".steps")
    return steps


def told_the_same_whenever(home):
    """Ended between the last unlink and the last file of a protocol, and run again a day later: the same bytes."""
    fresh(home)
    run(home, ["files"])
    steps = steps_of(home, LATER)
    last = len(steps) - steps[::-1].index("unlink")
    shutil.rmtree(home)
    fresh(home)
    run(home, ["files"])
    run(home, ["files"], die=last + 2, now=LATER)       # the last file is gone, and the proposal done
    check("ended after the last unlink there is no protocol yet", not protocols(home))
    spare = home + ".spare"
    shutil.copytree(home, spare)
    run(home, ["files"], now=LATER)
    wanted = protocols(home)
    check("the next run tells of both batches", len(wanted) == 8, wanted.keys())
    shutil.rmtree(home)
    shutil.copytree(spare, home)
    steps = steps_of(home, LATER)
    for n, step in enumerate(steps, 1):
        shutil.rmtree(home)
        shutil.copytree(spare, home)
        first = run(home, ["files"], die=n, now=LATER)
        second = run(home, ["files"], now=LATER + 86400)
        check(f"ended at {n} {step}, a day later the protocols are the same bytes", (first.returncode, second.returncode) == (100, 0)
              and protocols(home) == wanted, second.stderr.decode(), sorted(k for k in wanted if wanted[k] != protocols(home).get(k)))
    shutil.rmtree(spare)


def killed_everywhere(home, name, before, words, named, again=0):
    """`before` are the runs that lead there; `words` is the one that is ended at each of its steps; `again` is its exit
    code when it was done already."""
    fresh(home)
    for earlier in before:
        run(home, **earlier)
    whole = run(home, words, steps=home + ".steps", **named)
    with open(home + ".steps", encoding="utf-8") as text:
        steps = text.read().splitlines()
    os.unlink(home + ".steps")
    wanted = world(home)
    check(f"{name}: the chain is whole", whole.returncode == 0 and "chain whole" in wanted, whole.stderr.decode(), wanted)
    for n, step in enumerate(steps, 1):
        fresh(home)
        for earlier in before:
            run(home, **earlier)
        first = run(home, words, die=n, **named)
        second = run(home, words, **named)
        got = world(home)
        check(f"{name}: ended after step {step} it comes to the same end",
              first.returncode == 100 and second.returncode in ((0,) if n < len(steps) else (0, again)) and got == wanted,
              first.returncode, second.returncode, second.stderr.decode(), got, "instead of", wanted)
        package = f"{home}/store.work/leverans/00000000000000d1-1"
        wrong = [*sip.check_folder(package)[0], *sip.check_tar(package + ".tar", package)]
        check(f"{name}: ended after step {step} the package is whole", not wrong, *wrong)
    return [step.split(" ")[1] for step in steps]


def untrue(home, of=("f1", "f2")):
    """Files of which the journal says what is not so: gone, and there still; or not gone, and nowhere.  What is only meant may be
    either, but not when the batch (`of`) has been brought to its end since."""
    effects = dict(((p, n), state) for p, n, state in re.findall(r"^effect 0+(f\d)-1 unlink (\d+) (\w+)", run(home, ["show"]).stdout.decode(), re.M))
    wrong = []
    for proposal, folder in (("f1", "d"), ("f2", "w")):
        for number, name in enumerate("abc", 1):
            state = effects.get((proposal, str(number)))
            there = [p for p in (f"{home}/share/{folder}/{name}", f"{home}/share/.behov-karantan/00000000000000{proposal}-1/{number:08}")
                     if os.path.exists(p)]
            if len(there) != (state != "done") and (state != "intended" or len(there) > 1 or proposal in of):
                wrong.append((folder + "/" + name, state, there))
            for path in there:
                with open(path, encoding="utf-8") as text:
                    if text.read() != folder + name:
                        wrong.append((path, "is another file"))
    return wrong


def in_the_middle_of_a_group(home):
    """Ended while the files of a group go, and then what may still be saved must be: by a hold, or by somebody who restores."""
    def there(n):
        fresh(home)
        run(home, ["files"])
        return run(home, ["files"], die=n, now=LATER).returncode

    fresh(home)
    run(home, ["files"])
    steps = steps_of(home, LATER)
    first, last = steps.index("unlink") + 1, len(steps) - steps[::-1].index("unlink")
    ended, wrong = 0, []
    for n, words, held in ((steps.index("meant") + 1, ["files"], "*"), (first, ["files"], "d/*"), (first + 1, ["files"], "d/[ac]"),
                           (first + 1, ["restore", "00000000000000f1-1"], None), (last - 1, ["files"], "w/c"), (last - 2, ["files"], "w/a"),
                           (last, ["restore", "00000000000000f2-1"], None)):
        named, of = {"now": LATER, "held": held}, ("f1", "f2") if words == ["files"] else words[1][-4:-2]
        code = there(n)
        wrong += [(n, words, held, "before", *w) for w in untrue(home, ())]
        run(home, words, steps=home + ".steps", **named)
        wanted, wrong = world(home), wrong + [(n, words, held, *w) for w in untrue(home, of)]
        with open(home + ".steps", encoding="utf-8") as text:
            then = text.read().splitlines()
        os.unlink(home + ".steps")
        for m in range(1, len(then) + 1):
            if then[m - 1].split(" ")[1] in ("protocol", "write"):
                continue
            there(n)
            second = run(home, words, die=m, **named).returncode
            run(home, words, **named)
            ended += 1
            wrong += [(n, words, held, then[m - 1], *w) for w in untrue(home, of)]
            if (code, second) != (100, 100) or world(home) != wanted:
                wrong.append((n, words, held, then[m - 1], code, second, world(home), "instead of", wanted))
    check(f"ended in the middle of a group, {ended} times once more while files come back: what is told is so", ended > 30 and not wrong,
          ended, *wrong[:5])


def main():
    base = tempfile.mkdtemp(prefix="bc-", dir="/tmp")
    try:
        home = base + "/world"
        first = {"words": ["files"]}
        seen = killed_everywhere(home, "quarantine and export", [], ["files"], {})
        seen += killed_everywhere(home, "a hold comes, and the rest is destroyed", [first], ["files"],
                                  {"now": LATER, "held": "d/b"})
        seen += killed_everywhere(home, "a hold comes for one of a whole batch", [first], ["files"], {"held": "w/b"})
        seen += killed_everywhere(home, "somebody restores", [first], ["restore", "00000000000000f1-1"], {}, 1)
        told_the_same_whenever(home)
        in_the_middle_of_a_group(home)
        check("every kind of step about files was taken", {"quarantine", "export", "meant", "unlink", "restore", "protocol", "copy", "copied", "sip", "tar", "package"} <= set(seen), seen)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if failures else 0


sys.exit(main())
