/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ladder.c - who sits in a seat beside the one whose turn it is tonight: those who were asked before, and those who are asked
 * because nobody has answered.  Silence brings more people, and nothing else.
 *
 *     asked   the first in turn of the duty
 *     14 days nobody in the seat has answered: the next in turn, too
 *     28 days still nobody: the coordinator, too, and administrators are told
 *
 * Days are those of the calendar, from when the first of those in the seat was asked; one who answers ends it.
 */
#include "propose_p.h"

/* A proposal of tonight, and the stored one of the same content that it goes on from. */
struct step {
	struct work *w;
	struct asking asking;
	const struct stored *old;
	struct proposal *p;
	struct decisions given;         /* about it */
};

static const struct approver *
sat(const struct proposal *p, int seat, const char *key)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (p->approvers.items[i].seat == seat && strcmp(p->approvers.items[i].key, key) == 0)
			return &p->approvers.items[i];
	return NULL;
}

/* What somebody may have already who comes to sit in a seat where two different people are needed: alone they fill no two. */
enum has {
	HAS_NOTHING,                    /* no other seat */
	HAS_WAITED,                     /* none that is theirs by turn */
	HAS_ANY,
};

static bool
may_join(const struct proposal *p, int seat, const struct account *who, enum has has)
{
	if (is_own_access(p, who))
		return false;
	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];
		bool counts = p->needs > 1 && (has == HAS_NOTHING || (has == HAS_WAITED && !a->waited));

		if ((a->seat == seat || counts) && approver_is(a, who))
			return false;
	}
	return true;
}

/* Who is to sit in a seat beside the others. */
struct joining {
	int seat;
	const struct turns *turns;
	const char *key;                /* just that one, or NULL */
	enum has has;
	int waited;
	int64_t asked;
};

/* The next whose turn it is and who may. */
static bool
join(struct step *s, const struct joining *j)
{
	for (size_t i = 0; i < j->turns->list.count; i++) {
		const struct turn *turn = &j->turns->list.items[i];
		const struct account *who = owner_person(s->w->in->snapshot, turn->name);
		struct approver *a;

		if (!who || (j->key && strcmp(who->key, j->key) != 0) || !may_join(s->p, j->seat, who, j->has))
			continue;
		a = approver_add(&s->asking, s->p, j->seat, who, turn->as);
		a->waited = j->waited;
		a->asked = j->asked;
		return true;
	}
	return false;
}

/*
 * Who was asked stays: their answer is as good as it was, though somebody before them in turn is back, or somebody else was
 * asked because they were silent.
 */
static void
stay(struct step *s, int seat, const struct turns *turns)
{
	for (size_t i = 0; i < s->old->p.approvers.count; i++) {
		const struct approver *before = &s->old->p.approvers.items[i];

		if (before->seat == seat && before->asked && !sat(s->p, seat, before->key))
			join(s, &(struct joining){ .seat = seat, .turns = turns, .key = before->key, .waited = before->waited,
						   .has = before->waited ? HAS_ANY : HAS_WAITED, .asked = before->asked });
	}
}

static bool
has_waited(const struct proposal *p, int seat)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (p->approvers.items[i].seat == seat && p->approvers.items[i].waited)
			return true;
	return false;
}

/* Counted for each person who has not answered; told when all have been met. */
static void
note_silence(struct step *s, int seat, int64_t since)
{
	for (size_t i = 0; i < s->p->approvers.count; i++) {
		const struct approver *a = &s->p->approvers.items[i];
		struct silent *silent = NULL;

		if (a->seat != seat || a->waited)
			continue;
		for (size_t k = 0; k < s->w->silent.count; k++)
			if (strcmp(s->w->silent.items[k].who->key, a->key) == 0)
				silent = &s->w->silent.items[k];
		if (!silent) {
			silent = arena_push(s->w->mem, &s->w->silent);
			*silent = (struct silent){ .who = arena_new(s->w->mem, struct approver), .since = since };
			*(struct approver *)silent->who = *a;
		}
		silent->count += silent->last != s->old;
		silent->last = s->old;
		silent->since = since < silent->since ? since : silent->since;
	}
}

static void
escalate(struct step *s, int seat, const struct turns *turns)
{
	const struct conf *conf = &s->w->in->rules->conf;
	const struct account *coordinator = owner_person(s->w->in->snapshot, conf->people.coordinator);
	struct joining next = { .seat = seat, .turns = turns, .waited = conf->escalate[0], .asked = s->w->in->now };
	struct joining last = { .seat = seat, .turns = turns, .asked = s->w->in->now, .has = HAS_ANY,
				.key = coordinator ? coordinator->key : "" };
	struct stored tonight = *s->old;
	int64_t since;
	int waited;

	tonight.p = *s->p;
	since = seats_since(&tonight, seat);
	waited = since == INT64_MAX ? 0 : clock_day(s->w->in->now) - clock_day(since);
	if (!conf->escalate[0] || waited < conf->escalate[0] || seats_answered(&s->given, &tonight, seat))
		return;
	last.waited = conf->escalate[waited >= conf->escalate[1]];
	if (!has_waited(s->p, seat) && !join(s, &next))
		join(s, &last);
	if (waited < conf->escalate[1])
		return;
	join(s, &last);
	note_silence(s, seat, since);
}

