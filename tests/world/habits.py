# SPDX-License-Identifier: GPL-3.0-or-later
"""How the owners of the example municipality answer: each by their mail's link and the page, as they are."""
import collections
import json
import random
import re

from town import Owner, field

WHY_KEPT = ["Vikarierar till sommaren", "Avslutar sina ärenden", "Handleder sin efterträdare", "Deltar i projektet Hemma hela dagen",
            "Är ersättare för enhetschefen", "Behövs under upphandlingen"]
QUESTIONS = ["Behövs det i ert arbete?", "Är det här kvar sedan omorganisationen?", "Vet du varför det beställdes?"]
ADVICE = {"remove": "Nej, det är ett gammalt uppdrag", "keep": "Ja, hon täcker upp hos oss", "unknown": "Det vet jag inte"}
NOT_MINE = "Det här är inte min verksamhet"
WRONG_RULE = "Vikarier i reserven saknas i behovet"
REMARKS = ["Två vikarier från i somras ska bort", "Kontot i receptionen delas av flera: det behöver en egen ägare", "Konsulten slutar vid årsskiftet",
           "Rollen behöver delas: alla som läser behöver inte kunna ändra"]
REVIEW_LINK = re.compile(r'href="(/granska/\d+)">[^<]*<bdi lang="sv">([^<]*)</bdi>')
ASKED = {"anna.berg": "per.ek", "per.ek": "anna.berg", "eva.lind": "nils.holm", "lars.skog": "hanna.ros", "hanna.ros": "eva.lind"}
OPEN_QUESTIONS = " from question q join proposal p on p.id = q.proposal where answered is null and closed is null and problem is null" \
    " and p.state = 'asked'"
FINAL = ("approve", "keep", "not-mine", "hold")
AT_ONCE = 25                    # more than this nobody answers at one sitting


