/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.c - what stands in a letter: never more than the class of its system or share allows. */
#include "notify_p.h"
#include "behov/json.h"
#include "behov/template.h"
#include "behov/text.h"

#define NAMED_MOST 20
#define LETTER_MOST ((size_t)4 << 20)
#define OPEN_CLASS 2                    /* above this, or unknown, neither people nor files are named (DESIGN 7) */

static bool is_files(const struct proposal *p) { return p->kind == KIND_DESTROY || p->kind == KIND_DELIVER; }

/* What belongs under one heading: a system, or a series on a share. */
static const char *
group_of(struct arena *mem, const struct rules *rules, const struct proposal *p)
{
	const struct system *system;
	const struct series *series;
	const struct share *share;

	if (!is_files(p)) {
		system = rules_system(rules, p->system);
		return arena_print(mem, "Behörigheter i %s", system && system->name ? system->name : p->system);
	}
	series = rules_series(rules, p->series);
	share = rules_share(rules, p->share);
	return arena_print(mem, "%s: %s (%s)", p->kind == KIND_DESTROY ? "Gallring" : "Leverans till e-arkiv",
			   series && series->name ? series->name : p->series, share && share->name ? share->name : p->share);
}

static const char *
line_of(struct arena *mem, const struct proposal *p)
{
	if (p->kind == KIND_REMOVE_MEMBER)
		return arena_print(mem, "%s (%s)", p->display ? p->display : p->account, p->role);
	if (p->kind == KIND_CUT_NESTING)
		return arena_print(mem, "%s personer genom en grupp i gruppen (%s)", text_count(mem, p->accounts), p->role);
	return arena_print(mem, "%s: %s filer, %s", *p->batch ? p->batch : "hela serien", text_count(mem, p->files),
			   text_size(mem, p->bytes));
}

struct heading {
	const char *title;
	json_t *rows;
	long long count, hidden, files, accounts;
};
struct headings { LIST(struct heading) list; };

static struct heading *
heading(struct arena *mem, struct headings *all, const char *title)
{
	struct heading *h;

	for (size_t i = 0; i < all->list.count; i++)
		if (strcmp(all->list.items[i].title, title) == 0)
			return &all->list.items[i];
	h = arena_push(mem, &all->list);
	*h = (struct heading){ .title = title, .rows = json_array() };
	return h;
}

static void
row(json_t *rows, const char *text)
{
	json_t *o = json_object();

	json_put(o, "text", text);
	json_array_append_new(rows, o);
}

static void
tell(struct arena *mem, const struct rules *rules, const struct stored *s, struct headings *all)
{
	struct heading *h = heading(mem, all, group_of(mem, rules, &s->p));

	h->count++;
	h->files += s->p.files;
	if (s->p.konfidentialitet > OPEN_CLASS || h->count - h->hidden > NAMED_MOST)
		h->hidden++;
	else
		row(h->rows, line_of(mem, &s->p));
}

static json_t *
groups_json(struct arena *mem, struct headings *all)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < all->list.count; i++) {
		struct heading *h = &all->list.items[i];
		json_t *o = json_object();

		if (h->hidden && h->hidden < h->count)
			row(h->rows, arena_print(mem, "och %s till", text_count(mem, h->hidden)));
		else if (h->hidden)
			row(h->rows, arena_print(mem, "%s förslag%s. Uppgifterna visas först på sidan, när du har loggat in.",
						 text_count(mem, h->count),
						 h->files ? arena_print(mem, " om %s filer", text_count(mem, h->files)) : ""));
		json_put(o, "title", h->title);
		json_object_set_new(o, "rows", h->rows);
		json_array_append_new(groups, o);
	}
	return groups;
}

/* "12 behörigheter och 3 gallringar väntar på" */
static const char *
summary(struct arena *mem, long long access, long long files)
{
	const char *a = arena_print(mem, "%s %s", text_count(mem, access), access == 1 ? "behörighet" : "behörigheter");
	const char *f = arena_print(mem, "%s %s", text_count(mem, files), files == 1 ? "gallring eller leverans" :
				    "gallringar eller leveranser");

	return arena_print(mem, "%s%s%s väntar på", access ? a : "", access && files ? " och " : "", files ? f : "");
}

static int
render(struct arena *mem, const char *name, const json_t *data, struct mail *out, struct error *err)
{
	struct text text, html;
	int rc;

	text_open(&text, LETTER_MOST);
	text_open(&html, LETTER_MOST);
	rc = template_named(arena_print(mem, "%s.txt", name), data, &text, err);
	if (rc == 0)
		rc = template_named(arena_print(mem, "%s.html", name), data, &html, err);
	out->text = arena_copy(mem, text.data, text.len);
	out->html = arena_copy(mem, html.data, html.len);
	text_close(&text);
	text_close(&html);
	return rc;
}

