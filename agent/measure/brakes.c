/* SPDX-License-Identifier: GPL-3.0-or-later */
/* brakes.c - everything that a brake stops, of a whole directory down to what apply has left for its next run. */
#include "behov/json.h"
#include "behov/measure.h"

#include <stdlib.h>
#include <string.h>

const char *const braked_word[] = { "directory", "share", "proposals", "apply" };

static int
stands(struct arena *mem, struct store *store, const char *name, bool *out, struct error *err)
{
	const char *text = NULL;
	json_t *value = NULL;

	*out = false;
	if (store_get(mem, store, name, &text, err) < 0)
		return -1;
	if (!text || *text != '{')
		return 0;
	if (json_read(text, strlen(text), &value, err) < 0)
		return error_in(err, "reading '%s' in the store", name);
	*out = json_text(value, "state") && strcmp(json_text(value, "state"), "braked") == 0;
	json_decref(value);
	return 0;
}

static int
add_whole(struct arena *mem, const struct measure_input *in, struct standings *out, struct error *err)
{
	bool braked;

	if (stands(mem, in->store, SHRINK_VALUE, &braked, err) < 0)
		return -1;
	if (braked)
		*arena_push(mem, &out->list) = (struct standing){ BRAKED_DIRECTORY, "directory", 0 };
	for (size_t i = 0; i < in->rules->share_count; i++) {
		const char *id = in->rules->shares[i].id;

		if (stands(mem, in->store, arena_print(mem, VANISH_VALUE "%s", id), &braked, err) < 0)
			return -1;
		if (braked)
			*arena_push(mem, &out->list) = (struct standing){ BRAKED_SHARE, arena_print(mem, "share:%s", id), 0 };
	}
	return 0;
}

static void
note(struct arena *mem, struct standings *out, enum braked kind, const char *scope)
{
	for (size_t i = 0; i < out->list.count; i++)
		if (out->list.items[i].kind == kind && strcmp(out->list.items[i].scope, scope) == 0) {
			out->list.items[i].proposals++;
			return;
		}
	*arena_push(mem, &out->list) = (struct standing){ kind, arena_text(mem, scope), 1 };
}

static int
by_kind(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind) : strcmp(x->scope, y->scope);
}

int
measure_brakes(struct arena *mem, const struct measure_input *in, struct standings *out, struct error *err)
{
	const struct proposal_filter stopped = { .states = STATES(STATE_BRAKED) | STATES(STATE_SCHEDULED) | STATES(STATE_QUARANTINED),
						 .brief = true };
	struct stored_list all = { 0 };

	*out = (struct standings){ 0 };
	if (add_whole(mem, in, out, err) < 0 || store_proposals(mem, in->store, &stopped, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct stored *s = &all.list.items[i];

		if (s->state == STATE_BRAKED)
			note(mem, out, BRAKED_PROPOSALS, s->p.scope);
		else if (s->note && strncmp(s->note, BRAKED_NOTE, strlen(BRAKED_NOTE)) == 0)
			note(mem, out, BRAKED_APPLY, s->p.scope);
	}
	stored_free(&all);
	if (out->list.count > 1)
		qsort(out->list.items, out->list.count, sizeof(*out->list.items), by_kind);
	return 0;
}

const char *
measure_brake_text(struct arena *mem, const char *scope, const char *kind, long long proposals)
{
	const char *many = proposals ? arena_print(mem, ", %s förslag", text_count(mem, proposals)) : "";

	if (strcmp(kind, braked_word[BRAKED_APPLY]) == 0)
		return arena_print(mem, "%s%s: verkställigheten tar inte mer i en körning; resten väntar på nästa", scope, many);
	return arena_print(mem, "%s%s: behov decide release %s --by NAMN --reason TEXT", scope, many, scope);
}
