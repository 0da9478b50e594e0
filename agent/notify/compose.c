/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.c - who gets a letter tonight: those with something new to decide, or reminded, and the administrators. */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ------------------------------------------------------------------ the token */

int
notify_token(struct arena *mem, const struct conf *conf, const char *letter, const char **out, struct error *err)
{
	unsigned char mac[DIGEST_SIZE];
	char *key;
	size_t len;

	if (file_key(mem, conf->key_file, &key, &len, err) < 0)
		return -1;
	digest_hmac(key, len, letter, strlen(letter), mac);
	*out = digest_base64url(mem, mac, sizeof(mac));
	return 0;
}

/* ------------------------------------------------------------------ who waits for what */

/* The day that they wanted to be reminded on, if that was the last they said of this version. */
static day_t
wanted_on(const struct decisions *given, const struct stored *s, const char *key)
{
	for (size_t i = given->list.count; i-- > 0;) {
		const struct decision *d = &given->list.items[i];

		if (!d->refused && d->key && strcmp(d->key, key) == 0 && d->version && strcmp(d->version, s->p.version) == 0)
			return d->verdict == VERDICT_LATER ? d->until : DAY_NONE;
	}
	return DAY_NONE;
}

static int
compare_asker(const struct question *q, const char *proposal, const char *key)
{
	int order = strcmp(q->proposal, proposal);

	return order ? order : strcmp(q->by_key, key);
}

static int
by_asker(const void *a, const void *b)
{
	const struct question *x = *(const struct question *const *)a, *y = *(const struct question *const *)b;
	int order = compare_asker(x, y->proposal, y->by_key);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

static int
read_asked(struct arena *mem, struct store *store, struct people *out, struct error *err)
{
	size_t count;

	if (store_questions(mem, store, &(struct question_filter){ 0 }, &out->asked, err) < 0)
		return -1;
	count = out->asked.list.count;
	out->by_asker = arena_array(mem, const struct question *, count + 1);
	for (size_t i = 0; i < count; i++)
		out->by_asker[i] = &out->asked.list.items[i];
	if (count)
		qsort(out->by_asker, count, sizeof(*out->by_asker), by_asker);
	return 0;
}

const struct question *const *
people_asked(const struct people *people, const char *proposal, const char *key, size_t *count)
{
	const struct question *const *all = people->by_asker;
	size_t low = 0, high = people->asked.list.count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_asker(all[middle], proposal, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < people->asked.list.count && compare_asker(all[end], proposal, key) == 0; end++)
		;
	*count = end - low;
	return all + low;
}

/* Who has asked somebody else waits for them. */
static bool
waits_for_advice(const struct people *people, const struct stored *s, const char *key)
{
	size_t count;
	const struct question *const *asked = people_asked(people, s->id, key, &count);

	for (size_t i = 0; i < count; i++)
		if (asked[i]->closed == INT64_MIN)
			return true;
	return false;
}

struct person *
person_of(struct arena *mem, struct people *people, const struct approver *who)
{
	struct person *p;
	size_t at;

	if (keyed_find(&people->list_at, who->key, &at))
		return &people->list.items[at];
	keyed_put(mem, &people->list_at, who->key, people->list.count);
	p = arena_push(mem, &people->list);
	p->who = who;
	return p;
}

int
people_waiting(struct arena *mem, const struct notify_input *in, const struct stored_list *open, struct people *out,
	       struct error *err)
{
	int *late = arena_array(mem, int, open->list.count + 1);

	*out = (struct people){ .late = late };
	if (read_asked(mem, in->store, out, err) < 0)
		return -1;
	for (size_t i = 0; i < open->list.count; i++) {
		const struct stored *s = &open->list.items[i];
		struct decisions given = { 0 };

		if (s->p.approvers.count && store_decisions(mem, in->store, s->id, INT64_MIN, &given, err) < 0)
			return -1;
		late[i] = seats_late(&given, s, in->rules->conf.escalate, clock_day(in->now));
		for (size_t k = 0; k < s->p.approvers.count; k++) {
			const struct approver *who = &s->p.approvers.items[k];
			bool again = k && strcmp(who->key, who[-1].key) == 0;   /* in another seat of theirs */

			day_t later = wanted_on(&given, s, who->key);
			struct person *p;

			if (again || !seats_wait_for(&given, s, who->key))
				continue;
			invite(mem, out, (struct invited){ who->key, who->name, who->display, who->mail, 0, 0, 0, 0 })->waiting++;
			if (waits_for_advice(out, s, who->key) || (later != DAY_NONE && later > clock_day(in->now)))
				continue;
			p = person_of(mem, out, who);
			*arena_push(mem, &p->waiting) = i;
			*arena_push(mem, &p->later) = later;
		}
	}
	return people_reviewing(mem, in, out, err) < 0 ? -1 : invited_add(mem, in, out, err);
}

/* ------------------------------------------------------------------ letters */

const char *
letter_id(struct arena *mem, const char *kind, const char *key, int64_t now, const char **about, size_t count)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind);
	digest_field(d, key);
	digest_field(d, day_text(mem, clock_day(now)));
	for (size_t i = 0; i < count; i++)
		digest_field(d, about[i]);
	digest_close(d, sum);
	return digest_hex(mem, sum, 16);
}

