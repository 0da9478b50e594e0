/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.c - nights in between full readings: from the server what has changed, from our own copy what has not.
 *
 * uSNChanged tells what of an account was written, and nothing else: not that somebody was deleted or moved with the folder
 * they lie in, nor that a group lost a member that was deleted.  So every night reads the name and objectGUID of every
 * account, and every group whole; the copy gives only the attributes of accounts that nobody wrote to.  Whatever does not
 * add up is no reason to guess: then everything is read.
 */
#include "reader_p.h"

#include <behov/digest.h>
#include <behov/file.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/text.h>

#include <errno.h>
#include <sys/stat.h>

#define ACCOUNTS "(objectClass=user)(objectClass=contact)(objectClass=foreignSecurityPrincipal)(objectClass=inetOrgPerson)" \
		 "(objectClass=computer)(objectClass=domainDNS)"
#define GUID_BYTES 16

/* Accounts by their objectGUID. */
struct shelf { struct intern guids; LIST(struct source_entry) entries; };

struct changes {
	struct shelf copied, present, changed;
	bool nameless;                          /* somebody came without an objectGUID: nothing can be told by it */
	struct intern old_names;                /* DN in the copy -> its place there */
	LIST(uint32_t) old_places;
};

/* ------------------------------------------------------------------ the copy */

/* What was asked, and of whom: a copy of another question is none. */
static const char *
question(struct reader *r, const struct position *now)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];

	digest_field(d, "behov copy 1");
	digest_field(d, r->directory->base);
	digest_field(d, now->service);
	digest_field(d, now->invocation);
	for (char **name = r->attributes; *name; name++)
		digest_field(d, *name);
	digest_close(d, sum);
	return digest_hex(r->mem, sum, sizeof(sum));
}

struct copy { const char *path, *folder; struct text text; long long entries; };

struct copy *
changes_open(struct reader *r, const char *path, const struct position *now, int64_t full)
{
	struct copy *copy;

	if (!path || !now->usn || !now->invocation || r->directory->schema != SCHEMA_AD)
		return NULL;
	copy = arena_new(r->mem, struct copy);
	copy->path = path;
	copy->folder = r->rules->conf.work;
	text_open(&copy->text, (size_t)4 << 30);
	text_print(&copy->text, "# behov copy %s %s %lld\n", question(r, now), now->usn, (long long)full);
	return copy;
}

static void
write_value(struct text *t, const char *name, size_t len, const struct berval *value)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)value->bv_val;

	text_bytes(t, name, len);
	text_add(t, ":: ");
	for (size_t i = 0; i < value->bv_len; i += 3) {
		size_t left = value->bv_len - i;
		uint32_t bits = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0u);
		const char four[4] = { set[bits >> 18], set[bits >> 12 & 63], left > 1 ? set[bits >> 6 & 63] : '=',
				       left > 2 ? set[bits & 63] : '=' };

		text_bytes(t, four, 4);
	}
	text_char(t, '\n');
}

static bool
is_group(const struct source_entry *e)
{
	const struct source_attribute *a = entry_find(e, "objectClass", false);

	for (size_t i = 0; a && i < a->count; i++)
		if (a->values[i].bv_len == 5 && strncasecmp(a->values[i].bv_val, "group", 5) == 0)
			return true;
	return false;
}

void
changes_write(struct copy *copy, const struct source_entry *e)
{
	if (!copy || is_group(e))
		return;
	write_value(&copy->text, "dn", 2, &e->dn);
	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		for (size_t v = 0; v < a->count && !a->options; v++)
			write_value(&copy->text, a->name.bv_val, a->name.bv_len, &a->values[v]);
	}
	text_char(&copy->text, '\n');
	copy->entries++;
}

/* Without a copy the next night reads everything: that is no reason to lose this one. */
void
changes_keep(struct copy *copy)
{
	struct error err = { 0 };

	if (!copy)
		return;
	text_print(&copy->text, "# end %lld\n", copy->entries);
	if (copy->text.full)
		error_set(&err, ERROR_SOURCE, "it would be too large");
	else if (mkdir(copy->folder, 0750) < 0 && errno != EEXIST)
		error_sys(&err, ERROR_SOURCE, "cannot make the folder '%s'", copy->folder);
	else
		file_write_private(copy->path, copy->text.data, copy->text.len, &err);
	if (err.text[0])
		log_warn("no copy of the directory is kept for the next night: %s", err.text);
	changes_drop(copy);
}

void
changes_drop(struct copy *copy)
{
	if (copy && copy->text.data)
		text_close(&copy->text);
}

