/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seal.c - what behov-audit does: it verifies the chain, signs its head, and writes that where the store's accounts cannot. */
#include "audit_p.h"
#include "behov/clock.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/sign.h"
#include "behov/step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* One at work with the lists. */
struct desk {
	struct arena *mem;
	const struct conf *conf;
	int64_t now;
	struct seals seals;
	const char *secret, *public;
	const char *prev;               /* digest of the last line */
	long long number;               /* of the next */
	struct text fresh;              /* lines that are not written yet, each with its newline */
	int lock;
};

/* ------------------------------------------------------------------ signing */

static const char *
next_key_file(const struct desk *d)
{
	return arena_print(d->mem, "%s.next", d->conf->audit.key_file);
}

/* Signed, and the next in the list. */
static int
state(struct desk *d, json_t *o, struct error *err)
{
	const char *signature, *line;

	signature = sign_text(d->mem, d->secret, json_canonical(d->mem, o));
	if (!signature)
		return error_set(err, ERROR_CONFIG, "the key '%s' cannot sign", d->conf->audit.key_file);
	json_put(o, "signature", signature);
	line = json_canonical(d->mem, o);
	text_print(&d->fresh, "%s\n", line);
	d->prev = digest_text(d->mem, line);
	d->number++;
	return 0;
}

static json_t *
statement(const struct desk *d, enum seal_kind kind, long long epoch)
{
	json_t *o = json_object();

	json_put(o, "kind", seal_word[kind]);
	json_object_set_new(o, "number", json_integer(d->number));
	json_object_set_new(o, "epoch", json_integer(epoch));
	json_put(o, "at", clock_text(d->mem, d->now));
	json_put(o, "prev", d->prev);
	json_put(o, "key", d->public);
	return o;
}

/* A key that others are to believe: it signs for itself, and then the one before it does. */
static int
state_key(struct desk *d, const char *secret, struct error *err)
{
	const char *public = sign_public(d->mem, secret);
	json_t *o = statement(d, SEAL_KEY, d->seals.epoch ? d->seals.epoch : 1);
	int rc;

	json_put(o, "public", public);
	json_put(o, "proof", sign_text(d->mem, secret, json_canonical(d->mem, o)));
	rc = state(d, o, err);
	json_decref(o);
	return rc;
}

static int
state_head(struct desk *d, enum seal_kind kind, const struct audit_result *chain, const char *by, const char *why,
	   struct error *err)
{
	json_t *o = statement(d, kind, d->seals.epoch + (kind == SEAL_EPOCH));
	int rc;

	json_object_set_new(o, "rows", json_integer(chain->rows));
	json_put(o, "head", chain->head ? chain->head : AUDIT_NONE);
	if (kind == SEAL_EPOCH) {
		json_put(o, "by", by);
		json_put(o, "why", why);
	}
	rc = state(d, o, err);
	json_decref(o);
	return rc;
}

/* ------------------------------------------------------------------ the desk */

/* Two at once would give two lines one number. */
static int
take_lock(struct desk *d, struct error *err)
{
	const char *path = arena_print(d->mem, "%s.lock", d->conf->audit.heads);

	d->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->lock < 0)
		return error_sys(err, ERROR_SOURCE, "cannot open the lock '%s'", path);
	if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK
		? error_set(err, ERROR_SOURCE, "another 'behov audit' is at work (it holds '%s'): wait for it, or see 'fuser %s'", path, path)
		: error_sys(err, ERROR_SOURCE, "cannot lock '%s'", path);
}

/* A change of key that was signed for and not ended: the new file takes its place now. */
static int
end_rotation(const struct desk *d, struct error *err)
{
	const char *next = next_key_file(d), *secret;
	size_t len;

	if (access(next, F_OK) < 0)
		return 0;
	if (file_secret(d->mem, next, (char **)&secret, &len, err) < 0)
		return -1;
	if (!d->seals.key || !digest_equal(sign_public(d->mem, secret), d->seals.key))
		return unlink(next) < 0 ? error_sys(err, ERROR_SOURCE, "cannot remove '%s'", next) : 0;
	return rename(next, d->conf->audit.key_file) < 0
		? error_sys(err, ERROR_SOURCE, "cannot put the key '%s' in place", d->conf->audit.key_file) : 0;
}

