#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of the owner's page is marked for translation, and each translation says it with the same parts."""
import collections
import gettext
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
# What is not for owners: the command line has a template for each language; administrators' letters and reports are Swedish,
# and so are why a letter was not sent (compose.c, send.c), which the night writes into the store, and what the e-archive reads.
OTHERS = r"(explain|file|file-gone|history)\.\w+\.txt$|leverans-las-mig\.txt$|administrator\.|report-|style\.|(compose|send)\.c$"
PARTS = r"\{\{[#^/]?[\w.]+\}\}"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def run(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **more).stdout.decode()


def messages(path, folder, every=False):
    """{ text: its translation }; every: also those that have none, which stand for themselves then."""
    if every:
        run("msgen", "--no-wrap", "-o", folder + "/every.po", path)
        path = folder + "/every.po"
    run("msgfmt", "-o", folder + "/one.mo", path)
    with open(folder + "/one.mo", "rb") as f:
        found = dict(gettext.GNUTranslations(f)._catalog)
    found.pop("", None)
    return found


# ------------------------------------------------------------------ is every text marked?

def blank(match):
    """As many lines, and nothing on them."""
    return "\n" * match.group(0).count("\n")


def bare_html(text):
    """What people read and is not marked, line by line: outside of tags, and in the attributes that are read aloud."""
    text = bare_text(text)
    text = re.sub(r"<!--.*?-->|<style.*?</style>|&\w+;", blank, text, flags=re.S)
    text = re.sub(r'<[^>]*?\b(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"[^>]*>', r"\1", text)
    return re.sub(r"<[^>]*>", blank, text)


def bare_text(text):
    return re.sub(r"\{\{.*?\}\}", "", re.sub(r"\{\{#_\}\}.*?\{\{/_\}\}", blank, text, flags=re.S))


def unmarked_templates():
    found = []
    names = [n for kind in ("html", "txt") for n in glob.glob(f"{TOP}/conf/templates/*.{kind}") if not re.match(OTHERS, os.path.basename(n))]
    for name in sorted(names):
        bare = (bare_html if name.endswith(".html") else bare_text)(read(name))
        found += [f"{os.path.relpath(name, TOP)}:{number}: {line.strip()}" for number, line in enumerate(bare.split("\n"), 1)
                  if re.search(r"[^\W\d_]", line)]
    return found, len(names)


def without_marked(text):
    """C without its comments and without what say(), speak() and N_() get."""
    text = re.sub(rf"({LITERAL})|/\*.*?\*/", lambda m: m.group(1) or blank(m), text, flags=re.S)
    return re.sub(rf"\b(?:say|speak)\([^,\";]+, (?:{LITERAL}[\s\\]*)+\)|\bN_\((?:{LITERAL}[\s\\]*)+\)", blank, text)


def unmarked_sources(words):
    """Strings of the page and of owners' letters with Swedish in them: its letters, or a phrase with a word that only the catalog has."""
    found = []
    sources = [n for room in ("decide", "notify") for n in sorted(glob.glob(f"{TOP}/agent/{room}/*.c")) if not re.match(OTHERS, os.path.basename(n))]
    for name in sources:
        for number, line in enumerate(without_marked(read(name)).split("\n"), 1):
            for literal in re.findall(LITERAL, line):
                phrase = " " in literal or literal[1].isupper()
                if re.search(r"[åäöÅÄÖ]", literal) or (phrase and words & {w.lower() for w in re.findall(r"\b[A-Z]?[a-z]+\b", literal)}):
                    found.append(f"{os.path.relpath(name, TOP)}:{number}: {literal}")
    return found, len(sources)


