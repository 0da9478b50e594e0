/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.c - several questions under way on one connection, each with an answer of its own.
 *
 *     us      |s1 s2 s3 …        s17      s18           as many as WINDOW unanswered
 *     server  |      a1     a2 a4     a3                in whatever order
 */
#include "ldap_p.h"
#include "behov/step.h"
#include "behov/text.h"
#include <sys/time.h>

/* What both sides hold in their buffers without waiting for the other: it keeps a server at work, and no request is long. */
#define WINDOW 16
/* MS-ADTS 3.1.1.3.4.1.8: a value that is not there is no reason to refuse the others.  Who does not know it may ignore it. */
#define PERMISSIVE "1.2.840.113556.1.4.1413"

struct asking {
	struct arena *mem;
	struct link *link;
	struct request *out[WINDOW];
	size_t count;
	int broken;                     /* the code that the connection was lost with; LDAP_SUCCESS = it is there */
};

/* ------------------------------------------------------------------ one of them */

void
request_change(struct arena *mem, struct request *r, struct link *l, const char *group, int operation, const char *const *members,
	       size_t count)
{
	struct berval **values = arena_array(mem, struct berval *, count + 1), *value = arena_array(mem, struct berval, count + 1);
	static const char type[] = "member";

	if (!count)
		abort();
	for (size_t i = 0; i < count; i++) {
		value[i] = (struct berval){ strlen(members[i]), arena_text(mem, members[i]) };
		values[i] = &value[i];
	}
	*r = (struct request){ .link = l, .base = group, .change = {
		.mod_op = operation | LDAP_MOD_BVALUES, .mod_type = arena_text(mem, type), .mod_vals.modv_bvals = values } };
}

void
request_split(struct arena *mem, const struct request *whole, size_t which, struct request *out)
{
	struct berval **one = arena_array(mem, struct berval *, 2);

	one[0] = whole->change.mod_vals.modv_bvals[which];
	if (!one[0])
		abort();
	one[1] = NULL;
	*out = (struct request){ .link = whole->link, .base = whole->base, .step = whole->step, .change = whole->change };
	out->change.mod_vals.modv_bvals = one;
}

static int
send_change(LDAP *ld, struct request *r)
{
	char oid[] = PERMISSIVE;
	LDAPControl permissive = { .ldctl_oid = oid }, *controls[] = { &permissive, NULL };
	LDAPMod *changes[] = { &r->change, NULL };

	return ldap_modify_ext(ld, r->base, changes, controls, NULL, &r->id);
}

static int
send_one(LDAP *ld, struct request *r)
{
	union { char *const *borrowed; char **theirs; } wanted = { r->wanted };         /* libldap changes none of them */

	return r->filter ? ldap_search_ext(ld, r->base, r->scope, r->filter, wanted.theirs, 0, NULL, NULL, NULL, r->most, &r->id)
			 : send_change(ld, r);
}

static void
end_one(struct arena *mem, struct request *r, int code, const char *said)
{
	char *words = said && *said ? arena_print(mem, "%s: %.200s", ldap_err2string(code), said) : arena_text(mem, ldap_err2string(code));

	text_plain(words);
	r->code = code;
	r->words = words;
}

/* ------------------------------------------------------------------ all of them */

/* Nobody will say any more what became of those that are under way. */
static void
lost(struct asking *q, int code)
{
	q->broken = LDAP_API_ERROR(code) ? code : LDAP_SERVER_DOWN;
	for (size_t i = 0; i < q->count; i++)
		end_one(q->mem, q->out[i], q->broken, NULL);
	q->count = 0;
}

static void
give(struct asking *q, struct request *r)
{
	int code = q->broken;

	if (!code) {
		code = send_one(q->link->ld, r);
		r->sent = true;
	}
	if (code == LDAP_SUCCESS) {
		q->out[q->count++] = r;
		return;
	}
	end_one(q->mem, r, code, NULL);
	if (!q->broken)
		lost(q, code);
}

/* Whose answer it is; one that belongs to nobody (a notice that the server hangs up) belongs to nobody. */
static struct request *
whose(struct asking *q, int id)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->out[i]->id == id) {
			struct request *r = q->out[i];

			q->out[i] = q->out[--q->count];
			return r;
		}
	return NULL;
}

static void
take(struct asking *q)
{
	struct timeval wait = { .tv_sec = q->link->directory->timeout > 0 ? q->link->directory->timeout : 60 };
	LDAPMessage *answer = NULL;
	int type = ldap_result(q->link->ld, LDAP_RES_ANY, LDAP_MSG_ALL, &wait, &answer), code = LDAP_TIMEOUT;
	struct request *r;
	char *said = NULL;

	if (type <= 0) {
		if (type < 0)
			ldap_get_option(q->link->ld, LDAP_OPT_RESULT_CODE, &code);
		ldap_msgfree(answer);
		lost(q, code);
		return;
	}
	r = whose(q, ldap_msgid(answer));
	if (!r) {
		ldap_msgfree(answer);
		return;
	}
	if (ldap_parse_result(q->link->ld, answer, &code, NULL, &said, NULL, NULL, 0) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	if (r->filter && code == LDAP_SUCCESS)
		r->answer = answer;
	else
		ldap_msgfree(answer);
	end_one(q->mem, r, code, said);
	ldap_memfree(said);
	if (r->step)
		step(r->step);
}

/* Of those that are asked of that link. */
static void
ask_link(struct arena *mem, struct link *l, struct request *list, size_t count)
{
	struct asking q = { .mem = mem, .link = l, .broken = l->ld ? LDAP_SUCCESS : LDAP_SERVER_DOWN };

	for (size_t i = 0; i < count; i++) {
		if (list[i].link != l)
			continue;
		while (q.count == WINDOW)
			take(&q);
		give(&q, &list[i]);
	}
	while (q.count)
		take(&q);
}

void
requests_ask(struct arena *mem, struct request *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t first = 0;

		while (list[first].link != list[i].link)
			first++;
		if (first == i)
			ask_link(mem, list[i].link, list + i, count - i);
	}
}

void
requests_free(struct request *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ldap_msgfree(list[i].answer);
		list[i].answer = NULL;
		link_lose(list[i].link, list[i].code);
	}
}
