#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plots as others see them: random ones read back as XML, and measured in a real browser: no two words lie over each other."""
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

BUILD = os.environ.get("BUILD", "build")
ORACLE = os.path.join(BUILD, "tests/unit/oracle-report")
SVG = "{http://www.w3.org/2000/svg}"
NBSP, MINUS = "\xa0", "\u2212"
ACROSS = "1 4"                  # dots that lead across what is missing
WORDS = ["Öppna", "förslag", "Godkända", "konton", "utan", "behov", "Socialförvaltningen", "Barn- och utbildningsförvaltningen", "K3",
         "åtkomst", "Gallringsstopp", "i", "Personalsystemet"]
wrong = False


def say(good, name, *why):
    global wrong
    wrong |= not good
    print("ok" if good else "not ok", name, *([] if good else why))


def values(rng, count):
    """Huge, tiny, equal, whole or not, negative, missing."""
    kind = rng.choice(["counts", "counts", "equal", "zero", "tiny", "huge", "near", "signed", "share", "none"])
    make = {"counts": lambda: rng.randrange(0, 500), "equal": lambda: 7, "zero": lambda: 0, "tiny": lambda: rng.random() / 1000,
            "huge": lambda: rng.randrange(10**5, 10**13), "near": lambda: 100000 + rng.randrange(90), "signed": lambda: rng.randrange(-300, 300),
            "share": lambda: round(rng.random() * 100, 1), "none": lambda: None}[kind]
    gaps = rng.choice([0, 0, 0.1, 0.5])
    return [None if rng.random() < gaps else make() for _ in range(count)]


def plot(rng, number):
    count = rng.choice([1, 2, 4, 4, 13, 24, 52])
    weeks = [f"v. {i + 1}" for i in range(count)]
    names = [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 4))) for _ in range(count)]
    lines = rng.random() < 0.6
    return {"id": f"p{number}", "title": "Plott " + str(number), "unit": rng.choice(["förslag", "byte", "", "filer"]), "says": "Det blir <bättre>.",
            "kind": "lines" if lines else "bars", "x": weeks if lines or rng.random() < 0.6 else names,
            "plan": values(rng, count) if rng.random() < 0.3 else None,
            "series": [{"name": " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 5))), "values": values(rng, count)}
                       for _ in range(rng.randrange(1, 9))]}


def draw(folder, plots, pdf=None):
    path, drawn = os.path.join(folder, "plots.json"), pdf or os.path.join(folder, "plots.svg")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"plots": plots}, f)
    done = subprocess.run([ORACLE, "plots" if pdf else "svg", path, drawn], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-2000:]
    with open(drawn, "rb") as f:
        return f.read() if pdf else f.read().decode("utf-8")


def drawings(said):
    return [xml.fromstring(one + "</svg>") for one in said.split("</svg>\n")[:-1]]


def number(text):
    return float(text.replace(NBSP, "").replace(MINUS, "-").replace(",", "."))


def runs(values):
    """(stretches of two values or more, values that stand alone)"""
    lengths = [len(r) for r in "".join("x" if v is not None else " " for v in values).split()]
    return sum(n > 1 for n in lengths), sum(n == 1 for n in lengths)


def every_word_is_clean(roots):
    bad = []
    for root in roots:
        for at in root.iter():
            if at.tag not in {SVG + t for t in ("svg", "title", "desc", "polyline", "rect", "circle", "text")}:
                bad.append(at.tag)
            bad += [(at.tag, a) for a in at.attrib if a in ("style", "href") or a.startswith("on")]
    say(not bad, "a plot is lines, areas and words, without style, script or anything from elsewhere", bad[:5])
    ids = [at.get("id") for root in roots for at in root.iter() if at.get("id")]
    named = [i for root in roots for i in root.get("aria-labelledby").split()]
    say(len(ids) == len(set(ids)) and sorted(ids) == sorted(named) and all(r.get("role") == "img" for r in roots) and
        all(r.find(SVG + "desc").text == "Det blir <bättre>." for r in roots), "it has a name and says in words what one sees")


