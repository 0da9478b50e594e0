/* SPDX-License-Identifier: GPL-3.0-or-later */
/* heads.c - lists of heads, read: each line's form, number, link and signature, and whether the copies say the same. */
#include "audit_p.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/sign.h"

#include <errno.h>
#include <unistd.h>

#define LIST_MOST ((size_t)256 << 20)

const char *const seal_word[] = { "key", "head", "epoch", "stamp" };
#define KINDS (int)(sizeof(seal_word) / sizeof(*seal_word))

/* ------------------------------------------------------------------ one line */

static int
kind_of(const char *word)
{
	for (int i = 0; word && i < KINDS; i++)
		if (strcmp(word, seal_word[i]) == 0)
			return i;
	return -1;
}

static bool
is_hex(const char *text, size_t digits)
{
	return text && strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

/* What a statement of that kind must say, beside what all do. */
static bool
has_all(const struct seal *s)
{
	switch (s->kind) {
	case SEAL_KEY:
		return is_hex(s->public, SIGN_KEY);
	case SEAL_EPOCH:
		return s->by && s->why && s->rows >= 0 && is_hex(s->head, 64);
	case SEAL_HEAD:
		return s->rows >= 0 && is_hex(s->head, 64);
	case SEAL_STAMP:
		return is_hex(s->of, 64) && s->token && strlen(s->token) % 2 == 0 && is_hex(s->token, strlen(s->token));
	}
	return false;
}

static const char *
read_statement(struct arena *mem, const json_t *o, struct seal *s)
{
	int kind = kind_of(json_text(o, "kind"));

	if (kind < 0)
		return "it is no statement that we know";
	s->kind = (enum seal_kind)kind;
	s->number = json_number(o, "number", 0);
	s->epoch = json_number(o, "epoch", 0);
	s->rows = json_number(o, "rows", -1);
	s->at = arena_text(mem, json_text(o, "at"));
	s->key = arena_text(mem, json_text(o, "key"));
	s->public = arena_text(mem, json_text(o, "public"));
	s->head = arena_text(mem, json_text(o, "head"));
	s->by = arena_text(mem, json_text(o, "by"));
	s->why = arena_text(mem, json_text(o, "why"));
	s->of = arena_text(mem, json_text(o, "of"));
	s->token = arena_text(mem, json_text(o, "token"));
	return s->at && is_hex(s->key, SIGN_KEY) && has_all(s) ? NULL : "it does not say all that it must";
}

/*
 * Signed by whom the list says, over the line without its signature.  A new key is one that somebody has, and not only heard
 * of: it has signed for the same, before the old one did.
 */
static const char *
check_signature(struct arena *mem, json_t *o, const struct seal *s)
{
	const char *signature = arena_text(mem, json_text(o, "signature")), *proof = arena_text(mem, json_text(o, "proof"));

	json_object_del(o, "signature");
	if (!sign_holds(s->key, json_canonical(mem, o), signature))
		return "its signature does not hold";
	json_object_del(o, "proof");
	if (s->kind == SEAL_KEY && !sign_holds(s->public, json_canonical(mem, o), proof))
		return "the new key has not signed for itself";
	return NULL;
}

static const struct seal *
last_head(const struct seals *list)
{
	for (size_t i = list->list.count; i > 0; i--)
		if (list->list.items[i - 1].kind == SEAL_HEAD || list->list.items[i - 1].kind == SEAL_EPOCH)
			return &list->list.items[i - 1];
	return NULL;
}

/* Where it stands in the list. */
static const char *
check_place(const struct seals *list, const struct seal *s)
{
	const struct seal *last;

	if (s->number != (long long)list->list.count + 1)
		return "its number is not the next";
	if (!list->list.count && (s->kind != SEAL_KEY || strcmp(s->public, s->key) != 0 || s->epoch != 1))
		return "a list begins with its key";
	if (list->key && strcmp(list->key, s->key) != 0)
		return "another key signed it than the one the list goes on with";
	if (list->list.count && s->epoch != list->epoch + (s->kind == SEAL_EPOCH))
		return "its epoch is not the one the list is in";
	last = last_head(list);
	if (s->kind == SEAL_HEAD && last && s->rows < last->rows)
		return "it has fewer rows than the head before it";
	return NULL;
}

static bool
names_line(const struct seals *list, const struct seal *s)
{
	for (size_t i = list->list.count; s->kind == SEAL_STAMP && i > 0; i--)
		if (strcmp(list->list.items[i - 1].digest, s->of) == 0)
			return true;
	return s->kind != SEAL_STAMP;
}

static const char *
check_line(struct arena *mem, const struct seals *list, json_t *o, struct seal *s)
{
	const char *prev = list->list.count ? list->list.items[list->list.count - 1].digest : AUDIT_NONE, *why;

	if (!json_is_object(o) || json_has_real(o) || strcmp(json_canonical(mem, o), s->line) != 0)
		return "it is not written as we write";
	why = read_statement(mem, o, s);
	if (!why && !digest_equal(json_text(o, "prev"), prev))
		why = "it does not point to the line before it";
	if (!why)
		why = check_place(list, s);
	if (!why && !names_line(list, s))
		why = "it stamps a line that is not there";
	return why ? why : check_signature(mem, o, s);
}

static void
go_on(struct arena *mem, struct seals *list, const struct seal *s)
{
	*arena_push(mem, &list->list) = *s;
	list->key = s->kind == SEAL_KEY ? s->public : s->key;
	list->epoch = s->epoch;
	list->stamps += s->kind == SEAL_STAMP;
}

static const char *
read_line(struct arena *mem, struct seals *list, const char *line)
{
	struct seal s = { .line = line, .digest = digest_text(mem, line) };
	json_t *o = NULL;
	const char *why;

	if (json_read(line, strlen(line), &o, NULL) < 0)
		return "it is not JSON";
	why = check_line(mem, list, o, &s);
	json_decref(o);
	if (!why)
		go_on(mem, list, &s);
	return why;
}

/* ------------------------------------------------------------------ a list */

int
seals_read(struct arena *mem, const char *path, const char *first, struct seals *out, struct error *err)
{
	char *text, *end;
	size_t len;

	*out = (struct seals){ 0 };
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (file_read(mem, path, LIST_MOST, &text, &len, err) < 0)
		return -1;
	if (strlen(text) != len)
		return error_set(err, ERROR_SOURCE, "the list of heads '%s' holds a NUL", path);
	for (; (end = strchr(text, '\n')); text = end + 1) {
		const char *why;

		*end = '\0';
		why = read_line(mem, out, text);
		if (why)
			return error_set(err, ERROR_SOURCE, "the list of heads '%s' does not hold at line %zu: %s", path,
					 out->list.count + 1, why);
	}
	if (first && out->list.count && strcmp(out->list.items[0].public, first) != 0)
		return error_set(err, ERROR_SOURCE, "the list of heads '%s' begins with the key %s, and not with %s", path,
				 out->list.items[0].public, first);
	out->last = last_head(out);
	return 0;
}

/* ------------------------------------------------------------------ and its copies */

/* Both tell the same for as far as both go. */
static int
compare(const struct seals *a, const char *a_path, const struct seals *b, const char *b_path, struct error *err)
{
	for (size_t i = 0; i < a->list.count && i < b->list.count; i++)
		if (strcmp(a->list.items[i].digest, b->list.items[i].digest) != 0)
			return error_set(err, ERROR_SOURCE, "'%s' and '%s' part at line %zu: somebody else has signed with our key, or "
					 "one of them is of another store", a_path, b_path, i + 1);
	return 0;
}

int
seals_agree(struct arena *mem, const struct conf *conf, struct seals *out, struct error *err)
{
	int count = conf->audit.anchor_count + 1;
	struct seals *all = arena_array(mem, struct seals, (size_t)count);
	const char **paths = arena_array(mem, const char *, (size_t)count);
	int most = 0;

	*out = (struct seals){ 0 };
	for (int i = 0; i < count; i++) {
		paths[i] = i ? conf->audit.anchors[i - 1] : conf->audit.heads;
		if (seals_read(mem, paths[i], conf->audit.key, &all[i], err) < 0)
			return -1;
		if (all[i].list.count > all[most].list.count)
			most = i;
	}
	*out = all[most];
	out->behind = arena_array(mem, const char *, (size_t)count);
	for (int i = 0; i < count; i++) {
		if (compare(&all[most], paths[most], &all[i], paths[i], err) < 0)
			return -1;
		if (all[i].list.count < out->list.count)
			out->behind[out->behind_count++] = paths[i];
	}
	return 0;
}

int
seals_stamped(const struct conf *conf, const struct seals *seals, struct error *err)
{
	for (size_t i = 0; i < seals->list.count; i++) {
		const struct seal *s = &seals->list.items[i];

		if (s->kind == SEAL_STAMP && stamp_verify(conf, s->of, s->token, err) < 0)
			return error_in(err, "the stamp on line %lld of the list of heads", s->number);
	}
	return 0;
}

/* A list that was there and is not, a copy that is out of reach: then nobody can say that the store is the newest. */
int
seal_check(struct arena *mem, const struct conf *conf, struct store *store, struct error *err)
{
	struct audit_row row = { 0 };
	struct seals seals;

	if (!conf->audit.heads)
		return 0;
	if (seals_agree(mem, conf, &seals, err) < 0)
		return -1;
	if (!seals.last)
		return error_set(err, ERROR_STORE, "nothing has been sealed in '%s': run 'behov audit seal' first", conf->audit.heads);
	if (seals.behind_count)
		return error_set(err, ERROR_STORE, "'%s' lacks the last of the heads: see that it is there and run 'behov audit seal'",
				 seals.behind[0]);
	if (!seals.last->rows)
		return 0;
	if (store_audit_at(mem, store, seals.last->rows, &row, err) < 0)
		return -1;
	if (!row.seq || !digest_equal(row.hash, seals.last->head))
		return error_set(err, ERROR_STORE, "the store is older than its heads, or another: it does not hold the row %lld that was "
				 "signed %s; see 'behov audit verify'", seals.last->rows, seals.last->at);
	return 0;
}
