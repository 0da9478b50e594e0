/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-mail.c - builds or sends one mail for a test in Python.
 *
 *     oracle-mail build|send < JSON: server, from, user, password_file, ca_file, starttls, zone, organisation, id, to, to_name,
 *     subject, text, html, date.  build writes the message, send writes "sent"; an error goes to stderr, exit 1.
 */
#include "behov/json.h"
#include "behov/mail.h"

static int
read_input(struct arena *mem, json_t **out, struct error *err)
{
	char *bytes = arena_take(mem, 1 << 20);
	size_t len = fread(bytes, 1, (1 << 20) - 1, stdin);

	return json_read(bytes, len, out, err);
}

static int
act(struct arena *mem, const char *verb, const json_t *in, struct error *err)
{
	struct conf conf = { .organisation = json_text(in, "organisation"),
			     .mail = { .server = json_text(in, "server"), .from = json_text(in, "from"), .user = json_text(in, "user"),
				       .password_file = json_text(in, "password_file"), .ca_file = json_text(in, "ca_file"),
				       .starttls = json_is_true(json_object_get(in, "starttls")) } };
	struct mail mail = { .id = json_text(in, "id"), .to = json_text(in, "to"), .to_name = json_text(in, "to_name"),
			     .subject = json_text(in, "subject"), .text = json_text(in, "text"), .html = json_text(in, "html"),
			     .date = json_number(in, "date", 0) };
	char *bytes;
	size_t len;

	if (clock_zone(json_text(in, "zone"), err) < 0)
		return -1;
	if (strcmp(verb, "send") == 0) {
		if (mail_send(mem, &conf, &mail, err) < 0)
			return -1;
		puts("sent");
		return 0;
	}
	if (mail_build(mem, &conf, &mail, &bytes, &len, err) < 0)
		return -1;
	fwrite(bytes, 1, len, stdout);
	return 0;
}

int
main(int argc, char **argv)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	json_t *in = NULL;
	int rc = read_input(mem, &in, &err);

	if (rc == 0)
		rc = act(mem, argc > 1 ? argv[1] : "build", in, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	json_decref(in);
	arena_close(mem);
	return rc < 0;
}
