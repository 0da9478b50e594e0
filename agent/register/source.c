/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source.c - files of rules, looked at and parsed by a thread of its own while those before them are read.
 *
 * A handbook may have ten thousand series, and libconfig takes most of the time.  What is read, complained of and digested is in the
 * order of the files all the same: by the thread that reads.
 */
#include "behov/hands.h"
#include "register_p.h"
#include <ctype.h>

#define FILE_MOST (16u << 20)
#define NESTING_MOST 32
#define AHEAD 4                         /* files that may be parsed and not yet read */

struct objection { int line; const char *what; };

struct source {
	const char *path;
	struct arena *mem;              /* its own, as a thread of its own fills it */
	char *text;
	size_t len;
	struct error err;               /* it cannot be had */
	LIST(struct objection) objections;
	config_t config;
	bool ready, parsed;             /* parsed: config is to be destroyed */
};

/* ------------------------------------------------------------------ looking */

/* What is wrong, said by whoever reads the file, when it is its turn. */
static void
object(struct source *s, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*arena_push(s->mem, &s->objections) = (struct objection){ line, arena_vprint(s->mem, format, args) };
	va_end(args);
}

/* libconfig wraps large integers in silence, so literals are looked at before it sees them. */
static size_t
look_at_literal(struct source *s, const char *c, int line)
{
	char *end;
	unsigned long long n = strtoull(c, &end, c[0] == '0' && (c[1] | 32) == 'x' ? 16 : 10);

	if (*end != '.' && n > INT32_MAX)
		object(s, line, "the number %.*s is too large", (int)(end - c), c);
	while (isalnum((unsigned char)*end) || *end == '.' || *end == '_')
		end++;
	return (size_t)(end - c);
}

static const char *
skip_comment(const char *c, int *line)
{
	if (c[0] == '#' || (c[0] == '/' && c[1] == '/'))
		return c + strcspn(c, "\n");
	for (c += 2; *c && !(c[0] == '*' && c[1] == '/'); c++)
		*line += *c == '\n';
	return *c ? c + 2 : c;
}

static const char *
skip_text(const char *c, int *line)
{
	for (c++; *(c += strcspn(c, "\"\\\n")) && *c != '"'; c++) {
		if (*c == '\\' && c[1])
			c++;
		*line += *c == '\n';
	}
	return *c ? c + 1 : c;
}

/* As libconfig has them, whatever the locale. */
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What libconfig would let through: wrapping integers, includes, deep nesting, broken text. */
static void
look_at_text(struct source *s)
{
	int line = 1, depth = 0;
	bool told = false;

	if (!text_is_utf8(s->text, s->len) || memchr(s->text, '\0', s->len)) {
		object(s, 1, "the file is not UTF-8 text");
		return;
	}
	for (const char *c = s->text; *c;) {
		if (*c == ' ') {
			c++;
		} else if (*c == '#' || (*c == '/' && (c[1] == '/' || c[1] == '*'))) {
			c = skip_comment(c, &line);
		} else if (*c == '"') {
			c = skip_text(c, &line);
		} else if (is_digit(*c)) {
			c += look_at_literal(s, c, line);
		} else if (is_letter(*c)) {
			while (is_letter(*c) || is_digit(*c) || *c == '-' || *c == '_' || *c == '*')
				c++;
		} else {
			if (*c == '@')
				object(s, line, "@include is not allowed");
			depth += (*c == '(' || *c == '{' || *c == '[') - (*c == ')' || *c == '}' || *c == ']');
			if (depth > NESTING_MOST && !told) {
				object(s, line, "nested too deeply");
				told = true;
			}
			line += *c == '\n';
			c++;
		}
	}
}

/* ------------------------------------------------------------------ parsing */

static void
prepare(void *self, void *job)
{
	struct source *s = job;

	(void)self;
	s->mem = arena_open();
	if (file_read(s->mem, s->path, FILE_MOST, &s->text, &s->len, &s->err) < 0)
		return;
	look_at_text(s);
	if (s->objections.count)
		return;
	config_init(&s->config);
	s->parsed = true;
	if (config_read_string(&s->config, s->text) != CONFIG_TRUE)
		object(s, config_error_line(&s->config), "%s", config_error_text(&s->config) ? config_error_text(&s->config) : "cannot be read");
}

/* ------------------------------------------------------------------ reading, in the order of the files */

static void
give(struct reader *r, struct source *s, void (*read)(struct reader *, const config_setting_t *))
{
	r->file = shown_path(r, s->path);
	if (s->text) {
		digest_add(r->digest, &s->len, sizeof(s->len));
		digest_add(r->digest, s->text, s->len);
	} else {
		complain(r, NULL, "%s", s->err.text);
	}
	for (size_t i = 0; i < s->objections.count; i++)
		complain_at(r, (struct place){ r->file, s->objections.items[i].line }, "%s", s->objections.items[i].what);
	r->members.group = NULL;        /* one of another file may stand where one stood that is gone */
	if (s->parsed && !s->objections.count)
		read(r, config_root_setting(&s->config));
	if (s->parsed)
		config_destroy(&s->config);
	arena_close(s->mem);
}

/* No thread can be had: then it takes longer. */
static void
get_ready(struct hands *hands, struct source *s)
{
	while (hands && !s->ready)
		((struct source *)hands_need(hands, s))->ready = true;
	if (!s->ready)
		prepare(NULL, s);
}

void
read_files(struct reader *r, const char *const *paths, size_t count, void (*read)(struct reader *, const config_setting_t *))
{
	struct source *all = arena_array(r->mem, struct source, count + 1);
	struct hands *hands = count > 1 ? hands_open(1, AHEAD, prepare, NULL, &(struct error){ 0 }) : NULL;
	size_t given = 0;

	for (size_t i = 0; i < count; i++)
		all[i].path = paths[i];
	for (size_t i = 0; i < count; i++) {
		while (hands && given < count && hands_give(hands, &all[given]))
			given++;
		get_ready(hands, &all[i]);
		give(r, &all[i], read);
	}
	hands_close(hands);
}