/* Made where nothing was ever sealed; else it must be the one that the list goes on with. */
static int
take_key(struct desk *d, struct error *err)
{
	const char *path = d->conf->audit.key_file;
	bool born = !d->seals.list.count;
	char *secret;
	size_t len;

	if (!born && end_rotation(d, err) < 0)
		return -1;
	if ((born ? file_key : file_secret)(d->mem, path, &secret, &len, err) < 0)
		return born ? -1 : error_in(err, "the key that signs heads");
	d->secret = secret;
	d->public = sign_public(d->mem, secret);
	if (!d->public)
		return error_set(err, ERROR_CONFIG, "the key '%s' is not one of ours: it must be %d hex digits", path, SIGN_KEY);
	if (!born && strcmp(d->public, d->seals.key) != 0)
		return error_set(err, ERROR_CONFIG, "the key '%s' is %s, but the list of heads goes on with %s", path, d->public,
				 d->seals.key);
	if (born && d->conf->audit.key && strcmp(d->public, d->conf->audit.key) != 0)
		return error_set(err, ERROR_CONFIG, "the key '%s' is %s, but audit.key says %s", path, d->public, d->conf->audit.key);
	return 0;
}

static int
desk_open(struct desk *d, struct arena *mem, const struct conf *conf, int64_t now, struct error *err)
{
	*d = (struct desk){ .mem = mem, .conf = conf, .now = now, .prev = AUDIT_NONE, .number = 1, .lock = -1 };
	text_open(&d->fresh, SIZE_MAX / 2);
	if (!conf->audit.heads)
		return error_set(err, ERROR_CONFIG, "%s: audit.heads is not written: where signed heads are to be kept", conf->file);
	if (take_lock(d, err) < 0 || seals_agree(mem, conf, &d->seals, err) < 0 || take_key(d, err) < 0)
		return -1;
	if (d->seals.list.count) {
		d->prev = d->seals.list.items[d->seals.list.count - 1].digest;
		d->number = (long long)d->seals.list.count + 1;
	}
	return 0;
}

static void
desk_close(struct desk *d)
{
	text_close(&d->fresh);
	if (d->lock >= 0)
		close(d->lock);
}

/* All that a list lacks: what it is behind with, and what is fresh. */
static int
catch_up(const struct desk *d, const char *path, struct error *err)
{
	struct seals have;
	struct text lines;
	int rc;

	if (seals_read(d->mem, path, NULL, &have, err) < 0)
		return -1;
	text_open(&lines, SIZE_MAX / 2);
	for (size_t i = have.list.count; i < d->seals.list.count; i++)
		text_print(&lines, "%s\n", d->seals.list.items[i].line);
	text_add(&lines, d->fresh.data);
	rc = lines.len ? lines_append(path, lines.data, err) : 0;
	text_close(&lines);
	return rc;
}

/* Our own list first: a copy may lag, and never lead. */
static int
write_lists(struct desk *d, struct error *err)
{
	if (catch_up(d, d->conf->audit.heads, err) < 0)
		return -1;
	for (int i = 0; i < d->conf->audit.anchor_count; i++)
		if (catch_up(d, d->conf->audit.anchors[i], err) < 0)
			return error_in(err, "the head is signed, but a copy is not written");
	d->fresh.len = 0;
	d->fresh.data[0] = '\0';
	return seals_agree(d->mem, d->conf, &d->seals, err);
}

/* ------------------------------------------------------------------ another's clock */

static bool
is_stamped(const struct seals *seals, const struct seal *head)
{
	for (size_t i = 0; i < seals->list.count; i++)
		if (seals->list.items[i].kind == SEAL_STAMP && strcmp(seals->list.items[i].of, head->digest) == 0)
			return true;
	return false;
}

