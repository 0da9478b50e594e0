/* SPDX-License-Identifier: GPL-3.0-or-later */
/* show.c - a gallringsprotokoll in the words and the order in which people read it: sections of facts and tables. */
#include "protocol_p.h"

struct show {
	struct arena *mem;
	const json_t *body;
	json_t *facts, *notes, *tables; /* of the section that is being filled */
};

/* What somebody named must not turn the text around it. */
static const char *
flat(const struct show *s, const char *text)
{
	return text ? text_straight(s->mem, text) : NULL;
}

static json_t *
section(struct show *s, json_t *out, const char *title)
{
	json_t *o = json_object();

	json_put(o, "id", arena_print(s->mem, "del-%zu", json_array_size(out) + 1));
	json_put(o, "title", title);
	json_object_set_new(o, "digests", json_false());
	s->facts = put_list(o, "facts");
	s->notes = put_list(o, "notes");
	s->tables = put_list(o, "tables");
	json_array_append_new(out, o);
	return o;
}

/* NULL: nobody has said it. */
static void
fact(struct show *s, const char *name, const char *value)
{
	json_t *o = json_object();

	json_put(o, "name", name);
	json_put(o, "value", value && *value ? flat(s, value) : NULL);
	json_array_append_new(s->facts, o);
}

static void
note(struct show *s, const char *text)
{
	json_t *o = json_object();

	json_put(o, "text", flat(s, text));
	json_array_append_new(s->notes, o);
}

/* Heads that begin with '#' are of numbers. */
static json_t *
table(struct show *s, const char *caption, const char *const *heads, size_t count)
{
	json_t *o = json_object(), *list = put_list(o, "heads"), *rows = put_list(o, "rows");

	json_put(o, "caption", caption);
	for (size_t i = 0; i < count; i++) {
		json_t *head = json_object();

		json_put(head, "text", heads[i] + (*heads[i] == '#'));
		json_object_set_new(head, "number", json_boolean(*heads[i] == '#'));
		json_array_append_new(list, head);
	}
	json_array_append_new(s->tables, o);
	return rows;
}

static void
row(struct show *s, json_t *rows, const char *const *cells, unsigned numbers, size_t count)
{
	json_t *o = json_object(), *list = put_list(o, "cells");

	for (size_t i = 0; i < count; i++) {
		json_t *cell = json_object();

		json_put(cell, "text", cells[i] ? flat(s, cells[i]) : "inte angivet");
		json_object_set_new(cell, "number", json_boolean(numbers >> i & 1));
		json_array_append_new(list, cell);
	}
	json_array_append_new(rows, o);
}

/* ------------------------------------------------------------------ words */

static const char *
said(const struct show *s, const char *key)
{
	return json_text(s->body, key);
}

static const json_t *
part(const struct show *s, const char *key)
{
	return json_object_get(s->body, key);
}

static long long
files_of(const struct show *s, const char *outcome)
{
	return json_number(json_object_get(part(s, "counts"), outcome), "files", 0);
}

static const char *
sum_of(const struct show *s, const char *outcome)
{
	const json_t *sum = json_object_get(part(s, "counts"), outcome);
	long long files = json_number(sum, "files", 0);

	return arena_print(s->mem, "%s fil%s, %s", text_count(s->mem, files), files == 1 ? "" : "er",
			   text_size(s->mem, json_number(sum, "bytes", 0)));
}

/* A moment, or from when to when; NULL: never. */
static const char *
span(const struct show *s, const json_t *of)
{
	const char *first = json_text(of, "first"), *last = json_text(of, "last");

	if (!first || !last)
		return NULL;
	return strcmp(first, last) == 0 ? local(s->mem, last) : arena_print(s->mem, "%s till %s", local(s->mem, first), local(s->mem, last));
}

static const char *
moment(const struct show *s, const json_t *of, const char *key)
{
	return json_text(of, key) ? local(s->mem, json_text(of, key)) : NULL;
}