/* Others came to be asked since then, because this person had not answered. */
static bool
has_been_passed_by(const struct stored *s, const char *key, int64_t since)
{
	for (size_t i = 0; i < s->p.approvers.count; i++)
		for (size_t k = 0; k < s->p.approvers.count; k++) {
			const struct approver *mine = &s->p.approvers.items[i], *other = &s->p.approvers.items[k];

			if (strcmp(mine->key, key) == 0 && !mine->waited && other->seat == mine->seat && other->waited &&
			    other->asked > since)
				return true;
		}
	return false;
}

/* Has an answer to a question of theirs come since that letter, or the end of one? */
static bool
has_news(const struct people *people, const char *proposal, const char *key, const struct letter *last)
{
	size_t count;
	const struct question *const *asked = people_asked(people, proposal, key, &count);

	for (size_t i = 0; i < count; i++)
		if (asked[i]->closed > last->created)
			return true;
	return false;
}

/* What the letters that they have had about something say of when the next one goes. */
struct told { int64_t last, ends; bool waits, passed, news, time, untold; };

/* The last letter to them about it, or NULL: they have not been told. */
static int
find_told(struct arena *mem, const struct notify_input *in, const char *key, const char *about, struct told *told, const struct letter **out,
	  struct error *err)
{
	struct letters letters;
	const struct letter *l;

	*out = NULL;
	if (store_letter_about(mem, in->store, key, about, &letters, err) < 0)
		return -1;
	l = letters.list.items;
	if (!letters.list.count || (l->sent != INT64_MIN && l->problem)) {
		told->untold = true;
		return 0;
	}
	told->waits |= l->sent == INT64_MIN;
	told->last = l->sent > told->last ? l->sent : told->last;
	told->ends = l->expires > told->ends ? l->expires : told->ends;
	*out = l;
	return 0;
}

/*
 * "digest" when one of the proposals or lists is in no letter that went to this person, or an answer has come to what they asked;
 * "reminder" when the last one is old, its link has ended, somebody else has come to be asked since, or they wanted to be
 * reminded today; else NULL.  While a letter waits to be sent nobody is reminded.
 */
static int
which_kind(struct arena *mem, const struct notify_input *in, const struct person *p, const struct people *people,
	   const struct stored_list *open, const char **kind, struct error *err)
{
	struct told told = { .last = INT64_MIN, .ends = INT64_MIN };
	const struct letter *l;

	*kind = NULL;
	for (size_t i = 0; i < p->waiting.count && !told.untold; i++) {
		const struct stored *s = &open->list.items[p->waiting.items[i]];

		if (find_told(mem, in, p->who->key, s->id, &told, &l, err) < 0)
			return -1;
		if (!l)
			break;
		told.news |= has_news(people, s->id, p->who->key, l);
		told.time |= p->later.items[i] != DAY_NONE && l->created < clock_midnight(p->later.items[i]);
		told.passed |= has_been_passed_by(s, p->who->key, l->sent);
	}
	for (size_t i = 0; i < p->lists.count && !told.untold; i++)
		if (find_told(mem, in, p->who->key, p->lists.items[i], &told, &l, err) < 0)
			return -1;
	if (told.untold || (!told.waits && told.news))
		*kind = "digest";
	else if (!told.waits && (told.time || told.passed || clock_day(in->now) - clock_day(told.last) >= in->rules->conf.reminder_days ||
				 in->now >= told.ends))
		*kind = "reminder";
	return 0;
}

