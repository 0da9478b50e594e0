/* SPDX-License-Identifier: GPL-3.0-or-later */
/* administrator.c - what stands in the administrators' letter: counts, and what could not be seen.  No link. */
#include "notify_p.h"
#include "behov/text.h"

#define ROWS_MOST 50                    /* of each sort; `behov status` shows the rest */

/* How many of each, under their headings. */
struct tally { struct headings asked, braked, exported, gaps, findings, loud; };

static void
count_proposals(struct arena *mem, const struct rules *rules, const struct stored_list *asked, struct tally *tally)
{
	for (size_t i = 0; i < asked->list.count; i++) {
		const struct stored *s = &asked->list.items[i];
		struct headings *all = s->state == STATE_BRAKED ? &tally->braked : &tally->asked;
		const char *title = letter_heading(mem, rules, NULL, &s->p);

		if (s->state == STATE_BRAKED && s->p.scope)
			title = arena_print(mem, "%s [%s]", title, s->p.scope);
		letter_under(mem, all, title)->count++;
	}
}

/* What lies with an administrator to be done by hand, by the file it lies in. */
static int
count_exported(struct arena *mem, const struct notify_input *in, struct tally *tally, struct error *err)
{
	struct stored_list list;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES(STATE_EXPORTED) }, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++) {
		const char *note = list.list.items[i].note, *file = note ? strrchr(note, '/') : NULL;
		const char *title = list.list.items[i].p.kind == KIND_DELIVER ? "e-arkivets kvittens (behov delivery list)"
			: file ? file + 1 : note ? note : "arbetslista";

		letter_under(mem, &tally->exported, title)->count++;
	}
	stored_free(&list);
	return 0;
}

/* May the text of a gap stand in a mail?  It can name a folder or a file, or speak of a role's people. */
static bool
may_tell(struct arena *mem, const struct rules *rules, const struct gap *gap)
{
	const struct share *share;
	const struct system *system;

	if (strcmp(gap->what, "share") == 0 || strcmp(gap->what, "window") == 0) {
		share = rules_share(rules, gap->id);
		return share && letter_may_name(share->class.konfidentialitet);
	}
	if (strcmp(gap->what, "role") == 0) {
		system = gap->id ? rules_system(rules, arena_print(mem, "%.*s", (int)strcspn(gap->id, "/"), gap->id)) : NULL;
		return system && letter_may_name(system->class.konfidentialitet);
	}
	return strcmp(gap->what, "directory") == 0 || strcmp(gap->what, "hr") == 0;
}

static const char *
what_word(const char *what)
{
	static const char *const words[][2] = { { "directory", "Katalogen" }, { "group", "Gruppen" }, { "hr", "Personalregistret" },
						{ "role", "Rollen" }, { "accounts", "Kontolistan för" }, { "share", "Lagringsytan" }, { "folder", "Mappar på lagringsytan" },
						{ "window", "Lagringsytan" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], what) == 0)
			return words[i][1];
	return what;
}

static void
count_gaps(struct arena *mem, const struct rules *rules, const struct facts *facts, struct tally *tally)
{
	for (size_t i = 0; i < facts->gaps.count; i++) {
		const struct gap *gap = &facts->gaps.items[i].gap;
		const char *title = arena_print(mem, "%s %s", what_word(gap->what), gap->id ? gap->id : "");

		if (gap->text && may_tell(mem, rules, gap))
			title = arena_print(mem, "%s: %s", title, gap->text);
		letter_under(mem, &tally->gaps, title)->count++;
	}
}

/* Findings name owners and accounts in their texts: a mail says only how many there are of each kind. */
static const char *
finding_word(const char *kind)
{
	static const char *const words[][2] = {
		{ "system-without-owner", "System utan ägare" }, { "system-without-class", "System utan klassning" },
		{ "critical-without-analysis", "Samhällsviktigt system utan säkerhetsanalys" },
		{ "role-without-needs", "Roll utan skrivna behov" }, { "group-absent", "Registrerad grupp som inte finns" },
		{ "ungoverned", "Lagringsyta där filer saknar gallringsbeslut" },
		{ "series-without-decision", "Serie utan gallringsbeslut" }, { "overdue", "Handlingar som skulle ha gallrats" },
		{ "no-anchor", "Filer utan datum att räkna från" },
		{ "event-missing", "Serie där ingen har sagt när något upphörde" },
		{ "younger-than-event", "Serie med handlingar som är yngre än det som har upphört" },
		{ "event-matches-nothing", "Händelse för en mapp eller fil som inte finns" },
		{ "batch-blocked", "Akt eller volym som inte får gallras ännu" },
		{ "series-opened-stepwise", "Ny serie som öppnas årsvis" }, { "owner-changed", "Ägare med nytt konto eller ny adress" },
		{ "re-granted", "Medlemskap som vi tog bort och som är tillbaka" },
		{ "unanswered", "Ägare som inte svarar" }, { "mail-refused", "Brev som inte går fram" },
		{ "protocol", "Ett gallringsprotokoll går inte att utfärda eller skriva" },
		{ "seal", "Granskningskedjan stämmer inte med sina undertecknade huvuden, och inget verkställs" },
		{ "owners-unknown", "Ägare som inte kunde läsas" }, { "nobody-to-ask", "Förslag som ingen kan svara på" },
		{ "second-person-missing", "Förslag som saknar en andra person" },
		{ "unbounded-access", "Roll som är öppen för alla som loggar in" },
		{ "foreign-member", "Roll med medlemmar från domäner som inte läses" },
		{ "sid-history", "Konton med SID från en tidigare domän" },
		{ "account-of-nobody", "System med konton som inte hör till någon" },
		{ "account-inactive", "System med avstängda konton" },
		{ "disabled-member", "Roll med avstängda konton" }, { "expired-member", "Roll med konton vars giltighet gått ut" },
		{ "dormant-member", "Roll som någon inte använder" }, { "left-enabled", "Konton för dem som har slutat" },
		{ "service-without-owner", "Roll med servicekonton utan ansvarig" },
		{ "direct-member", "Roll med direkta medlemmar vid sidan av grupper" }, { "empty-group", "Tom grupp" },
		{ "groups-alike", "Grupper med samma medlemmar" },
		{ "unregistered-group", "Grupper som inte hör till något registrerat system" },
		{ "need-matches-nobody", "Behov som inte stämmer på någon" },
		{ "need-matches-everybody", "Behov som stämmer på alla" },
		{ "need-group-absent", "Grupp i ett behov som inte finns" },
		{ "need-group-open", "Grupp i ett behov som rymmer andra än dem vi läser" },
		{ "nesting-stays", "Grupp i grupp som inte kan tas bort rent" },
		{ "membership-stays", "Medlemskap som inte kan tas bort rent" },
		{ "owner-alone", "Ägare som har sitt eget system, utan ersättare" },
		{ "employee-twice", "Anställningsnummer på flera konton" },
		{ "needs-conflict", "Behov som strider mot varandra" }, { "exception-unknown", "Undantag för okänt konto" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], kind) == 0)
			return words[i][1];
	return kind;
}

