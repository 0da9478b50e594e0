/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nouns.c - their words, look-ups among the rules, and what an approval must be good for. */
#include "behov/nouns.h"
#include "behov/json.h"
#include <limits.h>
#include <string.h>

const char *const kind_word[] = {
	[KIND_REMOVE_MEMBER] = "remove-member",
	[KIND_CUT_NESTING] = "cut-nesting",
	[KIND_DESTROY] = "destroy",
	[KIND_DELIVER] = "deliver",
};

const char *const kind_text[] = { "borttagning ur grupp", "grupp i grupp", "gallring", "leverans" };

const char *const ground_word[] = { "clause", "kept", "none", "unknown", "unwritten" };
const char *const mark_word[] = { "service", "privileged", "shared", "break-glass", "consultant", "temporary", "dormant", "disabled", "expired",
				  "left", "conflict" };

const char *const proof_word[] = { [PROOF_CODE] = "code", [PROOF_LDAP] = "ldap", [PROOF_PROXY] = "proxy", NULL };

/* ------------------------------------------------------------------ rules */

bool
conf_proves(const struct conf *conf, enum proof_kind proof)
{
	for (int i = 0; i < conf->web.proof_count; i++)
		if (conf->web.proofs[i] == proof)
			return true;
	return false;
}

long long
conf_apply_most(const struct conf *conf, bool files, long long of)
{
	long long least = files ? conf->apply_brake.files : conf->apply_brake.memberships;
	long long part = (long long)(conf->apply_brake.ratio * (double)of);

	return least == 0 ? LLONG_MAX : part > least ? part : least;
}

const struct system *
rules_system(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->system_count; i++)
		if (strcmp(rules->systems[i].id, id) == 0)
			return &rules->systems[i];
	return NULL;
}

const struct role *
rules_role(const struct rules *rules, const char *system, const char *role)
{
	const struct system *s = rules_system(rules, system);

	for (int i = 0; s && role && i < s->role_count; i++)
		if (strcmp(s->roles[i].id, role) == 0)
			return &s->roles[i];
	return NULL;
}

const struct share *
rules_share(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->share_count; i++)
		if (strcmp(rules->shares[i].id, id) == 0)
			return &rules->shares[i];
	return NULL;
}

const struct series *
rules_series(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->series_count; i++)
		if (strcmp(rules->series[i].id, id) == 0)
			return &rules->series[i];
	return NULL;
}

/* ------------------------------------------------------------------ what an approval must be good for */

long long
proposal_units(const struct proposal *p)
{
	return p->kind == KIND_REMOVE_MEMBER ? 1 : p->kind == KIND_CUT_NESTING ? (p->accounts > 1 ? p->accounts : 1) : p->files;
}

int
proposal_needs(const struct proposal *p)
{
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	return p->kind == KIND_DESTROY || p->by_hand || (!files && p->konfidentialitet >= 3) ? 2 : 1;
}

bool
class_wants_strong(const struct conf *conf, int konfidentialitet)
{
	return (konfidentialitet < 0 || konfidentialitet >= 3) && conf->web.strong_class3;
}

bool
proposal_wants_strong(const struct conf *conf, const struct proposal *p)
{
	return (p->kind == KIND_DESTROY && conf->web.strong_destroy) || class_wants_strong(conf, p->konfidentialitet);
}

/* Is that role, "system/role", one of those it is about? */
static bool
names_role(const struct proposal *p, const char *system, size_t len, const char *role)
{
	if (p->system && p->role && strlen(p->system) == len && strncmp(p->system, system, len) == 0 && strcmp(p->role, role) == 0)
		return true;
	for (int i = 0; i < p->also_count; i++)
		if (strncmp(p->also[i], system, len) == 0 && p->also[i][len] == '/' && strcmp(p->also[i] + len + 1, role) == 0)
			return true;
	return false;
}

static bool
names_more(const struct proposal *was, const struct proposal *now)
{
	if (now->system && now->role && !names_role(was, now->system, strlen(now->system), now->role))
		return true;
	for (int i = 0; i < now->also_count; i++) {
		size_t len = strcspn(now->also[i], "/");

		if (!names_role(was, now->also[i], len, now->also[i] + len + (now->also[i][len] == '/')))
			return true;
	}
	return false;
}

const char *
proposal_asks_more(const struct proposal *was, const struct proposal *now)
{
	if (names_more(was, now))
		return "medlemskapet ger nu mer än det gjorde när det godkändes";
	if (now->by_hand && !was->by_hand)
		return "kontot är skyddat nu, och var det inte när det godkändes";
	return proposal_needs(now) > proposal_needs(was) ? "två personer ska godkänna nu, och en räckte när det godkändes" : NULL;
}

static bool
is_text(const json_t *object, const char *key, const char *text)
{
	const char *was = json_text(object, key);

	return was && text ? strcmp(was, text) == 0 : !was && !text;
}

bool
series_decided_so(const struct series *series, const json_t *evidence)
{
	const json_t *was = json_object_get(evidence, "decision");

	return !was || (is_text(was, "dnr", series->decision.dnr) && is_text(was, "date", series->decision.date) &&
			is_text(was, "body", series->decision.body));
}

static void
archive_fill(struct archive *out, const struct archive *from)
{
	out->board = out->board ? out->board : from->board;
	out->creator = out->creator ? out->creator : from->creator;
	out->responsible = out->responsible ? out->responsible : from->responsible;
}

struct archive
archive_of(const struct conf *conf, const struct share *share, const struct series *series)
{
	struct archive out = series ? series->archive : (struct archive){ 0 };

	if (share)
		archive_fill(&out, &share->archive);
	archive_fill(&out, &conf->archive);
	return out;
}

struct copies
copies_of(const struct conf *conf, const struct share *share)
{
	struct copies out = share ? share->copies : (struct copies){ 0 };

	if (!out.backups.count)
		out.backups = conf->protocol.copies.backups;
	if (!out.snapshots.count)
		out.snapshots = conf->protocol.copies.snapshots;
	return out;
}

bool
share_is_past(const char *name)
{
	return strcmp(name, ".snapshot") == 0 || strcmp(name, "~snapshot") == 0 || strcmp(name, ".zfs") == 0 ||
	       strcmp(name, ".snapshots") == 0 || strncmp(name, "@GMT-", 5) == 0;
}
