/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret.c - people with protected identity (skyddade personuppgifter): "Skyddad person N", from right after the directory is
 * read, so that no later phase has a name to show.
 *
 * The snapshot still answers to their names, since rules may name them; what it answers with is the masked account.  The
 * number of each is kept in the store under a digest of the account's key, and once given is never another's.  Apply asks
 * the directory for the DN when it needs it (carry.c).
 */
#include "run_p.h"
#include <behov/digest.h>
#include <behov/json.h>
#include <behov/text.h>

struct masks {
	struct arena *mem;
	struct snapshot *s;
	json_t *known;                  /* digest of key -> N; below zero: HR has said that it is over */
	json_int_t most;
	LIST(struct hidden) hidden;
	LIST(const struct hidden *) fresh;      /* in the order of their keys */
};

static const char *
clean(const struct masks *m, const char *text)
{
	for (size_t i = 0; text && i < m->hidden.count; i++) {
		const struct hidden *h = &m->hidden.items[i];
		const char *const names[] = { h->dn, strchr(h->key, '=') ? h->key : NULL, h->display, h->name };

		for (int k = 0; k < 4; k++)
			text = text_without(m->mem, text, names[k], h->shown);
	}
	return text;
}

/* What the reading of the directory had to say, it said with names. */
static void
clean_notes(const struct masks *m)
{
	for (size_t i = 0; i < m->s->gaps.count; i++) {
		struct gap *g = &m->s->gaps.items[i];

		g->id = clean(m, g->id);
		g->text = clean(m, g->text);
	}
	for (size_t i = 0; i < m->s->findings.count; i++) {
		struct finding *f = &m->s->findings.items[i];

		f->account = clean(m, f->account);
		f->text = clean(m, f->text);
	}
}

/* *fresh: not yet called anything, or no longer. */
static json_int_t
number(struct masks *m, const struct account *a, bool *fresh)
{
	const char *key = digest_text(m->mem, a->key);
	json_int_t n = json_integer_value(json_object_get(m->known, key));

	*fresh = n <= 0;
	if (n == 0)
		n = ++m->most;
	json_object_set_new(m->known, key, json_integer(n < 0 ? -n : n));
	return n < 0 ? -n : n;
}

/* HR may forget the mark; it is over when HR says so. */
static bool
is_secret(struct masks *m, const struct account *a)
{
	const char *key;
	json_int_t n;

	if (a->secret || !json_object_size(m->known))
		return a->secret;
	key = digest_text(m->mem, a->key);
	n = json_integer_value(json_object_get(m->known, key));
	if (n > 0 && a->open)
		json_object_set_new(m->known, key, json_integer(-n));
	return n > 0 && !a->open;
}

static void
mask(struct masks *m, uint32_t who)
{
	struct account *a = &m->s->accounts[who];
	bool fresh;
	const char *shown = arena_print(m->mem, HIDDEN_AS "%lld", (long long)number(m, a, &fresh)), *dn = dn_key(m->mem, a->dn);
	struct hidden *h = arena_new(m->mem, struct hidden);

	*h = (struct hidden){ a->key, a->name, a->display, a->dn, shown };
	*arena_push(m->mem, &m->hidden) = *h;
	*arena_push(m->mem, &m->s->aliases) = (struct alias){ dn ? dn : a->dn, text_fold(m->mem, a->name), who };
	if (fresh)
		*arena_push(m->mem, &m->fresh) = h;
	a->dn = a->name = a->display = shown;
}

/* Without a GUID or SID the key is the name itself, and the key is shown: such an account is not judged. */
static bool
has_no_number(const struct account *a)
{
	return strchr(a->key, '=') != NULL;
}

static void
set_aside(struct masks *m)
{
	long long count = 0;

	for (uint32_t i = 0; i < m->s->account_count; i++) {
		struct account *a = &m->s->accounts[i];

		if (!a->secret || !has_no_number(a))
			continue;
		count++;
		a->class = ACCOUNT_OTHER;
		a->unknown = ~UINT64_C(0);
	}
	if (count)
		*arena_push(m->mem, &m->s->gaps) = (struct gap){ "hr", "", NULL, arena_print(m->mem,
			"%lld people with protected identity have neither objectGUID nor objectSid and are not judged", count) };
}

static void
mask_managers(const struct masks *m)
{
	for (uint32_t i = 0; i < m->s->account_count; i++) {
		struct account *a = &m->s->accounts[i];
		long boss = a->manager ? snapshot_account(m->s, a->manager) : -1;

		if (boss >= 0 && m->s->accounts[boss].secret)
			a->manager = arena_print(m->mem, "CN=%s", m->s->accounts[boss].name);
	}
}

static int
keep(struct masks *m, struct store *store, const char *before, struct error *err)
{
	const char *now = json_canonical(m->mem, m->known);

	if (before ? strcmp(before, now) == 0 : !json_object_size(m->known))
		return 0;
	if (store_begin(store, err) < 0)
		return -1;
	for (size_t i = 0; i < m->fresh.count; i++)
		if (store_hide(store, m->fresh.items[i], err) < 0)
			goto undo;
	if (store_set(store, SECRET_VALUE, now, err) == 0 && store_commit(store, err) == 0)
		return 0;
undo:
	store_rollback(store);
	return -1;
}

static int
recall(struct masks *m, const char *known, struct error *err)
{
	const char *key;
	json_t *value;

	if (known && json_read(known, strlen(known), &m->known, err) < 0)
		return error_in(err, "reading who has protected identity");
	if (!m->known)
		m->known = json_object();
	json_object_foreach(m->known, key, value) {
		json_int_t n = json_integer_value(value);

		m->most = n > m->most ? n : -n > m->most ? -n : m->most;
	}
	return 0;
}

int
secret_hide(struct arena *mem, const char *known, struct store *store, struct snapshot *s, struct error *err)
{
	struct masks m = { .mem = mem, .s = s };
	int rc = -1;

	if (recall(&m, known, err) < 0)
		goto out;
	for (uint32_t i = 0; i < s->account_count; i++) {
		s->accounts[i].secret = is_secret(&m, &s->accounts[i]);
		if (s->accounts[i].secret)
			mask(&m, i);
	}
	if (m.hidden.count) {
		mask_managers(&m);
		clean_notes(&m);
		set_aside(&m);
	}
	rc = store ? keep(&m, store, known, err) : 0;
out:
	json_decref(m.known);
	return rc;
}
