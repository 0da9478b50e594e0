/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owners.c - who is asked about each proposal: names as written become people of tonight, in their turn.
 *
 * Each duty is a seat (struct approver): an owner for each system that it is about, or whoever answers for the files, and a second
 * person where two are needed.  Whether those who sit there have answered is told by agent/store/seats.c.
 */
#include "propose_p.h"
#include "behov/mail.h"
#include <strings.h>

#define PIN_SECONDS (7 * 86400)

/* ------------------------------------------------------------------ people */

bool
propose_in_service(const struct account *a)
{
	return a->class == ACCOUNT_PERSON && !a->disabled && !a->expired && !a->left && a->mail && mail_address(a->mail);
}

const struct account *
owner_person(const struct snapshot *s, const char *name)
{
	long i = name && *name ? snapshot_account(s, name) : -1;

	return i >= 0 && propose_in_service(&s->accounts[i]) ? &s->accounts[i] : NULL;
}

static const char *
called(const char *name, const char *id)
{
	return name ? name : id;
}

static void
turn(struct arena *mem, struct turns *out, const char *name, const char *as)
{
	const struct turn *last = out->list.count ? &out->list.items[out->list.count - 1] : NULL;

	if (name && *name && !(out->names && last && strcmp(last->name, name) == 0))    /* rules that stand together mostly have one owner */
		*arena_push(mem, &out->list) = (struct turn){ name, as };
}

/* An owner and the deputies of what is called that. */
static void
turns_of(struct arena *mem, struct turns *out, const char *owner, const char *as, const char **deputies, int count, const char *instead,
	 const char *of)
{
	turn(mem, out, owner, out->names ? "" : arena_print(mem, "%s %s", as, of));
	instead = out->names || !count ? "" : arena_print(mem, "%s %s", instead, of);
	for (int i = 0; i < count; i++)
		turn(mem, out, deputies[i], instead);
}

static void
turns_of_system(struct arena *mem, const struct system *s, struct turns *out)
{
	turns_of(mem, out, s->owner, "systemägare för", s->deputies, s->deputy_count, "ersättare för systemägaren för",
		 called(s->name, s->id));
}

static void
turns_of_series(struct arena *mem, const struct series *s, struct turns *out)
{
	turns_of(mem, out, s->owner, "informationsägare för", s->deputies, s->deputy_count, "ersättare för informationsägaren för",
		 called(s->name, s->id));
}

static void
turns_of_share(struct arena *mem, const struct share *s, struct turns *out)
{
	turns_of(mem, out, s->owner, "ägare till lagringsytan", s->deputies, s->deputy_count, "ersättare för ägaren till lagringsytan",
		 called(s->name, s->id));
}

static void
turn_coordinator(struct asking *a, struct turns *out)
{
	turn(a->mem, out, a->in->rules->conf.people.coordinator, "informationssäkerhetssamordnare");
}

/* ------------------------------------------------------------------ the seats of a proposal */

/* "treserva/handlaggare" gives "treserva". */
static const char *
system_of(struct arena *mem, const char *label)
{
	return arena_copy(mem, label, strcspn(label, "/"));
}

/* Those who may be the second of two: first the deputies, then for files the archivist, then the coordinator. */
static void
second_turns(struct asking *a, const struct proposal *p, struct turns *out)
{
	const struct series *series = rules_series(a->in->rules, p->series);
	const struct share *share = rules_share(a->in->rules, p->share);
	const struct system *s = rules_system(a->in->rules, p->system);

	if (s)
		turns_of_system(a->mem, s, out);
	for (int i = 0; i < p->also_count; i++)
		if ((s = rules_system(a->in->rules, system_of(a->mem, p->also[i]))))
			turns_of_system(a->mem, s, out);
	if (series)
		turns_of_series(a->mem, series, out);
	if (share && !(series && series->owner))
		turns_of_share(a->mem, share, out);
	if (is_files(p))
		turn(a->mem, out, a->in->rules->conf.people.archivist, "arkivarie");
	if (share)
		turns_of_share(a->mem, share, out);
}

/* The system whose owner has that seat, or NULL: the second person's. */
static const char *
system_at(struct asking *a, const struct proposal *p, int seat)
{
	return seat == 0 ? p->system : seat <= p->also_count ? system_of(a->mem, p->also[seat - 1]) : NULL;
}

