/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * take.c - what was decided on the page counts when it has been verified here.
 *
 * The inbox is written by a process that listens to the world.  So nothing in it is believed: the token is compared with
 * the hash notify stored, the person with who is asked, the version with what is stored, the proof with the clock.
 */
#include "behov/decide.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/text.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SKEW 120                        /* seconds that two clocks may differ */
#define CODE_SECONDS 600                /* from the code to its use */
#define SESSION_SECONDS 3600            /* from the proof to the decision */
#define PIN_SECONDS (7 * 86400)         /* an owner who changed destroys nothing for so long */
#define LATE_SECONDS (2 * 86400)        /* a decision that lay for longer has its grace from when it was taken */
#define WORD_MOST 200                   /* bytes of a token, an id, a version */
#define TEXT_MOST 4000                  /* bytes of a reason, a proof */

struct taking {
	struct arena *mem;              /* of the row at hand */
	const struct rules *rules;
	struct store *store;
	int64_t now;
	struct decide_result *out;
	struct letter letter;           /* whose token it is; key NULL when nobody's */
	struct stored_list list;        /* the proposal, or empty */
};

/* ------------------------------------------------------------------ what was decided before */

/* An undo takes every approval before it back.  `all` is about one proposal. */
static bool
is_counted(const struct decisions *all, size_t i, const char *version)
{
	const struct decision *d = &all->list.items[i];

	if (d->refused || !d->version || strcmp(d->version, version) != 0)
		return false;
	for (size_t k = i + 1; k < all->list.count; k++)
		if (!all->list.items[k].refused && all->list.items[k].verdict == VERDICT_UNDO)
			return false;
	return true;
}

static bool
has_approved(const struct decisions *all, const struct stored *s, const char *key)
{
	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];
		if (d->verdict == VERDICT_APPROVE && d->key && strcmp(d->key, key) == 0 &&
		    is_counted(all, i, s->p.version))
			return true;
	}
	return false;
}

/* Approvers differ by account; two accounts with one mailbox are one person, as that is where the codes go. */
static int
people(const struct stored *s)
{
	int count = 0;

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const char *mail = s->p.approvers.items[i].mail;
		bool first = mail != NULL;
		for (size_t k = 0; k < i && first; k++)
			first = !s->p.approvers.items[k].mail || strcasecmp(s->p.approvers.items[k].mail, mail) != 0;
		count += first;
	}
	return count;
}

