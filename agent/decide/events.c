/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.c - on the page: owners say when what a series counts from has happened.
 *
 * One form for each series and share: series, share (hidden), mapp (where), datum (when), varfor (what).
 */
#include "decide_p.h"
#include <behov/take.h>

#include <behov/digest.h>
#include <behov/json.h>

struct spot { const struct series *series; const struct share *share; };
struct spots { LIST(struct spot) list; };

static const char *const problems[] = {
	[EVENT_FINE] = NULL,
	[EVENT_SERIES] = N_("Det är inte du som svarar för den serien."),
	[EVENT_SHARE] = N_("Det är inte du som svarar för den serien."),
	[EVENT_PATH] = N_("Skriv var mappen finns på lagringsytan, till exempel Avtal/Bolaget, utan *, ? och klamrar."),
	[EVENT_DATE] = N_("Datumet ska skrivas som 2024-06-30."),
	[EVENT_AHEAD] = N_("Datumet får inte ligga framåt i tiden."),
	[EVENT_WHY] = N_("Skriv vad som har hänt, med högst 1 000 tecken."),
};

/* Where the person at hand may say something. */
static int
read_spots(struct request *r, struct spots *out, struct error *err)
{
	const struct rules *rules = r->server->rules;
	const struct whose who = { r->mem, r->server->store, r->letter.key, r->now };
	bool theirs;

	for (size_t i = 0; i < rules->series_count; i++)
		for (size_t k = 0; k < rules->share_count; k++) {
			const struct series *s = &rules->series[i];

			if (s->clock != CLOCK_EVENT || s->action == ACTION_PRESERVE || !series_lies_on(s, rules->shares[k].id))
				continue;
			if (take_owns(&who, s, &rules->shares[k], &theirs, err) < 0)
				return -1;
			if (theirs && out->list.count < SPOTS_MOST)
				*arena_push(r->mem, &out->list) = (struct spot){ s, &rules->shares[k] };
		}
	return 0;
}

/* ------------------------------------------------------------------ what was typed */

/* As people write it: "\\Avtal\\Bolaget\\" is Avtal/Bolaget. */
static const char *
folder_typed(struct arena *mem, const char *typed)
{
	char *path = arena_text(mem, typed + strspn(typed, " \\/"));
	size_t len = strlen(path);

	for (char *c = path; *c; c++)
		if (*c == '\\')
			*c = '/';
	while (len && strchr(" /", path[len - 1]))
		path[--len] = '\0';
	return path;
}

static bool
is_same(const struct event *a, const struct event *b)
{
	return strcmp(a->series, b->series) == 0 && strcmp(a->share, b->share) == 0 && strcmp(a->path, b->path) == 0 &&
	       a->date == b->date;
}

int
event_read(struct request *r, struct said *out, struct error *err)
{
	struct stored_events known = { 0 };
	struct spots mine = { 0 };
	struct event *e = &out->event;
	bool theirs = false;

	*out = (struct said){ .event = {
		.series = form_get(&r->form, "series"), .share = form_get(&r->form, "share"),
		.path = folder_typed(r->mem, form_get(&r->form, "mapp")), .date = day_parse(form_get(&r->form, "datum")),
		.why = form_get(&r->form, "varfor") } };
	if (read_spots(r, &mine, err) < 0 || store_events(r->mem, r->server->store, false, &known, err) < 0)
		return -1;
	for (size_t i = 0; i < mine.list.count; i++)
		theirs |= strcmp(mine.list.items[i].series->id, e->series) == 0 &&
			  strcmp(mine.list.items[i].share->id, e->share) == 0;
	out->fault = theirs ? event_check(r->server->rules, e, clock_day(r->now), true) : EVENT_SERIES;
	out->problem = problems[out->fault];
	for (size_t i = 0; i < known.list.count && !out->problem; i++)
		if (is_same(&known.list.items[i].event, e))
			*out = (struct said){ *e, N_("Det är redan sagt."), EVENT_PATH };
	return 0;
}

/* What makes it the same when a form is posted twice. */
static const char *
form_of(struct arena *mem, const struct event *e)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];

	digest_field(d, e->series);
	digest_field(d, e->share);
	digest_field(d, e->path);
	digest_field(d, day_text(mem, e->date));
	digest_close(d, sum);
	return digest_hex(mem, sum, 16);
}

int
event_save(struct request *r, const struct event *e, struct error *err)
{
	struct inbox_decisions before = { 0 };
	struct inbox_decision row = {
		.token = r->session.token, .proposal = arena_print(r->mem, "%s@%s", e->series, e->share), .version = e->path,
		.verdict = INBOX_EVENT, .reason = e->why, .until = e->date, .at = r->now,
	};
	const char *once = form_of(r->mem, e);

	if (choice_saved(r, once, &before, err) < 0)
		return -1;
	row.proof = choice_proof(r, once);
	return before.list.count ? 0 : inbox_decisions_add(r->server->inbox, &row, 1, err);
}

/* ------------------------------------------------------------------ what is shown */

static const char *
called(const char *name, const char *id)
{
	return name ? name : id;
}

const char *
event_name(struct request *r, const struct inbox_decision *d)
{
	struct event e = take_event_of(r->mem, d);
	const struct series *s = rules_series(r->server->rules, e.series);
	const struct share *share = rules_share(r->server->rules, e.share);

	return arena_print(r->mem, say(r, "%s i %s: %s"), s ? called(s->name, s->id) : e.series,
			   share ? called(share->name, share->id) : e.share, e.path ? e.path : "");
}

