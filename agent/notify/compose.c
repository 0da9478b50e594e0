/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.c - who gets a letter tonight: those with something new to decide, or reminded, and the administrators. */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEY_BYTES 32

/* ------------------------------------------------------------------ the token */

static int
make_key(struct arena *mem, const char *path, struct error *err)
{
	unsigned char key[KEY_BYTES];
	const char *line;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return errno == EEXIST ? 0 : error_sys(err, ERROR_STORE, "cannot make the key '%s'", path);
	digest_random(key, sizeof(key));
	line = arena_print(mem, "%s\n", digest_hex(mem, key, sizeof(key)));
	good = write(fd, line, strlen(line)) == (ssize_t)strlen(line) && fsync(fd) == 0;
	if (!good)
		error_sys(err, ERROR_STORE, "cannot write the key '%s'", path);
	close(fd);
	if (!good)
		unlink(path);
	return good ? 0 : -1;
}

int
notify_token(struct arena *mem, const struct conf *conf, const char *letter, const char **out, struct error *err)
{
	unsigned char mac[DIGEST_SIZE];
	char *key;
	size_t len;

	if (make_key(mem, conf->key_file, err) < 0 || file_secret(mem, conf->key_file, &key, &len, err) < 0)
		return -1;
	if (len != 2 * KEY_BYTES)
		return error_set(err, ERROR_STORE, "the key '%s' is not one of ours: it must be %d hex digits", conf->key_file,
				 2 * KEY_BYTES);
	digest_hmac(key, len, letter, strlen(letter), mac);
	*out = digest_base64url(mem, mac, sizeof(mac));
	return 0;
}

/* ------------------------------------------------------------------ who waits for what */

static bool
has_answered(const struct decisions *given, const struct stored *s, const char *key)
{
	for (size_t i = 0; i < given->list.count; i++) {
		const struct decision *d = &given->list.items[i];

		if (!d->refused && d->key && strcmp(d->key, key) == 0 && d->version && strcmp(d->version, s->p.version) == 0)
			return true;
	}
	return false;
}

static struct person *
person(struct arena *mem, struct people *people, const struct approver *who)
{
	struct person *p;

	for (size_t i = 0; i < people->list.count; i++)
		if (strcmp(people->list.items[i].who->key, who->key) == 0)
			return &people->list.items[i];
	p = arena_push(mem, &people->list);
	p->who = who;
	return p;
}

int
people_waiting(struct arena *mem, struct store *store, const struct stored_list *open, struct people *out,
	       struct error *err)
{
	*out = (struct people){ 0 };
	for (size_t i = 0; i < open->list.count; i++) {
		const struct stored *s = &open->list.items[i];
		struct decisions given;

		if (s->p.approvers.count && store_decisions(mem, store, s->id, INT64_MIN, &given, err) < 0)
			return -1;
		for (size_t k = 0; k < s->p.approvers.count; k++)
			if (!has_answered(&given, s, s->p.approvers.items[k].key)) {
				struct person *p = person(mem, out, &s->p.approvers.items[k]);

				*arena_push(mem, &p->waiting) = i;
			}
	}
	return 0;
}

/* ------------------------------------------------------------------ letters */

static const char *
letter_id(struct arena *mem, const char *kind, const char *key, int64_t now, const char **about, size_t count)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind);
	digest_field(d, key);
	digest_field(d, day_text(mem, clock_day(now)));
	for (size_t i = 0; i < count; i++)
		digest_field(d, about[i]);
	digest_close(d, sum);
	return digest_hex(mem, sum, 16);
}

/* "digest" when one of the proposals is in no letter to this person yet; "reminder" when the last is old; else NULL. */
static int
which_kind(struct arena *mem, const struct notify_input *in, const struct person *p, const struct stored_list *open,
	   const char **kind, struct error *err)
{
	int64_t last = INT64_MIN;

	*kind = NULL;
	for (size_t i = 0; i < p->waiting.count; i++) {
		struct letters letters;

		if (store_letter_about(mem, in->store, p->who->key, open->list.items[p->waiting.items[i]].id, &letters, err) < 0)
			return -1;
		if (!letters.list.count) {
			*kind = "digest";
			return 0;
		}
		last = letters.list.items[0].created > last ? letters.list.items[0].created : last;
	}
	if (clock_day(in->now) - clock_day(last) >= in->rules->conf.reminder_days)
		*kind = "reminder";
	return 0;
}