class Habits:
    """`away` is who does not open their mail, and from which day to which; the same seed gives the same answers."""

    def __init__(self, town, seed, coordinator, away):
        self.town, self.seed, self.coordinator, self.away = town, seed, coordinator, away
        self.answered = {}              # proposal -> {(version, who)}

    def dice(self, *what):
        return random.Random(repr((self.seed,) + what))

    def is_there(self, who, day):
        if any(name == who and since <= day < until for name, since, until in self.away):
            return False
        return self.dice("there", who, day).random() < (0.4 if day.month == 7 else 0.75)

    def waiting(self, which):
        """account -> what they sit in the seats of, oldest first: (id, version, kind, state, account, batch)."""
        out = collections.defaultdict(list)
        for *row, approvers in self.town.rows("select id, version, kind, state, account, batch, approvers from proposal"
                                              f" where {which} order by due, id"):
            for name in sorted({a["name"] for a in json.loads(approvers)}):
                out[name].append(row)
        return out

    def answer(self, who, row, day):
        """What they say of it today: fields of the form, or None."""
        proposal, version, kind, _, account, _ = row
        dice = self.dice(proposal, version, who, day)
        luck = dice.random()
        if luck < 0.08:
            return None
        if kind in ("destroy", "deliver"):
            return {"d": "later", "l": self.after(day, 21)} if luck < 0.10 else {"d": "approve"}
        if luck < 0.70 or self.dice("often", proposal, who).random() < 0.3:
            return {"d": "approve"}
        if luck < 0.84:
            return {"d": "keep", "r": dice.choice(WHY_KEPT), "u": self.after(day, dice.randrange(60, 300)) if dice.random() < 0.7 else ""}
        if luck < 0.90 and ASKED.get(who, "rut.registrator") not in (who, account):
            return {"d": "ask", "k": ASKED.get(who, "rut.registrator"), "f": dice.choice(QUESTIONS)}
        if luck < 0.93:
            return {"d": "rule", "w": WRONG_RULE}
        if luck < 0.96 and who != self.coordinator:
            return {"d": "not-mine", "n": NOT_MINE}
        return {"d": "later", "l": self.after(day, 14)}

    @staticmethod
    def after(day, days):
        return (day.fromordinal(day.toordinal() + days)).isoformat()

    def choices(self, who, rows, day, special):
        out = {}
        for row in rows:
            proposal, version, *_ = row
            said = None if (version, who) in self.answered.get(proposal, ()) else special(who, row, day) or self.answer(who, row, day)
            if said and len(out) < AT_ONCE:
                out[proposal] = said
        return out

    def regrets(self, who, rows, day):
        """What they approved, and take back while they can."""
        return {proposal: {"d": "undo"} for proposal, version, *_ in rows
                if (version, who) in self.answered.get(proposal, ()) and self.dice("undo", proposal, who, day).random() < 0.03}

    def remember(self, who, rows, choices):
        """Who has answered is not asked by us again, unless they took it back."""
        for proposal, version, *_ in rows:
            said, who_said = choices.get(proposal, {}).get("d"), self.answered.setdefault(proposal, set())
            if said in FINAL:
                who_said.add((version, who))
            elif said == "undo":
                who_said.discard((version, who))

    def advice(self, who, day):
        out = {}
        for number, in self.town.rows("select q.id" + OPEN_QUESTIONS + " and q.name = ? order by q.id", who):
            said = self.dice("advice", number).choice(sorted(ADVICE))
            out[f"q{number}"] = {"d": "advise:" + said, "c": ADVICE[said]}
        return out

    def sit_down(self, now, day, some, special):
        """Those of whom some(who) holds open the page that day, where something waits for them and their link is good."""
        asked = {name for name, in self.town.rows("select distinct q.name" + OPEN_QUESTIONS + " and q.name is not null")}
        waiting = self.waiting("state in ('open', 'asked')")
        self.decide(now, day, sorted(who for who in set(waiting) | asked if some(who)), waiting,
                    lambda who: {**self.choices(who, waiting[who], day, special), **self.advice(who, day)})

    def review(self, now, day):
        """Those who have been written to about a list and get round to it; of the others there are some each quarter."""
        told = self.town.rows("select distinct l.name, r.quarter, r.system from letter l join letter_about a on a.letter = l.id"
                              " join review_list r on a.proposal = 'review:' || r.quarter || '@' || r.system"
                              " where r.quarter = (select max(quarter) from review_list) and not exists"
                              " (select 1 from review w where w.quarter = r.quarter and w.system = r.system and w.digest = r.digest and w.refused is null)"
                              " order by 1, 2, 3")
        will = sorted({who for who, *of in told if self.dice("reviews", who, *of).random() < 0.6})
        will = [who for who in will if self.is_there(who, day) and self.town.has_link(who, day)]
        if not will:
            return
        self.town.serve(now)
        for who in will:
            owner = Owner(self.town, who)
            for path, system in REVIEW_LINK.findall(owner.seen):
                dice = self.dice("remarks", who, path)
                page = owner.ask("GET", path)
                if dice.random() < 0.75 and 'name="anmarkning"' in page:
                    owner.ask("POST", "/granska", {**{name: field(page, name) for name in ("nonce", "lista", "version")},
                                                   "anmarkning": dice.choice(REMARKS) if dice.random() < 0.35 else ""})
                    self.town.tell(day, "list-reviewed", f"{who} har granskat behörighetslistan för {system}")
        self.town.close_page()

    def think_again(self, now, day, moment):
        """Those who regret an approval before its grace has passed."""
        waiting = self.waiting(f"state = 'scheduled' and go_at > {moment}")
        self.decide(now, day, sorted(waiting), waiting, lambda who: self.regrets(who, waiting[who], day))

    def decide(self, now, day, people, waiting, choose):
        """The page is only opened when somebody has something to say, and they say of it what the page offers."""
        todo = [(who, choose(who)) for who in people if self.is_there(who, day) and self.town.has_link(who, day)]
        todo = [(who, choices) for who, choices in todo if choices]
        if not todo:
            return
        self.town.serve(now)
        for who, choices in todo:
            owner = Owner(self.town, who)
            choices = {on: said for on, said in choices.items() if f'name="d-{on}" value="{said["d"]}"' in owner.seen}
            if choices:
                owner.decide(choices, owner.seen)
                self.remember(who, waiting[who], choices)
        self.town.close_page()