/* ------------------------------------------------------------------ shelves */

static const struct berval *
guid_of(const struct source_entry *e)
{
	const struct source_attribute *a = entry_find(e, "objectGUID", false);

	return a && a->count == 1 && a->values[0].bv_len == GUID_BYTES ? &a->values[0] : NULL;
}

static void
shelve(struct arena *mem, struct shelf *shelf, const struct source_entry *e)
{
	const struct berval *guid = guid_of(e);
	struct source_entry *kept;
	uint32_t at;

	if (!guid)
		return;
	at = intern(&shelf->guids, guid->bv_val, guid->bv_len);
	if (at == shelf->entries.count)
		(void)arena_push(mem, &shelf->entries);
	kept = &shelf->entries.items[at];
	entry_keep(mem, e, kept);
}

static const struct source_entry *
fetch(const struct shelf *shelf, const struct source_entry *like)
{
	const struct berval *guid = guid_of(like);
	uint32_t at = guid ? intern_find(&shelf->guids, guid->bv_val, guid->bv_len) : INTERN_NONE;

	return at == INTERN_NONE ? NULL : &shelf->entries.items[at];
}

struct loading { struct arena *mem; struct changes *c; long long entries; };

static int
take_copied(void *self, const struct source_entry *e, struct error *err)
{
	struct loading *l = self;

	(void)err;
	shelve(l->mem, &l->c->copied, e);
	l->entries++;
	return 0;
}

/* The copy as it was written down; false: there is none that can be used. */
static bool
load(struct reader *r, const char *path, const struct position *now, struct changes *c, long long *usn, int64_t *full)
{
	struct loading l = { .mem = r->mem, .c = c };
	struct error err = { 0 };
	char asked[65], end[64];
	long long day, last = -1;
	char *bytes, *tail;
	size_t len;

	if (!now->usn || !now->invocation || file_read(r->mem, path, (size_t)4 << 30, &bytes, &len, &err) < 0)
		return false;
	if (sscanf(bytes, "# behov copy %64[0-9a-f] %lld %lld\n", asked, usn, &day) != 3 || strcmp(asked, question(r, now)) != 0)
		return false;
	tail = len > 1 ? memrchr(bytes, '\n', len - 1) : NULL;
	if (!tail || sscanf(tail, "\n# end %lld\n", &last) != 1)
		return false;
	snprintf(end, sizeof(end), "\n# end %lld\n", last);
	*full = day;
	return strcmp(tail, end) == 0 && ldif_each(r->mem, path, bytes, len, take_copied, &l, &err) == 0 && l.entries == last;
}

/* ------------------------------------------------------------------ the night */

static int
take_present(struct reader *r, const struct source_entry *e)
{
	struct changes *c = r->self;

	c->nameless |= !guid_of(e) && !is_group(e);
	shelve(r->mem, &c->present, e);
	return 0;
}

static int
take_changed(struct reader *r, const struct source_entry *e)
{
	struct changes *c = r->self;

	c->nameless |= !guid_of(e) && !is_group(e);
	shelve(r->mem, &c->changed, e);
	return 0;
}

static int
take_group(struct reader *r, const struct source_entry *e)
{
	return build_entry(r->builder, e, r->err);
}

static int
ask_both(struct reader *r, struct changes *c, long long usn)
{
	char guid[] = "objectGUID", class[] = "objectClass", state[] = "msDS-User-Account-Control-Computed";
	char *names[] = { guid, class, state, NULL };

	r->self = c;
	r->take = take_present;
	if (reader_search(r, "(|" ACCOUNTS ")", names) < 0)
		return -1;
	r->take = take_changed;
	return reader_search(r, arena_print(r->mem, "(&(|" ACCOUNTS ")(uSNChanged>=%lld))", usn + 1), r->attributes);
}

/* Everybody who is here tonight is in the copy, or was written to since. */
static bool
adds_up(const struct changes *c)
{
	if (c->nameless)
		return false;
	for (size_t i = 0; i < c->present.entries.count; i++) {
		const struct source_entry *e = &c->present.entries.items[i];

		if (!is_group(e) && !fetch(&c->changed, e) && !fetch(&c->copied, e))
			return false;
	}
	return true;
}

/* The name that somebody has tonight who had that one in the copy; NULL: gone, or never heard of (*known false). */
static const struct berval *
name_now(const struct changes *c, const struct berval *was, bool *known)
{
	uint32_t at = intern_find(&c->old_names, was->bv_val, was->bv_len);
	const struct source_entry *old = at == INTERN_NONE ? NULL : &c->copied.entries.items[c->old_places.items[at]];
	const struct source_entry *now = old ? fetch(&c->changed, old) : NULL;

	*known = old;
	if (old && !now)
		now = fetch(&c->present, old);
	return now ? &now->dn : NULL;
}