int
second_seat(const struct proposal *p)
{
	return is_files(p) ? 1 : p->also_count + 1;
}

/* Told once for each system, or series and share. */
static void
tell(struct asking *a, const char *kind, const char *system, const struct proposal *p, const char *text)
{
	struct plan *plan = a->in->plan;

	for (size_t i = 0; i < plan->findings.count; i++) {
		const struct finding *f = &plan->findings.items[i];
		if (texts_equal(f->kind, kind) && texts_equal(f->system, system) && texts_equal(f->series, p->series) &&
		    texts_equal(f->share, p->share))
			return;
	}
	*arena_push(a->mem, &plan->findings) =
		(struct finding){ .kind = kind, .system = system, .series = p->series, .share = p->share, .text = text };
}

static bool
has_declined(const struct asking *a, const struct proposal *p, const struct account *who, const char *as)
{
	return a->declined && declined_has(a->declined, p->key, who->key, as);
}

static bool
sits_elsewhere(const struct proposal *p, int seat, const struct account *who)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (p->approvers.items[i].seat != seat && approver_is(&p->approvers.items[i], who))
			return true;
	return false;
}

/* Whose turn it would be, if they have said that it is not theirs; NULL = they have not. */
static const struct account *
first_declined(const struct asking *a, const struct proposal *p, int seat, const struct turns *turns)
{
	for (size_t i = 0; i < turns->list.count; i++) {
		const struct turn *turn = &turns->list.items[i];
		const struct account *who = owner_person(a->in->snapshot, turn->name);

		if (!who || is_own_access(p, who) || (seat == second_seat(p) && sits_elsewhere(p, seat, who)))
			continue;
		return has_declined(a, p, who, turn->as) ? who : NULL;
	}
	return NULL;
}

/*
 * Not the deputy of who does not own it, who would own it no more: the coordinator finds out whose it is.  When the rules
 * name another, their turn comes as ever.
 */
static void
without_declined(struct asking *a, const struct proposal *p, int seat, struct turns *turns)
{
	const struct account *who = first_declined(a, p, seat, turns), *other;
	const char *name = who ? who->display ? who->display : who->name : NULL;
	struct turns left = { 0 };

	if (who && seat != second_seat(p)) {    /* the second has others to take the place of one */
		tell(a, "wrong-owner", p->system, p,
		     arena_print(a->mem, "%s säger om %s att det inte är deras. Rätta ägaren i reglerna (%s); till dess frågas samordnaren.",
				 name, p->system ? p->system : p->series, place_text(a->mem, p->rule)));
		*turns = (struct turns){ 0 };
		turn(a->mem, turns, a->in->rules->conf.people.coordinator,
		     arena_print(a->mem, "samordnare: %s säger att det inte är deras", name));
	}
	for (size_t i = 0; i < turns->list.count; i++) {
		other = owner_person(a->in->snapshot, turns->list.items[i].name);
		if (!other || !has_declined(a, p, other, turns->list.items[i].as))
			*arena_push(a->mem, &left.list) = turns->list.items[i];
	}
	*turns = left;
}

void
turns_of_seat(struct asking *a, const struct proposal *p, int seat, struct turns *out)
{
	const struct series *series = rules_series(a->in->rules, p->series);
	const struct share *share = rules_share(a->in->rules, p->share);
	const struct system *s;

	if (seat == second_seat(p)) {
		second_turns(a, p, out);
	} else if (is_files(p)) {
		if (series)
			turns_of_series(a->mem, series, out);
		if (share)
			turns_of_share(a->mem, share, out);
	} else if ((s = rules_system(a->in->rules, system_at(a, p, seat)))) {
		turns_of_system(a->mem, s, out);
	}
	turn_coordinator(a, out);
	if (a->declined && a->declined->list.count)
		without_declined(a, p, seat, out);
}

/* ------------------------------------------------------------------ one proposal */

static int
by_approver(const void *a, const void *b)
{
	const struct approver *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->seat > y->seat) - (x->seat < y->seat);
}

