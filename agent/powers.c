/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers.c - what a verb gives up before it works, and the verb that says what that comes to on this kernel. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/json.h>
#include <behov/register.h>
#include <behov/text.h>

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MOST (1u << 20)

static const char *
helper_of(struct arena *mem, const struct rules *rules)
{
	for (size_t i = 0; i < rules->share_count; i++)
		if (rules->shares[i].smb)
			return scan_helper(mem);
	return NULL;
}

/* What SQLite keeps beside a store that is only read is made when it is opened the first time, and stays. */
static int
touch_store(const struct rules *rules, struct error *err)
{
	struct store *store;

	if (store_look(rules, &store, err) < 0)
		return -1;
	store_close(store);
	return 0;
}

int
give_up(struct arena *mem, enum powers_of who, const struct rules *rules, struct error *err)
{
	struct powers powers;

	if (who == POWERS_PLAN && touch_store(rules, err) < 0)
		return -1;
	return powers_give_up(mem, who, rules, &(struct powers_how){ .helper = helper_of(mem, rules) }, &powers, err);
}

/* ------------------------------------------------------------------ saying what it comes to */

static json_t *
texts(const char *const *items, size_t count)
{
	json_t *out = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(out, json_string(items[i]));
	return out;
}

static json_t *
to_json(enum powers_of who, const struct powers *p, const char *helper)
{
	json_t *o = json_pack("{s:s, s:i, s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "verb", powers_word[who], "landlock", p->landlock, "files",
			      (int)p->files, "ports", (int)p->ports, "signals", (int)p->signals, "calls", (int)p->calls, "no-new-privileges",
			      (int)p->no_new_privs, "undumpable", (int)p->undumpable, "inbox-with-store", (int)p->inbox_with_store);
	json_t *to = json_array();

	for (size_t i = 0; i < p->to.count; i++)
		json_array_append_new(to, json_integer(p->to.items[i]));
	json_object_set_new(o, "connects", p->any_port ? json_null() : to);
	if (p->any_port)
		json_decref(to);
	json_object_set_new(o, "reads", texts(p->seen.items, p->seen.count));
	json_object_set_new(o, "writes", texts(p->kept.items, p->kept.count));
	json_put(o, "starts", who == POWERS_RUN || who == POWERS_PLAN ? helper : NULL);
	return o;
}

/* In a process of its own, that has given them up and has nothing more to do. */
_Noreturn static void
try_it(struct arena *mem, enum powers_of who, const struct rules *rules, int out)
{
	struct powers_how how = { .helper = helper_of(mem, rules), .look = true };
	struct powers powers;
	struct error err = { 0 };
	const char *said;

	if (powers_give_up(mem, who, rules, &how, &powers, &err) < 0)
		said = json_canonical(mem, json_pack("{s:s, s:s}", "verb", powers_word[who], "problem", err.text));
	else
		said = json_canonical(mem, to_json(who, &powers, how.helper));
	_exit(write(out, said, strlen(said)) == (ssize_t)strlen(said) ? 0 : 1);
}