/* Names in values follow those they name, and go with them: the server changes them without counting it. */
static struct source_attribute
rename_values(struct arena *mem, const struct changes *c, const struct source_attribute *a)
{
	struct berval *values = arena_array(mem, struct berval, a->count + 1);
	struct source_attribute out = *a;

	out.count = 0;
	out.values = values;
	for (size_t v = 0; v < a->count; v++) {
		bool known;
		const struct berval *now = name_now(c, &a->values[v], &known);

		if (now || !known)
			values[out.count++] = now ? *now : a->values[v];
	}
	return out;
}

/* As it was copied, under the name it has now. */
static void
merge(struct arena *mem, const struct changes *c, const struct source_entry *copied, const struct source_entry *now,
      struct source_entry *out)
{
	static const char state[] = "msDS-User-Account-Control-Computed";
	const struct source_attribute *computed = entry_find(now, state, false);

	*out = (struct source_entry){ .dn = now->dn };
	for (size_t i = 0; i < copied->attributes.count; i++) {
		const struct source_attribute *a = &copied->attributes.items[i];
		struct source_attribute kept;

		if (a->name.bv_len == strlen(state) && strncasecmp(a->name.bv_val, state, strlen(state)) == 0)
			continue;
		kept = rename_values(mem, c, a);
		if (kept.count || !a->count)
			*arena_push(mem, &out->attributes) = kept;
	}
	if (computed)
		*arena_push(mem, &out->attributes) = *computed;
}

static int
hand_on(struct reader *r, struct copy *copy, const struct source_entry *e)
{
	changes_write(copy, e);
	r->entries++;
	return build_entry(r->builder, e, r->err);
}

static int
build_accounts(struct reader *r, const struct changes *c, struct copy *copy)
{
	for (size_t i = 0; i < c->present.entries.count; i++) {
		const struct source_entry *now = &c->present.entries.items[i], *changed = fetch(&c->changed, now);
		struct source_entry e;

		if (is_group(now))
			continue;
		if (!changed)
			merge(r->mem, c, fetch(&c->copied, now), now, &e);
		if (hand_on(r, copy, changed ? changed : &e) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->changed.entries.count; i++)   /* made while we asked */
		if (!is_group(&c->changed.entries.items[i]) && !fetch(&c->present, &c->changed.entries.items[i]) &&
		    hand_on(r, copy, &c->changed.entries.items[i]) < 0)
			return -1;
	return 0;
}

static void
learn_old_names(struct arena *mem, struct changes *c)
{
	for (size_t i = 0; i < c->copied.entries.count; i++) {
		const struct berval *dn = &c->copied.entries.items[i].dn;

		if (intern(&c->old_names, dn->bv_val, dn->bv_len) == c->old_places.count)
			*arena_push(mem, &c->old_places) = (uint32_t)i;
	}
}

int
changes_read(struct reader *r, const char *path, const struct position *now, bool *done)
{
	struct changes *c = arena_new(r->mem, struct changes);
	struct copy *copy = NULL;
	long long usn = 0;
	int64_t full = 0;
	int rc;

	*done = false;
	intern_open(&c->copied.guids, r->mem);
	intern_open(&c->present.guids, r->mem);
	intern_open(&c->changed.guids, r->mem);
	intern_open(&c->old_names, r->mem);
	if (!load(r, path, now, c, &usn, &full) || usn > strtoll(now->usn, NULL, 10) || full > clock_now() ||
	    clock_now() - full >= (int64_t)r->directory->full_days * 86400)
		return 0;
	if (ask_both(r, c, usn) < 0)
		return -1;
	if (!adds_up(c)) {
		log_warn("what has changed in '%s' does not add up with what we knew: everything is read", r->directory->name);
		return 0;
	}
	learn_old_names(r->mem, c);
	copy = changes_open(r, path, now, full);
	rc = build_accounts(r, c, copy);
	r->take = take_group;
	if (rc == 0)
		rc = reader_search(r, "(objectClass=group)", r->attributes);
	if (rc == 0)
		changes_keep(copy);
	else
		changes_drop(copy);
	*done = rc == 0;
	log_info("read the changes of '%s' since %lld accounts=%zu of %zu", r->directory->name, usn, c->changed.entries.count,
		 c->present.entries.count);
	return rc;
}
