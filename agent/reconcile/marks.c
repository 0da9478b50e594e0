/* SPDX-License-Identifier: GPL-3.0-or-later */
/* marks.c - what is special about an account: whose it is, what it could do, how long it is good, whether it is used. */
#include "reconcile_p.h"
#include "behov/text.h"

#define DAY INT64_C(86400)

/* "180 days" */
int *
marks_dormant_days(const struct work *w)
{
	int *days = arena_array(w->mem, int, (size_t)w->role_count + 1);

	for (uint32_t r = 0; r < w->role_count; r++)
		days[r] = w->roles[r]->dormant ? atoi(w->roles[r]->dormant) : 0;
	return days;
}

bool
marks_logons_known(const struct work *w)
{
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].last_logon != INT64_MIN)
			return true;
	return false;
}

/*
 * lastLogonTimestamp is written only when it is older than the domain's interval, so it may be that much too old [MS-ADTS 3.1.1.4.5.1]:
 * who could have signed in since is not told.  Who never did counts from when the account was made.
 */
bool
marks_dormant(const struct work *w, const struct account *a, int days)
{
	int64_t since = a->last_logon != INT64_MIN ? a->last_logon : a->created;
	int64_t late = w->s->sync_days ? w->s->sync_days : 14;

	return since != INT64_MIN && since != 0 && w->in->now - since > (days + late) * DAY;
}

static bool
is_called(const char *const *globs, int count, const char *folded)
{
	for (int i = 0; i < count; i++)
		if (text_glob(globs[i], folded))
			return true;
	return false;
}

/* What its name and its state say, in one bit for each kind. */
static unsigned
kinds_of(const struct work *w, const struct account *a, struct arena *scratch)
{
	const struct conf *c = &w->in->rules->conf;
	bool named = c->report.shared_count || c->report.break_glass_count || c->report.consultant_count;
	const char *name = named ? text_fold(scratch, a->name) : NULL;
	bool consultant = named && is_called(c->report.consultants, c->report.consultant_count, name);
	unsigned kinds = 0;

	kinds |= (a->class == ACCOUNT_SERVICE || a->class == ACCOUNT_GMSA) ? 1u << MARK_SERVICE : 0;
	kinds |= a->protected_admin ? 1u << MARK_PRIVILEGED : 0;
	kinds |= named && is_called(c->report.shared, c->report.shared_count, name) ? 1u << MARK_SHARED : 0;
	kinds |= named && is_called(c->report.break_glass, c->report.break_glass_count, name) ? 1u << MARK_BREAK_GLASS : 0;
	kinds |= consultant ? 1u << MARK_CONSULTANT : a->expires && !a->expired ? 1u << MARK_TEMPORARY : 0;
	kinds |= a->disabled ? 1u << MARK_DISABLED : a->expired ? 1u << MARK_EXPIRED : 0;
	return kinds | (a->left && !a->disabled && !a->expired ? 1u << MARK_LEFT : 0);
}

/* The last day on which it is good. */
static day_t
last_day(const struct account *a)
{
	return a->expires ? clock_day(a->expires - 1) : DAY_NONE;
}

static void
mark(struct work *w, enum mark_kind kind, const struct role *role, const struct account *who, day_t day)
{
	*arena_push(w->mem, &w->plan->marks) = (struct account_mark){ kind, role ? role->system->id : NULL, role ? role->id : NULL, who, NULL, day };
}

static void
mark_role(struct work *w, uint32_t a, const struct role *role, unsigned kinds)
{
	const struct account *who = &w->s->accounts[a];

	for (int kind = 0; kind < MARK_CONFLICT; kind++)
		if (kinds >> kind & 1)
			mark(w, (enum mark_kind)kind, role, who, last_day(who));
}

static void
mark_account(struct work *w, uint32_t a, unsigned kinds, bool logons_known, const int *dormant)
{
	const struct account *who = &w->s->accounts[a];
	unsigned alone = 1u << MARK_PRIVILEGED | 1u << MARK_SHARED | 1u << MARK_BREAK_GLASS;

	for (uint32_t i = 0; i < w->access[a].count; i++) {
		uint32_t r = w->access[a].items[i];

		mark_role(w, a, w->roles[r], kinds);
		if (is_person(w, a) && logons_known && dormant[r] && !who->disabled && !who->expired && marks_dormant(w, who, dormant[r]))
			mark(w, MARK_DORMANT, w->roles[r], who, who->last_logon == INT64_MIN ? DAY_NONE : clock_day(who->last_logon));
	}
	if (!w->access[a].count && !who->disabled && !who->expired)
		mark_role(w, a, NULL, kinds & alone);
}

static bool
has_a_name(const struct account *a)
{
	return a->class == ACCOUNT_PERSON || a->class == ACCOUNT_SERVICE || a->class == ACCOUNT_GMSA;
}

void
marks_tell(struct work *w)
{
	struct arena *scratch = arena_open();
	bool logons_known = marks_logons_known(w);
	int *dormant = marks_dormant_days(w);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (has_a_name(&w->s->accounts[a]))
			mark_account(w, a, kinds_of(w, &w->s->accounts[a], scratch), logons_known, dormant);
	arena_close(scratch);
}

void
marks_conflict(struct work *w, const struct clash *clash, uint32_t a)
{
	const char *roles = "";

	for (int i = 0; i < clash->role_count; i++)
		roles = arena_print(w->mem, "%s%s%s", roles, i ? " + " : "", clash->roles[i]);
	*arena_push(w->mem, &w->plan->marks) = (struct account_mark){ MARK_CONFLICT, clash->system, NULL, &w->s->accounts[a],
		arena_print(w->mem, "%s%s%s", roles, clash->why ? ": " : "", clash->why ? clash->why : ""), DAY_NONE };
}
