/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event.c - the verb event: when what a series counts from has happened, as somebody says. */
#include "verbs_p.h"
#include <behov/audit.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <behov/text.h>

/* The same is not said twice: who withdraws it, withdraws it. */
static const char *
known(const struct stored_events *all, const struct event *e)
{
	for (size_t i = 0; i < all->list.count; i++) {
		const struct event *other = &all->list.items[i].event;

		if (strcmp(e->series, other->series) == 0 && strcmp(e->share, other->share) == 0 &&
		    strcmp(e->path, other->path) == 0 && e->date == other->date)
			return other->id;
	}
	return NULL;
}

static int
note(struct arena *mem, struct store *store, const struct options *options, const char *what, const struct event *e,
     struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "id", e->id);
	json_put(payload, "series", e->series);
	json_put(payload, "share", e->share);
	json_put(payload, "path", e->path);
	json_put(payload, "date", day_text(mem, e->date));
	json_put(payload, "why", options->reason);
	json_put(payload, "source", "command line");
	rc = audit_add(store, clock_now(), actor(mem, options), what, payload, err);
	json_decref(payload);
	return rc;
}

static int
add(struct arena *mem, struct store *store, const struct options *options, struct event *e, struct error *err)
{
	struct stored_event row = { .event = *e, .set = clock_now(), .source = "command line" };
	struct stored_events standing = { 0 };
	const char *other;

	if (store_events(mem, store, false, &standing, err) < 0)
		return -1;
	other = known(&standing, e);
	if (other)
		return error_set(err, ERROR_USAGE, "that has been said already: event '%s'", other);
	if (store_event_add(mem, store, &row, &e->id, err) < 0)
		return -1;
	return note(mem, store, options, "event-set", e, err);
}

static int
withdraw(struct arena *mem, struct store *store, const struct options *options, const char *id, struct error *err)
{
	struct stored_events standing = { 0 };

	if (store_events(mem, store, false, &standing, err) < 0)
		return -1;
	for (size_t i = 0; i < standing.list.count; i++)
		if (strcmp(standing.list.items[i].event.id, id) == 0)
			return store_event_withdraw(store, id, clock_now(), actor(mem, options), options->reason, err) < 0 ? -1
				: note(mem, store, options, "event-withdrawn", &standing.list.items[i].event, err);
	return error_set(err, ERROR_USAGE, "no event '%s' stands: see 'behov event list' (one of the rules is taken out of its file)", id);
}

/* What somebody wrote, on one line. */
static const char *
plain(struct arena *mem, const char *text)
{
	char *line = arena_text(mem, text ? text : "-");

	text_plain(line);
	return line;
}

/* Those of the rules, and those that were told. */
static int
list(struct arena *mem, const struct rules *rules, struct store *store, bool all, struct error *err)
{
	struct stored_events known_ones = { 0 };
	struct text t;
	int rc;

	if (store_events(mem, store, all, &known_ones, err) < 0)
		return -1;
	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; i < rules->event_count; i++) {
		const struct event *e = &rules->events[i];

		text_print(&t, "%s  %s  %s/%s  %s  %s (%s, %s)\n", e->id, e->series, e->share, name_show(mem, e->path),
			   day_text(mem, e->date), e->why, e->by, place_text(mem, e->at));
	}
	for (size_t i = 0; i < known_ones.list.count; i++) {
		const struct stored_event *s = &known_ones.list.items[i];

		text_print(&t, "%s  %s  %s/%s  %s  %s (%s, %s)", s->event.id, s->event.series, s->event.share,
			   name_show(mem, s->event.path), day_text(mem, s->event.date), plain(mem, s->event.why),
			   plain(mem, s->event.by), clock_local(mem, s->set));
		if (s->withdrawn != INT64_MIN)
			text_print(&t, "  återtagen av %s: %s", plain(mem, s->withdrawn_by), plain(mem, s->withdrawn_why));
		text_char(&t, '\n');
	}
	rc = say(t.data, err);
	text_close(&t);
	return rc;
}

static int
change(struct arena *mem, const struct rules *rules, struct store *store, const struct options *options, const char *id,
       struct error *err)
{
	struct event e = { .series = options->series, .share = options->share, .path = options->path,
			   .date = day_parse(options->date), .why = options->reason, .by = options->by };
	enum event_fault fault = id ? EVENT_FINE : event_check(rules, &e, clock_day(clock_now()), false);

	if (fault)
		return error_set(err, ERROR_USAGE, "%s", event_fault_text[fault]);
	if (store_begin(store, err) < 0)
		return -1;
	if ((id ? withdraw(mem, store, options, id, err) : add(mem, store, options, &e, err)) < 0 || store_commit(store, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return id ? 0 : say(arena_print(mem, "%s\n", e.id), err);
}

int verb_event(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	bool show = count == 1 && strcmp(words[0], "list") == 0, remove = count == 2 && strcmp(words[0], "remove") == 0;
	struct rules rules;
	struct desk desk;
	int rc;

	if (!show && !remove && !(count == 1 && strcmp(words[0], "add") == 0))
		return error_set(err, ERROR_USAGE, "use: behov event list [--all] | add --series ID --share ID --path FOLDER --date DATE "
				 "--by NAME --why TEXT | remove ID --by NAME --why TEXT");
	if (!show && need_names(options, false, "event", err) < 0)
		return -1;
	if (register_load(mem, options->config, &rules, err) < 0 ||
	    run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	rc = show ? list(mem, &rules, desk.store, options->all, err)
		  : change(mem, &rules, desk.store, options, remove ? words[1] : NULL, err);
	run_desk_close(&desk);
	return rc;
}
