#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the world does to a page and its letters: names with markup in them, forms from elsewhere, broken encodings, paths
that lead out, requests in pieces.  What test-page.py holds already is not said here again."""
import base64
import email
import email.policy
import html
import html.parser
import http.server
import importlib.machinery
import importlib.util
import itertools
import os
import re
import shutil
import socket
import sqlite3
import sys
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../world"))
import town
from town import Town, check

loader = importlib.machinery.SourceFileLoader("page", os.path.join(HERE, "test-page.py"))
page = importlib.util.module_from_spec(importlib.util.spec_from_loader("page", loader))
loader.exec_module(page)
SITE, TOKEN, World, raw, choose, hidden = page.SITE, page.TOKEN, page.World, page.raw, page.choose, page.hidden

POSTS = ("/sprak", "/kod", "/logga-in", "/beslut", "/beslut/spara", "/handelse", "/granska", "/granska/bevis", "/filer/f1-1", "/logga-ut")
ROUTES = POSTS + ("/", "/b/" + TOKEN["aa01"], "/kvitto", "/granska/1", "/style.css")
RUN = "window.pwned=1"
MARKUP = (f"<script>{RUN}</script>", f"\"><img src=x onerror={RUN}>", f"'><svg/onload={RUN}>",
          f"</title></textarea></style></script><iframe src=javascript:{RUN}>", "{{organisation}}{{{nonce}}}{{>page-top}}{{#rows}}",
          "&lt;b&gt;&#60;i&#62;", f"javascript:{RUN}", "\u202egpj.\u2066exe", "=?UTF-8?B?RXZpbA==?=", "--><!-- ]]><![CDATA[",
          f"x\" onfocus={RUN} autofocus y=\"", "${7*7}#{7*7}<%=7*7%>", "\u2028\u2029\ufeff", f"<a href=javascript:{RUN}>x</a>")
LINES = "x\r\nBcc: evil@else.example\r\n\r\n<b>"


def alone(w, data):
    """The statuses of what comes back for these bytes, and all of it."""
    out = raw(w.port, data)
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3}) ", out)], out


# ------------------------------------------------------------------ forms from elsewhere

FOREIGN = ("Origin: https://evil.example", "Origin: null", f"Origin: http://{SITE}:81", f"Origin: http://x.{SITE}", f"Origin: {SITE}",
           "Origin:", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: none", "Sec-Fetch-Site: SAME-ORIGIN",
           "Sec-Fetch-Site:")


def forms_from_elsewhere_do_nothing_at_any_door():
    with World() as w:
        cookie, other = w.sign_in(), w.sign_in("ee01")
        theirs = w.get("/beslut", other).field("nonce")
        confirm = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        form = {**confirm, "token": TOKEN["aa01"], "kod": "000000", "series": "avtal", "share": "ekonomi", "mapp": "Avtal/A",
                "datum": "2024-06-30", "varfor": "x", "sok": "a"}
        before = w.rows()
        answers = [(path, head, w.post(path, cookie, form, headers=[head]).status) for path in POSTS for head in FOREIGN]
        check("a form of another site, or with a broken header, is refused at every door", all(s == 403 for _, _, s in answers),
              [a for a in answers if a[2] != 403])
        twice = [w.post(path, cookie, form, headers=[f"Origin: http://{SITE}", "Origin: https://evil.example"]).status for path in POSTS]
        check("two origins are none", set(twice) == {400}, twice)
        wrong = [(path, nonce, w.post(path, cookie, {**form, "nonce": nonce}).status) for path in POSTS[3:]
                 for nonce in (theirs, "", form["nonce"].swapcase(), form["nonce"] + "A", "\u00e5" * 20)]
        check("the nonce of another session, or none, opens nothing", all(s == 403 for _, _, s in wrong), wrong)
        check("and all that changed nothing", w.rows() == before)


class Evil(http.server.BaseHTTPRequestHandler):
    """Another site: it posts our forms, and frames our pages."""

    pages = {}

    def do_GET(self):
        body = self.pages.get(self.path, "").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def wait(driver, what):
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.support.ui import WebDriverWait
    return WebDriverWait(driver, 60, ignored_exceptions=[WebDriverException]).until(what)


def give_cookie(driver, port, cookie):
    name, _, value = cookie.partition("=")
    driver.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": f"http://127.0.0.1:{port}/", "httpOnly": True,
                                                 "sameSite": "Strict"})


def another_site_can_neither_post_nor_frame():
    with World() as w:
        cookie = w.sign_in()
        form = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        ours, inputs = f"http://127.0.0.1:{w.port}", "".join(f'<input name="{html.escape(k)}" value="{html.escape(v)}">' for k, v in form.items())
        for path in POSTS:
            for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
                Evil.pages[f"{path}?{kind}"] = (f'<body onload="document.forms[0].submit()"><form method="post" action="{ours}{path}" '
                                                f'enctype="{kind}">{inputs}</form>')
        Evil.pages["/frame"] = f'<iframe id="f" src="{ours}/beslut" onload="document.title=1"></iframe>'
        evil = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil)
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        driver = page.browser(w.folder)
        try:
            give_cookie(driver, w.port, cookie)
            driver.get(ours + "/beslut")
            check("the browser is signed in", "Kim Holm" in driver.page_source)
            before = w.rows()
            for path in Evil.pages:
                if path != "/frame":
                    driver.get(f"http://localhost:{evil.server_port}{path}")
                    wait(driver, lambda d: d.current_url.startswith(ours) and d.execute_script("return document.readyState") == "complete")
            check("another site's forms change nothing", w.rows() == before)
            driver.get(f"http://localhost:{evil.server_port}/frame")
            wait(driver, lambda d: d.title == "1")
            driver.switch_to.frame("f")
            check("a page of ours in a frame is not shown", "Kim Holm" not in driver.page_source and "Dina beslut" not in driver.page_source)
        finally:
            driver.quit()
            evil.shutdown()
            evil.server_close()


# ------------------------------------------------------------------ markup in everything that has a name

PAGE_TAGS = set("html head meta title link body a header div p span form input button main h1 h2 h3 h4 section ul ol li strong b em bdi label "
                "textarea fieldset legend details summary dl dt dd table caption thead tbody tfoot tr th td nav footer time code br small abbr "
                "datalist option select style".split())
PLOT_TAGS = set("figure figcaption svg desc polyline rect circle text".split())
LOOK = """
const tags = new Set(arguments[0]), bad = [];
for (const e of document.querySelectorAll('*')) {
	if (!tags.has(e.localName)) bad.push(e.outerHTML.slice(0, 200));
	for (const a of e.attributes) {
		if (/^on|^style$|^srcdoc$/i.test(a.name)) bad.push(a.name + '=' + a.value);
		if (/^(href|src|action|formaction)$/i.test(a.name) && !a.value.startsWith(arguments[1]) && !/^[#/]/.test(a.value)) bad.push(a.name + '=' + a.value);
	}
}
if (window.pwned) bad.push('a script ran');
return bad;"""


def renamed(rules):
    """The rules with markup in every text that is shown."""
    count = itertools.count()

    def dress(found):
        text = MARKUP[next(count) % len(MARKUP)].replace("\\", "\\\\").replace('"', '\\"')
        return f'{found.group(1)} = "{found.group(2)}{text}"'
    return re.sub(r'\b(name|why|law|dnr|body) = "([^"]*)"', dress, rules).replace("CN=APP-Kostplan-", "CN=APP-Kostplan\\\\<img src\\\\=x onerror\\\\=1\\\\>-")


def dressed_directory(path):
    """Everybody's name and title with markup, a group as well, and an owner whose address is two."""
    with open(path, encoding="ascii") as f:
        lines = f.read().replace("\n ", "").split("\n")
    out, count = [], itertools.count()
    for line in lines:
        name, _, value = line.partition(": ")
        if name.endswith(":"):
            name, value = name[:-1], base64.b64decode(value).decode("utf-8", "surrogateescape")
        changed = value.replace("CN=APP-Kostplan-", "CN=APP-Kostplan\\<img src\\=x onerror\\=1\\>-")
        if name in ("displayName", "title"):
            changed += " " + (MARKUP + (LINES,))[next(count) % (len(MARKUP) + 1)]
        if name == "mail" and value.startswith("karin.dal@"):
            changed += ", evil@else.example"
        if name == "mail" and value.startswith("hanna.ros@"):
            changed += "\r\nBcc: evil@else.example"
        out.append(f"{name}:: {base64.b64encode(changed.encode('utf-8', 'surrogateescape')).decode()}" if changed != value else line)
    with open(path, "w", encoding="ascii") as f:
        f.write("\n".join(out))


def hostile_town(t):
    for at, _, names in os.walk(t.folder + "/rules"):
        for name in names if "library" not in at else ():
            with open(f"{at}/{name}", encoding="utf-8") as f:
                text = f.read()
            with open(f"{at}/{name}", "w", encoding="utf-8") as f:
                f.write(text if name == "holds.cfg" else renamed(text))
    t.change("conf/behov.cfg", 'organisation = "Kalmar kommun"', f'organisation = "Kalmar <img src=x onerror={RUN}>"')
    t.change("conf/behov.cfg", "Servicedesk, servicedesk", f"<svg onload={RUN}>, servicedesk")
    dressed_directory(t.demo + "/directory.ldif")
    years = sorted(os.listdir(t.demo + "/shares/ekonomi/Verifikationer"))
    for n, text in enumerate(MARKUP + ("rad\nbrytning", "r\udce4kning")):
        safe = text.replace("/", "\u2215")[:100].encode("utf-8", "surrogateescape")
        folder = f"{t.demo}/shares/ekonomi/Verifikationer/{years[0]}".encode()
        if n % 2:
            folder += b"/" + safe
            os.makedirs(folder, exist_ok=True)
        with open(folder + b"/" + safe + b".pdf", "wb") as f:
            f.write(b"x")


def the_letters_are_clean(t, driver):
    letters = [email.message_from_bytes(m, policy=email.policy.default) for m in t.letters().values()]
    check("there are letters", len(letters) > 5, len(letters))
    wanted = {"from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted", "content-type"}
    heads = [sorted(k for k in m.keys() if k.lower() not in wanted | {"x-auto-response-suppress", "content-transfer-encoding", "content-language"}) for m in letters]
    check("names make no headers", not any(heads), heads)
    to = [m["To"].addresses for m in letters]
    check("each goes to one address, of ours", all(len(a) == 1 and a[0].domain == "kalmar.example" for a in to), to)
    check("nobody gets one whose address is two", not [a for a in to if a[0].username in ("karin.dal", "hanna.ros")])
    raws = list(t.letters().values())
    check("no header line begins where a name was broken", not [r for r in raws if re.search(rb"^(Bcc|evil)", r, re.M | re.I)])
    spoofed = [r for r in raws if b"=?UTF-8?B?RXZpbA==?=" in r.split(b"\r\n\r\n")[0]]
    check("a name that looks like an encoded word is not decoded as one", not spoofed, spoofed[:1])
    texts = [m.get_body(("plain",)).get_content() for m in letters]
    check("nothing turns the direction of a letter", not [x for x in texts if re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", x)])
    links = {link for x in texts for link in re.findall(r"https?://[^\s/]+", x)}
    check("all links lead to the page that conf names", links == {"http://127.0.0.1:8440"}, links)
    bad = []
    for n, m in enumerate(letters):
        with open(f"{t.folder}/letter-{n}.html", "w", encoding="utf-8") as f:
            f.write(m.get_body(("html",)).get_content())
        driver.get(f"file://{t.folder}/letter-{n}.html")
        bad += driver.execute_script(LOOK, sorted(PAGE_TAGS), "http://127.0.0.1:8440/b/")
    check("letters hold no element and no link that is not ours", not bad, bad[:5])


def look(driver, where, bad):
    bad += [(where, b) for b in driver.execute_script(LOOK, sorted(PAGE_TAGS), "/")]
    bad += [(where, e["message"]) for e in driver.get_log("browser") if "Security Policy" in e["message"]]


def press(driver, button):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import staleness_of
    before = driver.find_element(By.TAG_NAME, "html")
    driver.execute_script("document.querySelectorAll('form').forEach(f => f.noValidate = true); arguments[0].click()", button)
    wait(driver, staleness_of(before))
    wait(driver, lambda d: d.execute_script("return document.readyState") == "complete")


def type_markup(driver, base, bad):
    """What was typed comes back in the form, in the confirming page and in the receipt."""
    from selenium.webdriver.common.by import By
    for n, text in enumerate(MARKUP):
        driver.get(base + "/beslut")
        keeps = driver.find_elements(By.CSS_SELECTOR, "[name^='d-'][value='keep']")
        if n >= len(keeps):
            break
        name = keeps[n % len(keeps)].get_attribute("name")[2:]
        driver.execute_script("""const [id, text] = arguments, q = s => document.querySelector(s);
			q(`[name="d-${id}"][value=keep]`).checked = true; q(`[name="r-${id}"]`).value = text;
			for (const box of document.querySelectorAll('input[type=text], input:not([type]), input[type=date], textarea')) if (!box.value) { box.type = 'text'; box.value = text; }""",
                              name, text)
        press(driver, driver.find_element(By.XPATH, "//button[normalize-space()='Granska dina val']"))
        look(driver, ("mistake", text), bad)
        driver.execute_script("for (const box of document.querySelectorAll('[name^=\"u-\"]')) box.value = ''")
        press(driver, driver.find_element(By.XPATH, "//button[normalize-space()='Granska dina val']"))
        look(driver, ("confirm", text), bad)
        save = driver.find_elements(By.XPATH, "//button[normalize-space()='Bekräfta och spara']")
        if save:
            press(driver, save[0])
            look(driver, ("receipt", text), bad)


def markup_is_only_text():
    with Town("--people", "500", "--files", "200") as t:
        hostile_town(t)
        t.create()
        done = t.call("2026-11-24T02:00+01:00", "run")
        check("a night goes through what has such names", done.returncode in (3, 4), done.stderr.decode()[-800:])
        for (scope,) in t.rows("select distinct scope from proposal where state = 'braked'"):
            t.call("2026-11-24T09:00+01:00", "decide", "release", scope, "--by", "it.admin", "--reason", "x")
        t.call("2026-11-25T02:00+01:00", "run")
        asked = t.rows("select distinct system, pin.name from approver join proposal on id = proposal join pin on pin.key = approver.key"
                       " where system = 'kostplan' and needs = 1")
        check("who stands in for an owner whose address is none is asked", asked == [("kostplan", "sam.ordnare")], asked)
        driver = page.browser(t.folder)
        try:
            the_letters_are_clean(t, driver)
            t.serve("2026-11-25T09:00+01:00")
            base, bad = f"http://127.0.0.1:{t.port}", []
            driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})    # what the policy would stop must not be there at all
            for who in ("eva.lind", "per.ek"):
                owner = town.Owner(t, who)
                for path in ("/", "/b/" + owner.token, "/b/<script>", "/nowhere<script>", "/b/%3Cscript%3E"):
                    driver.get(base + path)
                    look(driver, path, bad)
                give_cookie(driver, t.port, owner.cookie)
                driver.get(base + "/beslut")
                check(f"{who} sees names with markup as text", "&lt;" in driver.page_source and "Logga ut" in driver.page_source)
                look(driver, "/beslut", bad)
                files = set(re.findall(r'href="(/filer/[^"]*)"', driver.page_source))
                for path in sorted(files)[:3]:
                    driver.get(base + path)
                    look(driver, path, bad)
                    for deeper in sorted(set(re.findall(r'href="(/filer/[^"]*)"', driver.page_source)))[:12]:
                        driver.get(base + html.unescape(deeper))
                        look(driver, deeper, bad)
                    search(driver, bad)
                type_markup(driver, base, bad)
                driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
            check("no page holds an element, a script or a link that is not ours", not bad, bad[:5])
            t.close_page()
            t.call("2026-11-26T02:00+01:00", "run")
            the_letters_are_clean(t, driver)
            reasons = [r for (r,) in t.rows("select reason from decision where reason is not null")]
            check("reasons are kept as they were typed", reasons and set(reasons) <= set(MARKUP), reasons)
            report(t, driver)
        finally:
            driver.quit()


def search(driver, bad):
    from selenium.webdriver.common.by import By
    for text in MARKUP[:5]:
        box = driver.find_element(By.ID, "sok")
        driver.execute_script("arguments[0].value = arguments[1]", box, text)
        press(driver, driver.find_element(By.XPATH, "//button[normalize-space()='Sök']"))
        look(driver, ("search", text), bad)


def report(t, driver):
    done = t.call("2026-11-26T09:00+01:00", "report", "quarter", "2026Q4")
    path = done.stdout.decode().split()[0]
    driver.get("file://" + os.path.abspath(path))
    bad = driver.execute_script(LOOK, sorted(PAGE_TAGS | PLOT_TAGS), "/")
    check("nor does the quarter's report", done.returncode == 0 and not bad, bad[:5])


# ------------------------------------------------------------------ bytes

def broken_encodings_are_refused_everywhere():
    bad = {"UTF-16": "a".encode("utf-16"), "UTF-16 as escapes": b"%ff%fea%00", "overlong slash": b"%c0%af", "overlong dot": b"%e0%80%ae",
           "overlong in four": b"%f0%80%80%af", "a surrogate": b"%ed%a0%80", "a pair of them": b"%ed%a0%bd%ed%b8%80", "beyond Unicode": b"%f4%90%80%80",
           "NUL": b"%00", "a NUL byte": b"\0", "half a character": b"%c3", "a tail alone": b"%a5", "Latin-1": b"r\xe4kning", "escape of old": b"%u0041",
           "ESC": b"%1b", "DEL": b"%7f", "UTF-7 with a NUL": b"+AAA-%00"}
    with World() as w:
        cookie = w.sign_in()
        nonce = w.get("/beslut", cookie).field("nonce").encode()
        before = w.rows()
        for name, body in bad.items():
            for path in POSTS:
                for form in (b"nonce=" + nonce + b"&r-a1-1=" + body, b"nonce=" + nonce + b"&" + body + b"=x"):
                    reply = w.post(path, cookie, form)
                    assert reply.status == 400, (name, path, reply.status)
            for target in (b"/b/" + body, b"/filer/" + body, b"/beslut?x=" + body, b"/" + body + b"?"):
                statuses, out = alone(w, b"GET " + target + b" HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\nCookie: " + cookie.encode() +
                                      b"\r\nConnection: close\r\n\r\n")
                assert all(s in (200, 400, 404) for s in statuses) and b"500" not in out[:15], (name, target, out[:200])
            statuses, out = alone(w, b"GET /beslut HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\nCookie: behov=" + body + b"\r\nConnection: close\r\n\r\n")
            assert all(s in (400, 401) for s in statuses), (name, out[:200])
        check("broken encodings are refused in every form, and harmless in every address and cookie", w.rows() == before)


def cookies_that_nobody_gave():
    with World() as w:
        cookie = w.sign_in()
        value = cookie.split("=")[1]
        odd = ("behov=" + value[:-1], "behov=" + value + "A", "behov=" + value.swapcase(), "Behov=" + value, "xbehov=" + value, "behov =x" + value,
               "behov=", "behov", "=" + value, "behov=long-aa01", "behov=" + "A" * 5000, ";" * 500, "behov=x; " * 200, "__Host-behov=" + value,
               "behov='" + value, "behov=" + "".join(f"%{ord(c):02x}" for c in value))
        before = w.rows()
        seen = [(c, w.get("/beslut", c).status) for c in odd]
        check("a cookie that is nearly right opens nothing", all(s in (0, 400, 401, 431) for _, s in seen), [x for x in seen if x[1] == 200])
        check("and changes nothing", w.rows() == before and w.get("/beslut", cookie).status == 200)
        two = w.get("/beslut", f"behov={'B' * 43}; {cookie}").status, w.get("/beslut", f"{cookie}; behov={'B' * 43}").status
        check("of two cookies one counts, and the other opens nothing", set(two) <= {200, 401}, two)
        ids = [r[0] for r in w.rows()["inbox.db", "session"]]
        check("the inbox knows only the hash of a cookie", ids and all(re.fullmatch("[0-9a-f]{64}", i) for i in ids)
              and value not in "".join(map(repr, w.rows()["inbox.db", "session"])))
        check("and what it knows is no cookie", all(w.get("/beslut", "behov=" + i).status == 401 for i in ids))


def tokens_are_looked_up_by_their_hash():
    with World() as w:
        db = sqlite3.connect(os.path.join(w.folder, "behov.db"))
        whole = "\n".join(db.iterdump())
        check("the store holds no token, nor the beginning of one", not [t for t in TOKEN.values() if t[:12] in whole])
        plan = db.execute("explain query plan select * from letter where token_hash = 'x'").fetchall()
        check("letters are found by an index of hashes", "USING INDEX" in plan[0][3] and "token_hash=?" in plan[0][3], plan)
        db.close()
        with open(os.path.join(HERE, "../../agent/store/letters.c"), encoding="utf-8") as f:
            ask = re.findall(r"token_hash[^\"]*\"", f.read())
        with open(os.path.join(HERE, "../../agent/decide/session.c"), encoding="utf-8") as f:
            session = f.read()
        check("a token is hashed before anything is compared with it", any("= ?" in a for a in ask) and
              "store_letter_by_token(r->mem, r->server->store, digest_text(r->mem, token)" in session and "strcmp(token" not in session)
        # Each page says its own address, for coming back in another language.
        bodies = {w.get("/b/" + t).text.replace(html.escape("/b/" + t), "") for t in near(TOKEN["aa01"])}
        check("all links that are nearly right are answered alike", len(bodies) == 1 and "Länken gäller inte" in bodies.pop())


def near(token):
    for i in range(0, len(token), 3):
        yield token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1:]
    yield from (token[:-1], token + "A", token.upper(), token[:8], "A" * len(token), token + "/", token + "%20", "." + token, token + ";x")


# ------------------------------------------------------------------ addresses

def no_path_leads_out():
    ways = ("../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc%5cpasswd", "....//....//etc/passwd",
            "/etc/passwd", "//etc/passwd", "f1-1/../../../etc/passwd", "f1-1%2f..%2f..%2fbehov.db", ".%2e/behov.db", "f1-1;/../behov.db", "%252e%252e%252fetc",
            "f1-1?rad=../../etc", "f1-1?djup=-1&fran=-1", "f1-1?rad=1;drop", "f1-1%23", "f1-1?" + "x=1&" * 200, "*", "%", "%%", "%25", "'or'1'='1", "a1-1", "?",
            "f1-1?rad=%27%20or%201=1--", "f1-1'--", "f1-1%27%20union%20select%20mail%20from%20letter--", "f%", "f_-1", "\u00e5")
    with World() as w:
        cookie = w.sign_in()
        before = w.rows()
        wrong = []
        for prefix, way in itertools.product(("/filer/", "/b/", "/", "/beslut/", "/style.css/", "/kvitto/"), ways):
            for method in ("GET", "HEAD"):
                statuses, out = alone(w, f"{method} {prefix}{way} HTTP/1.1\r\nHost: {SITE}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode())
                fine = all(s in (200, 303, 400, 404, 405) for s in statuses)
                if not fine or b"root:" in out or b"SQLite" in out or b"@kalmar" in out or (200 in statuses and not way.startswith(("f1-1?", "?"))):
                    wrong.append((method, prefix + way, statuses, out[:100]))
        check("no address leads anywhere but to our pages", not wrong, wrong[:5])
        shown = [w.get(f"/filer/{i}", cookie).status for i in ("f%", "f_-1", "f1-1'--", "F1-1", "f1-1%20")]
        check("an id is compared whole", set(shown) <= {400, 404}, shown)
        check("and looking changed nothing", w.rows() == before)


def another_method_is_another_method():
    with World() as w:
        cookie = w.sign_in()
        form = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        before = w.rows()
        query = urllib.parse.urlencode({**form, "_method": "POST", "token": TOKEN["aa01"]})[:900]
        heads = ("X-HTTP-Method-Override: POST", "X-HTTP-Method: POST", "X-Method-Override: POST", "X-Original-URL: /beslut/spara", "X-Rewrite-URL: /kod")
        for path, head in itertools.product(POSTS, heads):
            assert w.get(f"{path}?{query}", cookie, headers=[head]).status in (200, 303, 401, 404), path
        check("a header or a field makes no POST of a GET", w.rows() == before)
        seen = [(m, p, alone(w, f"{m} {p} HTTP/1.1\r\nHost: {SITE}\r\nCookie: {cookie}\r\nX-Secret: echo-me\r\nConnection: close\r\n\r\n".encode()))
                for m in ("TRACE", "OPTIONS", "PUT", "DELETE", "PROPFIND", "TRACK", "PATCH", "post", "CONNECT") for p in ROUTES]
        check("other methods are refused everywhere, and echo nothing", all(405 in s[0] and b"echo-me" not in s[1] and b"Allow: GET, HEAD, POST" in s[1]
              for _, _, s in seen), [x for x in seen if 405 not in x[2][0]][:3])
        over = [w.post("/beslut", cookie, {**form, "_method": m}, headers=[f"X-HTTP-Method-Override: {m}"]).status for m in ("GET", "DELETE", "PUT")]
        check("nor another one of a POST", set(over) == {200} and w.decisions() == [], over)


def the_host_is_only_compared():
    with World() as w:
        bad = ("evil.example", SITE + ":81", SITE + "@evil.example", "evil.example#" + SITE, SITE + ".", "", "[::1]", SITE + "/x", f"{SITE}, evil.example", "\t" + SITE + "\tx")
        seen = [(h, w.post("/kod", form={"token": TOKEN["aa01"]}, host=h).status) for h in bad]
        check("another host is refused before anything is sent", all(s == 400 for _, s in seen) and w.codes() == [], seen)
        heads = ("X-Forwarded-Host: evil.example", "X-Host: evil.example", "Forwarded: host=evil.example;proto=https", "X-Forwarded-Proto: https",
                 "X-Forwarded-Server: evil.example", "X-Original-Host: evil.example")
        reply = w.post("/kod", form={"token": TOKEN["aa01"]}, headers=list(heads))
        mails = [open(os.path.join(w.folder, "mail/new", n), encoding="utf-8").read() for n in os.listdir(os.path.join(w.folder, "mail/new"))]
        check("what a proxy is told of hosts stands in no mail and no redirect", reply.headers["location"] == "/logga-in" and len(mails) == 1
              and not [m for m in mails if "evil" in m or "http" in page.decoded(os.path.join(w.folder, "mail/new", os.listdir(os.path.join(w.folder, "mail/new"))[0]))])
        check("and makes no cookie another", reply.headers["set-cookie"].startswith("behov=") and "Secure" not in reply.headers["set-cookie"])


def no_form_leads_to_another_site():
    ways = ("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "///evil.example",
            "/\r\nSet-Cookie: behov=x", "/%0d%0aSet-Cookie:%20behov=x", "", "evil.example", "/b/x#y", "\u2044/evil.example", "/" + "a" * 5000, "/\0", "@evil.example", " //evil.example")
    with World() as w:
        seen = [(way, w.post("/sprak", form={"sprak": "en\r\nX: y", "till": way}), w.post("/sprak", form={"sprak": "en", "till": way})) for way in ways]
        wrong = [(way, r.headers.get("location")) for way, *both in seen for r in both if r.status == 303 and
                 (not re.match(r"/(?![/\\])", r.headers["location"]) or "evil.example" in urllib.parse.urljoin("http://x/", r.headers["location"])[:20])]
        cookies = [r.headers.get("set-cookie", "") for _, *both in seen for r in both]
        check("the form of languages leads back here, and sets its own cookie only", not wrong and not [c for c in cookies if c and not re.match(r"\w*-?sprak=en;", c.replace("__Host-", ""))]
              and all(r.status in (303, 400) for _, *both in seen for r in both), wrong, set(cookies))


# ------------------------------------------------------------------ what every answer carries

def every_answer_says_how_it_may_be_used():
    wanted = {"content-security-policy": "frame-ancestors 'none'", "x-frame-options": "DENY", "cache-control": "no-store", "x-content-type-options": "nosniff",
              "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin", "x-robots-tag": "noindex"}
    for url in (f"http://{SITE}", f"https://{SITE}"):
        with World(url=url) as w:
            answers = {(m, p, c is not None): w.send(m, p, c, form={"x": "y"} if m == "POST" else None)
                       for m in ("GET", "HEAD", "POST", "PUT", "TRACE") for p in ROUTES + ("/nowhere", "/%zz", "/b/x") for c in (None, f"behov={'A' * 43}")}
            answers.update({("413", p, False): Answer(w, p, b"Content-Length: 99999999\r\n\r\n") for p in POSTS})
            answers.update({("415", p, False): w.send("POST", p, form=b"{}", headers=["Content-Type: application/json"]) for p in POSTS})
            answers.update({("403", p, False): w.post(p, form={"x": "y"}, headers=["Origin: https://evil.example"]) for p in POSTS})
            wrong = [(key, name) for key, a in answers.items() for name, part in wanted.items() if part not in a.headers.get(name, "")]
            check(f"{url.split(':')[0]}: every answer has its headers, errors too", len(answers) > 100 and not wrong, wrong[:5])
            strict = {"strict-transport-security" in a.headers for a in answers.values()}
            check(f"{url.split(':')[0]}: and says to stay with TLS where there is some", strict == {url.startswith("https")}, strict)
            check("no answer tells which program it is", not [k for k, a in answers.items() if {"server", "x-powered-by"} & set(a.headers)])
            cookies = [a.headers["set-cookie"] for a in answers.values() if "set-cookie" in a.headers]
            check("a cookie is set with all its flags", cookies and all("HttpOnly" in c and "SameSite=Strict" in c and ("Secure" in c) == url.startswith("https")
                  for c in cookies), cookies[:2])


def what_is_no_request_is_not_repeated():
    """What libmicrohttpd 0.9.75 answers itself, before anybody asks us, cannot have our headers: it is the same text for everybody."""
    with World() as w:
        host, mark = f"Host: {SITE}\r\n".encode(), b"echo-me"
        ours = {"no host": b"GET /echo-me HTTP/1.1\r\n\r\n", "an empty host": b"GET /echo-me HTTP/1.1\r\nHost:\r\n\r\n",
                "a blank in the address": b"GET /echo-me x HTTP/1.1\r\n" + host + b"\r\n", "a blank before a colon": b"GET /echo-me HTTP/1.1\r\n" + host + b"X : y\r\n\r\n",
                "a host with a blank": b"GET /echo-me HTTP/1.1\r\nHost : " + SITE.encode() + b"\r\n\r\n", "no host, in 1.0": b"GET /echo-me HTTP/1.0\r\n\r\n"}
        wrong = []
        for name, data in ours.items():
            statuses, out = alone(w, data)
            head, _, body = out.partition(b"\r\n\r\n")
            if statuses != [400] or b"content-security-policy:" not in head.lower() or b"nosniff" not in head or b"no-store" not in head or mark in body:
                wrong.append((name, out[:300]))
        check("what the guard refuses is answered once, with our headers", not wrong, wrong[:3])
        post = b"POST /echo-me HTTP/1.1\r\n" + host
        theirs = {"another version": b"GET /echo-me HTTP/9.9\r\n" + host + b"\r\n", "no version": b"GET /echo-me\r\n\r\n",
                  "no colon": b"GET /echo-me HTTP/1.1\r\n" + host + b"echo-me\r\n\r\n", "a long address": b"GET /" + b"echo-me" * 6000 + b" HTTP/1.1\r\n" + host + b"\r\n",
                  "a long header": b"GET / HTTP/1.1\r\n" + host + b"X: " + b"echo-me" * 6000 + b"\r\n\r\n", "a length of letters": post + b"Content-Length: echo-me\r\n\r\n",
                  "a length beyond all": post + b"Content-Length: 99999999999999999999999\r\n\r\n"}
        wrong = []
        for name, data in theirs.items():
            statuses, out = alone(w, data)
            if not statuses or set(statuses) - {400, 413, 414, 431, 505} or mark in out or re.search(rb"(?i)^(server|set-cookie|location):", out, re.M) or \
                    b"connection: close" not in out.lower():
                wrong.append((name, out[:300]))
        check("what the library refuses holds nothing of what was sent, and is the last", not wrong, wrong[:3])


def Answer(w, path, rest):
    return page.Reply(raw(w.port, f"POST {path} HTTP/1.1\r\nHost: {SITE}\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode() + rest))


# ------------------------------------------------------------------ requests in pieces, or two in one

def two_requests_are_never_one():
    """What stands behind a body that two readers would measure differently is not read as a request."""
    with World() as w:
        cookie = w.sign_in()
        inner = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        body = urllib.parse.urlencode(inner).encode()
        inside = (f"POST /beslut/spara HTTP/1.1\r\nHost: {SITE}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        post = f"POST /kod HTTP/1.1\r\nHost: {SITE}\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode()
        before = w.rows()
        shapes = {
            "a list of lengths": b"Content-Length: 0, 0\r\n\r\n", "a length in hex": b"Content-Length: 0x0\r\n\r\n", "a length and more": b"Content-Length: 0 0\r\n\r\n",
            "a length with a plus": b"Content-Length: +0\r\n\r\n", "a length in two": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", "an empty length": b"Content-Length:\r\n\r\n",
            "chunks and a length": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "identity": b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n", "chunks twice": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "chunks with a blank": b"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n", "chunks in quotes": b"Transfer-Encoding: \"chunked\"\r\nContent-Length: 0\r\n\r\n",
            "chunks after a tab": b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 0\r\n\r\n", "chunks in capitals": b"TRANSFER-ENCODING: CHUNKED\r\nContent-Length: 0\r\n\r\n",
            "a folded length": b"X: y\r\n Content-Length: 5\r\n\r\n", "chunks that are folded": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
            "a length that is broken": b"Content-Length: 0\rX: y\r\n\r\n", "no length": b"\r\n", "a length of letters": b"Content-Length: ten\r\n\r\n",
            "a bad chunk": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n", "a length of another alphabet": b"Content-Length: \xd9\xa0\r\n\r\n"}
        wrong = []
        for name, rest in shapes.items():
            statuses, out = alone(w, post + rest + inside)
            if not all(400 <= s < 500 or s == 501 for s in statuses) or w.decisions():
                wrong.append((name, statuses, out[:200]))
        check("a request that can be read in two ways is refused, with what follows it", not wrong and w.rows() == before, wrong[:3])
        get = f"GET /style.css HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: {len(inside)}\r\n\r\n".encode() + inside
        statuses, out = alone(w, get)
        check("nor is the body of a GET a request", statuses and statuses[0] == 400 and len(statuses) <= 2 and w.decisions() == [], out[:200])
        statuses, out = alone(w, post + f"Content-Length: {len(inside)}\r\n\r\n".encode() + inside + f"GET / HTTP/1.1\r\nHost: {SITE}\r\nConnection: close\r\n\r\n".encode())
        check("nor that of a POST", 303 not in statuses and w.decisions() == [], statuses)
        statuses, out = alone(w, f"GET / HTTP/1.1\r\nHost: {SITE}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\nPRI * HTTP/2.0\r\n\r\n".encode())
        check("nobody is led to another protocol", 101 not in statuses, statuses)


def half_a_form_is_none():
    with World() as w:
        cookie = w.sign_in()
        form = hidden(w.post("/beslut", cookie, choose(w.get("/beslut", cookie), a1=("approve",))))
        body = urllib.parse.urlencode(form).encode()
        head = (f"POST /beslut/spara HTTP/1.1\r\nHost: {SITE}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        before = w.rows()
        for cut in (0, 1, len(body) // 2, len(body) - 1):
            for how in (socket.SHUT_WR, socket.SHUT_RDWR):
                with socket.create_connection(("127.0.0.1", w.port), 5) as s:
                    s.sendall(head + body[:cut])
                    s.shutdown(how)
                    try:
                        s.recv(10)
                    except OSError:
                        pass
        slow = [socket.create_connection(("127.0.0.1", w.port), 5) for _ in range(30)]
        for s in slow:
            s.sendall(head + body[:-1])
        check("a form that has not come whole decides nothing, and holds nobody up", w.get("/").status == 200 and w.rows() == before)
        slow[0].sendall(body[-1:])
        answer = slow[0].recv(100)
        check("one that comes late decides when it is whole", answer.startswith(b"HTTP/1.1 303") and len(w.decisions()) == 1, answer)
        for s in slow[1:]:
            s.sendall(body[-1:])
            s.recv(100)
            s.close()
        slow[0].close()
        check("the same form sent many times at once decides once", len(w.decisions()) == 1, len(w.decisions()))


def much_is_too_much():
    with World() as w:
        cookie = w.sign_in()
        nonce = w.get("/beslut", cookie).field("nonce")
        before = w.rows()
        seen = {
            "a query": alone(w, b"GET /beslut?" + b"a" * 8000 + b" HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\n\r\n")[0],
            "arguments": alone(w, b"GET /filer/f1-1?" + b"rad=1&" * 1000 + b" HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\n\r\n")[0],
            "a cookie": alone(w, b"GET /beslut HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\nCookie: behov=" + b"a" * 40000 + b"\r\n\r\n")[0],
            "cookies": alone(w, b"GET /beslut HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\n" + b"Cookie: behov=a\r\n" * 120 + b"\r\n")[0],
            "a name": [w.post("/beslut", cookie, b"nonce=" + nonce.encode() + b"&v-" + b"a" * 200000 + b"=x").status],
            "fields": [w.post("/beslut", cookie, "&".join([f"nonce={nonce}"] + [f"v-x{n}=1&d-x{n}=approve" for n in range(1200)]).encode()).status],
            "a code": [w.post("/logga-in", None, {"token": TOKEN["aa01"], "kod": "1" * 200000}).status],
            "a token": [w.post("/kod", None, {"token": "1" * 200000}).status],
            "a reason": [w.post("/beslut", cookie, {"nonce": nonce, **{k: v for k, v in choose(w.get("/beslut", cookie), a1=("keep", "x" * 200000)).items()}}).status],
            "ands": [w.post("/beslut", cookie, b"&" * 200000).status], "signs": [w.post("/beslut", cookie, b"=" * 200000).status]}
        check("what is too much is refused, whatever it is much of", all(s in (400, 403, 404, 413, 414, 422, 431) for many in seen.values() for s in many), seen)
        fields = [w.post("/beslut", cookie, "&".join([f"nonce={nonce}"] + [f"v-x{n}=1&d-x{n}=approve" for n in range(900)]).encode())]
        check("many proposals that are nobody's are refused one by one", fields[0].status == 422 and w.decisions() == [], fields[0].status)
        after = w.rows()
        check("and nothing but the session's own time was written", {k for k in after if after[k] != before[k]} <= {("inbox.db", "session")})


# ------------------------------------------------------------------ once is once

def codes_and_forms_are_good_once():
    with World() as w:
        cookie, nonce, code = w.ask()
        signed = w.post("/logga-in", cookie, {"nonce": nonce, "kod": code}).headers["set-cookie"].split(";")[0]
        again = [w.post("/logga-in", c, {"nonce": nonce, "kod": code}).status for c in (cookie, None)]
        check("a code signs in once", again == [401, 401], again)
        other, fresh, _ = w.ask()
        check("and not in another browser", w.post("/logga-in", other, {"nonce": fresh, "kod": code}).status == 403 or code in w.codes()[1:])
        waiting, nonce, first = w.ask()
        w.post("/kod", waiting, {"nonce": nonce})
        second = w.codes()
        check("a new code ends the one before", second.count(first) > 1 or w.post("/logga-in", waiting, {"nonce": nonce, "kod": first}).status == 403)
        form = hidden(w.post("/beslut", signed, choose(w.get("/beslut", signed), a1=("approve",), a2=("keep", "Vikarie"))))
        w.post("/beslut/spara", signed, form)
        later = w.sign_in()
        replayed = w.post("/beslut/spara", later, {**form, "nonce": w.get("/beslut", later).field("nonce")})
        check("a form of another session decides nothing again", replayed.status == 422 and len(w.decisions()) == 2, replayed.status)
        subprocess_take(w)
        counted = len(w.rows()["behov.db", "decision"])
        replayed = w.post("/beslut/spara", later, {**form, "nonce": w.get("/beslut", later).field("nonce"), "once": "f" * 32})
        check("nor when the night has taken it", len(w.decisions()) == 2 and replayed.status in (409, 422), replayed.status)
        subprocess_take(w)
        check("and a night takes each row once", len(w.rows()["behov.db", "decision"]) == counted)


def subprocess_take(w):
    import subprocess
    subprocess.run([page.ORACLE, "take", w.folder, "2026-11-25T12:00+01:00"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def a_planted_session_is_not_taken_over():
    with World() as w:
        page.press_until_it_is_long(w)
        code, = w.long_codes()
        theirs = w.post("/kod", form={"token": TOKEN["ee01"]}).headers["set-cookie"].split(";")[0]
        for planted in ("behov=" + "P" * 43, theirs):
            reply = w.post("/logga-in", planted, {"token": TOKEN["aa01"], "kod": code})
            if reply.status == 303:
                break
        mine = reply.headers["set-cookie"].split(";")[0]
        check("who signs in with a long code gets a cookie nobody knew", mine not in (planted, theirs) and w.get("/beslut", planted).status == 401
              and "Inloggad som <bdi>Anna Berg" in w.get("/beslut", mine).text)


def main():
    browsers = (another_site_can_neither_post_nor_frame, markup_is_only_text)
    tests = [f for f in globals().values() if callable(f) and getattr(f, "__module__", "") == __name__ and hasattr(f, "__code__")
             and f.__code__.co_argcount == 0 and f.__name__ != "main"]
    for test in tests:
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        if test in browsers and not shutil.which("chromedriver"):
            print(f"skip {test.__name__}: no chromedriver")
            continue
        try:
            test()
        except Exception as problem:            # any trouble is a failure, told with its place
            import traceback
            traceback.print_exc(limit=-3)
            check(f"{test.__name__} {type(problem).__name__}", False)
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