/* The last letter to them, while it still waits to be sent; *today: they have had one today already. */
static int
find_last(struct arena *mem, const struct notify_input *in, const char *key, struct letter *waits, bool *today, struct error *err)
{
	struct letters letters;

	*waits = (struct letter){ 0 };
	*today = false;
	if (store_letter_last(mem, in->store, key, &letters, err) < 0)
		return -1;
	if (!letters.list.count)
		return 0;
	*today = clock_day(letters.list.items[0].created) == clock_day(in->now);
	if (letters.list.items[0].sent == INT64_MIN)
		*waits = letters.list.items[0];
	return 0;
}

int
letter_post(struct arena *mem, const struct notify_input *in, struct letter *letter, long long *letters, struct error *err)
{
	const char *token;

	letter->expires = clock_midnight(clock_day(in->now) + in->rules->conf.link_days + 1);
	if (notify_token(mem, &in->rules->conf, letter->id, &token, err) < 0)
		return -1;
	letter->token_hash = digest_text(mem, token);
	++*letters;
	return store_letter_add(in->store, letter, err);
}

static int
write_to(struct arena *mem, const struct notify_input *in, const struct person *p, const struct people *people,
	 const struct stored_list *open, long long *letters, struct error *err)
{
	const char **about = arena_array(mem, const char *, p->waiting.count + p->lists.count + 1), *kind;
	size_t count = 0;
	struct letter letter = { .key = p->who->key, .name = p->who->name, .display = p->who->display, .mail = p->who->mail,
				 .created = in->now, .sent = INT64_MIN };
	struct letter waits;
	bool today;

	if (which_kind(mem, in, p, people, open, &kind, err) < 0 || find_last(mem, in, p->who->key, &waits, &today, err) < 0)
		return -1;
	if (!kind || today)             /* one a day */
		return 0;
	/* One that waits is about less: this one goes in its place, and no sooner than it would have. */
	if (waits.id && store_letter_sent(in->store, waits.id, in->now, "ersatt av ett nyare brev", err) < 0)
		return -1;
	letter.tries = waits.tries;
	letter.next = waits.next;
	for (size_t i = 0; i < p->waiting.count; i++)
		about[count++] = open->list.items[p->waiting.items[i]].id;
	for (size_t i = 0; i < p->lists.count; i++)
		about[count++] = p->lists.items[i];
	letter.kind = kind;
	letter.id = letter_id(mem, kind, p->who->key, in->now, about, count);
	letter.proposals = about;
	letter.proposal_count = (int)count;
	return letter_post(mem, in, &letter, letters, err);
}

/* ------------------------------------------------------------------ the administrators */

/*
 * What we know of an administrator: address, and what the last letter said and when.  It is remembered, because the night
 * on which the directory cannot be read is the one they must hear of.
 */
static int
recall(struct arena *mem, struct store *store, const char *slot, json_t **out, struct error *err)
{
	const char *text = NULL;

	if (store_get(mem, store, slot, &text, err) < 0)
		return -1;
	if (text)
		return json_read(text, strlen(text), out, err);
	*out = json_object();
	return 0;
}

/* False: there is nobody to write to. */
static bool
refresh(const struct notify_input *in, const char *name, json_t *memory)
{
	long a = in->snapshot ? snapshot_account(in->snapshot, name) : -1;

	if (a >= 0) {
		const struct account *who = &in->snapshot->accounts[a];

		json_put(memory, "key", who->key);
		json_put(memory, "display", who->display ? who->display : who->name);
		json_put(memory, "mail", who->disabled ? NULL : who->mail);
	} else if (in->snapshot && in->snapshot->complete) {
		json_put(memory, "mail", NULL);
	}
	if (json_text(memory, "key") && mail_address(json_text(memory, "mail")))
		return true;
	log_warn("administrator '%s' gets no letter: no account in use with a mail address", name);
	return false;
}

/* New news, or the same for so long that it must be said again. */
static bool
is_news(const struct notify_input *in, const json_t *memory, const char *news)
{
	const char *last = json_text(memory, "news");
	day_t day = day_parse(json_text(memory, "day"));

	return !last || strcmp(last, news) != 0 || day == DAY_NONE ||
	       clock_day(in->now) - day >= in->rules->conf.reminder_days;
}