void
approvers_sort(struct proposal *p)
{
	if (p->approvers.count)
		qsort(p->approvers.items, p->approvers.count, sizeof *p->approvers.items, by_approver);
}

struct approver *
approver_add(struct asking *a, struct proposal *p, int seat, const struct account *who, const char *as)
{
	struct approver *new = arena_push(a->mem, &p->approvers);

	*new = (struct approver){ .key = who->key, .name = who->name, .display = who->display ? who->display : who->name,
				  .mail = who->mail, .as = as, .seat = seat };
	if (!p->owner)
		p->owner = who->name;
	return new;
}

/* Somebody with another account but the same mailbox is no second person: that is where the codes go. */
bool
approver_is(const struct approver *a, const struct account *who)
{
	return strcmp(a->key, who->key) == 0 || (a->mail && strcasecmp(a->mail, who->mail) == 0);
}

static bool
is_asked(const struct proposal *p, const struct account *who)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (approver_is(&p->approvers.items[i], who))
			return true;
	return false;
}

static bool
is_one_mailbox(const struct proposal *p)
{
	for (size_t i = 1; i < p->approvers.count; i++)
		if (strcasecmp(p->approvers.items[i].mail, p->approvers.items[0].mail) != 0)
			return false;
	return p->approvers.count > 0;
}

bool
is_own_access(const struct proposal *p, const struct account *who)
{
	return p->guid && strcmp(who->key, p->guid) == 0;
}

/* The first in turn who may decide: nobody decides on their own access. */
static bool
ask(struct asking *a, struct proposal *p, int seat, bool another)
{
	struct turns turns = { 0 };

	turns_of_seat(a, p, seat, &turns);
	for (size_t i = 0; i < turns.list.count; i++) {
		const struct account *who = owner_person(a->in->snapshot, turns.list.items[i].name);

		if (!who || is_own_access(p, who) || (another && is_asked(p, who)))
			continue;
		approver_add(a, p, seat, who, turns.list.items[i].as);
		return true;
	}
	return false;
}

static void
nobody(struct asking *a, struct proposal *p, const char *system, const char *name)
{
	a->unfilled = true;
	tell(a, "nobody-to-ask", system, p,
	     arena_print(a->mem, "Ingen kan tillfrågas om %s: ägare, ersättare och samordnare saknas, har slutat, saknar "
			 "e-postadress eller berörs själva. Förslagen kan inte godkännas förrän någon utses.", name));
}

static void
ask_system(struct asking *a, struct proposal *p, int seat)
{
	const char *id = system_at(a, p, seat);
	const struct system *s = rules_system(a->in->rules, id);

	for (int i = 0; i < seat; i++)
		if (texts_equal(id, system_at(a, p, i)))        /* another role of the same system: the same duty */
			return;
	if (!ask(a, p, seat, false))
		nobody(a, p, id, s ? called(s->name, s->id) : id);
}

static void
ask_files(struct asking *a, struct proposal *p)
{
	const struct series *series = rules_series(a->in->rules, p->series);

	if (!ask(a, p, 0, false))
		nobody(a, p, NULL, series ? called(series->name, series->id) : p->series);
}

static void
ask_second(struct asking *a, struct proposal *p)
{
	if (p->needs < 2 || !is_one_mailbox(p) || ask(a, p, second_seat(p), true))
		return;
	tell(a, "second-person-missing", p->system, p,
	     arena_print(a->mem, "%s: två olika personer ska godkänna, men bara en kan tillfrågas. Utse en ersättare.",
			 is_files(p) ? p->series : p->system));
}

/*
 * A duty that nobody fills leaves its seat empty, and `needs` above what is there: so it can never be approved by the others
 * alone.
 */
void
ask_about(struct asking *a, struct proposal *p)
{
	p->owner = NULL;
	p->approvers = (__typeof__(p->approvers)){ 0 };
	a->unfilled = false;
	if (is_files(p))
		ask_files(a, p);
	for (int seat = 0; !is_files(p) && seat <= p->also_count; seat++)
		ask_system(a, p, seat);
	ask_second(a, p);
	if (a->unfilled && p->needs <= (int)p->approvers.count)
		p->needs = (int)p->approvers.count + 1;
	approvers_sort(p);
}