static json_t *
rows_json(struct arena *mem, struct headings *all, const char *unit)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < all->list.count; i++) {
		struct heading *h = &all->list.items[i];

		json_decref(h->rows);
		if (i < ROWS_MOST && (unit || h->count > 1))
			letter_row(mem, rows, arena_print(mem, "%s: %s%s", h->title, text_count(mem, h->count), unit ? unit : " st"));
		else if (i < ROWS_MOST)
			letter_row(mem, rows, h->title);
	}
	if (all->list.count > ROWS_MOST)
		letter_row(mem, rows, arena_print(mem, "och %zu till: se behov status", all->list.count - ROWS_MOST));
	return rows;
}

static json_t *
administrator_json(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct tally *tally)
{
	const struct conf *conf = &in->rules->conf;
	json_t *data = json_object();

	letter_put(mem, data, "display", letter->display ? letter->display : letter->name);
	letter_put(mem, data, "organisation", conf->organisation);
	json_put(data, "night", day_text(mem, clock_day(letter->created)));
	json_object_set_new(data, "observe", json_boolean(conf->mode == MODE_OBSERVE));
	json_object_set_new(data, "waiting", rows_json(mem, &tally->asked, " förslag"));
	json_object_set_new(data, "brakes", rows_json(mem, &tally->braked, " förslag"));
	json_object_set_new(data, "exported", rows_json(mem, &tally->exported, " att göra"));
	json_object_set_new(data, "exported_any", json_boolean(tally->exported.list.count > 0));
	json_put(data, "work", conf->work);
	json_object_set_new(data, "gaps", rows_json(mem, &tally->gaps, NULL));
	json_object_set_new(data, "loud_any", json_boolean(tally->loud.list.count > 0));
	json_object_set_new(data, "loud", rows_json(mem, &tally->loud, " st"));
	json_object_set_new(data, "findings", rows_json(mem, &tally->findings, " st"));
	return data;
}

int
letter_administrator(struct arena *mem, const struct notify_input *in, const struct letter *letter,
		     const struct stored_list *asked, struct mail *out, struct error *err)
{
	bool observe = in->rules->conf.mode == MODE_OBSERVE;
	struct tally tally = { 0 };
	struct facts facts;
	json_t *data;
	int rc;

	if (store_facts(mem, in->store, &facts, err) < 0 || count_exported(mem, in, &tally, err) < 0)
		return -1;
	count_proposals(mem, in->rules, asked, &tally);
	count_gaps(mem, in->rules, &facts, &tally);
	for (size_t i = 0; i < facts.findings.count; i++) {
		const char *kind = facts.findings.items[i].finding.kind;

		letter_under(mem, is_loud(kind) ? &tally.loud : &tally.findings, finding_word(kind))->count++;
	}
	data = administrator_json(mem, in, letter, &tally);
	if (letter_put_head(mem, in, data, err) < 0) {
		json_decref(data);
		return -1;
	}
	rc = tally.loud.list.count || tally.braked.list.count || tally.exported.list.count || tally.gaps.list.count || (observe && (tally.asked.list.count || tally.findings.list.count))
		     ? letter_render(mem, NULL, "administrator", data, out, err) : 0;
	json_decref(data);
	out->subject = arena_print(mem, "Behov: natten %s%s%s%s%s", day_text(mem, clock_day(letter->created)),
				   tally.loud.list.count ? ", något brådskar" : "",
				   tally.exported.list.count ? ", något att göra för hand" : "",
				   tally.braked.list.count ? ", något är bromsat" : "", tally.gaps.list.count ? ", luckor" : "");
	return rc;
}