def only_swedish(catalog):
    """Words of the originals that no translation has."""
    def of(texts):
        return {w for t in texts for w in re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>|\{\{.*?\}\}|%\w+", " ", t).lower())}
    return of(catalog) - of(catalog.values()) - {"behov", "min"}


# ------------------------------------------------------------------ does a translation have the same parts?

def balanced(text):
    inside = []
    for sigil, name in re.findall(r"\{\{([#^/]?)([\w.]+)\}\}", text):
        if sigil == "/" and (not inside or inside.pop() != name):
            return False
        if sigil in ("#", "^") and sigil:
            inside.append(name)
    return not inside


def has_other_parts(text, translation):
    """Tags that the original has not, HTML that is not the same, or what would end an attribute."""
    extra = set(re.findall(r"\{\{.*?\}\}", translation)) - set(re.findall(PARTS, text))
    html = [collections.Counter(re.findall(r"<[^>]*>", t)) for t in (text, translation)]
    rest = re.sub(r"<[^>]*>", "", translation)
    quotes = '"' in rest and '"' not in re.sub(r"<[^>]*>", "", text)
    return bool(extra or html[0] != html[1] or "<" in rest or quotes or not balanced(translation) or
                text.endswith("\n") != translation.endswith("\n"))


def main():
    failed = False

    def check(name, wrong):
        nonlocal failed
        failed |= bool(wrong)
        print(("not ok " if wrong else "ok ") + name, *wrong, sep="\n    " if wrong else "")

    if not shutil.which("xgettext"):
        print("skip gettext is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="behov-speak-") as folder:
        clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        run("make", "-s", "-C", TOP, "O=" + folder, folder + "/behov.pot", env=clean)
        texts = messages(folder + "/behov.pot", folder, every=True)
        catalogs = {os.path.basename(po)[:-3]: po for po in glob.glob(TOP + "/conf/po/*.po")}
        english = messages(catalogs["en"], folder)
        check("what is to be translated is found", [] if len(texts) > 150 else [f"only {len(texts)} texts"])
        check("every text is in English", [f"{t!r} (make pot)" for t in texts if t not in english])
        check("no translation is of a text that is gone", [f"{t!r} (make pot)" for t in english if t not in texts])
        for name, po in sorted(catalogs.items()):
            left = [what for what in ("--only-fuzzy", "--only-obsolete") if run("msgattrib", what, po).strip()]
            check(f"nothing in {name}.po is guessed or left over", left)
            of = messages(po, folder)
            check(f"the translations of {name}.po have the parts of their originals",
                  [f"{t!r}: {of[t]!r}" for t in of if has_other_parts(t, of[t])])
    found, count = unmarked_templates()
    check("every text of a template of the page is marked", found or ([] if count > 20 else ["no templates"]))
    found, count = unmarked_sources(only_swedish(english))
    check("every text of the page and of letters to owners is marked", found or ([] if count > 10 else ["no sources"]))
    # What is looked for is found: each of these would be told.
    told = [bare_html("<p>Hej {{x}}</p>"), bare_html('<span aria-label="leder till">→</span>'),
            bare_html("<p>{{#_}}Hej{{/_}} du</p>"), bare_text("Hej {{x}}\n")]
    check("what is unmarked is seen", [t for t in told if not re.search(r"[^\W\d_]", t)] +
          [t for t in ('f(r, "Sök");', 'f(say(r, x), "Kvitto");', 'f(N_("a") "Ångra");') if not re.search(LITERAL, without_marked(t))])
    check("what is marked is passed by", [t for t in (
        'f(say(r, "Sök"));', 'f(N_("Sök " \\\n "här"));', 'f(speak(&all[i], "Sök"));', "/* \"Sök\" */", 'f(say(r, "a \\"b\\""));')
        if re.search(LITERAL, without_marked(t))])
    pairs = (("{{a}} b", "b {{c}}"), ("<b>a</b>", "<i>a</i>"), ("a", 'a"b'), ("{{#a}}b{{/a}}", "{{/a}}b{{#a}}"), ("a", "a < b"),
             ("{{a}}", "{{>a}}"), ("a\n", "a"))
    check("a translation with other parts is seen", [str(p) for p in pairs if not has_other_parts(*p)])
    return failed


sys.exit(main())
