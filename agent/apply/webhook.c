/* SPDX-License-Identifier: GPL-3.0-or-later */
/* webhook.c - what a ticket system is asked to have done: signed, asked again until it answers, never twice the same. */
#include "apply_p.h"
#include "behov/digest.h"
#include "behov/fetch.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include <inttypes.h>

#define FIRST_WAIT 900                  /* seconds; twice as long after each try */
#define LONGEST_WAIT 86400
#define ANSWER_MOST 65536               /* what an answer says besides is of no interest */

struct hook {
	struct apply *a;
	const char *secret, *host;
	size_t secret_len;
	bool down;                      /* it did not answer: the rest waits for another run */
};

/* ------------------------------------------------------------------ what is said */

/* The same bytes at each try.  Somebody with protected identity is named by key alone: a ticket has many readers. */
static const char *
body_of(struct apply *a, const struct stored *s)
{
	json_t *o = json_object(), *group = json_object(), *member = json_object(), *also = json_array();
	const struct proposal *p = &s->p;
	char *text;

	for (int i = 0; i < p->also_count; i++)
		json_array_append_new(also, json_string(p->also[i]));
	json_put(group, "dn", p->group);
	json_put(group, "key", p->group_guid);
	json_put(member, "dn", dn_key(a->mem, p->member) ? p->member : NULL);
	json_put(member, "key", p->guid);
	json_put(member, "account", p->account);
	json_put(member, "name", p->display);
	json_put(o, "organisation", a->conf->organisation);
	json_put(o, "do", kind_word[p->kind]);
	json_put(o, "proposal", s->id);
	json_put(o, "version", p->version);
	json_put(o, "system", p->system);
	json_put(o, "role", p->role);
	json_object_set_new(o, "also", also);
	json_object_set_new(o, "group", group);
	json_object_set_new(o, "member", member);
	json_put(o, "why", p->why);
	text = json_canonical(a->mem, o);
	json_decref(o);
	return text;
}

static const char *
signature(struct hook *h, int64_t when, const char *body)
{
	const char *signed_text = arena_print(h->a->mem, "%" PRId64 ".%s", when, body);
	unsigned char sum[DIGEST_SIZE];

	digest_hmac(h->secret, h->secret_len, signed_text, strlen(signed_text), sum);
	return digest_hex(h->a->mem, sum, sizeof sum);
}

/* The status of the answer, 0 when none came that is whole: then nobody knows whether it was taken. */
static long
post(struct hook *h, const struct stored *s, const char *body)
{
	const struct conf *conf = h->a->conf;
	struct arena *mem = h->a->mem;
	const char *const headers[] = {
		arena_print(mem, "Behov-Timestamp: %" PRId64, h->a->in->now),
		arena_print(mem, "Behov-Signature: v1=%s", signature(h, h->a->in->now, body)),
		arena_print(mem, "Idempotency-Key: %s:%s", s->id, s->p.version), NULL,
	};
	struct error trouble = { 0 };
	long status = 0;
	char *unused;
	size_t len;

	if (fetch_url(mem, &(struct fetch){
		.url = conf->webhook.url, .ca_file = conf->webhook.ca_file, .timeout = conf->webhook.timeout, .most = ANSWER_MOST,
		.type = "application/json", .body = body, .body_len = strlen(body), .headers = headers, .status = &status,
	    }, &unused, &len, &trouble) == 0)
		return status;
	log_error("apply cannot reach the webhook: %s", trouble.text);
	return 0;
}

/* ------------------------------------------------------------------ what comes of it */

static bool
is_taken(long status)
{
	return status >= 200 && status < 300;
}

/* It said no, and has done nothing.  What asks for patience is not that, nor what sends us elsewhere. */
static bool
is_refused(long status)
{
	return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
}

static int
taken(struct hook *h, struct stored *s, long long id, long status)
{
	struct apply *a = h->a;
	const char *note = arena_print(a->mem, "ärende hos %s", h->host);

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (apply_end(a, id, EFFECT_DONE, arena_print(a->mem, "{\"status\":%ld}", status), NULL) < 0 ||
	    apply_move_in(a, s, PROPOSAL_EXPORTED, INT64_MIN, DAY_NONE, note, "apply") < 0 ||
	    store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	a->out->exported++;
	log_info("apply exported proposal='%s' to='%s'", s->id, h->host);
	return 0;
}

static int
not_taken(struct hook *h, struct stored *s, long long id, long status)
{
	struct apply *a = h->a;
	const char *why = is_refused(status) ? arena_print(a->mem, "ärendesystemet nekade (%ld); en senare körning försöker igen", status)
			: status ? arena_print(a->mem, "ärendesystemet svarade %ld; en senare körning försöker igen", status)
			: "ärendesystemet svarade inte; en senare körning försöker igen";

	/* Without an answer it may lie there all the same: it stays meant, and goes again under the same key. */
	if (apply_end(a, id, is_refused(status) ? EFFECT_FAILED : EFFECT_INTENDED, NULL, why) < 0)
		return -1;
	h->down = !is_refused(status);
	return apply_left(a, s, why);
}

static int64_t
wait_after(size_t tries, bool refused)
{
	int64_t wait = FIRST_WAIT;

	for (size_t i = 1; i < tries && wait < LONGEST_WAIT; i++)
		wait *= 2;
	return refused || wait > LONGEST_WAIT ? LONGEST_WAIT : wait;
}

static int
send_one(struct hook *h, struct stored *s)
{
	struct apply *a = h->a;
	struct effects tries = { 0 };
	const struct effect *last;
	const char *body = body_of(a, s);
	long long id, number;
	long status;

	if (store_effects(a->mem, a->in->store, s->id, "webhook", &tries, a->err) < 0)
		return -1;
	last = tries.list.count ? &tries.list.items[tries.list.count - 1] : NULL;
	if (h->down || (last && last->ended != INT64_MIN &&
			a->in->now < last->ended + wait_after(tries.list.count, last->state == EFFECT_FAILED)))
		return apply_left(a, s, s->note ? s->note : "ärendesystemet svarade inte; en senare körning försöker igen");
	/* One without an end: we were ended before the answer came. */
	number = last ? last->number + (last->ended != INT64_MIN) : 1;
	if (apply_intend(a, s->id, "webhook", number, h->host, arena_print(a->mem, "{\"sha256\":\"%s\"}", digest_text(a->mem, body)),
			 &id) < 0)
		return -1;
	status = post(h, s, body);
	step("webhook");
	return is_taken(status) ? taken(h, s, id, status) : not_taken(h, s, id, status);
}

int
webhook_send_all(struct apply *a, struct stored *const *list, size_t count)
{
	const char *host = a->conf->webhook.url ? strstr(a->conf->webhook.url, "://") : NULL;
	struct hook h = { .a = a, .host = host ? arena_copy(a->mem, host + 3, strcspn(host + 3, "/?#")) : "-" };
	struct error trouble = { 0 };
	char *secret = NULL;
	int rc = 0;

	if (!host || file_secret(a->mem, a->conf->webhook.secret_file, &secret, &h.secret_len, &trouble) < 0) {
		log_error("apply cannot use the webhook: %s", host ? trouble.text : "none is configured");
		for (size_t i = 0; i < count && rc == 0; i++)
			rc = apply_left(a, list[i], "ärendesystemet går inte att använda: se loggen");
		return rc;
	}
	h.secret = secret;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = stop_asked() ? error_set(a->err, ERROR_STOPPED, "asked to stop between two tickets") : send_one(&h, list[i]);
	explicit_bzero(secret, h.secret_len);
	return rc;
}
