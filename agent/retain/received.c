/* SPDX-License-Identifier: GPL-3.0-or-later */
/* received.c - originals of what an e-archive has given a receipt of: when they go, and by which receipts. */
#include "retain_p.h"
#include "behov/json.h"
#include "behov/text.h"

/* As when it was copied: a file that was written since is in no archive. */
static bool
same(const struct record *r, const struct entry *e)
{
	return r->size == e->size && r->ino == e->ino && r->mtime_s == e->mtime_s && r->mtime_ns == e->mtime_ns &&
	       r->btime_s == e->btime_s && r->btime_ns == e->btime_ns;
}

static int
order(const struct received *a, const char *share, const char *path)
{
	int by_share = strcmp(a->share, share);

	return by_share ? by_share : strcmp(a->record.path, path);
}

/* The first that does not come before. */
static size_t
find_first(const struct retain *r, const char *path)
{
	size_t low = 0, high = r->input.received_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (order(&r->input.received[middle], r->share->id, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct received *
received_as(struct retain *r, const struct series *series, const char *folder, const struct entry *entry)
{
	const char *path = *folder ? arena_print(r->scratch, "%s/%s", folder, entry->name) : entry->name;
	const struct received *found = NULL;

	for (size_t i = find_first(r, path); i < r->input.received_count && order(&r->input.received[i], r->share->id, path) == 0; i++) {
		const struct received *one = &r->input.received[i];

		if (strcmp(one->series, series->id) == 0 && same(&one->record, entry) && (!found || one->by->day > found->by->day))
			found = one;
	}
	return found;
}

void
received_note(struct retain *r, struct batch *b, const struct received *received)
{
	for (size_t i = 0; i < b->receipts.count; i++)
		if (b->receipts.items[i] == received->by)
			return;
	*(const struct receipt_note **)arena_push(r->mem, &b->receipts) = received->by;
}

const char *
received_text(struct retain *r, const struct series *s, day_t from_day, day_t due)
{
	return arena_print(r->mem, "e-arkivets kvittens %s + %s = %s", day_text(r->mem, from_day), period_text(r->mem, s->after_receipt),
			   day_text(r->mem, due));
}

/* For the owner: whether the e-archive said what it has, file by file. */
const char *
received_proof(struct retain *r, const struct batch *b)
{
	const char *all = "";

	for (size_t i = 0; i < b->receipts.count; i++) {
		const struct receipt_note *n = b->receipts.items[i];

		all = arena_print(r->mem, "%s%skvittens %s, %s", all, i ? "; " : "", n->number ? n->number : "-",
				  n->compared ? arena_print(r->mem, "%s kontrollsummor stämde", text_count(r->mem, n->compared))
					      : "utan kontrollsummor att jämföra");
	}
	return all;
}

json_t *
received_json(struct arena *mem, const struct batch *b)
{
	json_t *all = json_array();

	for (size_t i = 0; i < b->receipts.count; i++) {
		const struct receipt_note *n = b->receipts.items[i];
		json_t *o = json_object();

		json_put(o, "proposal", n->proposal);
		json_put(o, "number", n->number);
		json_put(o, "date", day_text(mem, n->day));
		json_put(o, "sums", n->sums);
		json_object_set_new(o, "compared", json_integer(n->compared));
		json_array_append_new(all, o);
	}
	return all;
}
