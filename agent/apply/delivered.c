/* SPDX-License-Identifier: GPL-3.0-or-later */
/* delivered.c - originals of what an e-archive has: each has the content still that was copied for it, and not only the same size and times. */
#include "apply_p.h"
#include "behov/json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 20)

/* ------------------------------------------------------------------ what was copied */

static int
by_path(const void *key, const void *record)
{
	return strcmp(key, ((const struct record *)record)->path);
}

/* Of one delivery: the sums of those of its files that the batch is about. */
static int
recall(struct batch *b, const struct stored *delivery)
{
	struct record *given = NULL, *found;
	struct effects copied = { 0 };
	size_t count = 0;

	if (!delivery->p.manifest || store_manifest(b->mem, b->a->in->store, delivery->p.manifest, &given, &count, b->a->err) < 0 ||
	    store_effects(b->mem, b->a->in->store, delivery->id, DELIVER_ACT, &copied, b->a->err) < 0)
		return delivery->p.manifest ? -1 : 0;
	for (size_t i = 0; i < copied.list.count; i++) {
		const struct effect *e = &copied.list.items[i];

		if (e->state != EFFECT_DONE || e->number < 1 || (size_t)e->number > count)
			continue;
		found = bsearch(given[e->number - 1].path, b->records, b->count, sizeof *b->records, by_path);
		if (found && deliver_sum(e, b->given[found - b->records].sum))
			b->given[found - b->records].state = COPY_DONE;
	}
	return 0;
}

int
delivered_recall(struct batch *b)
{
	const json_t *receipts = json_object_get(b->s->p.evidence, "receipts"), *one;
	int rc = 0;
	size_t i;

	if (b->s->p.kind != KIND_DESTROY || !json_is_array(receipts))
		return 0;
	b->given = arena_array(b->mem, struct copied, b->count + 1);
	b->block = arena_take(b->mem, BLOCK);
	json_array_foreach(receipts, i, one) {
		const char *id = json_text(one, "proposal");
		struct stored_list list = { 0 };

		if (rc == 0 && id)
			rc = store_proposals(b->mem, b->a->in->store, &(struct proposal_filter){ .id = id }, &list, b->a->err);
		for (size_t k = 0; rc == 0 && k < list.list.count; k++)
			rc = recall(b, &list.list.items[k]);
		stored_free(&list);
	}
	return rc;
}

/* ------------------------------------------------------------------ what is there */

static bool
my_turn(struct batch *b)
{
	const struct apply_eyes *eyes = b->a->in->eyes;

	if (eyes->turn && !eyes->turn(eyes->self, b->share) && !b->lost)
		b->lost = "lagringsytans tid är ute; resten tas nästa gång";
	return !b->lost;
}

/* False with errno, or when its turn is over. */
static bool
sum_of(struct batch *b, int fd, unsigned char sum[DIGEST_SIZE])
{
	struct digest *digest = digest_open();
	ssize_t n = 1;

	while (n && my_turn(b)) {
		n = read(fd, b->block, BLOCK);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			digest_add(digest, b->block, (size_t)n);
	}
	digest_close(digest, sum);
	return n == 0;
}

const char *
delivered_differs(struct batch *b, size_t number, int folder, const char *name)
{
	unsigned char sum[DIGEST_SIZE];
	const struct copied *given;
	const char *why = NULL;
	int fd;

	if (!b->given)
		return NULL;
	given = &b->given[number - 1];
	if (given->state != COPY_DONE)
		return "filen är inte med i det som e-arkivet har kvitterat";
	fd = deliver_open(folder, name);
	if (fd < 0 || !sum_of(b, fd, sum))
		why = b->lost || batch_lost(b, errno) ? b->lost : arena_print(b->mem, "filen går inte att läsa: %s", strerror(errno));
	else if (memcmp(sum, given->sum, sizeof sum) != 0)
		why = "innehållet är inte det som e-arkivet fick";
	if (fd >= 0)
		close(fd);
	return why;
}