static int
hear(struct arena *mem, int fd, json_t **out, struct error *err)
{
	char *said = arena_take(mem, SAID_MOST);
	size_t len = 0;
	ssize_t n;

	while (len < SAID_MOST && ((n = read(fd, said + len, SAID_MOST - len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	return json_read(said, len, out, err);
}

static int
look_at(struct arena *mem, enum powers_of who, const struct rules *rules, json_t **out, struct error *err)
{
	int ends[2], rc;
	pid_t child;

	if (pipe(ends) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot try the powers of '%s'", powers_word[who]);
	child = fork();
	if (child == 0)
		try_it(mem, who, rules, ends[1]);
	close(ends[1]);
	rc = child < 0 ? error_sys(err, ERROR_SOURCE, "cannot try the powers of '%s'", powers_word[who]) : hear(mem, ends[0], out, err);
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return rc < 0 ? error_in(err, "trying the powers of '%s'", powers_word[who]) : 0;
}

static bool
in_force(const json_t *o, const char *what)
{
	return json_is_true(json_object_get(o, what));
}

static bool
is_whole(const json_t *o)
{
	return in_force(o, "files") && in_force(o, "calls") && in_force(o, "no-new-privileges");
}

static void
put_list(struct text *t, const char *what, const json_t *list)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
		text_print(t, "       %s %s\n", what, json_string_value(one));
}

static void
put_ports(struct text *t, const json_t *o)
{
	const json_t *to = json_object_get(o, "connects");
	size_t i;
	json_t *one;

	if (!in_force(o, "ports") || !json_is_array(to)) {
		text_add(t, in_force(o, "ports") ? "       ansluter till alla portar: Kerberos eller DNS säger vilka\n"
						 : "       ansluter till alla portar: kärnan skiljer inte på dem\n");
		return;
	}
	text_add(t, "       ansluter till port");
	json_array_foreach(to, i, one)
		text_print(t, "%s %lld", i ? "," : "", (long long)json_integer_value(one));
	text_char(t, '\n');
}

static void
put_one(struct text *t, const json_t *o, bool all)
{
	const char *problem = json_string_value(json_object_get(o, "problem")), *starts = json_string_value(json_object_get(o, "starts"));

	text_print(t, "%-6s ", json_string_value(json_object_get(o, "verb")));
	if (problem) {
		text_print(t, "går inte att avstå: %s\n", problem);
		return;
	}
	text_print(t, "filer: %s (Landlock %lld), anrop: %s, minne: %s, nya rättigheter: %s\n", in_force(o, "files") ? "begränsade" : "OBEGRÄNSADE",
		   (long long)json_integer_value(json_object_get(o, "landlock")), in_force(o, "calls") ? "begränsade (seccomp)" : "OBEGRÄNSADE (ingen seccomp)", in_force(o, "undumpable") ? "slutet" : "öppet",
		   in_force(o, "no-new-privileges") ? "inga" : "KAN FÅS");
	if (all)
		put_list(t, "läser", json_object_get(o, "reads"));
	put_list(t, "skriver i", json_object_get(o, "writes"));
	if (in_force(o, "inbox-with-store"))
		text_add(t, "       OBS: inkorgen ligger i samma mapp som behovs databas, som därför kan skrivas. Ange inbox i en mapp för sig.\n");
	put_ports(t, o);
	if (starts)
		text_print(t, "       startar %s\n", starts);
}

static int
say_all(struct arena *mem, const struct options *options, json_t *all, struct error *err)
{
	bool whole = true;
	struct text t;
	size_t i;
	json_t *one;
	int rc;

	text_open(&t, (size_t)16 << 20);
	json_array_foreach(all, i, one) {
		whole &= is_whole(one);
		put_one(&t, one, options->show);
	}
	rc = options->json ? say_json(mem, all, err) : say(t.data, err);
	text_close(&t);
	return rc < 0 ? -1 : whole ? EXIT_DONE : EXIT_GAPS;
}

int verb_powers(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	json_t *all = json_array(), *one = NULL;
	struct rules rules;
	bool known = !count;
	int rc;

	for (int i = 0; i < POWERS_OF && count == 1; i++)
		known |= strcmp(words[0], powers_word[i]) == 0;
	rc = known ? register_load(mem, options->config, &rules, err)
		   : error_set(err, ERROR_USAGE, "use: behov powers [plan|run|serve|apply|seal]");
	for (int i = 0; i < POWERS_OF && rc == 0; i++) {
		if (count && strcmp(words[0], powers_word[i]) != 0)
			continue;
		rc = look_at(mem, (enum powers_of)i, &rules, &one, err);
		if (rc == 0)
			json_array_append_new(all, one);
	}
	if (rc == 0)
		rc = say_all(mem, options, all, err);
	json_decref(all);
	return rc;
}
