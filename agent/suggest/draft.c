/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draft.c - suggestions as a rules file, with what a person must know to judge it. */
#include "suggest_p.h"

#include <behov/text.h>

#include <stdlib.h>
#include <string.h>

#define NAMES_MOST 20
#define TEXT_MOST (64u << 20)

/* A text of libconfig. */
void
draft_string(struct text *t, const char *raw)
{
	text_char(t, '"');
	for (; *raw; raw++) {
		if (*raw == '"' || *raw == '\\')
			text_print(t, "\\%c", *raw);
		else if ((unsigned char)*raw < 0x20 || *raw == 0x7f)
			text_print(t, "\\x%02x", (unsigned char)*raw);
		else if ((unsigned char)*raw == 0xc2 && (unsigned char)raw[1] >= 0x80 && (unsigned char)raw[1] < 0xa0)
			text_print(t, "\\xc2\\x%02x", (unsigned char)*++raw);         /* U+0080-9F: terminals obey them */
		else
			text_char(t, *raw);
	}
	text_char(t, '"');
}

/* A line of a comment: what stands in it cannot end it. */
void
draft_comment(struct arena *mem, struct text *t, const char *line)
{
	char *plain = arena_text(mem, line);

	text_plain(plain);
	text_print(t, "# %s\n", plain);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_names(struct arena *mem, struct text *t, const struct snapshot *s, struct set who)
{
	const char **names = arena_array(mem, const char *, (size_t)who.count + 1);

	for (uint32_t i = 0; i < who.count; i++)
		names[i] = s->accounts[who.items[i]].name;
	if (who.count > 1)
		qsort(names, who.count, sizeof(*names), by_text);
	for (uint32_t i = 0; i < who.count && i < NAMES_MOST; i++)
		draft_comment(mem, t, arena_print(mem, "  %s", names[i]));
	if (who.count > NAMES_MOST)
		draft_comment(mem, t, arena_print(mem, "  och %u till", who.count - NAMES_MOST));
}

static void
add_clause(struct arena *mem, struct text *t, const struct suggest_input *in, const struct suggestion *c)
{
	const char *by = in->role->system->owner;

	text_print(t, "\t\t# stämmer på %s som har rollen", text_count(mem, c->covers));
	text_print(t, c->adds ? ", och på %s som inte har den\n" : "\n", text_count(mem, c->adds));
	text_add(t, "\t\t{ why = \"Förslag: skriv varför de behöver rollen\";  by = ");
	draft_string(t, by ? by : "ägare saknas");
	text_print(t, ";  since = \"%s\";\n\t\t  ", day_text(mem, clock_day(in->now)));
	for (int i = 0; i < c->count; i++) {
		const struct suggested *s = &c->conditions[i];

		text_print(t, "%s%s = ", i ? "  " : "", in->rules->attributes[s->attribute].name);
		text_add(t, s->count > 1 ? "( " : "");
		for (int k = 0; k < s->count; k++) {
			text_add(t, k ? ", " : "");
			/* What would be taken for the name of a set begins with two signs. */
			draft_string(t, *s->words[k] == '@' ? arena_print(mem, "@%s", s->words[k]) : s->words[k]);
		}
		text_add(t, s->count > 1 ? " );" : ";");
	}
	text_add(t, " }");
}

char *
suggest_text(struct arena *mem, const struct suggest_input *in, const struct suggestions *all, bool listed)
{
	const struct role *role = in->role;
	struct text t;
	char *out;

	text_open(&t, TEXT_MOST);
	draft_comment(mem, &t, arena_print(mem, "%s: rollen %s", role->system->name, role->name));
	draft_comment(mem, &t, arena_print(mem, "Ett utkast, efter vilka som har rollen den %s. Inget gäller förrän någon har läst det, skrivit varför",
					 day_text(mem, clock_day(in->now))));
	draft_comment(mem, &t, "och lagt filen i rules/. Vad det skulle ändra: behov plan --rules KOPIA-AV-RULES");
	draft_comment(mem, &t, arena_print(mem, "%s av %s personer har rollen.", text_count(mem, all->have), text_count(mem, all->people.count)));
	if (!in->all)
		draft_comment(mem, &t, "En grupp som ger rollen saknas eller kunde inte läsas helt: fler kan ha den än de som räknas här.");
	if (all->longest < 3)
		draft_comment(mem, &t, arena_print(mem, "Så mycket är känt om dem att behov med fler än %s uppgift%s inte har prövats.",
						 all->longest == 1 ? "en" : "två", all->longest == 1 ? "" : "er"));
	if (!all->list.count)
		draft_comment(mem, &t, all->have ? "De har inget gemensamt som skiljer dem från andra: behovet måste skrivas för hand." :
				     "Ingen har rollen, så det finns inget att gå efter.");
	if (all->list.count && all->outside.count) {
		draft_comment(mem, &t, arena_print(mem, "%u har rollen utan att något stämmer på dem:", all->outside.count));
		add_names(mem, &t, in->snapshot, all->outside);
	}
	if (all->added.count) {
		draft_comment(mem, &t, arena_print(mem, "På %u stämmer något, utan att de har rollen:", all->added.count));
		add_names(mem, &t, in->snapshot, all->added);
	}
	text_add(&t, listed ? "{\n\tsystem = " : "needs = {\n\tsystem = ");
	draft_string(&t, role->system->id);
	text_add(&t, ";  role = ");
	draft_string(&t, role->id);
	text_add(&t, ";\n\tneeds = (\n");
	for (size_t i = 0; i < all->list.count; i++) {
		if (i)
			text_add(&t, ",\n");
		add_clause(mem, &t, in, &all->list.items[i]);
	}
	text_add(&t, listed ? "\n\t);\n}" : "\n\t);\n};\n");
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}
