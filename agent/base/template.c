/* SPDX-License-Identifier: GPL-3.0-or-later */
/* template.c - renders a strict subset of Mustache over a JSON tree, in the language of who reads it. */
#include "behov/template.h"

#define DEEPEST 20

/* Where names are looked up: the innermost section first. */
struct frame { const json_t *value; const struct frame *up; };

struct work {
	enum template_kind kind;
	const char *name, *source;
	const struct language *language;
	struct text *out;
	struct error *err;
	int depth;
};

struct tag {
	char sigil;                     /* 0, '#', '^', '/', '!' or '>' */
	const char *name;
	size_t len;
	const char *from, *to;          /* the text it takes: its whole line when it stands alone there */
};

static int
wrong(struct work *w, const char *at, const char *why, const char *name, size_t len)
{
	int line = 1;

	for (const char *p = w->source; p < at; p++)
		line += *p == '\n';
	return error_set(w->err, ERROR_CONFIG, "template '%s' line %d: %s '%.*s'", w->name, line, why, (int)len, name);
}

/* A section, note or part alone on its line takes the line. */
static void
take_line(const struct work *w, struct tag *tag)
{
	const char *from = tag->from, *to = tag->to;

	while (from > w->source && (from[-1] == ' ' || from[-1] == '\t'))
		from--;
	while (*to == ' ' || *to == '\t')
		to++;
	if ((from == w->source || from[-1] == '\n') && (*to == '\n' || !*to)) {
		tag->from = from;
		tag->to = to + (*to == '\n');
	}
}

/* The next tag: 1, 0 at the end, -1 with err. */
static int
next_tag(struct work *w, const char *at, struct tag *out)
{
	const char *open = strstr(at, "{{"), *close;

	if (!open)
		return 0;
	close = strstr(open + 2, "}}");
	if (!close)
		return wrong(w, open, "a tag is not closed", "{{", 2);
	*out = (struct tag){ .name = open + 2, .from = open, .to = close + 2 };
	if (strchr("#^/!>", *out->name) && out->name < close)
		out->sigil = *out->name++;
	while (out->name < close && *out->name == ' ')
		out->name++;
	out->len = (size_t)(close - out->name);
	while (out->len && out->name[out->len - 1] == ' ')
		out->len--;
	if (!out->len && out->sigil != '!')
		return wrong(w, open, "a tag has no name", "{{", 2);
	if (out->sigil)
		take_line(w, out);
	return 1;
}

