/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proof.c - a proof of person, written by the page and judged by the night. */
#include "take_p.h"
#include "behov/json.h"
#include <string.h>

#define CODE_SECONDS 4200               /* from the code to its use: the long one's, see agent/decide/session.c */
#define SESSION_SECONDS 3600            /* from the proof to the decision */

int
proof_of(const char *word)
{
	for (int i = 0; word && i < PROOFS; i++)
		if (strcmp(proof_word[i], word) == 0)
			return i;
	return -1;
}

const char *
proof_write(struct arena *mem, const struct proof_said *said)
{
	json_t *o = json_object();
	char *text;

	json_put(o, "kind", said->kind);
	json_put(o, "session", said->session);
	json_put(o, "letter", said->letter->id);
	json_put(o, "form", said->form);
	if (proof_of(said->kind) == PROOF_CODE)
		json_object_set_new(o, "code_sent", json_integer(said->code_sent));
	else
		json_put(o, "account", said->letter->key);
	json_object_set_new(o, "proved", json_integer(said->proved));
	text = json_canonical(mem, o);
	json_decref(o);
	return text;
}

/* ------------------------------------------------------------------ does it hold? */

static const char *
code_fault(const json_t *proof, const struct letter *letter, int64_t proved)
{
	int64_t sent = json_number(proof, "code_sent", INT64_MIN);

	if (sent < letter->created || proved < sent)
		return "the proof of person is in the wrong order";
	return proved - sent > CODE_SECONDS ? "the code was used too late" : NULL;
}

/* A password or a proxy is asked in one breath: there is no moment before it. */
static const char *
account_fault(const json_t *proof, const struct letter *letter, int64_t proved)
{
	const char *account = json_text(proof, "account");

	if (!account || strcmp(account, letter->key) != 0)
		return "the proof of person is of another account";
	return proved < letter->created ? "the proof of person is in the wrong order" : NULL;
}

static const char *
fault_of(const struct conf *conf, const json_t *proof, const struct letter *letter, int64_t at, enum proof_kind *kind,
	 int64_t *proved)
{
	const char *whose = json_text(proof, "letter"), *fault;
	int of = proof_of(json_text(proof, "kind"));

	*kind = of < 0 ? PROOF_CODE : (enum proof_kind)of;
	*proved = json_number(proof, "proved", INT64_MIN);
	if (of < 0)
		return "the proof of person is of an unknown kind";
	if (!conf_proves(conf, *kind))
		return "the configuration no longer allows that way of signing in";
	if (whose ? strcmp(whose, letter->id) != 0 : *kind != PROOF_CODE)
		return "the proof of person is for another letter";
	fault = *kind == PROOF_CODE ? code_fault(proof, letter, *proved) : account_fault(proof, letter, *proved);
	if (fault)
		return fault;
	if (at < *proved)
		return "the proof of person is in the wrong order";
	return at - *proved > SESSION_SECONDS ? "the sign-in was too old" : NULL;
}

const char *
proof_check(const struct conf *conf, const struct inbox_decision *d, const struct letter *letter, enum proof_kind *kind,
	    int64_t *proved)
{
	json_t *proof = NULL;
	const char *fault;

	*kind = PROOF_CODE;
	*proved = INT64_MIN;
	if (!take_fits(d->proof, TAKE_TEXT_MOST) || json_read(d->proof, strlen(d->proof), &proof, NULL) < 0)
		return "the proof of person cannot be read";
	fault = fault_of(conf, proof, letter, d->at, kind, proved);
	json_decref(proof);
	return fault;
}

/* ------------------------------------------------------------------ is it enough? */

enum proof_lack
proof_lacks(const struct conf *conf, const struct proposal *p, enum proof_kind kind, int64_t proved, int64_t at)
{
	if (kind == PROOF_CODE && proposal_wants_strong(conf, p))
		return PROOF_WEAK;
	return p->kind == KIND_DESTROY && at - proved > PROOF_FRESH ? PROOF_OLD : PROOF_SUFFICES;
}