/* Everyone who is asked has approved this version, and they are as many as it needs. */
static int
all_approved(struct taking *t, const struct stored *s, bool *out, struct error *err)
{
	struct decisions all = { 0 };

	*out = false;
	if (s->p.approvers.count == 0 || people(s) < s->p.needs)
		return 0;
	if (store_decisions(t->mem, t->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (!has_approved(&all, s, s->p.approvers.items[i].key))
			return 0;
	*out = true;
	return 0;
}

/* ------------------------------------------------------------------ what must hold */

static bool
fits(const char *text, size_t most)
{
	size_t len = text ? strnlen(text, most + 1) : 0;

	return text && len <= most && text_is_utf8(text, len);
}

static const char *
proof_fault(const struct inbox_decision *d, const struct letter *letter)
{
	json_t *proof = NULL;
	long long sent, proved;
	const char *kind, *whose, *fault = NULL;

	if (!fits(d->proof, TEXT_MOST) || json_read(d->proof, strlen(d->proof), &proof, NULL) < 0)
		return "the proof of person cannot be read";
	kind = json_text(proof, "kind");
	whose = json_text(proof, "letter");
	sent = json_number(proof, "code_sent", INT64_MIN);
	proved = json_number(proof, "proved", INT64_MIN);
	if (!kind || strcmp(kind, "code") != 0)
		fault = "the proof of person is of an unknown kind";
	else if (whose && strcmp(whose, letter->id) != 0)
		fault = "the proof of person is for another letter";
	else if (sent < letter->created || proved < sent || d->at < proved)
		fault = "the proof of person is in the wrong order";
	else if (proved - sent > CODE_SECONDS)
		fault = "the code was used too late";
	else if (d->at - proved > SESSION_SECONDS)
		fault = "the sign-in was too old";
	json_decref(proof);
	return fault;
}

static const char *
letter_fault(const struct taking *t, const struct inbox_decision *d)
{
	if (!t->letter.key)
		return "no letter has that link";
	if (d->at > t->now + SKEW)
		return "it is dated in the future";
	if (d->at >= t->letter.expires)
		return "the link had expired";
	return proof_fault(d, &t->letter);
}

static bool
is_asked(const struct stored *s, const char *key)
{
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (strcmp(s->p.approvers.items[i].key, key) == 0)
			return true;
	return false;
}

static const char *
state_fault(const struct stored *s, enum verdict verdict, int64_t at)
{
	if (verdict == VERDICT_UNDO)
		return s->state != STATE_SCHEDULED ? "there is nothing to undo" :
		       at >= s->go_at ? "the time for undoing had passed" : NULL;
	if (s->state == STATE_OPEN || (verdict == VERDICT_KEEP && s->state == STATE_SCHEDULED))
		return NULL;
	return "it is not asked about any longer";
}

/* Did one of the names lead elsewhere less than seven days ago, and lead to this person now? */
static int
any_late(struct taking *t, const char *const *names, int count, bool *out, struct error *err)
{
	for (int i = 0; i < count; i++) {
		struct pin pin = { 0 };
		bool found = false;

		if (!names[i] || !*names[i])
			continue;
		if (store_pin(t->mem, t->store, names[i], &pin, &found, err) < 0)
			return -1;
		*out |= found && strcmp(pin.key, t->letter.key) == 0 && pin.changed != INT64_MIN &&
			t->now - pin.changed < PIN_SECONDS;
	}
	return 0;
}

/* All names whose turn it may be to approve destruction in that series and share. */
static int
is_fresh_owner(struct taking *t, const struct proposal *p, bool *out, struct error *err)
{
	const struct series *series = rules_series(t->rules, p->series);
	const struct share *share = rules_share(t->rules, p->share);
	const char *const people[] = {
		series ? series->owner : NULL, share ? share->owner : NULL, t->rules->conf.people.archivist,
		t->rules->conf.people.coordinator,
	};

	*out = false;
	if (any_late(t, people, 4, out, err) < 0)
		return -1;
	if (series && any_late(t, series->deputies, series->deputy_count, out, err) < 0)
		return -1;
	return share ? any_late(t, share->deputies, share->deputy_count, out, err) : 0;
}

/* An approval that is older than an undo is what was undone, come again. */
static bool
is_undone(const struct decisions *all, int64_t at)
{
	for (size_t i = 0; i < all->list.count; i++)
		if (!all->list.items[i].refused && all->list.items[i].verdict == VERDICT_UNDO && at < all->list.items[i].at)
			return true;
	return false;
}

static int
approve_fault(struct taking *t, const struct stored *s, int64_t at, const char **fault, struct error *err)
{
	struct decisions all = { 0 };
	bool fresh = false;

	if (store_decisions(t->mem, t->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	if (s->p.kind == KIND_DESTROY && is_fresh_owner(t, &s->p, &fresh, err) < 0)
		return -1;
	if (has_approved(&all, s, t->letter.key))
		*fault = "the same person has approved it already";
	else if (is_undone(&all, at))
		*fault = "it has been undone since";
	else if (s->p.guid && strcmp(s->p.guid, t->letter.key) == 0)
		*fault = "nobody decides on their own access";
	else if (fresh)
		*fault = "the account or address of this owner has changed in the last seven days";
	return 0;
}

static const char *
keep_fault(const struct inbox_decision *d)
{
	if (!fits(d->reason, TEXT_MOST) || strspn(d->reason, " \t\r\n") == strlen(d->reason))
		return "a keep needs a reason";
	if (d->until != DAY_NONE && d->until <= clock_day(d->at))
		return "its date had passed already";
	return NULL;
}

static int
verdict_of(const char *word)
{
	for (int i = 0; word && verdict_word[i]; i++)
		if (strcmp(verdict_word[i], word) == 0)
			return i;
	return -1;
}

static int
find_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err)
{
	const struct stored *s = t->list.list.count == 1 ? &t->list.list.items[0] : NULL;
	int verdict = verdict_of(d->verdict);

	*fault = letter_fault(t, d);
	if (*fault)
		return 0;
	if (verdict < 0)
		*fault = "its verdict is not one we know";
	else if (!s)
		*fault = "there is no such proposal";
	else if (!is_asked(s, t->letter.key))
		*fault = "this person is not asked about it";
	else if (!fits(d->version, WORD_MOST) || strcmp(d->version, s->p.version) != 0)
		*fault = "another version was shown";
	else
		*fault = state_fault(s, (enum verdict)verdict, d->at);
	if (!*fault && verdict == VERDICT_KEEP)
		*fault = keep_fault(d);
	if (!*fault && verdict == VERDICT_APPROVE)
		return approve_fault(t, s, d->at, fault, err);
	return 0;
}

/* ------------------------------------------------------------------ what follows from a decision */

static int
note(const struct taking *t, const char *event, const struct decision *d, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", d->proposal);
	json_put(payload, "version", d->version);
	json_put(payload, "verdict", verdict_word[d->verdict]);
	json_put(payload, "by", d->key);
	json_put(payload, "source", d->source);
	if (d->reason)
		json_put(payload, "reason", d->reason);
	if (d->refused)
		json_put(payload, "refused", d->refused);
	rc = audit_add(t->store, t->now, d->name && *d->name ? d->name : "page", event, payload, err);
	json_decref(payload);
	return rc;
}

static int
schedule(const struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	int64_t from = d && t->now - d->at <= LATE_SECONDS ? d->at : t->now;
	bool files = s->p.kind == KIND_DESTROY || s->p.kind == KIND_DELIVER;
	int days = files ? t->rules->conf.grace.file_days : t->rules->conf.grace.access_days;
	int64_t go_at = clock_midnight(clock_day(from) + days);
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", s->id);
	json_put(payload, "version", s->p.version);
	json_put(payload, "go_at", clock_text(t->mem, go_at));
	rc = store_proposal_state(t->store, s->id, STATE_SCHEDULED, t->now, go_at, DAY_NONE, NULL, err);
	if (rc == 0)
		rc = audit_add(t->store, t->now, d && d->name ? d->name : "run", "proposal-scheduled", payload, err);
	json_decref(payload);
	return rc;
}

static int
approve(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	bool all = false;

	t->out->approved++;
	if (all_approved(t, s, &all, err) < 0)
		return -1;
	return all ? schedule(t, s, d, err) : 0;
}

/* The person keeps every role the proposal is about; below a nesting there is no one person to keep anything. */
static int
except(const struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct kept kept = {
		.system = s->p.system, .role = s->p.role, .key = s->p.guid, .account = s->p.account,
		.reason = d->reason, .by = d->name, .proposal = s->id, .until = d->until, .at = d->at,
	};

	if (s->p.kind != KIND_REMOVE_MEMBER)
		return 0;
	if (store_exception_add(t->store, &kept, err) < 0)
		return -1;
	for (int i = 0; i < s->p.also_count; i++) {
		size_t len = strcspn(s->p.also[i], "/");

		kept.system = arena_copy(t->mem, s->p.also[i], len);
		kept.role = s->p.also[i][len] ? s->p.also[i] + len + 1 : "";
		if (store_exception_add(t->store, &kept, err) < 0)
			return -1;
	}
	return 0;
}

static int
keep(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	if (store_proposal_state(t->store, s->id, STATE_KEPT, t->now, INT64_MIN, d->until, d->reason, err) < 0 ||
	    except(t, s, d, err) < 0)
		return -1;
	t->out->kept++;
	return note(t, "proposal-kept", d, err);
}

static int
undo(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	if (store_proposal_state(t->store, s->id, STATE_OPEN, t->now, INT64_MIN, DAY_NONE, d->reason, err) < 0)
		return -1;
	t->out->undone++;
	return note(t, "proposal-undone", d, err);
}

static int
carry(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	switch (d->verdict) {
	case VERDICT_APPROVE:
		return approve(t, s, d, err);
	case VERDICT_KEEP:
		return keep(t, s, d, err);
	case VERDICT_UNDO:
		return undo(t, s, d, err);
	}
	return error_set(err, ERROR_STORE, "a verdict that does not exist");
}

/* ------------------------------------------------------------------ one row of the inbox */

/* What may be stored of a text nobody has vouched for. */
static const char *
tame(struct arena *mem, const char *text, size_t most)
{
	return text ? name_show(mem, arena_copy(mem, text, strnlen(text, most))) : NULL;
}

static int
look_up(struct taking *t, const struct inbox_decision *d, struct error *err)
{
	struct letters letters = { 0 };

	t->letter = (struct letter){ 0 };
	t->list = (struct stored_list){ 0 };
	if (fits(d->token, WORD_MOST) && *d->token) {
		if (store_letter_by_token(t->mem, t->store, digest_text(t->mem, d->token), &letters, err) < 0)
			return -1;
		if (letters.list.count == 1)
			t->letter = letters.list.items[0];
	}
	if (!fits(d->proposal, WORD_MOST))
		return 0;
	return store_proposals(t->mem, t->store, &(struct proposal_filter){ .id = d->proposal }, &t->list, err);
}

static struct decision
stored_form(const struct taking *t, const struct inbox_decision *d, const char *fault)
{
	int verdict = verdict_of(d->verdict);
	struct decision out = {
		.proposal = d->proposal, .version = d->version, .reason = d->reason, .proof = d->proof,
		.key = t->letter.key, .name = t->letter.name, .source = "page", .inbox = d->id, .refused = fault,
		.verdict = verdict < 0 ? VERDICT_KEEP : (enum verdict)verdict, .until = d->until, .at = d->at,
	};

	if (!fault)
		return out;
	out.proposal = d->proposal ? tame(t->mem, d->proposal, WORD_MOST) : "";
	out.version = tame(t->mem, d->version, WORD_MOST);
	out.reason = tame(t->mem, d->reason, TEXT_MOST);
	out.proof = tame(t->mem, d->proof, TEXT_MOST);
	if (out.at == INT64_MIN)        /* means "no moment" in the store */
		out.at = t->now;
	return out;
}

static int
take_row(struct taking *t, const struct inbox_decision *row, struct error *err)
{
	const char *fault = NULL;
	struct decision d;

	if (look_up(t, row, err) < 0 || find_fault(t, row, &fault, err) < 0)
		return -1;
	d = stored_form(t, row, fault);
	if (store_decision_add(t->store, &d, err) < 0)
		return -1;
	if (fault) {
		t->out->refused++;
		log_warn("a decision does not count inbox=%lld why='%s'", row->id, fault);
		return note(t, "decision-refused", &d, err);
	}
	t->out->taken++;
	if (note(t, "decision-taken", &d, err) < 0)
		return -1;
	return carry(t, &t->list.list.items[0], &d, err);
}

static int
take_one(struct taking *t, const struct inbox_decision *row, struct error *err)
{
	int rc;

	if (store_begin(t->store, err) < 0)
		return -1;
	rc = take_row(t, row, err);
	stored_free(&t->list);
	if (rc == 0)
		rc = store_commit(t->store, err);
	if (rc < 0)
		store_rollback(t->store);
	return rc < 0 ? error_in(err, "taking decision %lld from the inbox", row->id) : 0;
}

/* ------------------------------------------------------------------ all of them */

/* The night may have changed who is asked, so that all of those who are left have approved already. */
static int
settle(struct taking *t, struct error *err)
{
	struct stored_list open = { 0 };
	int rc;

	if (store_begin(t->store, err) < 0)
		return -1;
	rc = store_proposals(t->mem, t->store, &(struct proposal_filter){ .states = STATES(STATE_OPEN) }, &open, err);
	for (size_t i = 0; i < open.list.count && rc == 0; i++) {
		bool all = false;

		rc = all_approved(t, &open.list.items[i], &all, err);
		if (rc == 0 && all)
			rc = schedule(t, &open.list.items[i], NULL, err);
	}
	stored_free(&open);
	if (rc == 0)
		rc = store_commit(t->store, err);
	if (rc < 0)
		store_rollback(t->store);
	return rc;
}

int
decide_take(struct arena *mem, const struct rules *rules, struct store *store, int64_t now,
	    struct decide_result *out, struct error *err)
{
	struct taking t = { .rules = rules, .store = store, .now = now, .out = out };
	struct inbox_decisions rows = { 0 };
	struct inbox *inbox = NULL;
	long long last = 0;
	int rc = -1;

	*out = (struct decide_result){ 0 };
	if (inbox_open(rules->conf.inbox, false, &inbox, err) < 0)
		return -1;
	if (store_decision_last(store, &last, err) < 0 || inbox_decisions(mem, inbox, last, &rows, err) < 0)
		goto out;
	for (size_t i = 0; i < rows.list.count; i++) {
		t.mem = arena_open();
		rc = take_one(&t, &rows.list.items[i], err);
		arena_close(t.mem);
		if (rc < 0)
			goto out;
	}
	t.mem = mem;
	rc = settle(&t, err);
out:
	inbox_close(inbox);
	return rc;
}

/* ------------------------------------------------------------------ from the command line */

static int
by_hand(struct taking *t, const struct decision *d, struct error *err)
{
	const struct stored *s;
	struct decision full = *d;
	unsigned may = STATES(STATE_SCHEDULED) | (d->verdict == VERDICT_KEEP ? STATES_ASKED : 0);

	if (store_proposals(t->mem, t->store, &(struct proposal_filter){ .id = d->proposal }, &t->list, err) < 0)
		return -1;
	if (t->list.list.count != 1)
		return error_set(err, ERROR_USAGE, "there is no proposal '%s'", d->proposal);
	s = &t->list.list.items[0];
	if (!(STATES(s->state) & may))
		return error_set(err, ERROR_USAGE, "proposal '%s' is %s: nothing to %s", s->id, state_word[s->state],
				 verdict_word[d->verdict]);
	full.version = s->p.version;
	full.key = NULL;
	full.inbox = 0;
	full.refused = NULL;
	if (!full.source)
		full.source = "command line";
	if (store_decision_add(t->store, &full, err) < 0 || note(t, "decision-taken", &full, err) < 0)
		return -1;
	return carry(t, s, &full, err);
}

int
decide_by_hand(struct arena *mem, const struct rules *rules, struct store *store, const struct decision *d,
	       int64_t now, struct error *err)
{
	struct decide_result out = { 0 };
	struct taking t = { .mem = mem, .rules = rules, .store = store, .now = now, .out = &out };
	int rc;

	if (d->verdict != VERDICT_KEEP && d->verdict != VERDICT_UNDO)
		return error_set(err, ERROR_USAGE, "the command line never approves: an owner does, on the page");
	if (!d->proposal || !d->name || !*d->name || !d->reason || !*d->reason)
		return error_set(err, ERROR_USAGE, "a decision by hand needs a proposal, a name and a reason");
	if (d->verdict == VERDICT_KEEP && d->until != DAY_NONE && d->until <= clock_day(now))
		return error_set(err, ERROR_USAGE, "the date until which it is kept has passed already");
	if (store_begin(store, err) < 0)
		return -1;
	rc = by_hand(&t, d, err);
	stored_free(&t.list);
	if (rc == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	return rc;
}