/* "90 days" as people say it. */
static const char *
period(const struct show *s, const char *text)
{
	static const char *const words[][2] = { { "dag", "dagar" }, { "månad", "månader" }, { "år", "år" } };
	struct period p;

	if (!text || period_parse(text, &p) < 0)
		return text;
	return arena_print(s->mem, "%d %s", p.count, words[p.unit][p.count != 1]);
}

struct word { const char *key, *text; };

static const char *
word_of(const struct word *words, size_t count, const char *key)
{
	for (size_t i = 0; key && i < count; i++)
		if (strcmp(words[i].key, key) == 0)
			return words[i].text;
	return key;
}
#define WORD_OF(words, key) word_of(words, sizeof(words) / sizeof(*(words)), key)

static const struct word clocks[] = {
	{ "modified", "när filen senast ändrades" }, { "path-year", "årtalet i sökvägen" }, { "path-date", "datumet i sökvägen" },
	{ "created", "när filen skapades" }, { "case-closed", "när ärendet avslutades" }, { "fiscal-year", "räkenskapsåret" },
	{ "event", "en händelse som ägaren har angett" }, { "superseded", "när en nyare version ersatte den" },
	{ "receipt", "när e-arkivet kvitterade leveransen" },
};
static const struct word froms[] = {
	{ "year-end", "kalenderårets slut" }, { "month-end", "månadens slut" }, { "day", "dagen själv" },
	{ "fiscal-year-end", "räkenskapsårets slut" },
};
static const struct word proofs[] = {
	{ "code", "engångskod till egen e-postadress" }, { "ldap", "lösenord, prövat mot katalogen" },
	{ "proxy", "organisationens inloggning" },
};

static const char *
outcome_said(const char *word)
{
	for (int i = 0; word && i < OUTCOMES; i++)
		if (strcmp(outcome_word[i], word) == 0)
			return outcome_text[i];
	return word;
}

/* ------------------------------------------------------------------ the sections */

static void
show_parties(struct show *s, json_t *out)
{
	section(s, out, "Ansvar");
	fact(s, "Organisation", said(s, "organisation"));
	fact(s, "Nämnd eller myndighet", said(s, "board"));
	fact(s, "Arkivbildare", said(s, "creator"));
	fact(s, "Informationsägare", said(s, "owner"));
	fact(s, "Arkivansvarig", said(s, "responsible"));
}

static void
show_decision(struct show *s, const char *name, const json_t *d)
{
	const char *paragraph = json_text(d, "paragraph");

	if (!json_is_object(d)) {
		fact(s, name, NULL);
		return;
	}
	fact(s, name, arena_print(s->mem, "%s, %s, %s, %s", json_text(d, "dnr") ? json_text(d, "dnr") : "dnr inte angivet",
				  json_text(d, "date") ? json_text(d, "date") : "datum inte angivet",
				  paragraph ? paragraph : "§ inte angiven", json_text(d, "body") ? json_text(d, "body") : "instans inte angiven"));
}

static const char *
sums_text(const struct show *s, const json_t *receipt)
{
	long long n = json_number(receipt, "compared", 0);

	return n ? arena_print(s->mem, "%s kontrollsummor stämde", text_count(s->mem, n)) : "utan kontrollsummor att jämföra";
}

static void
show_mandate(struct show *s, json_t *out)
{
	const json_t *c = part(s, "calculation"), *one;
	const char *keep = period(s, json_text(c, "keep"));
	size_t i;

	section(s, out, "Beslut och gallringsfrist");
	show_decision(s, "Gallringsbeslut", part(s, "decision"));
	show_decision(s, "Tillämpningsbeslut", part(s, "application"));
	fact(s, "Lag eller författning", said(s, "law"));
	fact(s, "Gallringsfrist", keep ? arena_print(s->mem, "%s från %s", keep, WORD_OF(froms, json_text(c, "count_from"))) : NULL);
	fact(s, "Fristen räknas från", WORD_OF(clocks, json_text(c, "clock")));
	fact(s, "Uträkning", json_text(c, "text"));
	fact(s, "Fick gallras från och med", json_text(c, "due"));
	json_array_foreach(part(s, "delivered"), i, one)
		fact(s, "Finns i e-arkiv", arena_print(s->mem, "leverans %s, kvittens %s den %s, %s", json_text(one, "proposal"),
						       json_text(one, "number"), json_text(one, "date"), sums_text(s, one)));
}

