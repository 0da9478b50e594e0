/* SPDX-License-Identifier: GPL-3.0-or-later */
/* happened.c - what somebody says has happened counts when it is theirs to say, and can have happened. */
#include "take_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/text.h"
#include <string.h>

#define PIN_SECONDS (7 * 86400)         /* an owner who changed starts no clock for so long, as none destroys */

/* Of a longer text one byte more is read (see take.c), which must be one too many. */
_Static_assert(EVENT_PATH_MOST <= INBOX_TEXT_MOST, "a path would be cut, and taken");

/* ------------------------------------------------------------------ whose it is to say */

static int
any_is(const struct whose *who, const char *const *names, int count, bool *out, struct error *err)
{
	for (int i = 0; i < count && !*out; i++) {
		struct pin pin = { 0 };
		bool found = false;

		if (!names[i] || !*names[i])
			continue;
		if (store_pin(who->mem, who->store, names[i], &pin, &found, err) < 0)
			return -1;
		*out = found && strcmp(pin.key, who->key) == 0 &&
		       (pin.changed == INT64_MIN || who->now - pin.changed >= PIN_SECONDS);
	}
	return 0;
}

int
take_owns(const struct whose *who, const struct series *series, const struct share *share, bool *out, struct error *err)
{
	const char *const owners[] = { series->owner, share->owner };

	*out = false;
	return any_is(who, owners, 2, out, err) < 0 || any_is(who, series->deputies, series->deputy_count, out, err) < 0
		       ? -1 : any_is(who, share->deputies, share->deputy_count, out, err);
}

/* ------------------------------------------------------------------ one row of the inbox */

bool
take_is_event(const struct inbox_decision *d)
{
	return d->verdict && strcmp(d->verdict, INBOX_EVENT) == 0;
}

struct event
take_event_of(struct arena *mem, const struct inbox_decision *d)
{
	const char *at = d->proposal ? strchr(d->proposal, '@') : NULL;

	return (struct event){ .series = at ? arena_copy(mem, d->proposal, (size_t)(at - d->proposal)) : "",
			       .share = at ? at + 1 : "", .path = d->version, .date = d->until, .why = d->reason };
}

static int
is_said(struct taking *t, const struct event *e, bool *out, struct error *err)
{
	struct stored_events all = { 0 };

	*out = false;
	if (store_events(t->mem, t->store, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct event *other = &all.list.items[i].event;

		*out |= strcmp(other->series, e->series) == 0 && strcmp(other->share, e->share) == 0 &&
			strcmp(other->path, e->path) == 0 && other->date == e->date;
	}
	return 0;
}

/* It has happened when it is told: a row that says when it was told, says so of itself, and take_letter_fault() knows better. */
int
take_event_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err)
{
	struct event e = take_event_of(t->mem, d);
	struct whose who = { t->mem, t->store, t->letter.key, t->now };
	enum event_fault wrong;
	bool theirs = false, said = false;

	*fault = take_letter_fault(t, d);
	if (*fault)
		return 0;
	wrong = event_check(t->rules, &e, clock_day(d->at), true);
	if (wrong) {
		*fault = event_fault_text[wrong];
		return 0;
	}
	if (take_owns(&who, rules_series(t->rules, e.series), rules_share(t->rules, e.share), &theirs, err) < 0 ||
	    is_said(t, &e, &said, err) < 0)
		return -1;
	if (!theirs)
		*fault = "this person owns neither the series nor the share, or their account or address has changed in the last seven days";
	else if (said)
		*fault = "that has been said already";
	return 0;
}

static int
note(const struct taking *t, const struct stored_event *s, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "id", s->event.id);
	json_put(payload, "series", s->event.series);
	json_put(payload, "share", s->event.share);
	json_put(payload, "path", s->event.path);
	json_put(payload, "date", day_text(t->mem, s->event.date));
	json_put(payload, "why", s->event.why);
	json_put(payload, "by", s->key);
	json_put(payload, "source", s->source);
	if (s->refused)
		json_put(payload, "refused", s->refused);
	rc = audit_add(t->store, t->now, s->event.by && *s->event.by ? s->event.by : "page",
		       s->refused ? "event-refused" : "event-set", payload, err);
	json_decref(payload);
	return rc;
}

int
take_event(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err)
{
	struct stored_event s = { .event = take_event_of(t->mem, d), .set = d->at, .key = t->letter.key, .source = "page",
				  .proof = d->proof, .inbox = d->mark, .refused = fault };

	s.event.by = t->letter.name;
	if (fault) {
		s.event.series = take_tame(t->mem, s.event.series, TAKE_WORD_MOST);
		s.event.share = take_tame(t->mem, s.event.share, TAKE_WORD_MOST);
		s.event.path = s.event.path ? take_tame(t->mem, s.event.path, TAKE_TEXT_MOST) : "";
		s.event.why = take_tame(t->mem, s.event.why, TAKE_TEXT_MOST);
		s.proof = take_tame(t->mem, s.proof, TAKE_TEXT_MOST);
		s.set = s.set == INT64_MIN ? t->now : s.set;
		t->out->refused++;
		log_warn("an event does not count inbox=%lld why='%s'", d->id, fault);
	} else {
		t->out->taken++;
	}
	if (store_event_add(t->mem, t->store, &s, &s.event.id, err) < 0)
		return -1;
	return note(t, &s, err);
}
