/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * removal.c - memberships that go over LDAP, a herd at a time.
 *
 *     look at all of them       both ends by their keys, and the list
 *     mean them                 in the journal, for good: one commit
 *     ask the server            the values of one group together, several groups under way
 *     look at all of them       what the server said is not the judge
 *     tell                      what each came to, with its row in the chain: one commit
 *
 * Ended anywhere in between, the next run looks: what was meant, and is not in the list, was taken away; what is there is asked for
 * again.  What was never sent is not meant any longer.
 */
#include "ldap_p.h"
#include "behov/log.h"
#include "behov/step.h"

/* Meant in one commit: what a stop waits for, and a slow server takes some seconds for. */
#define HERD 200
/* Of one group in one request. */
#define VALUES 50

#define PRIMARY "gruppen är kontots primära grupp, som ingen lista visar och ingen kan lämna: för hand, genom att kontot först får " \
	"en annan primär grupp"
#define UNANSWERED "katalogen svarar inte som den ska; nästa körning försöker igen"

/* LEFT: it stays as it is, and why is in its note.  TOLD: nothing is left to write. */
enum fate { FATE_ASK, FATE_LEFT, FATE_DONE, FATE_FAILED, FATE_TOLD };

struct one {
	const struct removal *r;
	struct effect *before;          /* what the journal had of it; NULL = nothing */
	long long id;                   /* its row there; 0 = none */
	enum fate fate;
	const char *note, *after;       /* with its fate */
	const char *journal;            /* the edge before it is taken away */
	bool sent;                      /* the server may have heard it */
	int code;                       /* what it said */
	const char *words;
};

struct herd {
	struct writer *w;
	struct apply *a;
	struct arena *mem;              /* until its end; what stays in a note is in the run's */
	struct one *list;
	struct look *looks;             /* of list[i], just now */
	size_t count;
};

/* Some values of one group, and what is asked about them. */
struct part { size_t first, count; };

/* ------------------------------------------------------------------ what each comes to */

static void
leave(struct one *o, const char *why)
{
	o->fate = FATE_LEFT;
	o->note = why;
}

static void
end(struct one *o, bool gone, const char *after, const char *note)
{
	o->fate = gone ? FATE_DONE : FATE_FAILED;
	o->after = after;
	o->note = note;
}

/* True: nothing is known of it, so nothing is said to be done. */
static bool
unknown(struct one *o, const struct look *l)
{
	if (l->unknown)
		log_error("apply cannot remove for proposal='%s': %s", o->r->s->id, l->trouble.text);
	if (l->unknown || l->why)
		leave(o, l->unknown ? UNANSWERED : l->why);
	return l->unknown || l->why;
}

/* Before the act. */
static void
consider(struct herd *h, size_t i)
{
	struct one *o = &h->list[i];
	const struct look *l = &h->looks[i];

	if (unknown(o, l))
		return;
	if (l->edge.primary)            /* AD lists no primary group: what looks gone is not */
		end(o, false, NULL, PRIMARY);
	else if (l->edge.listed)
		o->fate = FATE_ASK;
	else if (o->before && o->before->state == EFFECT_INTENDED)
		end(o, true, o->before->before, NULL);          /* we were ended after the act */
	else                            /* not shown to us is not gone: only a complete night says that */
		leave(o, "medlemskapet syns inte längre; nästa fullständiga natt avgör om det är borta");
}

/* After the act: the list was read again on the same server. */
static void
conclude(struct herd *h, size_t i)
{
	struct one *o = &h->list[i];
	const struct look *l = &h->looks[i];
	const char *why;
	bool later;

	if (!o->sent) {
		leave(o, UNANSWERED);
	} else if (!unknown(o, l)) {
		if (l->edge.listed) {
			why = refusal(h->a->mem, l->link, &l->edge, o->code, o->words, &later);
			log_warn("apply cannot remove for proposal='%s': %s", o->r->s->id, o->words);
			if (later)
				leave(o, why);
			else
				end(o, false, NULL, why);
		} else {
			end(o, !l->edge.primary, o->journal, l->edge.primary ? PRIMARY : NULL);
		}
	}
}