/* Of a year in a path only the year is known. */
static const char *
age(const struct show *s, const char *key)
{
	const char *clock = json_text(part(s, "calculation"), "clock"), *day = said(s, key);

	return day && clock && strcmp(clock, "path-year") == 0 ? arena_copy(s->mem, day, 4) : day;
}

static const char *
place(const struct show *s)
{
	const json_t *p = part(s, "place");
	const char *batch = json_text(p, "batch"), *pattern = json_text(p, "pattern"), *name = json_text(p, "name");

	if (!batch && pattern)
		batch = arena_print(s->mem, "mappen återges inte; enligt mönstret %s", pattern);
	return arena_print(s->mem, "Lagringsytan %s (%s): %s", name ? name : json_text(p, "share") ? json_text(p, "share") : "-",
			   json_text(p, "path") ? json_text(p, "path") : "sökvägen inte angiven", batch && *batch ? batch : "hela serien");
}

static void
show_formats(struct show *s)
{
	static const char *const heads[] = { "Format", "#Filer", "#Byte" };
	const json_t *list = part(s, "formats"), *one;
	json_t *rows;
	size_t i;

	if (!json_array_size(list))
		return;
	rows = table(s, "Format, efter filändelse", heads, 3);
	json_array_foreach(list, i, one)
		row(s, rows, (const char *[]){ json_text(one, "format"), text_count(s->mem, json_number(one, "files", 0)),
					       text_count(s->mem, json_number(one, "bytes", 0)) }, 6, 3);
}

static void
show_records(struct show *s, json_t *out)
{
	const json_t *series = part(s, "series"), *k = part(s, "konfidentialitet");

	section(s, out, "Handlingar");
	fact(s, "Klassificering", said(s, "code"));
	fact(s, "Handlingstyp (serie)", json_text(series, "name") ? json_text(series, "name") : json_text(series, "id"));
	fact(s, "Gallras som", json_is_true(part(s, "whole")) ? "en enhet (hela volymen eller ärendet)" : "enskilda handlingar");
	fact(s, "Äldsta handling", age(s, "oldest"));
	fact(s, "Yngsta handling", age(s, "newest"));
	fact(s, "Gallrat", sum_of(s, "destroyed"));
	fact(s, "Lagringsplats", place(s));
	fact(s, "Urval som bevaras", said(s, "spared"));
	fact(s, "Sekretessmarkering", said(s, "secrecy"));
	fact(s, "Konfidentialitet (klassning)", json_is_integer(k) ? arena_print(s->mem, "%lld", (long long)json_integer_value(k)) : NULL);
	show_formats(s);
}

static bool
by_hand(const struct show *s)
{
	const char *method = json_text(part(s, "execution"), "method");

	return method && strcmp(method, "by-hand") == 0;
}

