/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c - a file of rules: looked at before libconfig sees it, parsed, and given to whoever reads it. */
#include "register_p.h"
#include <ctype.h>

#define FILE_MOST (16u << 20)
#define NESTING_MOST 32

struct objection { int line; const char *what; };

struct source {
	const char *path;
	struct arena *mem;
	char *text;
	size_t len;
	struct error err;               /* it cannot be had */
	LIST(struct objection) objections;
	config_t config;
	bool parsed;                    /* config is to be destroyed */
};

/* ------------------------------------------------------------------ looking */

/* What is wrong; told when its file is read. */
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
parse(struct source *s)
{
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

void
read_files(struct reader *r, const char *const *paths, size_t count, void (*read)(struct reader *, const config_setting_t *))
{
	for (size_t i = 0; i < count; i++) {
		struct source s = { .path = paths[i], .mem = arena_open() };

		r->files_left = count - i;
		parse(&s);
		give(r, &s, read);
	}
}
