#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can use the owner's page: every state of it under axe-core, on narrow screens, with large text, on paper, and from
the keyboard alone.  WCAG 2.2 AA, which holds what EN 301 549 asks of a web page."""
import glob
import importlib.util
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import office

HERE = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("page", os.path.join(HERE, "test-page.py"))
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)

AXE = sorted(glob.glob(os.path.join(HERE, "../../build/npm/axe-*.min.js")))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LATER = "2026-11-25T10:16+01:00"
PAPER = 718                                     # px of A4 between ordinary margins

# As WCAG 1.4.12 has it.
SPACING = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"

RUN_AXE = """
const done = arguments[1];
axe.run(document, { runOnly: { type: 'tag', values: arguments[0] }, resultTypes: ['violations'] })
	.then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3).join(' | '))),
	      e => done(['axe: ' + e]));
"""

# What a reader cannot reach: beyond the edge of the page, or cut by its own box.
LOST = """
const out = [], wide = arguments[0];
if (document.documentElement.scrollWidth > wide) out.push('the page is ' + document.documentElement.scrollWidth + ' wide');
for (const e of document.querySelectorAll('body *')) {
	const box = e.getBoundingClientRect(), style = getComputedStyle(e);
	if (!box.width || !box.height || box.right < 0 || e.closest('thead, .skip')) continue;
	if (box.right > wide + 1) out.push('beyond the edge: ' + e.outerHTML.slice(0, 120));
	if (style.overflow !== 'visible' && e.tagName !== 'INPUT' && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
		out.push('cut: ' + e.outerHTML.slice(0, 120));
	if (e.tagName === 'DT' && e.scrollWidth > e.clientWidth + 1) out.push('runs into what stands beside it: ' + e.outerHTML.slice(0, 120));
}
return out.slice(0, 5);
"""

# 24 pixels both ways, of the control or of the label that is clicked in its place; a link within a sentence is exempt.
SMALL = """
const out = [];
for (const e of document.querySelectorAll('a[href], button, summary, textarea, input:not([type=hidden])')) {
	const target = e.closest('label') || e, box = target.getBoundingClientRect();
	const within = e.tagName === 'A' && getComputedStyle(e).display === 'inline';
	if (!box.width || box.right < 0) continue;
	if (within ? e.parentElement.getBoundingClientRect().height < 24 : box.width < 24 || box.height < 24)
		out.push(Math.round(box.width) + 'x' + Math.round(box.height) + ' ' + e.outerHTML.slice(0, 120));
}
return out;
"""

# What holds for every page: its language, one h1, headings in order, help in one place, a title that tells of errors, and
# errors that have the focus and lead to their fields.
SHAPE = """
const out = [], all = s => [...document.querySelectorAll(s)], say = (ok, what) => ok || out.push(what);
const alert = document.querySelector('#fel'), at = document.activeElement;
say(document.documentElement.lang === arguments[0], 'another language: ' + document.documentElement.lang);
say(all('h1').length === 1 && document.title.includes(document.querySelector('h1').textContent), 'title and h1: ' + document.title);
let before = 1;
for (const h of all('h1, h2, h3, h4')) {
	const level = +h.tagName[1];
	if (level > before + 1) out.push('a level is skipped before ' + h.textContent);
	before = level;
}
say(all('footer > p')[0].textContent.includes(arguments[1]), 'the contact is not first in the footer');
say(document.querySelector('footer a[href="/tillganglighet"]'), 'no link to the statement');
say(all('body a, body button, body input')[0].matches('.skip'), 'the skip link is not first');
say(/^(Fel|Error): /.test(document.title) === !!alert, 'the title and the problem differ: ' + document.title);
if (alert) say(at === alert || at.getAttribute('aria-describedby') === 'fel', 'the focus is on ' + at.outerHTML.slice(0, 80));
for (const a of all('.problem a')) {
	const to = document.getElementById(a.hash.slice(1));
	say(to && (to.matches('fieldset') || to.matches('input, textarea') && to.checkVisibility()), 'leads nowhere: ' + a.hash);
}
for (const e of all('[aria-describedby]'))
	for (const id of e.getAttribute('aria-describedby').split(' ')) say(document.getElementById(id), 'no ' + id);
const ids = all('[id]').map(e => e.id);
say(new Set(ids).size === ids.length, 'an id stands twice');
for (const e of all('body *')) {
	const s = getComputedStyle(e);
	if (parseFloat(s.transitionDuration) || s.animationName !== 'none') out.push('moves: ' + e.outerHTML.slice(0, 80));
}
return out.slice(0, 5);
"""

# Folded text comes out on paper.
FOLDED = """
return [...document.querySelectorAll('details > :not(summary)')].filter(e => !e.closest('.bulk, .else') && !e.checkVisibility({contentVisibilityAuto: true}))
	.map(e => 'folded away: ' + e.outerHTML.slice(0, 120)).slice(0, 3);
"""
TEXTS = """
return [...document.querySelectorAll('h1, h2, h3, main p:not(.go), dt, dd, th, td, li')]
	.filter(e => e.checkVisibility() && !e.closest('thead, .contents, .bulk, .keeping, .answer, .search, .go, form.search') && !e.querySelector('button, input'))
	.map(e => e.tagName + ' ' + e.innerText.trim());
"""


class Walk:
    """Chromium on a page of its own world."""

    def __init__(self, world):
        self.world = world
        self.driver = page.browser(world.folder)
        self.driver.set_script_timeout(300)     # many rows, and a machine that does other things
        self.language = "sv"
        self.contact = "0480-00 00 00"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def wait(self, ready):
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait
        return WebDriverWait(self.driver, 120, ignored_exceptions=[WebDriverException]).until(ready)

    def leave(self, act):
        """Does what leads to another page, and waits until it is there."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.expected_conditions import staleness_of
        before = self.driver.find_element(By.TAG_NAME, "html")
        act()
        self.wait(staleness_of(before))
        self.wait(lambda d: d.execute_script("return document.readyState") == "complete")

    def go(self, path):
        self.driver.get(f"http://127.0.0.1:{self.world.port}{path}")

    def at(self, css):
        from selenium.webdriver.common.by import By
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def press(self, text):
        from selenium.webdriver.common.by import By
        self.leave(self.driver.find_element(By.XPATH, f"//main//button[normalize-space()='{text}']|//header//button[normalize-space()='{text}']").click)

    def choose(self, row, verdict):
        self.at(f"[name='d-{row}'][value='{verdict}']").click()

    def type(self, css, text):
        field = self.at(css)
        field.clear()
        field.send_keys(text)

    def sign_in(self, letter="aa01"):
        self.go("/b/" + page.TOKEN[letter])
        self.press("Skicka kod")
        self.type("#kod", self.world.codes()[-1])
        self.press("Logga in")

    def look(self, width=1280, **features):
        """How wide the window is, and what the reader has asked for: media="print", prefers_color_scheme="dark"."""
        media = features.pop("media", "")
        wish = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": wish})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})

    def ask(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def heard(self):
        """What a screen reader is told: (role, name) of all there is."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored")]

    def style(self, text):
        """A reader's own style, after ours; our policy forbids what a page would do, not this."""
        self.ask("const s = new CSSStyleSheet(); s.replaceSync(arguments[0]); document.adoptedStyleSheets = [s]", text)


# ------------------------------------------------------------------ what is looked for in each state

def axe_finds_nothing(w):
    out = []
    if not AXE:
        return out
    for width in (1280, 320):
        for scheme in ("light", "dark"):
            w.look(width, prefers_color_scheme=scheme)
            if not w.ask("return !!window.axe"):
                with open(AXE[-1], encoding="utf-8") as f:
                    w.ask(f.read())
            out += [f"{width} {scheme} {found}" for found in w.driver.execute_async_script(RUN_AXE, RULES)]
    return out


def it_reflows_at_320_pixels(w):
    w.look(320)
    return w.ask(LOST, 320)


def text_may_be_spaced_out_and_twice_as_large(w):
    out = []
    for width, sheet in ((320, SPACING), (1280, SPACING), (1280, "html { font-size: 200% !important }")):
        w.look(width)
        w.style(sheet)
        out += [f"{width} {sheet[:12]} {found}" for found in w.ask(LOST, width)]
    w.style("")
    return out


def targets_are_large_enough(w):
    out = []
    for width in (1280, 320):
        w.look(width)
        out += w.ask(SMALL)
    return out


def its_shape_is_sound(w):
    w.look(1280)
    return w.ask(SHAPE, w.language, w.contact)


def paper_shows_what_the_screen_shows(w):
    w.look(PAPER)
    screen = w.ask(TEXTS)
    w.look(PAPER, media="print")
    paper = set(w.ask(TEXTS))
    return ["not on paper: " + text for text in screen if text not in paper][:5] + w.ask(FOLDED) + w.ask(LOST, PAPER)


def colours_may_be_the_readers_own(w):
    w.look(1280, forced_colors="active")
    return w.ask("""return [...document.querySelectorAll('.tag, .count, button, .button, .choices label')].filter(e => e.checkVisibility() &&
            getComputedStyle(e).borderTopWidth === '0px').map(e => 'no edge: ' + e.outerHTML.slice(0, 100)).slice(0, 3)""")


CHECKS = [axe_finds_nothing, it_reflows_at_320_pixels, text_may_be_spaced_out_and_twice_as_large, targets_are_large_enough,
          its_shape_is_sound, paper_shows_what_the_screen_shows, colours_may_be_the_readers_own]


# ------------------------------------------------------------------ the states

def oracle(world, *words):
    subprocess.run([page.ORACLE, words[0], world.folder, *words[1:]], check=True, stdout=subprocess.DEVNULL)


def before_sign_in(w):
    for name, path in (("root", "/"), ("not found", "/nowhere"), ("unknown link", "/b/x"), ("expired link", "/b/" + page.TOKEN["dd01"]),
                       ("not signed in", "/beslut"), ("statement", "/tillganglighet"), ("link", "/b/" + page.TOKEN["aa01"])):
        w.go(path)
        yield name
    w.press("Skicka kod")
    yield "code"
    w.type("#kod", "000000" if w.world.codes()[-1] != "000000" else "111111")
    w.press("Logga in")
    yield "wrong code"
    w.press("Skicka en ny kod")
    yield "new code"
    w.type("#kod", w.world.codes()[-1])
    w.press("Logga in")


def deciding(w):
    """Access, a nesting, by hand, delivery, destruction by two people, something scheduled, and what was refused."""
    oracle(w.world, "kinds", page.NOW)
    oracle(w.world, "approved", page.NOW, "a3-1", "key-anna", "scheduled")
    oracle(w.world, "approved", page.NOW, "d1-1", "key-anna", "refused")
    w.go("/beslut")
    yield "list"
    w.press("Granska dina val")
    yield "nothing chosen"
    w.ask("document.querySelectorAll('details.else').forEach(e => e.open = true)")
    yield "every answer there is"
    w.choose("a2-1", "ask")
    w.press("Granska dina val")
    yield "a question to nobody"
    for row, verdict in (("a1-1", "approve"), ("a2-1", "keep"), ("n1-1", "keep"), ("f1-1", "approve"), ("a3-1", "undo")):
        w.choose(row, verdict)
    w.ask("document.getElementById('u-n1-1').value = '2020-01-01'")
    w.type("#r-n1-1", "Vikarierna behövs till sommaren")
    w.press("Granska dina val")
    yield "list with errors"
    w.type("#r-a2-1", "Vikarie till sommaren")
    w.ask("document.getElementById('u-n1-1').value = '2027-06-30'")
    w.press("Granska dina val")
    yield "confirm destruction"
    w.ask("document.querySelector('main form').noValidate = true")
    w.press("Bekräfta och spara")
    yield "confirm without the tick"
    w.at("#forstar").click()
    w.press("Bekräfta och spara")
    yield "receipt"
    w.go("/beslut")
    yield "list of what is taken"
    w.choose("d1-1", "approve")
    w.press("Granska dina val")
    yield "confirm"
    oracle(w.world, "change", "d1-1")
    w.press("Bekräfta och spara")
    yield "changed meanwhile"


def files(w):
    w.go("/filer/f1-1")
    yield "folder"
    w.type("#sok", "ärende 00001")
    w.press("Sök")
    yield "found"
    w.press("Sök vidare")
    yield "found, page two"
    w.go("/filer/f1-1")
    w.press("Visa alla filer här i en enda lista")
    yield "all files"
    w.type("#sok", "finns inte")
    w.press("Sök")
    yield "nothing found"
    w.go("/filer/zz")
    yield "no such list"


def events(w):
    w.go("/beslut")
    w.type("[name='mapp']", "Avtal/*")
    w.press("Spara")
    yield "event with a wrong path"
    w.type("[name='mapp']", "Avtal/Bolaget")
    w.ask("document.querySelector(\"[name='datum']\").value = '2024-06-30'")
    w.press("Spara")
    yield "event without a reason"
    w.type("[name='varfor']", "Avtalet upphörde")
    w.press("Spara")
    yield "receipt of an event"
    w.go("/beslut")
    yield "event that was said"


def reviewing(w):
    oracle(w.world, "lists", page.NOW, "420")
    w.go("/b/" + page.TOKEN["aa01"])
    yield "link, with a list"
    w.go("/beslut")
    yield "a list to review"
    w.leave(w.at("a[href^='/granska/']").click)
    yield "what has changed in the list, and its first people"
    w.leave(w.at("a[href$='sida=2']").click)
    yield "the rest of the list"
    w.ask("const t = document.getElementById('anmarkning'); t.maxLength = 2000; t.value = 'Kim ska bort. '.repeat(100)")
    w.press("Jag har granskat listan")
    yield "remarks that are too long"
    w.press("In English")
    w.language = "en"
    yield "the list in English"
    w.press("På svenska")
    w.language = "sv"
    w.type("#anmarkning", "Kim Holm ska bort.")
    db = sqlite3.connect(os.path.join(w.world.folder, "behov.db"))
    db.execute("update review_list set digest = 'another'")
    db.commit()
    w.press("Jag har granskat listan")
    yield "the list is another by now"
    db.execute("insert into review (quarter, system, digest, own, at, source) values ('2026Q3', 'treserva', 'before', 0, 0, 'page')")
    db.commit()
    db.close()
    w.go("/granska/1")
    yield "a list that was made anew"
    w.type("#anmarkning", "Kim Holm ska bort.")
    w.press("Jag har granskat listan")
    yield "receipt of a review"
    w.go("/beslut")
    yield "a list that is reviewed"
    w.leave(w.at("a[href^='/granska/']").click)
    yield "the list, reviewed"
    w.go("/granska/9")
    yield "no such list to review"


def other_answers(w):
    """All of them open, each typed wrongly once; what has become of them; and somebody who is asked for advice."""
    w.go("/beslut")
    w.ask("document.querySelectorAll('details.else').forEach(e => e.open = true)")
    yield "more answers"
    answers = [e.get_attribute("id")[2:] for e in w.driver.find_elements("css selector", ".row [id^='k-']")]
    for row, verdict in zip(answers, ("ask", "not-mine", "later", "rule")):
        w.choose(row, verdict)
    yield "more answers, chosen"
    w.press("Granska dina val")
    yield "more answers with errors"
    for row, verdict in zip(answers, ("ask", "not-mine", "later", "rule")):
        for letter, text in (("k", "eva.lind"), ("f", "Behövs det?"), ("w", "Vikarier saknas")):
            if (letter in "kf") == (verdict == "ask") and (letter == "w") == (verdict == "rule"):
                w.type(f"#{letter}-{row}", text)
        if verdict == "later":
            w.ask(f"document.getElementById('l-{row}').value = '2026-12-01'")
    w.press("Granska dina val")
    yield "confirm more answers"
    w.press("Bekräfta och spara")
    yield "receipt of more answers"
    w.go("/beslut")
    yield "list of what is asked"


def many(w):
    oracle(w.world, "more", page.NOW, "201")
    w.go("/beslut")
    yield "more than 200 rows"
    w.press("Nästa sida")
    yield "the last of more than 200 rows"


def failing(w):
    db = sqlite3.connect(os.path.join(w.world.folder, "behov.db"))
    db.execute("update manifest_frame set packed = cast(substr(packed, 1, 40) as blob)")
    db.commit()
    db.close()
    w.go("/filer/f1-1")
    yield "something failed"


def ending(w):
    w.go("/beslut")
    w.world.start(LATER, f"127.0.0.1:{w.world.port}")
    w.press("Granska dina val")
    yield "session over, choices kept"
    w.go("/beslut")
    yield "session over"
    w.sign_in("ee01")
    yield "another owner"
    w.press("Logga ut")
    yield "signed out"


def in_english(w):
    w.driver.add_cookie({"name": "sprak", "value": "en"})
    w.language = "en"
    for name, path in (("english list", "/beslut"), ("english folder", "/filer/f1-1"), ("english statement", "/tillganglighet")):
        w.go(path)
        yield name
    w.driver.delete_cookie("sprak")
    w.language = "sv"


# ------------------------------------------------------------------ the states behind a password

class Town(office.Office):
    """Where people sign in with a password, too, as a walk wants it."""

    def __init__(self, slapd, more=""):
        super().__init__(slapd, f'proof = ( "code", "ldap" ); ldap = {{ server = "{slapd.url}"; ca-file = "{slapd.ca}"; '
                         f'name = "uid=%s,ou=people,{office.BASE}"; }}; {more}')
        self.folder = self.home
        self.night()
        self.serve()

    def codes(self):
        return [found.group(1) for found in (re.search(r"Din kod är (\d{6})", text) for _, text in self.mails("anna")) if found]


def by_code(w):
    w.go("/b/" + w.world.token("anna"))
    yield "link, with a password"
    w.press("Skicka kod")
    w.type("#kod", w.world.codes()[-1])
    w.press("Logga in")


def approve_files(w):
    w.go("/beslut")
    w.at("fieldset:has([href^='/filer/']) [value='approve']").click()
    w.press("Granska dina val")


def signing_in_again(w):
    w.go("/b/" + w.world.token("anna"))
    w.type("#losen", "galet")
    w.press("Logga in")
    yield "wrong password"
    yield from by_code(w)
    w.world.serve("09:14")
    w.go("/beslut")
    w.press("Granska dina val")
    w.world.serve("09:16")
    approve_files(w)
    yield "once more"
    w.type("#losen", "galet")
    w.press("Logga in")
    yield "once more, wrong password"
    w.press("Skicka kod")
    yield "once more, code sent"
    w.type("#kod", "000000" if w.world.codes()[-1] != "000000" else "111111")
    w.leave(w.at("form:has(#kod) button").click)
    assert w.ask("return document.activeElement.id") == "kod", "the focus is not where the mistake is"
    yield "once more, wrong code"


def signing_in_stronger(w):
    yield from by_code(w)
    approve_files(w)
    yield "stronger"


def for_administrators(w):
    w.go("/status")
    yield "administrators sign in"
    for name in ("#konto", "#losen"):
        w.type(name, "admin")
    w.press("Logga in")
    yield "administrators, wrong password"
    w.type("#konto", "admin")
    w.type("#losen", office.PASSWORD["admin"])
    w.press("Logga in")
    yield "overview"
    for path in ("arbete", "fynd", "agare", "stopp", "brev", "natter", "mal", "natt?nr=1"):
        w.go("/status/" + path)
        yield "overview: " + path.split("?")[0]
    w.press("Logga ut")
    yield "overview left"


def every_state():
    with page.World() as world, Walk(world) as w:
        for part in (before_sign_in, deciding, files, events, in_english, reviewing, other_answers, many, failing, ending):
            for name in part(w):
                yield name, w
    with office.Slapd() as slapd:
        for part, more in ((signing_in_again, ""), (signing_in_stronger, 'strong = ( "destroy" );'), (for_administrators, "")):
            with Town(slapd, more) as world, Walk(world) as w:
                w.contact = "Servicedesk"
                for name in part(w):
                    yield name, w


def look_at_everything():
    """Each check is one result, over all states: (check, complaints)."""
    found, states = {check: [] for check in CHECKS}, 0
    for name, w in every_state():
        states += 1
        url = w.driver.current_url
        # The shape first: it looks at where the focus is.
        for check in sorted(CHECKS, key=lambda c: c is not its_shape_is_sound):
            found[check] += [f"{name}: {complaint}" for complaint in check(w)]
        w.look()
        assert w.driver.current_url == url
    assert states > 30, states
    return found


# ------------------------------------------------------------------ the keyboard alone

# Where the focus is, and whether one sees it: a line around it (or around its label), within the window, not behind
# anything.
FOCUS = """
const e = document.activeElement, label = e.closest('label') || e, box = e.getBoundingClientRect();
const line = x => { const s = getComputedStyle(x); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; };
const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
return { tag: e.tagName, id: e.id, name: e.name || '', value: e.value || '', text: (e.innerText || '').trim(), skip: e.matches('.skip'),
	order: [...document.querySelectorAll('*')].indexOf(e), line: line(e) || line(label),
	seen: box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth,
	free: !!hit && (hit === e || e.contains(hit) || hit.contains(e)) };
"""


class Keyboard:
    def __init__(self, walk):
        self.walk = walk

    def key(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains
        ActionChains(self.walk.driver).send_keys(*keys).perform()

    def focus(self):
        return self.walk.ask(FOCUS)

    def tab(self):
        """One step on: what has the focus now, which must be seen."""
        from selenium.webdriver.common.keys import Keys
        from selenium.common.exceptions import TimeoutException
        self.key(Keys.TAB)
        try:                                    # the page may still be scrolling to it
            self.walk.wait(lambda d: self.clear(self.focus()))
        except TimeoutException:
            raise AssertionError(f"not to be seen: {self.focus()}") from None
        return self.focus()

    @staticmethod
    def clear(f):
        return f["tag"] in ("BODY", "HTML") or f["line"] and f["seen"] and f["free"]

    def to(self, want, most=400):
        """Tabs until what is wanted has the focus, in the order of the page."""
        last = -1
        for _ in range(most):
            f = self.tab()
            assert f["order"] >= last, ("the order goes back", f)
            last = f["order"]
            if want(f):
                return f
        raise AssertionError("never reached")

    def to_text(self, text):
        return self.to(lambda f: f["text"] == text)

    def to_id(self, name):
        return self.to(lambda f: f["id"] == name)

    def enter(self):
        from selenium.webdriver.common.keys import Keys
        self.walk.leave(lambda: self.key(Keys.ENTER))

    def down(self, value):
        """Through the answers of a row until one is chosen."""
        from selenium.webdriver.common.keys import Keys
        for _ in range(10):
            if self.focus()["value"] == value:
                return
            self.key(Keys.DOWN)
        raise AssertionError("no answer " + value)


def sign_in_by_keys(w, k):
    w.go("/b/" + page.TOKEN["aa01"])
    k.to_text("Skicka kod")
    k.enter()
    assert k.focus()["id"] == "kod", "the field for the code has the focus at once"
    k.key(w.world.codes()[-1])
    k.to_text("Logga in")
    k.enter()


def a_whole_day_goes_by_the_keyboard_alone():
    from selenium.webdriver.common.keys import Keys
    with page.World() as world, Walk(world) as w:
        k = Keyboard(w)
        w.look()
        sign_in_by_keys(w, k)
        # The skip link comes first and leads past the head of the page.
        assert k.tab()["skip"]
        k.key(Keys.ENTER)
        after = k.tab()
        assert w.ask("return !!document.activeElement.closest('main')"), after
        # A fold-out opens and closes.
        k.to(lambda f: f["tag"] == "SUMMARY")
        k.key(Keys.ENTER)
        assert w.ask("return document.activeElement.closest('details').open")
        k.key(Keys.SPACE)
        assert not w.ask("return document.activeElement.closest('details').open")
        # A reason that is missing: the summary has the focus, its link leads to the field.
        w.go("/beslut")
        k.to_id("d-a1-1")
        k.down("approve")
        k.to_id("d-a2-1")
        k.down("keep")
        k.to_id("r-a2-1")
        k.to(lambda f: f["text"] == "Granska dina val")
        k.enter()
        assert k.focus()["id"] == "fel" and w.driver.title.startswith("Fel: "), w.driver.title
        assert k.tab()["tag"] == "A"
        k.key(Keys.ENTER)
        assert k.focus()["id"] == "r-a2-1" and w.at("#r-a2-1").get_attribute("aria-invalid") == "true"
        assert w.ask(FOCUS)["seen"]
        k.key("Vikarie till sommaren")
        # Enter in a field is the button that asks for a look at what is chosen, never one that answers for a whole group.
        k.enter()
        assert "Bekräfta dina beslut" in w.driver.title and "2 svar" in w.at(".lead").text
        k.to_text("Bekräfta och spara")
        k.enter()
        assert w.driver.current_url.endswith("/kvitto")
        k.to_text("Till dina beslut")
        k.enter()
        k.to(lambda f: f["text"] == "Logga ut")
        k.enter()
        assert "utloggad" in w.driver.page_source
        assert sorted((d["proposal"], d["verdict"]) for d in world.decisions()) == [("a1-1", "approve"), ("a2-1", "keep")]
        # The night has verified it; now it is undone.
        oracle(world, "take", "2026-11-25T12:00+01:00")
        sign_in_by_keys(w, k)
        k.to_id("d-a1-1")
        k.down("undo")
        k.to_text("Granska dina val")
        k.enter()
        k.to_text("Bekräfta och spara")
        k.enter()
        assert "Ångrat" in w.driver.page_source


def a_list_is_reviewed_by_the_keyboard_alone():
    with page.World() as world, Walk(world) as w:
        k = Keyboard(w)
        w.look()
        oracle(world, "lists", page.NOW, "30")
        sign_in_by_keys(w, k)
        k.to(lambda f: f["text"].startswith("Granska behörighetslistan"))
        k.enter()
        k.to_text("Till granskningen")
        k.key("\ue007")                         # Enter, within the page
        assert k.focus()["id"] == "granska", k.focus()
        f = k.tab()
        assert f["id"] == "anmarkning", f
        k.key("Mona Ek slutade i september.")
        k.to_text("Jag har granskat listan")
        k.enter()
        assert w.driver.current_url.endswith("/kvitto") and "Behörighetslistan för Treserva, 2026Q3" in w.at("main").text, w.at("main").text
        assert [(d["proposal"], d["verdict"], d["reason"]) for d in world.decisions()] == [("2026Q3@treserva", "review", "Mona Ek slutade i september.")]


def no_page_holds_the_focus():
    """Tab after tab leads through all there is and out at the end, on every page of a session, wide and narrow."""
    with page.World() as world, Walk(world) as w:
        k = Keyboard(w)
        oracle(world, "lists", page.NOW, "30")
        w.sign_in()
        for path in ("/beslut", "/granska/1", "/filer/f1-1", "/kvitto", "/tillganglighet"):
            for width in (1280, 320):
                w.look(width)
                w.go(path)
                count, last, reached = w.ask("return document.querySelectorAll('a, button, input, summary, select, textarea').length"), -1, 0
                for _ in range(3 * count + 5):
                    f = k.tab()
                    if f["tag"] in ("BODY", "HTML") or f["order"] < last:
                        break
                    last, reached = f["order"], reached + 1
                else:
                    raise AssertionError(f"{path}: no way out")
                assert reached >= 3, (path, reached)


def a_narrow_table_is_still_a_table():
    """Rows that are stacked must not lose their roles, nor fieldsets their names."""
    with page.World() as world, Walk(world) as w:
        w.sign_in()
        w.look(320)
        w.go("/filer/f1-1")
        roles = [role for role, _ in w.heard()]
        rows = len(w.ask("return [...document.querySelectorAll('tr')]"))
        assert roles.count("table") == 1 and roles.count("row") == rows > 10, roles
        assert roles.count("rowheader") == rows - 1 and roles.count("columnheader") == 5 and roles.count("cell") > 40, roles
        w.go("/beslut")
        heard = w.heard()
        for role, name in (("group", "Kim Holm"), ("heading", "Kim Holm"), ("radio", "Godkänn – tas bort"),
                           ("radio", "Godkänn verkställighet – förstörs"), ("region", "Gallra: Verifikationer 1"), ("navigation", "Innehåll")):
            assert (role, name) in heard, (role, name)


def the_code_can_be_pasted():
    with page.World() as world, Walk(world) as w:
        w.go("/b/" + page.TOKEN["aa01"])
        w.press("Skicka kod")
        code = world.codes()[-1]
        field = w.at("#kod")
        assert field.get_attribute("autocomplete") == "one-time-code" and field.get_attribute("inputmode") == "numeric"
        w.driver.execute_cdp_cmd("Input.insertText", {"text": f" {code[:3]} {code[3:]} "})    # as a paste comes
        assert field.get_attribute("value").split() == [code[:3], code[3:]]
        w.press("Logga in")
        assert w.driver.current_url.endswith("/beslut")


def the_page_tells_when_the_session_ends():
    with page.World() as world:
        cookie = world.sign_in()
        assert re.search(r'till kl\. <span class="whole">10:15</span>.*före klockan 10:15,', world.get("/beslut", cookie).text, re.S)
        world.start("2026-11-25T10:10+01:00")
        assert "10:25" in world.post("/beslut", cookie, {"nonce": world.get("/beslut", cookie).field("nonce")}).text


def the_statement_says_who_and_where():
    with page.World() as world:
        text = world.get("/tillganglighet").text
        for words in ("Kalmar &lt;kommun&gt; står bakom", "2018:1937", "Servicedesk, 0480-00 00 00", "digg.se", "delvis förenlig", "Kända brister"):
            assert words in text, words


# ------------------------------------------------------------------ what is read without the page

def a_gallringsprotokoll_can_be_read_by_everybody():
    with page.World() as world, Walk(world) as w:
        w.driver.get("file://" + os.path.join(os.path.dirname(HERE), "unit/protocol/KS-GALLR-2027-1.html"))
        found = axe_finds_nothing(w) + it_reflows_at_320_pixels(w) + text_may_be_spaced_out_and_twice_as_large(w)
        assert "Gallringsprotokoll" in w.driver.title and not found, found


def a_quarter_can_be_read_by_everybody():
    with page.World() as world, Walk(world) as w:
        w.driver.get("file://" + os.path.join(os.path.dirname(HERE), "scenario/60-report/page.html"))
        found = axe_finds_nothing(w) + it_reflows_at_320_pixels(w) + text_may_be_spaced_out_and_twice_as_large(w)
        assert "Behörighetsgenomgång" in w.driver.title and not found, found


TESTS = [the_page_tells_when_the_session_ends, the_statement_says_who_and_where, a_narrow_table_is_still_a_table, the_code_can_be_pasted, no_page_holds_the_focus,
         a_whole_day_goes_by_the_keyboard_alone, a_list_is_reviewed_by_the_keyboard_alone, a_gallringsprotokoll_can_be_read_by_everybody, a_quarter_can_be_read_by_everybody]
BROWSER = TESTS[2:]


def main():
    asked, failed = sys.argv[1:], 0
    chromium = shutil.which("chromedriver")
    for test in TESTS:
        if asked and test.__name__ not in asked:
            continue
        if test in BROWSER and not chromium:
            print(f"skip {test.__name__}: no chromedriver")
            continue
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:            # any trouble is a failure, told with its place
            import traceback
            traceback.print_exc(limit=-4)
            print(f"not ok {test.__name__}: {type(problem).__name__}", flush=True)
            failed += 1
    if asked and "everything" not in asked:
        return failed > 0
    if not chromium:
        print("skip every state of the page: no chromedriver")
        return failed > 0
    try:
        found = look_at_everything()
    except Exception as problem:
        import traceback
        traceback.print_exc(limit=-8)
        print(f"not ok every state of the page: {type(problem).__name__}")
        return 1
    for check, complaints in found.items():
        if check is axe_finds_nothing and not AXE:
            print("skip axe_finds_nothing: no axe-core in build/npm (packaging/install-deps axe fetches it)")
            continue
        for complaint in complaints:
            print("   ", complaint)
        print(f"{'not ok' if complaints else 'ok'} {check.__name__}", flush=True)
        failed += bool(complaints)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