static void
show_approvals(struct show *s, json_t *out)
{
	static const char *const heads[] = { "Namn", "I egenskap av", "När", "Styrkt genom", "Motivering" };
	const json_t *held = part(s, "holds_checked"), *active = part(s, "activation"), *one;
	json_t *rows;
	size_t i;

	section(s, out, "Prövning och godkännande");
	fact(s, "Gallringsstopp prövade före karantän", span(s, json_object_get(held, "before_quarantine")));
	fact(s, "Gallringsstopp prövade åter, före förstöringen", span(s, json_object_get(held, "before_destruction")));
	fact(s, "Serien aktiverad för gallring", json_text(active, "by") ? arena_print(s->mem, "%s, %s", moment(s, active, "at"), json_text(active, "by")) : NULL);
	rows = table(s, "Godkänt att gallringen verkställs", heads, 5);
	json_array_foreach(part(s, "approvals"), i, one)
		row(s, rows, (const char *[]){ json_text(one, "name"), json_text(one, "as"), moment(s, one, "at"),
			       WORD_OF(proofs, json_text(one, "proof")), json_text(one, "reason") ? json_text(one, "reason") : "ingen angiven" }, 0, 5);
	note(s, by_hand(s) ? "Gallringsstopp och regler prövades för varje fil för sig, när arbetslistan skrevs."
			   : "Gallringsstopp och regler prövades för varje fil för sig, omedelbart före varje åtgärd.");
}

#define METHOD_ROWS "Handlingarna är poster i behovs egen databas, en handling för varje slag och dag. Posternas uppgifter togs bort och skrevs " \
	"över, i en och samma transaktion som granskningskedjans rad om det. Kedjans egna rader står kvar med sina hashvärden, så att den går att " \
	"kontrollera som förut."

static void
show_by_hand(struct show *s, const json_t *e)
{
	const json_t *said = json_object_get(e, "said_done");

	fact(s, "Utfört", "för hand, efter en arbetslista som programmet skrev när godkännandena ovan räckte");
	fact(s, "Sagt utfört av", said ? arena_print(s->mem, "%s, %s", json_text(said, "by") ? json_text(said, "by") : "kommandoraden",
						     moment(s, said, "at")) : "ingen har sagt det");
	fact(s, "Sett borta", span(s, json_object_get(e, "destroyed")));
	fact(s, "Kontrollerat av", arena_print(s->mem, "programmet %s (run)", json_text(e, "program")));
	fact(s, "Metod", "Filerna togs bort av en människa. Programmet har inte sett hur. Det listade därefter varje mapp som de låg i och såg att de "
	     "inte finns där; om de har flyttats, döpts om eller kopierats vet programmet inte.");
}

static void
show_execution(struct show *s, json_t *out)
{
	const json_t *e = part(s, "execution");

	section(s, out, "Verkställande");
	if (by_hand(s)) {
		show_by_hand(s, e);
		return;
	}
	fact(s, "Satt i karantän (ännu inte gallrat)", span(s, json_object_get(e, "quarantined")));
	fact(s, "Verkställd gallring (förstört)", span(s, json_object_get(e, "destroyed")));
	fact(s, "Verkställt av", arena_print(s->mem, "programmet %s (%s), efter godkännandena ovan", json_text(e, "program"), json_text(e, "verb")));
	if (strcmp(json_text(e, "method") ? json_text(e, "method") : "", "rows") == 0) {
		fact(s, "Metod", METHOD_ROWS);
		return;
	}
	fact(s, "Metod", "Filen flyttades till lagringsytans karantän, jämfördes åter med det som godkändes, och dess namn togs bort ur filsystemet "
	     "(unlink). Lagringsmediet har inte skrivits över.");
}

static void
show_named(struct show *s, const char *key, const char *caption, const char *const *heads, size_t count, bool links)
{
	const json_t *list = part(s, key), *one;
	json_t *rows;
	size_t i;

	if (!json_array_size(list))
		return;
	rows = table(s, caption, heads, count);
	json_array_foreach(list, i, one) {
		const char *path = json_text(one, "path") ? json_text(one, "path") : "namnet återges inte";
		const char *number = text_count(s->mem, json_number(one, "number", 0));

		if (links)
			row(s, rows, (const char *[]){ number, path, text_count(s->mem, json_number(one, "other_names", 0)) }, 5, 3);
		else
			row(s, rows, (const char *[]){ number, path, outcome_said(json_text(one, "outcome")),
						       json_text(one, "why") ? json_text(one, "why") : "-" }, 1, 4);
	}
}