/* Those whose turn it is are asked since they were; who comes tonight is asked tonight. */
static void
keep_moments(struct step *s, int64_t now)
{
	for (size_t i = 0; i < s->p->approvers.count; i++) {
		struct approver *a = &s->p->approvers.items[i];
		const struct approver *before = sat(&s->old->p, a->seat, a->key);

		a->asked = before && before->asked ? before->asked : now;
	}
}

/* The second of two is whoever was: the next in turn would take somebody who has answered in the first seat, and is just as
 * good there as one who comes back to it. */
static void
keep_second(struct step *s, int seat, const struct turns *turns)
{
	__typeof__(s->p->approvers) tonight = s->p->approvers;
	struct approver *items = arena_array(s->w->mem, struct approver, tonight.count + 1);
	bool stays = false;

	s->p->approvers = (__typeof__(s->p->approvers)){ 0 };
	for (size_t i = 0; i < tonight.count; i++) {
		items[i] = tonight.items[i];
		if (items[i].seat != seat)
			*arena_push(s->w->mem, &s->p->approvers) = items[i];
	}
	stay(s, seat, turns);
	for (size_t i = 0; i < s->p->approvers.count; i++)
		stays |= s->p->approvers.items[i].seat == seat && !s->p->approvers.items[i].waited;
	if (!stays)
		s->p->approvers = tonight;
}

static bool
is_filled(const struct proposal *p, int seat)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (p->approvers.items[i].seat == seat)
			return true;
	return false;
}

/* Where owners are not written to, nobody is newly asked and nobody is silent. */
int
go_on_asking(struct work *w, const struct stored *old, struct proposal *p, struct error *err)
{
	struct step s = { .w = w, .asking = { .mem = w->mem, .in = w->in, .declined = &w->declined }, .old = old, .p = p };
	bool unfilled = p->needs > (int)p->approvers.count;
	bool open = STATES(old->state) & (STATES_ANSWERABLE | STATES(STATE_HELD));
	bool asks = open && w->in->rules->conf.mode != MODE_OBSERVE;
	bool waits = asks && old->state == STATE_OPEN && old->since < w->in->now;       /* as in the first, when the night is run again */

	if (!open && old->state != STATE_SCHEDULED)
		return 0;
	if (store_decisions(w->mem, w->in->store, old->id, INT64_MIN, &s.given, err) < 0)
		return -1;
	keep_moments(&s, asks ? w->in->now : 0);
	for (int seat = second_seat(p); seat >= 0; seat--) {
		struct turns turns = { 0 };

		if (!is_filled(p, seat))
			continue;
		turns_of_seat(&s.asking, p, seat, &turns);
		if (seat == second_seat(p))
			keep_second(&s, seat, &turns);
		else
			stay(&s, seat, &turns);
	}
	for (int seat = 0; seat <= second_seat(p) && waits; seat++) {
		struct turns turns = { 0 };

		if (!is_filled(p, seat))
			continue;
		turns_of_seat(&s.asking, p, seat, &turns);
		escalate(&s, seat, &turns);
	}
	if (unfilled && p->needs <= (int)p->approvers.count)
		p->needs = (int)p->approvers.count + 1;
	approvers_sort(p);
	return 0;
}

void
tell_silence(struct work *w)
{
	for (size_t i = 0; i < w->silent.count; i++) {
		const struct silent *s = &w->silent.items[i];

		tell_finding(w, &(struct finding){ .kind = "unanswered", .account = s->who->name,
			.text = arena_print(w->mem, "%lld förslag till %s har väntat på svar i minst %d dagar, det äldsta sedan %s. "
					    "Inget tas bort utan svar.", s->count,
					    s->who->display ? s->who->display : s->who->name, w->in->rules->conf.escalate[1],
					    day_text(w->mem, clock_day(s->since))) });
	}
}

/* ------------------------------------------------------------------ what is approved and waits for its day */

#define UNDONE_WHY "den som godkände kan inte längre besluta om det"

/* The same night again: as in the first, what was undone in it is left as it is. */
bool
is_undone_now(const struct work *w, const struct stored *s)
{
	return s->state == STATE_OPEN && s->since == w->in->now && texts_equal(s->note, UNDONE_WHY);
}

/*
 * An approval counts for as long as the one who gave it has a seat: when they have left before it is carried out, it is
 * asked again, of who sits there now.
 */
int
recheck_scheduled(struct work *w, const struct stored *s, struct error *err)
{
	struct asking asking = { .mem = w->mem, .in = w->in, .declined = &w->declined };
	struct stored now = *s;
	struct decisions given = { 0 };
	bool under_way, fit;

	if (is_under_way(w, s, &under_way, err) < 0)
		return -1;
	if (under_way)
		return 0;
	ask_about(&asking, &now.p);
	if (go_on_asking(w, s, &now.p, err) < 0 || store_decisions(w->mem, w->in->store, s->id, INT64_MIN, &given, err) < 0)
		return -1;
	fit = seats_all_approved(&given, &now);
	for (size_t i = 0; i < now.p.approvers.count && !fit && w->in->rules->conf.mode != MODE_OBSERVE; i++)
		if (!now.p.approvers.items[i].asked)
			now.p.approvers.items[i].asked = w->in->now;
	if (refresh_stored(w, s, &now.p, CONTENT_FEWER, NULL, err) < 0)
		return -1;
	if (fit)
		return 0;
	w->out->undone++;
	return move_stored(w, s, PROPOSAL_UNDONE, UNDONE_WHY, err);
}
