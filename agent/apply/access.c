/* SPDX-License-Identifier: GPL-3.0-or-later */
/* access.c - memberships that are approved: judged all together on a fresh read, then each on its way. */
#include "apply_p.h"
#include "behov/directory.h"
#include "behov/log.h"

struct ways { LIST(struct stored *) ldif, webhook; LIST(struct removal) ldap; };

/* The most careful of the systems that an edge belongs to says how it goes. */
static bool
way_of(const struct rules *rules, const struct proposal *p, struct arena *mem, enum apply_mode *out)
{
	const struct system *system = p->system ? rules_system(rules, p->system) : NULL;
	const struct directory *directory = p->group ? directory_of(mem, &rules->conf, p->group) : NULL;
	bool hand, ldap, webhook;

	if (!system)
		return false;
	/* How others than AD keep their members is theirs to know: a group may not be left without any. */
	hand = p->by_hand || system->apply == APPLY_MANUAL || (directory && directory->schema != SCHEMA_AD);
	ldap = system->apply == APPLY_LDAP;
	webhook = system->apply == APPLY_WEBHOOK;
	for (int i = 0; i < p->also_count; i++) {
		size_t len = strcspn(p->also[i], "/");

		system = rules_system(rules, arena_copy(mem, p->also[i], len));
		if (!system)
			return false;
		hand = hand || system->apply == APPLY_MANUAL;
		ldap = ldap && system->apply == APPLY_LDAP;
		webhook = webhook && system->apply == APPLY_WEBHOOK;
	}
	*out = hand ? APPLY_MANUAL : ldap ? APPLY_LDAP : webhook ? APPLY_WEBHOOK : APPLY_LDIF;
	return true;
}

static int
send(struct apply *a, const struct removal *r, const struct stored *now, struct ways *ways)
{
	struct stored *s = r->s;
	enum apply_mode way;
	const char *full;
	bool decided, begun;

	if (proof_decided(r->proof, &decided) < 0 || store_begun(a->in->store, s->id, &begun, a->err) < 0)
		return -1;
	if (!decided)
		return apply_left(a, s, "besluten räcker inte för den version som gäller nu");
	if (!s->p.member || !s->p.group || !s->p.guid || !s->p.group_guid)
		return apply_left(a, s, "förslaget saknar grupp eller medlem");
	if (!way_of(a->in->rules, &s->p, a->mem, &way))
		return apply_left(a, s, "systemet finns inte i reglerna längre");
	/* Who carries it out goes by name: it must be theirs still.  What was begun may have been done by now. */
	if (way != APPLY_LDAP && now->unseen && !begun)
		return apply_left(a, s, "medlemskapet syns inte längre; nästa fullständiga natt avgör om det är borta");
	if (way != APPLY_MANUAL && !now->dn && !dn_key(a->mem, s->p.member))
		return apply_left(a, s, "medlemmen syns inte längre; nästa fullständiga natt avgör om den är borta");
	if (proof_brake(r->proof, BRAKE_REMOVE, begun, &full) < 0)
		return -1;
	if (full)
		return 0;
	s->dn = now->dn;
	s->group_dn = now->group_dn;
	if (way == APPLY_MANUAL)
		return export_by_hand(a, s);
	if (way == APPLY_LDAP)
		*arena_push(a->mem, &ways->ldap) = *r;
	else
		*(struct stored **)(way == APPLY_WEBHOOK ? arena_push(a->mem, &ways->webhook) : arena_push(a->mem, &ways->ldif)) = s;
	return 0;
}

/* Judged as they will go: all at once, since cuts that are safe alone can together take what is needed. */
static int
judge(struct apply *a, const struct removal *list, struct stored *flat, size_t count, const char **why)
{
	struct proof **proofs = arena_array(a->mem, struct proof *, count);
	struct error trouble = { 0 };

	for (size_t i = 0; i < count; i++) {
		flat[i] = *list[i].s;
		proofs[i] = list[i].proof;
	}
	if (proof_judge(a, flat, proofs, count, why, &trouble) == 0)
		return 0;
	if (trouble.kind == ERROR_STOPPED || trouble.kind == ERROR_STORE) {
		*a->err = trouble;
		return -1;
	}
	/* The directory could not be read: files may go all the same. */
	log_error("apply cannot judge access: %s", trouble.text);
	for (size_t i = 0; i < count; i++)
		why[i] = "katalogen kunde inte läsas just nu";
	return 0;
}

int
access_apply(struct apply *a, struct stored *const *list, size_t count)
{
	struct removal *rest = arena_array(a->mem, struct removal, count);
	struct stored *flat = arena_array(a->mem, struct stored, count);
	const char **why = arena_array(a->mem, const char *, count);
	struct ways ways = { 0 };
	size_t left = 0;
	bool done;

	for (size_t i = 0; i < count; i++) {
		if (export_finish(a, list[i], &done) < 0)
			return -1;
		if (!done)
			rest[left++] = (struct removal){ list[i], proof_open(a, list[i]) };
	}
	if (!left)
		return 0;
	if (judge(a, rest, flat, left, why) < 0)
		return -1;
	for (size_t i = 0; i < left; i++)
		if ((why[i] ? apply_left(a, rest[i].s, why[i]) : send(a, &rest[i], &flat[i], &ways)) < 0)
			return -1;
	if (ways.ldif.count && export_ldif(a, ways.ldif.items, ways.ldif.count) < 0)
		return -1;
	if (ways.webhook.count && webhook_send_all(a, ways.webhook.items, ways.webhook.count) < 0)
		return -1;
	return ways.ldap.count ? directory_remove_all(a, ways.ldap.items, ways.ldap.count) : 0;
}