/* ------------------------------------------------------------------ the journal */

static int
mean_one(struct herd *h, size_t i)
{
	struct one *o = &h->list[i];
	const struct look *l = &h->looks[i];
	struct stored *s = o->r->s;

	proof_edge(o->r->proof, l->edge.group, l->edge.member);
	o->journal = directory_edge(h->a, l->link, &s->p, &l->edge);
	return apply_intend(h->a, s->id, "remove", 0, l->edge.group, o->journal, &o->id);
}

/* Journal and state. */
static int
tell_one(struct herd *h, size_t i)
{
	struct one *o = &h->list[i];
	struct apply *a = h->a;
	bool gone = o->fate == FATE_DONE;

	if (o->fate == FATE_LEFT) {
		if (o->id && !o->before && !o->sent && store_effect_forget(a->in->store, o->id, a->err) < 0)
			return -1;
		return apply_left_in(a, o->r->s, o->note);
	}
	if (o->id && apply_end(a, o->id, gone ? EFFECT_DONE : EFFECT_FAILED, o->after, o->note) < 0)
		return -1;
	return apply_move_in(a, o->r->s, gone ? PROPOSAL_DONE : PROPOSAL_FAILED, INT64_MIN, DAY_NONE, o->note, "apply");
}

/* When it is there for good. */
static void
count_one(struct herd *h, struct one *o)
{
	struct apply_result *out = h->a->out;

	if (o->fate == FATE_DONE)
		out->removed++;
	if (o->fate == FATE_FAILED)
		out->failed++;
	if (o->fate != FATE_LEFT)
		log_info("apply %s proposal='%s'%s%s", o->fate == FATE_DONE ? "done" : "failed", o->r->s->id, o->note ? ": " : "",
			 o->note ? o->note : "");
	o->fate = FATE_TOLD;
}

/* One transaction: those that are to be asked for are meant, and what the others came to is told. */
static int
write_down(struct herd *h)
{
	struct store *store = h->a->in->store;
	bool meant = false;

	if (store_begin(store, h->a->err) < 0)
		return -1;
	for (size_t i = 0; i < h->count; i++) {
		enum fate fate = h->list[i].fate;

		meant = meant || fate == FATE_ASK;
		if (fate != FATE_TOLD && (fate == FATE_ASK ? mean_one(h, i) : tell_one(h, i)) < 0)
			goto undo;
	}
	if (store_commit(store, h->a->err) < 0)
		goto undo;
	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].fate != FATE_ASK && h->list[i].fate != FATE_TOLD)
			count_one(h, &h->list[i]);
	if (meant)
		step("meant");
	return 0;
undo:
	store_rollback(store);
	return -1;
}

/* ------------------------------------------------------------------ asking the server */

static bool
same_group(const struct herd *h, size_t i, size_t k)
{
	return h->list[i].fate == FATE_ASK && h->looks[i].link == h->looks[k].link &&
	       strcmp(h->looks[i].edge.group, h->looks[k].edge.group) == 0;
}

static size_t
part(struct herd *h, struct part *parts)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++) {
		if (h->list[i].fate != FATE_ASK)
			continue;
		if (!n || parts[n - 1].first + parts[n - 1].count != i || parts[n - 1].count == VALUES || !same_group(h, i - 1, i))
			parts[n++] = (struct part){ i, 0 };
		parts[n - 1].count++;
	}
	return n;
}

static void
hear(struct herd *h, const struct part *p, const struct request *r)
{
	for (size_t i = p->first; i < p->first + p->count; i++) {
		h->list[i].sent = h->list[i].sent || r->sent;   /* with the others it was, and a no is not believed either */
		h->list[i].code = r->code;
		h->list[i].words = r->words;
	}
}

/* A server does all of a change or nothing (RFC 4511 4.6), and which value it did not like it does not say. */
static bool
hides_others(const struct part *p, const struct request *r)
{
	return p->count > 1 && r->code != LDAP_SUCCESS && !LDAP_API_ERROR(r->code) && r->code != LDAP_BUSY &&
	       r->code != LDAP_UNAVAILABLE && r->code != LDAP_REFERRAL;
}