static const json_t *
look_up(const struct frame *frame, const char *name, size_t len)
{
	char key[64];
	const json_t *found;

	if (len == 1 && *name == '.')
		return frame->value;
	if (len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	for (; frame; frame = frame->up) {
		found = json_is_object(frame->value) ? json_object_get(frame->value, key) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

static bool
is_true(const json_t *value)
{
	if (json_is_array(value))
		return json_array_size(value) > 0;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return json_is_object(value) || json_is_true(value) || (json_is_integer(value) && json_integer_value(value) != 0);
}

/* Control characters become '?', and so does what turns the reading direction; lines stay lines. */
static void
plain_text(struct text *out, const char *raw)
{
	struct arena *mem = arena_open();
	char *line = arena_text(mem, raw), *next;

	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		text_plain(line);
		text_add(out, line);
		if (next)
			text_char(out, '\n');
	}
	arena_close(mem);
}

static int
write_value(struct work *w, const struct tag *tag, const json_t *value)
{
	if (!value)
		return wrong(w, tag->from, "there is no value", tag->name, tag->len);
	if (json_is_integer(value))
		text_print(w->out, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value) && w->kind == TEMPLATE_HTML)
		html_text(w->out, json_string_value(value));
	else if (json_is_string(value))
		plain_text(w->out, json_string_value(value));
	else if (!json_is_null(value))
		return wrong(w, tag->from, "this value cannot be written", tag->name, tag->len);
	return 0;
}

static int block(struct work *w, const char **at, const struct frame *frame, bool live, const struct tag *section);

/* The body of a section, as often as its value says; *at is moved past its end. */
static int
section(struct work *w, const char **at, const struct frame *frame, bool live, const struct tag *tag)
{
	const json_t *value = live ? look_up(frame, tag->name, tag->len) : NULL;
	const char *start = tag->to, *end = start;
	size_t count = 1;

	if (live && !value)
		return wrong(w, tag->from, "there is no value", tag->name, tag->len);
	live = live && is_true(value) == (tag->sigil == '#');
	if (live && tag->sigil == '#' && json_is_array(value))
		count = json_array_size(value);
	for (size_t i = 0; i < count; i++) {
		struct frame inner = { json_is_array(value) ? json_array_get(value, i) : value, frame };

		end = start;
		if (block(w, &end, live && tag->sigil == '#' ? &inner : frame, live, tag) < 0)
			return -1;
	}
	*at = end;
	return 0;
}

/* {{#_}}…{{/_}}: what stands there is looked up as it is written, and the translation takes its place. */
static int
spoken(struct work *w, const char **at, const struct frame *frame, bool live, const struct tag *tag)
{
	const char *end = strstr(tag->to, "{{/_}}"), *other = NULL;
	struct work inner = *w;

	if (end && live)
		other = speak_bytes(w->language, tag->to, (size_t)(end - tag->to));
	if (!other)
		return block(w, at, frame, live, tag);
	*at = end + strlen("{{/_}}");
	inner.source = other;
	inner.name = w->language->tag;
	return block(&inner, &other, frame, true, NULL);
}

/* {{>part}} is conf/templates/part when there is one, else part.html or part.txt, as the template it stands in. */
static const char *
find_part(const struct work *w, const struct tag *tag, char *name, size_t room)
{
	const char *source;

	if (tag->len + sizeof(".html") > room)
		return NULL;
	snprintf(name, room, "%.*s", (int)tag->len, tag->name);
	source = template_source(name);
	if (source)
		return source;
	snprintf(name, room, "%.*s%s", (int)tag->len, tag->name, w->kind == TEMPLATE_HTML ? ".html" : ".txt");
	return template_source(name);
}

static int
part(struct work *w, const struct tag *tag, const struct frame *frame)
{
	char name[64];
	const char *at = find_part(w, tag, name, sizeof(name));
	struct work inner = *w;

	if (!at)
		return wrong(w, tag->from, "no such part", tag->name, tag->len);
	inner.source = at;
	inner.name = name;
	return block(&inner, &at, frame, true, NULL);
}

/* Text and tags up to the end of `section` (NULL: of the template); nothing is written when not live. */
static int
block(struct work *w, const char **at, const struct frame *frame, bool live, const struct tag *open)
{
	struct tag tag;
	int rc = 0;

	if (++w->depth > DEEPEST)
		return wrong(w, *at, "nested too deeply", open ? open->name : "", open ? open->len : 0);
	while ((rc = next_tag(w, *at, &tag)) > 0) {
		if (live)
			text_bytes(w->out, *at, (size_t)(tag.from - *at));
		*at = tag.to;
		if (tag.sigil == '/') {
			if (!open || open->len != tag.len || memcmp(open->name, tag.name, tag.len) != 0)
				return wrong(w, tag.from, "this ends no section", tag.name, tag.len);
			w->depth--;
			return 0;
		}
		if (tag.sigil == '#' && tag.len == 1 && *tag.name == '_')
			rc = spoken(w, at, frame, live, &tag);
		else if (tag.sigil == '#' || tag.sigil == '^')
			rc = section(w, at, frame, live, &tag);
		else if (live && tag.sigil == '>')
			rc = part(w, &tag, frame);
		else if (live && !tag.sigil)
			rc = write_value(w, &tag, look_up(frame, tag.name, tag.len));
		if (rc < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	if (open)
		return wrong(w, open->from, "this section is not ended", open->name, open->len);
	if (live)
		text_add(w->out, *at);
	w->depth--;
	return 0;
}

int
template_in(const struct language *language, enum template_kind kind, const char *name, const char *source,
	    const json_t *data, struct text *out, struct error *err)
{
	struct work w = { .kind = kind, .name = name, .source = source, .language = language, .out = out, .err = err };
	const struct frame frame = { data, NULL };

	if (block(&w, &source, &frame, true, NULL) < 0)
		return -1;
	return out->full ? error_set(err, ERROR_CONFIG, "template '%s' gives more than %zu bytes", name, out->max) : 0;
}

int
template_render(enum template_kind kind, const char *name, const char *source, const json_t *data, struct text *out,
		struct error *err)
{
	return template_in(NULL, kind, name, source, data, out, err);
}

int
template_spoken(const struct language *language, const char *name, const json_t *data, struct text *out, struct error *err)
{
	const char *source = template_source(name), *dot = strrchr(name, '.');
	enum template_kind kind = dot && strcmp(dot, ".html") == 0 ? TEMPLATE_HTML : TEMPLATE_TEXT;

	if (!source)
		return error_set(err, ERROR_CONFIG, "there is no template '%s'", name);
	return template_in(language, kind, name, source, data, out, err);
}

int
template_named(const char *name, const json_t *data, struct text *out, struct error *err)
{
	return template_spoken(NULL, name, data, out, err);
}
