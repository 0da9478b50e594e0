/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.c - a letter to who can say when something ended, where nobody has and so nothing is ever due. */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/text.h"

#define AGAIN_DAYS 90                   /* between two letters about it */
#define PIN_SECONDS (7 * 86400)         /* until then the page takes nothing from an owner who has changed */

static int
read_lacking(struct arena *mem, struct store *store, json_t **out, struct error *err)
{
	const char *text = NULL;

	*out = NULL;
	if (store_get(mem, store, LACKING_VALUE, &text, err) < 0)
		return -1;
	return text ? json_read(text, strlen(text), out, err) : 0;
}

/* ------------------------------------------------------------------ who is written to */

struct knower { const struct account *who; LIST(const char *) about; };        /* "SERIES@SHARE" */
struct knowers { LIST(struct knower) list; };

static const struct account *
in_service(const struct snapshot *s, const char *name)
{
	long i = name && *name ? snapshot_account(s, name) : -1;
	const struct account *a = i >= 0 ? &s->accounts[i] : NULL;

	if (!a || a->class != ACCOUNT_PERSON || a->disabled || a->expired || a->left)
		return NULL;
	return a->mail && mail_address(a->mail) ? a : NULL;
}

/* The first of them who can be asked; NULL when the page would not listen to them yet. */
static int
first_of(struct arena *mem, const struct notify_input *in, const char *const *names, int count, const struct account **out,
	 struct error *err)
{
	*out = NULL;
	for (int i = 0; i < count && !*out; i++) {
		const struct account *who = in_service(in->snapshot, names[i]);
		struct pin pin = { 0 };
		bool found = false;

		if (!who)
			continue;
		if (store_pin(mem, in->store, names[i], &pin, &found, err) < 0)
			return -1;
		if (!found || strcmp(pin.key, who->key) != 0 || (pin.changed != INT64_MIN && in->now - pin.changed < PIN_SECONDS))
			return 0;
		*out = who;
	}
	return 0;
}

/* In turn: the series' owner and deputies, then the share's. */
static int
find_knower(struct arena *mem, const struct notify_input *in, const struct series *s, const struct share *share,
	    const struct account **out, struct error *err)
{
	LIST(const char *) names = { 0 };

	*arena_push(mem, &names) = s->owner;
	for (int i = 0; i < s->deputy_count; i++)
		*arena_push(mem, &names) = s->deputies[i];
	*arena_push(mem, &names) = share->owner;
	for (int i = 0; i < share->deputy_count; i++)
		*arena_push(mem, &names) = share->deputies[i];
	return first_of(mem, in, names.items, (int)names.count, out, err);
}

static void
note(struct arena *mem, struct knowers *all, const struct account *who, const char *about)
{
	struct knower *k = NULL;

	for (size_t i = 0; i < all->list.count; i++)
		if (all->list.items[i].who == who)
			k = &all->list.items[i];
	if (!k) {
		k = arena_push(mem, &all->list);
		k->who = who;
	}
	*arena_push(mem, &k->about) = about;
}

static int
find_all(struct arena *mem, const struct notify_input *in, const json_t *lacking, struct knowers *all, struct error *err)
{
	const json_t *one;
	size_t i;

	json_array_foreach (lacking, i, one) {
		const struct series *s = rules_series(in->rules, json_text(one, "series"));
		const struct share *share = rules_share(in->rules, json_text(one, "share"));
		const struct account *who = NULL;

		if (!s || !share)
			continue;
		if (find_knower(mem, in, s, share, &who, err) < 0)
			return -1;
		if (who)
			note(mem, all, who, arena_print(mem, "%s@%s", s->id, share->id));
	}
	return 0;
}

/* ------------------------------------------------------------------ the letter */

static int
write_to(struct arena *mem, const struct notify_input *in, const struct knower *k, long long *letters, struct error *err)
{
	const char *slot = arena_print(mem, "event-letter:%s", k->who->key), *last = NULL, *today = day_text(mem, clock_day(in->now));
	struct letter letter = { .kind = "event", .key = k->who->key, .name = k->who->name,
				 .display = k->who->display ? k->who->display : k->who->name, .mail = k->who->mail,
				 .created = in->now, .sent = INT64_MIN, .proposals = k->about.items, .proposal_count = (int)k->about.count };
	const char *const parts[] = { "event", k->who->key, today };
	unsigned char sum[DIGEST_SIZE];
	struct digest *d;

	if (store_get(mem, in->store, slot, &last, err) < 0)
		return -1;
	if (day_parse(last) != DAY_NONE && clock_day(in->now) - day_parse(last) < AGAIN_DAYS)
		return 0;
	d = digest_open();
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		digest_field(d, parts[i]);
	digest_close(d, sum);
	letter.id = digest_hex(mem, sum, 16);
	return letter_post(mem, in, &letter, letters, err) < 0 ? -1 : store_set(in->store, slot, today, err);
}

int
events_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err)
{
	struct knowers all = { 0 };
	json_t *lacking;
	int rc;

	if (!in->snapshot || !in->snapshot->complete)
		return 0;
	if (read_lacking(mem, in->store, &lacking, err) < 0)
		return -1;
	rc = find_all(mem, in, lacking, &all, err);
	for (size_t i = 0; i < all.list.count && rc == 0; i++)
		rc = write_to(mem, in, &all.list.items[i], letters, err);
	json_decref(lacking);
	return rc;
}

static bool
is_about(const struct letter *letter, const char *series, const char *share)
{
	for (int i = 0; series && share && i < letter->proposal_count; i++) {
		size_t len = strlen(series);

		if (strncmp(letter->proposals[i], series, len) == 0 && letter->proposals[i][len] == '@' &&
		    strcmp(letter->proposals[i] + len + 1, share) == 0)
			return true;
	}
	return false;
}

/* What the letter is about and nobody has said since. */
static json_t *
rows(struct arena *mem, const struct notify_input *in, const struct letter *letter, const json_t *lacking)
{
	const struct language *l = letter_language(in);
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach (lacking, i, one) {
		const struct series *s = rules_series(in->rules, json_text(one, "series"));
		const struct share *share = rules_share(in->rules, json_text(one, "share"));
		long long files = json_number(one, "files", 0);

		if (s && share && is_about(letter, s->id, share->id))
			letter_row(mem, list, arena_print(mem, files == 1 ? speak(l, "%s (%s): %s handling") : speak(l, "%s (%s): %s handlingar"),
							  s->name ? s->name : s->id, share->name ? share->name : share->id, text_count(mem, files)));
	}
	return list;
}

int
letter_event(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	json_t *lacking, *data, *list;
	const char *token;
	int rc = 0;

	if (read_lacking(mem, in->store, &lacking, err) < 0 || notify_token(mem, conf, letter->id, &token, err) < 0)
		return -1;
	list = rows(mem, in, letter, lacking);
	data = letter_data(mem, conf, letter, token);
	json_object_set(data, "rows", list);
	if (json_array_size(list))
		rc = letter_render(mem, letter_language(in), "event", data, out, err);
	out->subject = speak(letter_language(in), "Behov: säg när något har upphört");
	json_decref(data);
	json_decref(list);
	json_decref(lacking);
	return rc;
}