static int
write_to(struct arena *mem, const struct notify_input *in, const struct person *p, const struct stored_list *open,
	 long long *letters, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	const char **about = arena_array(mem, const char *, p->waiting.count + 1), *token, *kind;
	struct letter letter = { .key = p->who->key, .name = p->who->name, .display = p->who->display, .mail = p->who->mail,
				 .created = in->now, .sent = INT64_MIN };

	if (which_kind(mem, in, p, open, &kind, err) < 0)
		return -1;
	if (!kind)
		return 0;
	for (size_t i = 0; i < p->waiting.count; i++)
		about[i] = open->list.items[p->waiting.items[i]].id;
	letter.kind = kind;
	letter.id = letter_id(mem, kind, p->who->key, in->now, about, p->waiting.count);
	letter.proposals = about;
	letter.proposal_count = (int)p->waiting.count;
	letter.expires = clock_midnight(clock_day(in->now) + conf->link_days + 1);
	if (notify_token(mem, conf, letter.id, &token, err) < 0)
		return -1;
	letter.token_hash = digest_text(mem, token);
	++*letters;
	return store_letter_add(in->store, &letter, err);
}

/* One to each administrator when there is news: what waits, is braked, or could not be seen, other than last time. */
static int
write_administrator(struct arena *mem, const struct notify_input *in, const char *name, const char *news,
		    long long *letters, struct error *err)
{
	const char *slot = arena_print(mem, "administrator-letter:%s", name), *last = NULL;
	const struct account *who;
	struct letter letter = { .kind = "administrator", .name = name, .created = in->now, .expires = in->now,
				 .sent = INT64_MIN };
	long a = snapshot_account(in->snapshot, name);

	if (a < 0)
		return 0;               /* propose has said so already */
	who = &in->snapshot->accounts[a];
	if (!mail_address(who->mail) || store_get(mem, in->store, slot, &last, err) < 0)
		return mail_address(who->mail) ? -1 : 0;
	if (last && strcmp(last, news) == 0)
		return 0;
	letter.key = who->key;
	letter.display = who->display ? who->display : who->name;
	letter.mail = who->mail;
	letter.id = letter_id(mem, "administrator", who->key, in->now, &news, 1);
	++*letters;
	return store_letter_add(in->store, &letter, err) < 0 ? -1 : store_set(in->store, slot, news, err);
}

/* A digest of what an administrator would read; NULL when there is nothing to say. */
static int
news_of(struct arena *mem, const struct notify_input *in, const char **out, struct error *err)
{
	struct stored_list asked;
	struct facts facts;
	unsigned char sum[DIGEST_SIZE];
	struct digest *d;
	size_t braked = 0;

	*out = NULL;
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_ASKED }, &asked, err) < 0)
		return -1;
	if (store_facts(mem, in->store, &facts, err) < 0) {
		stored_free(&asked);
		return -1;
	}
	d = digest_open();
	for (size_t i = 0; i < asked.list.count; i++) {
		braked += asked.list.items[i].state == STATE_BRAKED;
		if (in->rules->conf.mode == MODE_OBSERVE || asked.list.items[i].state == STATE_BRAKED)
			digest_field(d, asked.list.items[i].id);
	}
	for (size_t i = 0; i < facts.gaps.count; i++)
		digest_field(d, facts.gaps.items[i].gap.text);
	digest_close(d, sum);
	if (braked || facts.gaps.count || (in->rules->conf.mode == MODE_OBSERVE && asked.list.count))
		*out = digest_hex(mem, sum, 16);
	stored_free(&asked);
	return 0;
}

int
notify_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	struct stored_list open = { 0 };
	struct people people;
	const char *news;
	int rc = -1;

	*letters = 0;
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES(STATE_OPEN) }, &open, err) < 0)
		return -1;
	if (people_waiting(mem, in->store, &open, &people, err) < 0 || news_of(mem, in, &news, err) < 0)
		goto out;
	for (size_t i = 0; conf->mode != MODE_OBSERVE && i < people.list.count; i++)
		if (write_to(mem, in, &people.list.items[i], &open, letters, err) < 0)
			goto out;
	for (int i = 0; news && in->snapshot && i < conf->people.administrator_count; i++)
		if (write_administrator(mem, in, conf->people.administrators[i], news, letters, err) < 0)
			goto out;
	rc = 0;
out:
	stored_free(&open);
	return rc;
}