/* Folders where nobody has said anything, as the last night saw them. */
static void
put_lacking(struct arena *mem, json_t *o, const struct spot *at, const json_t *lacking)
{
	json_t *folders = json_array(), *one, *path;
	long long files = 0, younger = 0;
	size_t i, k;

	json_array_foreach (lacking, i, one) {
		const char *series = json_text(one, "series"), *share = json_text(one, "share");

		if (!series || !share || strcmp(series, at->series->id) != 0 || strcmp(share, at->share->id) != 0)
			continue;
		younger = json_number(one, "younger", 0);
		files = json_number(one, "files", 0) - younger;
		json_array_foreach (json_object_get(one, "paths"), k, path) {
			json_t *folder = json_object();

			json_put(folder, "path", json_string_value(path));
			json_array_append_new(folders, folder);
		}
	}
	json_object_set_new(o, "lacks", json_boolean(files > 0));
	json_put(o, "lacking", text_count(mem, files));
	json_put(o, "younger", younger ? text_count(mem, younger) : NULL);
	json_object_set_new(o, "some_folders", json_boolean(json_array_size(folders) > 0));
	json_object_set_new(o, "folders", folders);
}

static void
put_said(struct request *r, json_t *list, const struct event *e, const char *by)
{
	json_t *one = json_object();

	rows_put(one, "path", e->path);
	json_put(one, "date", day_text(r->mem, e->date));
	rows_put(one, "why", e->why);
	rows_put(one, "by", by);
	json_array_append_new(list, one);
}

static bool
is_of(const struct event *e, const struct spot *at)
{
	return strcmp(e->series, at->series->id) == 0 && strcmp(e->share, at->share->id) == 0;
}

/* What stands, and what this person has said that no night has taken yet. */
static int
put_known(struct request *r, json_t *o, const struct spot *at, const struct stored_events *known,
	  const struct inbox_decisions *waiting, struct error *err)
{
	json_t *list = json_array();
	bool theirs, taken;

	json_object_set_new(o, "said", list);
	for (size_t i = known->list.count; i-- > 0 && json_array_size(list) < SAID_MOST;)
		if (is_of(&known->list.items[i].event, at))
			put_said(r, list, &known->list.items[i].event, known->list.items[i].event.by);
	for (size_t i = 0; i < waiting->list.count; i++) {
		const struct inbox_decision *d = &waiting->list.items[i];
		struct event e;

		if (!take_is_event(d))
			continue;
		e = take_event_of(r->mem, d);
		if (!is_of(&e, at))
			continue;
		if (store_decision_taken(r->server->store, d->mark, &taken, err) < 0 ||
		    view_is_theirs(r, d->token ? d->token : "", &theirs, err) < 0)
			return -1;
		if (theirs && !taken)
			put_said(r, list, &e, NULL);
	}
	json_object_set_new(o, "some_said", json_boolean(json_array_size(list) > 0));
	return 0;
}

static void
put_typed(struct request *r, json_t *o, const struct spot *at, const struct said *said)
{
	bool here = said && is_of(&said->event, at);

	json_put(o, "problem", here ? say(r, said->problem) : NULL);
	json_object_set_new(o, "bad_path", json_boolean(here && said->problem && said->fault == EVENT_PATH));
	json_object_set_new(o, "bad_date", json_boolean(here && (said->fault == EVENT_DATE || said->fault == EVENT_AHEAD)));
	json_object_set_new(o, "bad_why", json_boolean(here && said->fault == EVENT_WHY));
	json_put(o, "typed_path", here ? form_get(&r->form, "mapp") : NULL);
	json_put(o, "typed_date", here ? form_get(&r->form, "datum") : NULL);
	json_put(o, "typed_why", here ? form_get(&r->form, "varfor") : NULL);
}

static int
put_spots(struct request *r, const struct spots *mine, json_t *list, const struct said *said, struct error *err)
{
	const struct inbox_filter late = { .since = r->now - PENDING_MOST };
	struct inbox_decisions waiting = { 0 };
	struct stored_events known = { 0 };
	const char *text = NULL;
	json_t *lacking = NULL;
	int rc = 0;

	if (store_events(r->mem, r->server->store, false, &known, err) < 0 ||
	    inbox_decisions(r->mem, r->server->inbox, &late, &waiting, err) < 0 ||
	    store_get(r->mem, r->server->store, LACKING_VALUE, &text, err) < 0 ||
	    (text && json_read(text, strlen(text), &lacking, err) < 0))
		return -1;
	for (size_t i = 0; i < mine->list.count && rc == 0; i++) {
		const struct spot *at = &mine->list.items[i];
		json_t *o = json_object();

		json_array_append_new(list, o);
		json_put(o, "series", at->series->id);
		json_put(o, "share", at->share->id);
		rows_put(o, "name", called(at->series->name, at->series->id));
		rows_put(o, "place", called(at->share->name, at->share->id));
		put_lacking(r->mem, o, at, lacking);
		put_typed(r, o, at, said);
		rc = put_known(r, o, at, &known, &waiting, err);
	}
	json_decref(lacking);
	return rc;
}

int
event_forms(struct request *r, json_t **out, struct error *err)
{
	bool posted = strcmp(r->path, "/handelse") == 0;
	struct spots mine = { 0 };
	struct said said;

	*out = NULL;
	if (read_spots(r, &mine, err) < 0 || (posted && event_read(r, &said, err) < 0))
		return -1;
	*out = json_array();
	if (!mine.list.count || put_spots(r, &mine, *out, posted ? &said : NULL, err) == 0)
		return 0;
	json_decref(*out);
	return -1;
}