/* ------------------------------------------------------------------ pins */

static void
every_turn(struct asking *a, struct turns *out)
{
	const struct rules *rules = a->in->rules;

	for (size_t i = 0; i < rules->system_count; i++)
		turns_of_system(a->mem, &rules->systems[i], out);
	for (size_t i = 0; i < rules->series_count; i++)
		turns_of_series(a->mem, &rules->series[i], out);
	for (size_t i = 0; i < rules->share_count; i++)
		turns_of_share(a->mem, &rules->shares[i], out);
	turn_coordinator(a, out);
	turn(a->mem, out, rules->conf.people.archivist, "arkivarie");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct turn *)a)->name, ((const struct turn *)b)->name);
}

static int
pin_change(struct asking *a, const struct pin *was, const struct account *who, const char **text, struct error *err)
{
	const struct propose_input *in = a->in;
	const char *name = who->secret ? who->name : was->name, *before = who->secret ? NULL : was->mail;
	const char *mail = who->secret ? NULL : who->mail;
	struct pin now = { was->name, who->key, who->mail, was->since, in->now };
	json_t *payload = json_object();
	int rc = -1;

	*text = arena_print(a->mem, "'%s' var %s med adressen %s och är nu %s med adressen %s. Kontrollera att det är rätt "
			    "person: inget får gallras på dennes beslut de närmaste sju dagarna.", name, was->key,
			    called(before, "-"), who->key, called(mail, "-"));
	json_put(payload, "name", name);
	json_put(payload, "key_before", was->key);
	json_put(payload, "key", who->key);
	json_put(payload, "mail_before", before);
	json_put(payload, "mail", mail);
	if (store_set(in->store, arena_print(a->mem, "owner-changed:%s", was->name), *text, err) == 0 &&
	    store_pin_put(in->store, &now, err) == 0)
		rc = audit_add(in->store, in->now, "run", "owner-changed", payload, err);
	json_decref(payload);
	return rc;
}

/* What a name meant the first time is remembered; another meaning is told for as long as it stops destruction. */
static int
pin_one(struct asking *a, const char *name, const struct account *who, struct error *err)
{
	const struct propose_input *in = a->in;
	struct pin pin = { 0 };
	const char *text = NULL;
	bool found = false;
	int rc = 0;

	if (store_pin(a->mem, in->store, name, &pin, &found, err) < 0)
		return -1;
	if (!found)
		return store_pin_put(in->store, &(struct pin){ name, who->key, who->mail, in->now, INT64_MIN }, err);
	if (!texts_equal(pin.key, who->key) || !texts_equal(pin.mail, who->mail))
		rc = pin_change(a, &pin, who, &text, err);
	else if (pin.changed != INT64_MIN && in->now - pin.changed < PIN_SECONDS)
		rc = store_get(a->mem, in->store, arena_print(a->mem, "owner-changed:%s", name), &text, err);
	if (rc == 0 && text)
		*arena_push(a->mem, &in->plan->findings) =
			(struct finding){ .kind = "owner-changed", .account = who->name, .text = text };
	return rc;
}

/* All names, also of those whose turn has not come: so a deputy who is exchanged just before is seen, too. */
static int
pin_all(struct asking *a, struct error *err)
{
	struct turns turns = { .names = true };

	every_turn(a, &turns);
	if (turns.list.count)
		qsort(turns.list.items, turns.list.count, sizeof *turns.list.items, by_name);
	for (size_t i = 0; i < turns.list.count; i++) {
		const char *name = turns.list.items[i].name;
		bool same = i && strcmp(name, turns.list.items[i - 1].name) == 0;
		const struct account *who = same ? NULL : owner_person(a->in->snapshot, name);

		if (who && pin_one(a, name, who, err) < 0)
			return error_in(err, "comparing '%s' with who it was", name);
	}
	return 0;
}

/* ------------------------------------------------------------------ who reviews a system's list */

static bool
put_reviewer(json_t *list, const struct snapshot *s, const char *name, const char *duty)
{
	const struct account *who = owner_person(s, name);
	const json_t *one;
	size_t i;

	if (!who)
		return false;
	json_array_foreach(list, i, one)
		if (strcmp(json_text(one, "key"), who->key) == 0)
			return true;
	json_array_append_new(list, json_pack("{s:s, s:s}", "key", who->key, "duty", duty));
	return true;
}

