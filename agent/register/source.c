/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.c - a file of rules: looked at before libconfig sees it, parsed, and given to whoever reads it. */
#include "register_p.h"
#include <ctype.h>
#include <pthread.h>

#define FILE_MOST (16u << 20)
#define NESTING_MOST 32
#define AHEAD 4                         /* files that are parsed and not yet read and dropped */
#define MANY 8                          /* so many are worth a thread */

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
give(struct reader *r, const struct source *s, void (*read)(struct reader *, const config_setting_t *))
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
}

static void
drop(struct source *s)
{
	if (s->parsed)
		config_destroy(&s->config);
	arena_close(s->mem);
}

/* ------------------------------------------------------------------ many files: one thread parses them while another reads */

struct line {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct source *sources;
	size_t count, parsed, given;
};

/* Drops what has been read, and that first: memory that another thread frees, or that is new, takes longer than to parse. */
static void *
parse_all(void *self)
{
	struct line *l = self;
	size_t dropped = 0;

	pthread_mutex_lock(&l->lock);
	while (dropped < l->count)
		if (l->given > dropped) {
			pthread_mutex_unlock(&l->lock);
			drop(&l->sources[dropped++]);
			pthread_mutex_lock(&l->lock);
		} else if (l->parsed < l->count && l->parsed < dropped + AHEAD) {
			struct source *next = &l->sources[l->parsed];

			pthread_mutex_unlock(&l->lock);
			parse(next);
			pthread_mutex_lock(&l->lock);
			l->parsed++;
			pthread_cond_signal(&l->moved);
		} else {
			pthread_cond_wait(&l->moved, &l->lock);
		}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void
give_all(struct reader *r, struct line *l, void (*read)(struct reader *, const config_setting_t *))
{
	for (size_t i = 0; i < l->count; i++) {
		pthread_mutex_lock(&l->lock);
		while (l->parsed == i)
			pthread_cond_wait(&l->moved, &l->lock);
		pthread_mutex_unlock(&l->lock);
		give(r, &l->sources[i], read);
		pthread_mutex_lock(&l->lock);
		l->given++;
		pthread_cond_signal(&l->moved);
		pthread_mutex_unlock(&l->lock);
	}
}

void
read_files(struct reader *r, const char *const *paths, size_t count, void (*read)(struct reader *, const config_setting_t *))
{
	struct line l = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER, .count = count,
			  .sources = arena_array(r->mem, struct source, count + 1) };
	pthread_t thread;

	for (size_t i = 0; i < count; i++)
		l.sources[i].path = paths[i];
	if (count >= MANY && pthread_create(&thread, NULL, parse_all, &l) == 0) {
		give_all(r, &l, read);
		pthread_join(thread, NULL);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		parse(&l.sources[i]);
		give(r, &l.sources[i], read);
		drop(&l.sources[i]);
	}
}