/* Each value of those that were refused together is asked for by itself. */
static void
ask_again(struct herd *h, const struct part *parts, const struct request *whole, size_t n)
{
	struct request *each = arena_array(h->mem, struct request, h->count + 1);
	struct part *of = arena_array(h->mem, struct part, h->count + 1);
	size_t count = 0;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; hides_others(&parts[k], &whole[k]) && i < parts[k].count; i++) {
			of[count] = (struct part){ parts[k].first + i, 1 };
			request_split(h->mem, &whole[k], i, &each[count++]);
		}
	requests_ask(h->mem, each, count);
	for (size_t i = 0; i < count; i++)
		hear(h, &of[i], &each[i]);
	requests_free(each, count);
}

static void
ask(struct herd *h)
{
	struct request *asked = arena_array(h->mem, struct request, h->count + 1);
	struct part *parts = arena_array(h->mem, struct part, h->count + 1);
	size_t n = part(h, parts);

	for (size_t k = 0; k < n; k++) {
		const struct look *l = &h->looks[parts[k].first];
		struct taken these[VALUES];

		for (size_t i = 0; i < parts[k].count; i++)
			these[i] = (struct taken){ l[i].edge.member, h->list[parts[k].first + i].r->proof };
		directory_take_away(h->mem, &asked[k], l->link, l->edge.group, these, parts[k].count);
	}
	requests_ask(h->mem, asked, n);
	for (size_t k = 0; k < n; k++)
		hear(h, &parts[k], &asked[k]);
	requests_free(asked, n);
	ask_again(h, parts, asked, n);
}

/* Those that were sent, on the same server. */
static void
look_again(struct herd *h)
{
	struct look *looks = arena_array(h->mem, struct look, h->count + 1);
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].fate == FATE_ASK && h->list[i].sent)
			looks[n++].s = h->looks[i].s;
	look_all(h->w, h->mem, looks, n, false);
	n = 0;
	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].fate == FATE_ASK && h->list[i].sent)
			h->looks[i] = looks[n++];
}

/* ------------------------------------------------------------------ a herd, and all of them */

static int
remove_herd(struct herd *h)
{
	bool any = false;

	for (size_t i = 0; i < h->count; i++) {
		struct one *o = &h->list[i];

		h->looks[i].s = o->r->s;
		if (apply_effect(h->a, o->r->s->id, "remove", &o->before) < 0)
			return -1;
		o->id = o->before ? o->before->id : 0;
	}
	look_all(h->w, h->mem, h->looks, h->count, true);
	for (size_t i = 0; i < h->count; i++)
		consider(h, i);
	if (write_down(h) < 0)
		return -1;
	ask(h);
	look_again(h);
	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].fate == FATE_ASK) {
			conclude(h, i);
			any = true;
		}
	return any ? write_down(h) : 0;
}

/* Those of a group stand together. */
static int
by_group(const void *x, const void *y)
{
	const struct stored *a = ((const struct removal *)x)->s, *b = ((const struct removal *)y)->s;
	int rc = strcmp(a->p.group_guid, b->p.group_guid);

	return rc ? rc : strcmp(a->id, b->id);
}

static int
remove_some(struct writer *w, const struct removal *list, size_t count)
{
	struct arena *mem = arena_open();
	struct herd h = { .w = w, .a = w->a, .mem = mem, .list = arena_array(mem, struct one, count),
			  .looks = arena_array(mem, struct look, count), .count = count };
	int rc;

	for (size_t i = 0; i < count; i++)
		h.list[i].r = &list[i];
	rc = remove_herd(&h);
	arena_close(mem);
	return rc;
}

int
directory_remove_all(struct apply *a, struct removal *list, size_t count)
{
	struct writer w;
	int rc = 0;

	qsort(list, count, sizeof *list, by_group);
	writer_open(&w, a);
	for (size_t i = 0; i < count && rc == 0; i += HERD)
		rc = stop_asked() ? error_set(a->err, ERROR_STOPPED, "asked to stop between two removals")
				  : remove_some(&w, list + i, count - i < HERD ? count - i : HERD);
	writer_close(&w);
	return rc;
}