static void
show_exceptions(struct show *s, json_t *out)
{
	static const char *const why[] = { "Vad som hände", "Skäl", "#Filer" }, *const left[] = { "#Nr", "Fil", "Vad som hände", "Skäl" },
		*const links[] = { "#Nr", "Fil", "#Andra namn" };
	long long rest = files_of(s, "approved") - files_of(s, "destroyed");
	const json_t *one;
	json_t *rows;
	size_t i;

	section(s, out, "Undantag");
	fact(s, "Godkänt att gallra", sum_of(s, "approved"));
	fact(s, "Gallrat", sum_of(s, "destroyed"));
	fact(s, "Tillbakalagt på sin plats, inte gallrat", sum_of(s, "restored"));
	fact(s, "Lämnat på sin plats, inte gallrat", sum_of(s, "left"));
	fact(s, "Kvar i karantänen, inte gallrat", sum_of(s, "quarantined"));
	if (files_of(s, "untouched"))
		fact(s, "Inte påbörjat", sum_of(s, "untouched"));
	fact(s, "Gallrat, men innehållet finns kvar under andra namn (hårda länkar)", sum_of(s, "linked"));
	if (!rest)
		note(s, "Allt som godkändes är gallrat.");
	if (rest) {
		rows = table(s, "Varför filer inte gallrades", why, 3);
		json_array_foreach(part(s, "reasons"), i, one)
			row(s, rows, (const char *[]){ outcome_said(json_text(one, "outcome")), json_text(one, "why"),
						       text_count(s->mem, json_number(one, "files", 0)) }, 4, 3);
	}
	show_named(s, "not_destroyed", rest > NAMED_MOST ? arena_print(s->mem, "De första %d filerna som inte gallrades", NAMED_MOST)
							 : "Filer som inte gallrades", left, 4, false);
	show_named(s, "links", "Gallrade filer vars innehåll finns kvar under andra namn", links, 3, true);
}

static const char *
copy_text(const struct show *s, const char *key)
{
	const json_t *copy = json_object_get(part(s, "remains"), key);

	if (!json_is_object(copy))
		return NULL;
	return arena_print(s->mem, "sparas %s; kopior som togs före gallringen har utgått senast %s", period(s, json_text(copy, "horizon")),
			   json_text(copy, "until"));
}

static void
show_remains(struct show *s, json_t *out)
{
	section(s, out, "Vad som inte är förstört");
	fact(s, "Säkerhetskopior", copy_text(s, "backups"));
	fact(s, "Ögonblicksbilder (snapshots)", copy_text(s, "snapshots"));
	fact(s, "Karantän", json_number(part(s, "remains"), "quarantined", 0) ? arena_print(s->mem, "%s ligger kvar och är inte gallrade",
	     sum_of(s, "quarantined")) : "inget ligger kvar");
	fact(s, "Hårda länkar", by_hand(s) ? NULL : json_number(part(s, "remains"), "linked", 0) ? arena_print(s->mem, "%s finns kvar under andra namn", sum_of(s, "linked"))
									     : "inga");
	note(s, "Tiderna för säkerhetskopior och ögonblicksbilder är de som organisationen har angett; programmet har inte sett kopiorna. Det har inte "
	     "heller sökt efter andra kopior av handlingarna, i e-post, i andra system eller på papper.");
}