/* Owner and deputies; the coordinator where none of them is in service. */
static json_t *
reviewers_of(const struct propose_input *in, const struct system *s)
{
	json_t *list = json_array();
	bool any = put_reviewer(list, in->snapshot, s->owner, "informationsägare");

	for (int i = 0; i < s->deputy_count; i++)
		any |= put_reviewer(list, in->snapshot, s->deputies[i], "ersättare för informationsägaren");
	if (!any)
		put_reviewer(list, in->snapshot, in->rules->conf.people.coordinator, "informationssäkerhetssamordnare");
	return list;
}

int
propose_reviewers(struct arena *mem, const struct propose_input *in, struct error *err)
{
	json_t *all;
	int rc;

	if (!in->snapshot->complete)
		return 0;
	all = json_object();
	for (size_t i = 0; i < in->rules->system_count; i++)
		json_object_set_new(all, in->rules->systems[i].id, reviewers_of(in, &in->rules->systems[i]));
	rc = store_set(in->store, REVIEWERS_VALUE, json_canonical(mem, all), err);
	json_decref(all);
	return rc;
}

/* ------------------------------------------------------------------ "not mine" comes to an end */

static int
by_account_key(const void *key, const void *account)
{
	return strcmp(key, ((const struct account *)account)->key);
}

/* Do the rules name them for that duty still?  Whose account is not there tonight may be named as before. */
static bool
is_named(const struct snapshot *s, const struct turns *turns, const struct declined *d)
{
	for (size_t i = 0; i < turns->list.count; i++) {
		const struct turn *turn = &turns->list.items[i];
		long who = strcmp(turn->as, d->as) == 0 ? snapshot_account(s, turn->name) : -1;

		if (who >= 0 && strcmp(s->accounts[who].key, d->key) == 0)
			return true;
	}
	return !s->account_count || !bsearch(d->key, s->accounts, s->account_count, sizeof *s->accounts, by_account_key);
}

/* In the chain it is told of the version that came last. */
static int
end_declined(struct asking *a, const struct declined *d, struct error *err)
{
	struct stored_list versions = { 0 };
	json_t *payload = json_object();
	int rc = store_declined_end(a->in->store, d, err);

	if (rc == 0)
		rc = store_proposals(a->mem, a->in->store, &(struct proposal_filter){ .key = d->proposal_key }, &versions, err);
	json_put(payload, "proposal", versions.list.count ? versions.list.items[versions.list.count - 1].id : d->proposal_key);
	json_put(payload, "by", d->key);
	json_put(payload, "as", d->as);
	if (rc == 0)
		rc = audit_add(a->in->store, a->in->now, "run", "not-mine-ended", payload, err);
	json_decref(payload);
	stored_free(&versions);
	return rc;
}

/* When the rules have named another, and name them again some day, they are asked as anybody. */
static int
standing_declined(struct asking *a, struct declined_list *out, struct error *err)
{
	struct declined_list all;
	struct turns turns = { 0 };

	if (store_declined(a->mem, a->in->store, NULL, &all, err) < 0)
		return -1;
	if (all.list.count)
		every_turn(a, &turns);
	for (size_t i = 0; i < all.list.count; i++) {
		const struct declined *d = &all.list.items[i];

		if (is_named(a->in->snapshot, &turns, d))
			*arena_push(a->mem, &out->list) = *d;
		else if (end_declined(a, d, err) < 0)
			return error_in(err, "what is not theirs of '%s'", d->proposal_key);
	}
	return 0;
}

int
propose_owners(struct arena *mem, const struct propose_input *in, struct error *err)
{
	struct declined_list declined = { 0 };
	struct asking a = { .mem = mem, .in = in, .declined = &declined };

	if (!in->snapshot || !in->snapshot->complete)
		return 0;
	if (in->store && (pin_all(&a, err) < 0 || standing_declined(&a, &declined, err) < 0))
		return -1;
	for (size_t i = 0; i < in->plan->proposals.count; i++)
		ask_about(&a, &in->plan->proposals.items[i]);
	return 0;
}