static int
write_administrator(struct arena *mem, const struct notify_input *in, const char *name, const char *news,
		    long long *letters, struct error *err)
{
	const char *slot = arena_print(mem, "administrator:%s", name);
	struct letter letter = { .kind = "administrator", .name = name, .created = in->now, .sent = INT64_MIN };
	json_t *memory = NULL;
	int rc = -1;

	if (recall(mem, in->store, slot, &memory, err) < 0)
		return error_in(err, "what is remembered of administrator '%s'", name);
	if (!refresh(in, name, memory) || !is_news(in, memory, news)) {
		rc = 0;
		goto out;
	}
	letter.key = json_text(memory, "key");
	letter.display = json_text(memory, "display");
	letter.mail = json_text(memory, "mail");
	letter.expires = clock_midnight(clock_day(in->now) + in->rules->conf.link_days + 1);
	letter.id = letter_id(mem, letter.kind, letter.key, in->now, &news, 1);
	json_put(memory, "news", news);
	json_put(memory, "day", day_text(mem, clock_day(in->now)));
	if (store_letter_add(in->store, &letter, err) < 0 || store_set(in->store, slot, json_canonical(mem, memory), err) < 0)
		goto out;
	++*letters;
	rc = 0;
out:
	json_decref(memory);
	return rc;
}

/* What administrators are told at once: by kind and person, so that it is news once and not each time a number changes. */
bool
is_loud(const char *kind)
{
	return strcmp(kind, "unanswered") == 0 || strcmp(kind, "mail-refused") == 0 || strcmp(kind, "seal") == 0;
}

/* Of what stands in a letter to administrators; *any: there is something to say. */
static void
digest_facts(struct digest *d, const struct facts *facts, bool observe, bool *any)
{
	for (size_t i = 0; i < facts->gaps.count; i++) {
		const struct gap *gap = &facts->gaps.items[i].gap;

		digest_field(d, gap->what);
		digest_field(d, gap->id);
		digest_field(d, strcmp(gap->what, "window") == 0 ? NULL : gap->path);    /* where time ran out is another place each night */
		*any = true;
	}
	for (size_t i = 0; i < facts->findings.count; i++) {
		const struct finding *f = &facts->findings.items[i].finding;
		bool loud = is_loud(f->kind);

		if (!observe && !loud)
			continue;
		digest_field(d, f->kind);
		digest_field(d, f->system);
		digest_field(d, loud ? f->account : f->text);
		*any = true;
	}
}

/* A digest of what an administrator would read; NULL when there is nothing to say. */
static int
news_of(struct arena *mem, const struct notify_input *in, const char **out, struct error *err)
{
	bool observe = in->rules->conf.mode == MODE_OBSERVE, any = false;
	const struct proposal_filter filter = { .states = STATES(STATE_EXPORTED) | (observe ? STATES_ASKED : STATES(STATE_BRAKED)) };
	unsigned char sum[DIGEST_SIZE];
	struct stored_list asked;
	struct facts facts;
	struct digest *d;

	*out = NULL;
	if (store_facts(mem, in->store, &facts, err) < 0 || store_proposals(mem, in->store, &filter, &asked, err) < 0)
		return -1;
	d = digest_open();
	for (size_t i = 0; i < asked.list.count; i++)
		digest_field(d, asked.list.items[i].id);
	any = asked.list.count > 0;
	digest_facts(d, &facts, observe, &any);
	digest_close(d, sum);
	if (any)
		*out = digest_hex(mem, sum, 16);
	stored_free(&asked);
	return 0;
}

/* ------------------------------------------------------------------ a night */

int
notify_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	struct stored_list open = { 0 };
	struct people people;
	const char *news;
	int rc = -1;

	*letters = 0;
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_ASKABLE }, &open, err) < 0)
		return -1;
	if (people_waiting(mem, in, &open, &people, err) < 0 || news_of(mem, in, &news, err) < 0)
		goto out;
	for (size_t i = 0; conf->mode != MODE_OBSERVE && i < people.list.count; i++)
		if (write_to(mem, in, &people.list.items[i], &people, &open, letters, err) < 0)
			goto out;
	if (conf->mode != MODE_OBSERVE &&
	    (receipts_compose(mem, in, letters, err) < 0 ||
	     events_compose(mem, in, letters, err) < 0 || questions_compose(mem, in, letters, err) < 0 ||
	     wishes_compose(mem, in, &people, letters, err) < 0))
		goto out;
	for (int i = 0; news && i < conf->people.administrator_count; i++)
		if (write_administrator(mem, in, conf->people.administrators[i], news, letters, err) < 0)
			goto out;
	rc = 0;
out:
	stored_free(&open);
	return rc;
}
