/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - who sits at the browser: cookies, codes and nonces.
 *
 * The inbox knows the hash of a cookie, never the cookie, and a code only as an HMAC under that cookie: who can read
 * the inbox cannot take over a session, nor try a million codes at home.  The raw token of the link lies in the
 * session's row, not in a cookie, a URL or a form, because it must go along with each decision and would otherwise
 * stand in every page; the inbox holds it in each decision anyway.
 *
 * How many codes?  Six digits in the browser that asked are good for five guesses, and so the number of codes for one
 * letter is limited.  But who presses the button is not known: a scanner that fills in forms, or anybody who has seen the
 * link, can use all of them up, and must not lock the owner out.  No count of browsers, addresses or presses tells the
 * owner from the others before a code has been typed; only what comes into their mailbox does.  So beyond the limit
 * something else comes into it: a long code, once an hour.  It has eighty random bits, and needs no count of guesses;
 * it is good in any browser, and so it does not matter who asked for it.  Whatever others do, whoever presses the button
 * and reads the mailbox has a code to type.  Nothing but that one code is stored for those presses: they fill no inbox.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <microhttpd.h>

#define COOKIE_BYTES 32
#define SALT_BYTES 16
#define CODE_MANY 1000000u

static const char *
random_text(struct arena *mem)
{
	unsigned char bytes[COOKIE_BYTES];

	digest_random(bytes, sizeof(bytes));
	return digest_base64url(mem, bytes, sizeof(bytes));
}

/* Found by its hash: how long that takes says nothing about a token that is nearly right. */
int
session_letter(struct request *r, const char *token, struct letter *out, bool *found, bool *old, struct error *err)
{
	struct letters letters = { 0 };

	*found = *old = false;
	if (!*token || strlen(token) > 200)
		return 0;
	if (store_letter_by_token(r->mem, r->server->store, digest_text(r->mem, token), &letters, err) < 0)
		return -1;
	if (letters.list.count != 1)
		return 0;
	*out = letters.list.items[0];
	*old = r->now >= out->expires;
	*found = !*old && out->key && out->mail;
	return 0;
}

static void
set_cookie(struct request *r, const char *value)
{
	r->set_cookie = arena_print(r->mem, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", r->server->cookie, value,
				    r->server->https ? "; Secure" : "", *value ? "" : "; Max-Age=0");
}

static bool
too_old(const struct request *r)
{
	const struct session *s = &r->session;

	return r->now < s->made || r->now - s->made >= SESSION_MOST || r->now - s->seen >= SESSION_IDLE;
}

struct jar { const char *name, *value; };

static enum MHD_Result
take_cookie(void *self, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct jar *jar = self;

	(void)kind;
	if (!jar->value && strcmp(name, jar->name) == 0)
		jar->value = value;
	return MHD_YES;
}

/* Of exactly that name: libmicrohttpd would look for __HOST-behov as well, which a neighbour of ours can set in browsers that
 * keep only __Host- to its host. */
static const char *
find_cookie(struct request *r)
{
	struct jar jar = { r->server->cookie, NULL };

	MHD_get_connection_values(r->connection, MHD_COOKIE_KIND, take_cookie, &jar);
	return jar.value && strlen(jar.value) <= 100 ? jar.value : NULL;
}

bool
session_turn(struct request *r)
{
	const char *cookie = find_cookie(r);
	enum turn_answer answer;

	if (r->turn.what || strcmp(r->method, "POST") != 0 || !cookie)
		return true;
	answer = turn_ask(r, digest_text(r->mem, cookie));
	if (answer == TURN_WAITS)
		return false;
	r->crowded = answer == TURN_REFUSED;
	return true;
}