static void
show_trace(struct show *s, json_t *out, const char *digest)
{
	const json_t *chain = part(s, "chain"), *previous = part(s, "previous"), *list = part(s, "list"), *rule = part(s, "rule");
	json_t *all = section(s, out, "Spårbarhet");

	json_object_set_new(all, "digests", json_true());
	fact(s, "Gallringsförslag", arena_print(s->mem, "%s, version %s", said(s, "proposal"), said(s, "version")));
	fact(s, "Regel", json_text(rule, "place"));
	fact(s, "Regelns fingeravtryck", json_text(rule, "digest"));
	fact(s, "Fingeravtryck när serien aktiverades", json_text(part(s, "activation"), "digest"));
	fact(s, "Förteckning som godkändes", said(s, "manifest"));
	fact(s, json_text(list, "file") ? "Fillista (bilaga)" : "Fillista (återges inte)", json_text(list, "file")
	     ? arena_print(s->mem, "%s, sha256:%s", json_text(list, "file"), json_text(list, "digest"))
	     : arena_print(s->mem, "sha256:%s", json_text(list, "digest")));
	fact(s, "Granskningskedjan, raden om slutet", json_is_integer(json_object_get(chain, "row"))
	     ? arena_print(s->mem, "rad %lld, %s", json_number(chain, "row", 0), json_text(chain, "head")) : NULL);
	fact(s, "Föregående protokoll", json_is_object(previous) ? arena_print(s->mem, "%s, sha256:%s", json_text(previous, "dnr"),
	     json_text(previous, "digest")) : "inget, detta är det första");
	fact(s, "Protokollets uppgifter (JSON)", arena_print(s->mem, "%s.json, sha256:%s", protocol_name(s->mem, said(s, "dnr")), digest));
	note(s, "Raden som säger att protokollet utfärdades står efter raden ovan i granskningskedjan, och håller samma fingeravtryck av uppgifterna.");
}

static const char *
summary(const struct show *s)
{
	long long files = files_of(s, "destroyed");

	return arena_print(s->mem, "%s handling%s (%s) i serien %s har gallrats. Verkställd gallring: %s.", text_count(s->mem, files),
			   files == 1 ? "" : "ar", text_size(s->mem, json_number(json_object_get(part(s, "counts"), "destroyed"), "bytes", 0)),
			   json_text(part(s, "series"), "name") ? json_text(part(s, "series"), "name") : json_text(part(s, "series"), "id"),
			   span(s, json_object_get(part(s, "execution"), "destroyed")));
}

static const char *
alert(const struct show *s)
{
	long long rest = files_of(s, "approved") - files_of(s, "destroyed"), linked = files_of(s, "linked");
	const char *text = NULL;

	if (rest)
		text = files_of(s, "approved") == 1 ? "Den fil som godkändes är inte gallrad."
		       : arena_print(s->mem, "%s av de %s filer som godkändes är inte %s.", text_count(s->mem, rest),
				     text_count(s->mem, files_of(s, "approved")), rest == 1 ? "gallrad" : "gallrade");
	if (linked)
		text = arena_print(s->mem, "%s%s%s gallrade fil%s har innehållet kvar under andra namn.", text ? text : "", text ? " " : "",
				   text_count(s->mem, linked), linked == 1 ? "" : "er");
	return text ? arena_print(s->mem, "%s Se Undantag.", text) : NULL;
}

static void
show_signatures(struct show *s, json_t *out)
{
	static const char *const roles[] = { "Informationsägare", "Arkivansvarig" }, *const keys[] = { "owner", "responsible" };
	json_t *list = put_list(out, "signatures");

	for (size_t i = 0; i < 2; i++) {
		json_t *o = json_object();

		json_put(o, "role", roles[i]);
		json_put(o, "name", flat(s, said(s, keys[i])));
		json_array_append_new(list, o);
	}
}

json_t *
protocol_show(struct arena *mem, const json_t *body, const char *digest)
{
	struct show s = { .mem = mem, .body = body };
	json_t *out = json_object(), *sections = put_list(out, "sections");

	json_put(out, "dnr", flat(&s, said(&s, "dnr")));
	json_put(out, "organisation", flat(&s, said(&s, "organisation")));
	json_put(out, "summary", flat(&s, summary(&s)));
	json_put(out, "alert", alert(&s));
	show_parties(&s, sections);
	show_mandate(&s, sections);
	show_records(&s, sections);
	show_approvals(&s, sections);
	show_execution(&s, sections);
	show_exceptions(&s, sections);
	show_remains(&s, sections);
	show_trace(&s, sections, digest);
	show_signatures(&s, out);
	return out;
}
