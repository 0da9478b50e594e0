/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edges.c - who is in which group, group after group; when that ends by itself, and when it came. */
#include "build_p.h"

/* Accounts before groups, each by number; of the same member twice the primary one stays. */
#define BITS_GROUP (UINT64_C(1) << 33)
#define BITS_LISTED UINT64_C(1)

static uint64_t
edge_bits(const struct object *who)
{
	return (who->is_group ? BITS_GROUP : 0) | (uint64_t)who->index << 1;
}

/* The groups by their number, and those who have one as their primary group, in one row after another. */
struct rows { struct object **groups; uint32_t *first; uint32_t *members; uint64_t *bits; size_t most, total; };

static struct rows
find_rows(struct builder *b, const struct snapshot *out)
{
	struct rows r = {
		.groups = arena_array(b->scratch, struct object *, (size_t)out->group_count + 1),
		.first = arena_array(b->scratch, uint32_t, (size_t)out->group_count + 2),
		.members = arena_array(b->scratch, uint32_t, b->primaries.count + 1),
		.bits = arena_array(b->scratch, uint64_t, (size_t)b->object_count + 1),
	};

	for (uint32_t i = 0; i < b->object_count; i++) {
		r.bits[i] = edge_bits(object_at(b, i));
		if (object_at(b, i)->is_group)
			r.groups[object_at(b, i)->index] = object_at(b, i);
	}
	for (size_t i = 0; i < b->primaries.count; i++)
		r.first[object_at(b, b->primaries.items[i].group)->index + 2]++;
	for (uint32_t g = 0; g < out->group_count; g++)
		r.first[g + 1] += r.first[g];
	for (size_t i = 0; i < b->primaries.count; i++)
		r.members[r.first[object_at(b, b->primaries.items[i].group)->index + 1]++] = b->primaries.items[i].member;
	for (uint32_t g = 0; g < out->group_count; g++) {
		size_t count = r.groups[g]->member_count + r.first[g + 1] - r.first[g];

		r.most = count > r.most ? count : r.most;
		r.total += count;
	}
	return r;
}

static size_t
gather(const struct builder *b, const struct rows *r, uint32_t g, struct head *heads)
{
	const struct object *group = r->groups[g];
	size_t count = 0;

	for (uint32_t m = 0; m < group->member_count; m++)
		heads[count++].bits = r->bits[b->owners.items[group->members[m]]] | BITS_LISTED;
	for (uint32_t m = r->first[g]; m < r->first[g + 1]; m++)
		heads[count++].bits = r->bits[r->members[m]];
	return count;
}

static void
lay_all(struct builder *b, struct snapshot *out)
{
	struct rows rows = find_rows(b, out);
	struct head *heads = arena_array(b->scratch, struct head, rows.most + 1);
	struct head *spare = arena_array(b->scratch, struct head, rows.most + 1);

	out->edges = arena_array(b->mem, struct edge, rows.total + 1);
	for (uint32_t g = 0; g < out->group_count; g++) {
		struct group *to = &out->groups[g];
		size_t count = gather(b, &rows, g, heads);
		const struct head *sorted = order_heads(heads, spare, count);

		to->first = out->edge_count;
		for (size_t i = 0; i < count; i++)
			if (!i || sorted[i].bits >> 1 != sorted[i - 1].bits >> 1)
				out->edges[out->edge_count++] = (struct edge){
					.member = (uint32_t)(sorted[i].bits >> 1), .is_group = sorted[i].bits & BITS_GROUP,
					.primary = !(sorted[i].bits & BITS_LISTED),
				};
		to->count = out->edge_count - to->first;
	}
}

/* The number of that edge; edge_count when it was not laid. */
static uint32_t
find_edge(const struct builder *b, const struct snapshot *out, const struct note *note)
{
	const struct group *g = &out->groups[object_at(b, note->group)->index];
	const struct object *who = object_at(b, b->owners.items[note->member]);
	uint64_t wanted = edge_bits(who);
	uint32_t low = g->first, high = g->first + g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct edge *e = &out->edges[middle];

		if (((e->is_group ? BITS_GROUP : 0) | (uint64_t)e->member << 1) < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->first + g->count && out->edges[low].member == who->index &&
	       out->edges[low].is_group == who->is_group ? low : out->edge_count;
}

static int
order_moment(const void *x, const void *y)
{
	const struct edge_moment *a = x, *b = y;

	if (a->edge != b->edge)
		return a->edge < b->edge ? -1 : 1;
	return (a->moment > b->moment) - (a->moment < b->moment);
}

/* When memberships end by themselves, and when they came. */
static void
lay_moments(struct builder *b, struct snapshot *out)
{
	for (size_t i = 0; i < b->timed.count; i++) {
		uint32_t e = find_edge(b, out, &b->timed.items[i]);

		if (e == out->edge_count)
			continue;
		out->edges[e].timed = true;
		*arena_push(b->mem, &out->ends) = (struct edge_moment){ .edge = e, .moment = b->timed.items[i].moment };
	}
	for (size_t i = 0; i < b->added.count; i++) {
		uint32_t e = b->owners.items[b->added.items[i].member] < AMBIGUOUS ? find_edge(b, out, &b->added.items[i])
										   : out->edge_count;

		if (e < out->edge_count)
			*arena_push(b->mem, &out->added) = (struct edge_moment){
				e, b->added.items[i].moment, b->added.items[i].changed, b->added.items[i].by };
	}
	if (out->ends.count)
		qsort(out->ends.items, out->ends.count, sizeof(*out->ends.items), order_moment);
	if (out->added.count)
		qsort(out->added.items, out->added.count, sizeof(*out->added.items), order_moment);
}

void
edges_lay(struct builder *b, struct snapshot *out)
{
	lay_all(b, out);
	lay_moments(b, out);
}