/* The last head; one that got none stands before it in a chain that has. */
static int
stamp_last(struct desk *d, const char **unstamped, struct error *err)
{
	const struct seal *last = d->seals.last;
	struct error why = { 0 };
	const char *token;
	json_t *o;
	int rc;

	*unstamped = NULL;
	if (!d->conf->audit.stamp.url || !last || is_stamped(&d->seals, last))
		return 0;
	if (stamp_ask(d->mem, d->conf, last->digest, &token, &why) < 0) {
		*unstamped = arena_text(d->mem, why.text);
		return 0;
	}
	o = statement(d, SEAL_STAMP, d->seals.epoch);
	json_put(o, "of", last->digest);
	json_put(o, "token", token);
	rc = state(d, o, err);
	json_decref(o);
	return rc < 0 ? -1 : write_lists(d, err);
}

/* ------------------------------------------------------------------ the doors */

static int
verify(struct desk *d, struct store *store, const struct seals *seals, struct audit_result *chain, struct error *err)
{
	if (audit_verify(d->mem, store, seals, chain, err) < 0)
		return -1;
	return !chain->broken ? 0 : error_set(err, ERROR_STORE, "the audit chain does not verify at row %lld, and is not signed: %s",
					      chain->broken, chain->why);
}

static int
sealed(struct desk *d, struct store *store, const struct audit_result *chain, long long before, struct sealed *out,
       struct error *err)
{
	out->key = d->public;
	out->rows = chain->rows;
	out->head = chain->head ? chain->head : AUDIT_NONE;
	return stamp_last(d, &out->unstamped, err) < 0 || syslog_rows(d->conf, store, before, &out->sent, err) < 0 ? -1 : 0;
}

int
seal_now(struct arena *mem, const struct conf *conf, struct store *store, int64_t now, struct sealed *out, struct error *err)
{
	struct audit_result chain;
	long long before;
	struct desk d;
	int rc = -1;

	*out = (struct sealed){ 0 };
	if (desk_open(&d, mem, conf, now, err) < 0 || verify(&d, store, &d.seals, &chain, err) < 0)
		goto out;
	before = d.seals.last ? d.seals.last->rows : 0;
	out->born = !d.seals.list.count;
	if (out->born && state_key(&d, d.secret, err) < 0)
		goto out;
	d.seals.epoch += out->born;
	if ((!d.seals.last || d.seals.last->rows < chain.rows) && state_head(&d, SEAL_HEAD, &chain, NULL, NULL, err) < 0)
		goto out;
	if (write_lists(&d, err) == 0)
		rc = sealed(&d, store, &chain, before, out, err);
out:
	desk_close(&d);
	return rc;
}

int
seal_rotate(struct arena *mem, const struct conf *conf, int64_t now, struct sealed *out, struct error *err)
{
	struct desk d;
	char *secret;
	size_t len;
	int rc = -1;

	*out = (struct sealed){ .born = true };
	if (desk_open(&d, mem, conf, now, err) < 0)
		goto out;
	if (!d.seals.list.count) {
		error_set(err, ERROR_USAGE, "nothing has been sealed yet: 'behov audit seal' makes the first key");
		goto out;
	}
	if (file_key(mem, next_key_file(&d), &secret, &len, err) < 0 || state_key(&d, secret, err) < 0)
		goto out;
	step("key");
	if (write_lists(&d, err) < 0)
		goto out;
	step("rotate");
	rc = end_rotation(&d, err);
	out->key = d.seals.key;
out:
	desk_close(&d);
	return rc;
}

int
seal_epoch(struct arena *mem, const struct conf *conf, struct store *store, const char *by, const char *why, int64_t now,
	   struct sealed *out, struct error *err)
{
	struct audit_result chain;
	struct desk d;
	int rc = -1;

	*out = (struct sealed){ 0 };
	if (desk_open(&d, mem, conf, now, err) < 0 || verify(&d, store, NULL, &chain, err) < 0)
		goto out;
	if (!d.seals.list.count)
		error_set(err, ERROR_USAGE, "nothing has been sealed yet: 'behov audit seal' begins the first epoch");
	else if (state_head(&d, SEAL_EPOCH, &chain, by, why, err) == 0 && write_lists(&d, err) == 0)
		rc = sealed(&d, store, &chain, chain.rows, out, err);
out:
	desk_close(&d);
	return rc;
}