def light(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def colours(roots):
    low = {t.get("fill") for r in roots for t in r.iter(SVG + "text") if 1.05 / (light(t.get("fill")) + 0.05) < 4.5}
    low |= {t.get("fill") for r in roots for t in r.iter(SVG + "rect") if t.get("fill") != "#ffffff" and 1.05 / (light(t.get("fill")) + 0.05) < 3}
    say(not low, "words have a contrast of 4.5 to 1, bars of 3 to 1", low)
    looks = {}
    for root in roots:
        for line in root.iter(SVG + "polyline"):
            if line.get("stroke") not in ("#dde2de", "#7c8781") and line.get("stroke-dasharray") != ACROSS:
                looks.setdefault(line.get("stroke"), (line.get("stroke-dasharray"), line.get("stroke-width")))
    series = {c: l for c, l in looks.items() if c != "#55605b"}
    say(len(series) >= 8 and len(set(series.values())) == len(series), "no two series have the same dashes and thickness", looks)


def lines_are_the_values(plots, roots):
    """Each stretch of values is a line of its own, whose points lie where the steps of the axis say."""
    bad, points = [], 0
    for one, root in zip(plots, roots[::2]):
        if one["kind"] != "lines" or all(v is None for s in one["series"] for v in s["values"] + (one["plan"] or [])):
            continue
        steps = [(number(t.text), float(t.get("y")) - 4) for t in root.iter(SVG + "text") if t.get("text-anchor") == "end"]
        (low, y0), (high, y1) = steps[0], steps[-1]
        factor = {"miljoner": 1e6, "miljarder": 1e9, "biljoner": 1e12}.get((root.find(SVG + "text").text or "").split(" ")[0].rstrip(";"), 1)
        drawn = [line for line in root.iter(SVG + "polyline") if line.get("stroke") not in ("#dde2de", "#7c8781", "#55605b")]
        across = [line for line in drawn if line.get("stroke-dasharray") == ACROSS]
        drawn = [line for line in drawn if line.get("stroke-dasharray") != ACROSS]
        gaps = sum(max(0, sum(1 for known, _ in itertools.groupby(s["values"], lambda v: v is not None) if known) - 1) for s in one["series"])
        if len(across) != gaps:
            bad.append((one["id"], "gaps", len(across), gaps))
        wanted = [s["values"][i:j] for s in one["series"] for i, j in stretches(s["values"])]
        if len(drawn) != len(wanted):
            bad.append((one["id"], "lines", len(drawn), len(wanted)))
            continue
        # Steps are shown rounded: what may be off by half a figure at both ends.
        for line, want in zip(drawn, wanted):
            ys = [float(p.split(",")[1]) for p in line.get("points").split()]
            for y, value in zip(ys, want):
                shown = low + (y - y0) / (y1 - y0) * (high - low)
                points += 1
                if abs(shown - value / factor) > (high - low) * 0.01 + 1e-9:
                    bad.append((one["id"], shown, value / factor))
    say(points > 500 and not bad, f"lines: {points} points lie where their values say, and a gap is a gap", bad[:5])


def stretches(values):
    out, start = [], None
    for i, v in enumerate(values + [None]):
        if v is not None and start is None:
            start = i
        if v is None and start is not None:
            if i - start > 1:
                out.append((start, i))
            start = None
    return out


def bars_are_the_values(plots, roots):
    bad, bars = [], 0
    for one, root in zip(plots, roots[::2]):
        if one["kind"] != "bars":
            continue
        drawn = [r for r in root.iter(SVG + "rect") if r.get("fill") != "#ffffff"]
        want = [v for s in one["series"] for v in s["values"] if v]
        if len(drawn) != len(want):
            bad.append((one["id"], len(drawn), len(want)))
            continue
        side = "width" if len({r.get("width") for r in drawn}) > 1 else "height"
        most = max((abs(v) for v in want), default=0)
        longest = max((float(r.get(side)) for r in drawn), default=0)
        for r, v in zip(drawn, want):
            bars += 1
            if most and abs(float(r.get(side)) - max(longest * abs(v) / most, 1)) > 0.2:
                bad.append((one["id"], r.attrib, v, most))
    say(bars > 200 and not bad, f"bars: {bars} are as long as their values say; zero and missing have none", bad[:5])


def known(folder):
    """What a person would read, word for word."""
    one = {"id": "k", "title": "T", "unit": "kr", "says": "S", "kind": "lines", "x": ["a", "b"], "plan": None,
           "series": [{"name": "Kostnad", "values": [1000.25, 1234.5]}, {"name": "Skuld", "values": [-20, None]}]}
    text = [t.text for t in drawings(draw(folder, [one]))[0].iter(SVG + "text")]
    say(f"1{NBSP}234,5" in text and f"{MINUS}20" in text and f"1{NBSP}000" in text and "Kostnad" in text, "numbers are as Swedes write them", text)
    many = dict(one, series=[{"name": "Yta", "values": [14234567, 2500000]}])
    text = [t.text for t in drawings(draw(folder, [many]))[0].iter(SVG + "text")]
    say(text[0] == "miljoner kr" and "2,5" in text and "15" in text, "millions are said in words", text)
    near = dict(one, series=[{"name": "Nära", "values": [100000, 100084]}])
    text = [t.text for t in drawings(draw(folder, [near]))[0].iter(SVG + "text")]
    say(text[0] == f"kr; axeln börjar vid 100{NBSP}000", "an axis that does not begin at zero says so", text)
    for kind in ("lines", "bars"):
        empty = dict(one, kind=kind, series=[{"name": "Inget", "values": [None, None]}])
        text = [t.text for t in drawings(draw(folder, [empty]))[0].iter(SVG + "text")]
        say(text == ["Inga uppgifter"], f"{kind}: nothing is said to be nothing", text)
    odd = dict(one, x=["</text><script>", "\u202eb"], title="<&\"'", unit="\x01", series=[{"name": "a\u202eb</svg>", "values": [1e300, 3]}])
    root = drawings(draw(folder, [odd]))[0]
    text = [t.text or "" for t in root.iter(SVG + "text")]
    say("</text><script>" in text and "a\ufffdb</svg>" in text and root.find(SVG + "title").text == "<&\"'" and "3" in text,
        "names that mean harm are words, and what is no sum of anything is missing", text)


MEASURE = """
const out = [];
for (const svg of document.querySelectorAll('svg')) {
	const all = [...svg.querySelectorAll('text')].map(t => [t.getBBox(), t.textContent]).filter(t => t[0].width), view = svg.viewBox.baseVal;
	for (let i = 0; i < all.length; i++) {
		const a = all[i][0];
		if (a.x < -0.5 || a.y < -0.5 || a.x + a.width > view.width + 0.5 || a.y + a.height > view.height + 2)
			out.push(svg.getAttribute('aria-labelledby') + ' outside: ' + all[i][1]);
		for (let k = 0; k < i; k++) {
			const b = all[k][0];
			if (a.x + 0.5 < b.x + b.width && b.x + 0.5 < a.x + a.width && a.y + 3 < b.y + b.height && b.y + 3 < a.y + a.height)
				out.push(svg.getAttribute('aria-labelledby') + ' over each other: ' + all[i][1] + ' | ' + all[k][1]);
		}
	}
}
return [out, document.querySelectorAll('svg text').length];
"""


def measured(folder, said):
    if not shutil.which("chromedriver"):
        print("skip words are measured: no chromedriver")
        return
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    path = os.path.join(folder, "plots.html")
    with open(path, "w", encoding="utf-8") as f:
        f.write("<!DOCTYPE html><meta charset='utf-8'><title>x</title>" + said)
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile"):
        options.add_argument(word)
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        driver.get("file://" + path)
        bad, count = driver.execute_script(MEASURE)
    finally:
        driver.quit()
    say(count > 1000 and not bad, f"a browser measures {count} words: none lies over another or leaves its plot", *bad[:20])


def on_paper(folder, plots):
    path = os.path.join(folder, "plots.pdf")
    draw(folder, plots, path)
    done = subprocess.run(["qpdf", "--check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = subprocess.run(["pdftotext", path, "-"], stdout=subprocess.PIPE, check=True).stdout.decode()
    flat = re.sub(r"\s+", "", text)
    lost = [t.text for root in drawings(draw(folder, plots))[::2] for t in root.iter(SVG + "text") if re.sub(r"\s+", "", t.text or "") not in flat]
    say(done.returncode == 0 and not lost, "a PDF has the same words", done.stdout[-300:], lost[:5])


def main():
    seed = int(os.environ.get("SEED", "1"))
    rng = random.Random(seed)
    plots = [plot(rng, i) for i in range(80)]
    with tempfile.TemporaryDirectory() as folder:
        said = draw(folder, plots)
        roots = drawings(said)
        say(len(roots) == 160 and said == draw(folder, plots), "each is drawn wide and narrow, with the same bytes each time", len(roots))
        every_word_is_clean(roots)
        colours(roots)
        lines_are_the_values(plots, roots)
        bars_are_the_values(plots, roots)
        known(folder)
        measured(folder, said)
        on_paper(folder, plots[:12])
    return wrong


sys.exit(main())