static bool
is_about(const struct letter *letter, const char *id)
{
	for (int i = 0; i < letter->proposal_count; i++)
		if (strcmp(letter->proposals[i], id) == 0)
			return true;
	return false;
}

int
letter_digest(struct arena *mem, const struct notify_input *in, const struct letter *letter,
	      const struct stored_list *open, struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	struct headings all = { 0 };
	long long access = 0, files = 0;
	const char *token, *said;
	json_t *data;
	int rc;

	for (size_t i = 0; i < open->list.count; i++) {
		const struct stored *s = &open->list.items[i];

		if (!is_about(letter, s->id))
			continue;
		access += !is_files(&s->p);
		files += is_files(&s->p);
		tell(mem, in->rules, s, &all);
	}
	if (!access && !files)
		return 0;
	if (notify_token(mem, conf, letter->id, &token, err) < 0)
		return -1;
	said = summary(mem, access, files);
	data = json_object();
	json_put(data, "display", letter->display);
	json_put(data, "organisation", conf->organisation);
	json_put(data, "summary", said);
	json_put(data, "expires", day_text(mem, clock_day(letter->expires) - 1));
	json_put(data, "link", arena_print(mem, "%s/b/%s", conf->web.url, token));
	json_put(data, "contact", conf->mail.contact);
	json_object_set_new(data, "reminder", json_boolean(strcmp(letter->kind, "reminder") == 0));
	json_object_set_new(data, "grace_access", json_integer(conf->grace.access_days));
	json_object_set_new(data, "grace_files", json_integer(conf->grace.file_days));
	json_object_set_new(data, "groups", groups_json(mem, &all));
	rc = render(mem, "digest", data, out, err);
	json_decref(data);
	out->subject = arena_print(mem, "%s%s ditt beslut", strcmp(letter->kind, "reminder") == 0 ? "Påminnelse: " : "", said);
	return rc;
}

/* ------------------------------------------------------------------ the administrator's */

static void
tell_counts(struct arena *mem, const struct stored_list *asked, enum state state, json_t *rows)
{
	for (size_t i = 0; i < asked->list.count; i++) {
		const char *scope = asked->list.items[i].p.scope;
		long long count = 0;
		bool told = false;

		if (asked->list.items[i].state != state)
			continue;
		for (size_t k = 0; k < asked->list.count; k++) {
			bool same = asked->list.items[k].state == state && strcmp(asked->list.items[k].p.scope, scope) == 0;

			told |= same && k < i;
			count += same;
		}
		if (!told)
			row(rows, arena_print(mem, "%s: %s förslag", scope, text_count(mem, count)));
	}
}

static json_t *
findings_json(struct arena *mem, const struct facts *facts)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < facts->findings.count && i < 50; i++)
		row(rows, facts->findings.items[i].finding.text);
	if (facts->findings.count > 50)
		row(rows, arena_print(mem, "och %zu till: se 'behov status'", facts->findings.count - 50));
	return rows;
}

int
letter_administrator(struct arena *mem, const struct notify_input *in, const struct letter *letter,
		     const struct stored_list *asked, struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	json_t *data, *waiting = json_array(), *brakes = json_array(), *gaps = json_array();
	struct facts facts;
	int rc;

	if (store_facts(mem, in->store, &facts, err) < 0)
		return -1;
	tell_counts(mem, asked, STATE_OPEN, waiting);
	tell_counts(mem, asked, STATE_BRAKED, brakes);
	for (size_t i = 0; i < facts.gaps.count; i++)
		row(gaps, arena_print(mem, "%s %s: %s", facts.gaps.items[i].gap.what,
				      facts.gaps.items[i].gap.id ? facts.gaps.items[i].gap.id : "", facts.gaps.items[i].gap.text));
	data = json_object();
	json_put(data, "display", letter->display);
	json_put(data, "organisation", conf->organisation);
	json_put(data, "night", day_text(mem, clock_day(letter->created)));
	json_object_set_new(data, "observe", json_boolean(conf->mode == MODE_OBSERVE));
	json_object_set_new(data, "waiting", waiting);
	json_object_set_new(data, "brakes", brakes);
	json_object_set_new(data, "gaps", gaps);
	json_object_set_new(data, "findings", findings_json(mem, &facts));
	rc = render(mem, "administrator", data, out, err);
	json_decref(data);
	out->subject = arena_print(mem, "Behov: natten %s%s%s", day_text(mem, clock_day(letter->created)),
				   json_array_size(brakes) ? ", något är bromsat" : "", facts.gaps.count ? ", luckor" : "");
	return rc;
}