int
session_find(struct request *r, enum session_state *state, struct error *err)
{
	const char *cookie = find_cookie(r);
	bool found, old;

	*state = SESSION_NONE;
	if (!cookie)
		return 0;
	if (inbox_session(r->mem, r->server->inbox, digest_text(r->mem, cookie), &r->session, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	r->cookie = arena_text(r->mem, cookie);
	*state = SESSION_OLD;
	if (too_old(r) || !r->session.token)
		return 0;
	if (session_letter(r, r->session.token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (found && strcmp(r->letter.id, r->session.letter) == 0)
		*state = r->session.proved == INT64_MIN ? SESSION_UNPROVED : SESSION_PROVED;
	return 0;
}

/* Always a cookie that nobody can have known before: what the browser came with is never taken over. */
int
session_start(struct request *r, const char *token, const char *kind, struct error *err)
{
	const char *before = r->cookie ? r->session.id : NULL, *cookie = random_text(r->mem);
	struct session made = {
		.id = digest_text(r->mem, cookie), .letter = r->letter.id, .token = token, .nonce = random_text(r->mem),
		.made = r->now, .seen = r->now, .code_sent = INT64_MIN, .proved = kind ? r->now : INT64_MIN, .kind = kind,
		.used = kind ? r->session.code_sent : INT64_MIN,
	};

	if (inbox_sessions_expire(r->server->inbox, r->now - 2 * SESSION_MOST, err) < 0 ||
	    inbox_session_put(r->server->inbox, &made, err) < 0)
		return -1;
	if (before && inbox_session_end(r->server->inbox, before, err) < 0)
		return -1;
	r->session = made;
	r->cookie = cookie;
	set_cookie(r, cookie);
	return 0;
}

int
session_end(struct request *r, struct error *err)
{
	set_cookie(r, "");
	return r->cookie ? inbox_session_end(r->server->inbox, r->session.id, err) : 0;
}

int
session_touch(struct request *r, struct error *err)
{
	r->session.seen = r->now;
	return inbox_session_put(r->server->inbox, &r->session, err);
}

int64_t
session_ends(const struct request *r)
{
	int64_t idle = r->session.seen + SESSION_IDLE, most = r->session.made + SESSION_MOST;

	return idle < most ? idle : most;
}

/* "SALT-HMAC": a page is packed, and its length must not tell what all pages of a session have in common. */
static const char *
masked(struct arena *mem, const char *nonce, const char *salt)
{
	unsigned char sum[DIGEST_SIZE];

	digest_hmac(nonce, strlen(nonce), salt, strlen(salt), sum);
	return arena_print(mem, "%s-%s", salt, digest_hex(mem, sum, sizeof(sum)));
}

const char *
session_mask(struct request *r)
{
	unsigned char salt[SALT_BYTES];

	if (!r->session.nonce)
		return NULL;
	digest_random(salt, sizeof(salt));
	return masked(r->mem, r->session.nonce, digest_hex(r->mem, salt, sizeof(salt)));
}

bool
session_nonce(const struct request *r)
{
	const char *said = form_get(&r->form, "nonce");

	if (!r->session.nonce || strcspn(said, "-") != 2 * SALT_BYTES)
		return false;
	return digest_equal(said, masked(r->mem, r->session.nonce, arena_copy(r->mem, said, 2 * SALT_BYTES)));
}

/* All six digits equally likely: what does not divide evenly is drawn again. */
static const char *
draw_code(struct arena *mem)
{
	uint32_t number;

	do
		digest_random(&number, sizeof(number));
	while (number >= UINT32_MAX / CODE_MANY * CODE_MANY);
	return arena_print(mem, "%06u", number % CODE_MANY);
}

static const char *
code_hash(const struct request *r, const char *code)
{
	unsigned char sum[DIGEST_SIZE];

	digest_hmac(r->cookie, strlen(r->cookie), code, strlen(code), sum);
	return digest_hex(r->mem, sum, sizeof(sum));
}

static int
count_code(struct request *r, bool *allowed, struct error *err)
{
	struct inbox *inbox = r->server->inbox;
	long long hour, day;

	if (inbox_codes_expire(inbox, r->now - 86400, err) < 0 ||
	    inbox_code_count(inbox, r->letter.id, r->now - 3600, &hour, err) < 0 ||
	    inbox_code_count(inbox, r->letter.id, r->now - 86400, &day, err) < 0)
		return -1;
	*allowed = hour < CODES_AN_HOUR && day < CODES_A_DAY;
	return *allowed ? inbox_code_note(inbox, r->letter.id, r->now, err) : 0;
}

/* Counted before it is sent: a mail server in trouble must not become a flood.  A letter may have many sessions. */
int
session_count(struct request *r, bool *allowed, struct error *err)
{
	struct turn letter;
	int rc;

	turn_take(&letter, r->letter.id);
	rc = count_code(r, allowed, err);
	turn_end(&letter);
	return rc;
}

int
session_code(struct request *r, const char **code, struct error *err)
{
	*code = draw_code(r->mem);
	r->session.code_hash = code_hash(r, *code);
	r->session.code_sent = r->session.seen = r->now;
	r->session.tries = 0;
	return inbox_session_put(r->server->inbox, &r->session, err);
}

/* The try is counted before it is judged, so that ending us in between gives nobody one more. */
int
session_try(struct request *r, const char *code, enum code_answer *answer, struct error *err)
{
	struct session *s = &r->session;

	*answer = CODE_VOID;
	if (!s->code_hash || s->tries >= CODE_TRIES || r->now < s->code_sent ||
	    r->now - s->code_sent >= CODE_MINUTES * 60)
		return 0;
	s->tries++;
	s->seen = r->now;
	if (inbox_session_put(r->server->inbox, s, err) < 0)
		return -1;
	if (!digest_equal(code_hash(r, code), s->code_hash)) {
		*answer = s->tries < CODE_TRIES ? CODE_WRONG : CODE_VOID;
		return 0;
	}
	*answer = CODE_RIGHT;
	return session_start(r, s->token, proof_word[PROOF_CODE], err);
}

/* ------------------------------------------------------------------ the long code */

/* Sixteen characters that are not taken for each other, in fours. */
static const char *
draw_long(struct arena *mem)
{
	static const char set[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char bytes[16];
	char code[20];

	digest_random(bytes, sizeof(bytes));
	for (size_t i = 0, n = 0; n < sizeof(code) - 1; n++)
		code[n] = n % 5 == 4 ? '-' : set[bytes[i++] % 32];
	code[sizeof(code) - 1] = '\0';
	return arena_text(mem, code);
}

/* Of the letter, not of a browser: a session that no cookie leads to, as its id is no hash. */
static int
find_long(struct request *r, struct session *out, bool *found, struct error *err)
{
	const char *id = arena_print(r->mem, "long-%s", r->letter.id);

	*out = (struct session){ .code_sent = INT64_MIN };
	if (inbox_session(r->mem, r->server->inbox, id, out, found, err) < 0)
		return -1;
	*found = *found && r->now >= out->code_sent;
	if (!*found)
		*out = (struct session){ .id = id, .letter = r->letter.id, .code_sent = INT64_MIN };
	out->proved = INT64_MIN;
	return 0;
}

static int
renew_long(struct request *r, const char **code, int64_t *sent, struct error *err)
{
	struct session s;
	bool found;

	*code = NULL;
	if (find_long(r, &s, &found, err) < 0)
		return -1;
	*sent = s.code_hash ? s.code_sent : INT64_MIN;
	if (found && r->now - s.code_sent < (s.code_hash ? LONG_AGAIN : LONG_RETRY))
		return 0;
	*code = draw_long(r->mem);
	s.code_hash = digest_text(r->mem, *code);
	*sent = s.made = s.seen = s.code_sent = r->now;
	if (inbox_sessions_expire(r->server->inbox, r->now - 2 * SESSION_MOST, err) < 0)
		return -1;
	return inbox_session_put(r->server->inbox, &s, err);
}

int
session_long(struct request *r, const char **code, int64_t *sent, struct error *err)
{
	struct turn letter;
	int rc;

	turn_take(&letter, r->letter.id);
	rc = renew_long(r, code, sent, err);
	turn_end(&letter);
	return rc;
}

int
session_long_end(struct request *r, struct error *err)
{
	struct session s;
	bool found;

	if (find_long(r, &s, &found, err) < 0)
		return -1;
	s.code_hash = NULL;
	return found ? inbox_session_put(r->server->inbox, &s, err) : 0;
}

/* Good once, and used up before it has opened anything. */
static int
use_long(struct request *r, const char *code, enum code_answer *answer, struct error *err)
{
	struct session s;
	bool found;

	*answer = CODE_VOID;
	if (find_long(r, &s, &found, err) < 0)
		return -1;
	if (!s.code_hash || r->now - s.code_sent >= LONG_SECONDS)
		return 0;
	*answer = CODE_WRONG;
	if (!digest_equal(digest_text(r->mem, code), s.code_hash))
		return 0;
	*answer = CODE_RIGHT;
	r->session.code_sent = s.code_sent;
	return session_long_end(r, err);
}

int
session_try_long(struct request *r, const char *token, const char *code, enum code_answer *answer, struct error *err)
{
	struct turn letter;
	int rc;

	turn_take(&letter, r->letter.id);
	rc = use_long(r, code, answer, err);
	turn_end(&letter);
	return rc == 0 && *answer == CODE_RIGHT ? session_start(r, token, proof_word[PROOF_CODE], err) : rc;
}
