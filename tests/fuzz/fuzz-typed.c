/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-typed.c - what somebody types, or writes in an address: codes, numbers, folders, choices.  Nothing gets through that
 * was not offered, and what is read twice is read alike. */
#include <ctype.h>
#include "../../agent/decide/signin.c"
#define begin files_begin
#include "../../agent/decide/files.c"
#undef begin
#define find_row events_find_row
#define spot events_spot
#include "../../agent/decide/events.c"
#undef spot

#include <stdint.h>

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
a_target(const char *text)
{
	size_t len = strlen(text);

	if (!guard_target(text))
		return;
	must(*text == '/' && len <= 1024);
	for (size_t i = 0; i < len; i++)
		must(text[i] > ' ' && text[i] < 127 && text[i] != '\\' && text[i] != '#' &&
		     (text[i] != '%' || (len - i > 2 && isxdigit((unsigned char)text[i + 1]) && isxdigit((unsigned char)text[i + 2]) &&
					 strncmp(text + i, "%00", 3) != 0)));
}

static void
a_code(struct arena *mem, const char *text)
{
	const char *plain = digits(mem, text), *four = fours(mem, text);

	must(!strpbrk(plain, " \t") && strlen(plain) <= strlen(text) && strcmp(digits(mem, plain), plain) == 0);
	must(strcmp(fours(mem, four), four) == 0 && strlen(four) <= 2 * strlen(text));
	for (size_t i = 0; four[i]; i++)
		must((four[i] == '-') == (i % 5 == 4) && !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZoil \t\r\n", four[i]));
}

static void
a_number(const char *text)
{
	long long n = number(text, -7);

	must(n == -7 || (n >= 0 && n == strtoll(text, NULL, 10) && strlen(text) <= 15));
}

static void
a_folder(struct arena *mem, const char *text)
{
	static struct where there = { .share = "e", .path = "Avtal/**" };
	static struct series series = { .id = "s", .clock = CLOCK_EVENT, .action = ACTION_DESTROY, .where = &there, .where_count = 1 };
	static struct share share = { .id = "e" };
	const struct rules rules = { .series = &series, .series_count = 1, .shares = &share, .share_count = 1 };
	const char *path = folder_typed(mem, text);
	struct event e = { .series = "s", .share = "e", .path = path, .date = day_make(2024, 6, 30), .why = text };

	must(!strchr(path, '\\') && !strchr(" /", *path ? path[strlen(path) - 1] : 'x') && !strchr(" /", *path ? *path : 'x'));
	if (event_check(&rules, &e, day_make(2026, 1, 1), true) == EVENT_FINE)
		must(*path && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 && !strstr(path, "/../") && !strpbrk(path, "*?{"));
}

/* One who is asked about two proposals, and may say some things about them. */
static void
a_form(struct arena *mem, const char *body, size_t len)
{
	static const struct stored s[] = { { .id = "a1-1", .p = { .version = "v1", .system = "s", .role = "r" }, .state = STATE_OPEN },
					   { .id = "f1-1", .p = { .version = "v2", .kind = KIND_DESTROY, .series = "s", .share = "e" },
					     .state = STATE_SCHEDULED } };
	static const struct rules none;
	struct server server = { .rules = &none };
	struct request r = { .mem = mem, .now = 1795600000, .server = &server };
	struct view view = { 0 };
	struct spot at;
	size_t fine = 0, wrong = 0;

	if (form_parse(mem, body, len, &r.form) < 0)
		return;
	*arena_push(mem, &view.rows) = (struct asked){ .s = &s[0], .id = s[0].id, .may = MAY(VERDICT_APPROVE) | MAY(VERDICT_KEEP) };
	*arena_push(mem, &view.rows) = (struct asked){ .s = &s[1], .id = s[1].id, .may = MAY(VERDICT_UNDO) };
	choice_read(&r, &view);
	for (size_t i = 0; i < view.choices.count; i++) {
		const struct choice *c = &view.choices.items[i];

		fine += c->made && !c->problem;
		wrong += c->made && c->problem;
		if (!c->made || c->problem)
			continue;
		must(c->on && c->on->may & MAY(c->verdict) && strcmp(c->version, c->on->s->p.version) == 0 && strcmp(c->id, c->on->s->id) == 0);
		must(words_check(c->verdict, &c->words, r.now) == WORDS_FINE && text_is_words(c->words.text));
		must((c->words.until == DAY_NONE) == !*c->until_text);
		for (size_t k = 0; k < i; k++)
			must(strcmp(view.choices.items[k].id, c->id) != 0);
	}
	must(fine == view.made && wrong == view.mistakes + view.refused);
	at = spot_of_form(&r);
	must(strlen(at.word) <= WORD_MOST && text_is_utf8(at.word, strlen(at.word)) && at.row >= 0 && at.from >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	const char *text = arena_copy(mem, (const char *)bytes, len);

	a_target(text);
	a_code(mem, text);
	a_number(text);
	a_folder(mem, text);
	a_form(mem, (const char *)bytes, len);
	arena_close(mem);
	return 0;
}
