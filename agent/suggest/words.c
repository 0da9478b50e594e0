/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.c - words of names, without capitals, marks and endings, and how alike two of them are.
 *
 * Swedish puts words together: a leverantörsfaktura is a kind of faktura, and a fakturaunderlag has to do with one.
 */
#include "survey_p.h"

#include <string.h>

#define COMPOUND_LEAST 4                /* letters: shorter ones end other words by chance */
#define BEGINNING_LEAST 5

static const char *const endings[] = { "heterna", "heten", "heter", "arnas", "ernas", "ornas", "arna", "erna", "orna", "ens", "ets",
				       "het", "ans", "ors", "ars", "ers", "en", "et", "an", "ar", "er", "or", "na", "n", "s", "a", "e", NULL };
static const char *const nothing[] = { "och", "eller", "for", "till", "fran", "med", "den", "det", "som", "inte", "vid", "mot", "per", "inom",
				       "efter", "fore", "samt", "av", "om", "ej", "ur", "pa", "sa", "de", "handling", "fil",
				       "dokument", "ovrigt", "ovriga", "ovrig", "diverse", "mapp", NULL };

/* One after another: "detaljplaner" loses two and "detaljplan" one, and then they are the same. */
static size_t
stem_len(const char *word, size_t len)
{
	for (int i = 0; endings[i];) {
		size_t n = strlen(endings[i]), least = n == 1 ? 4 : 3;

		if (len >= n + least && memcmp(word + len - n, endings[i], n) == 0) {
			len -= n;
			i = 0;
		} else {
			i++;
		}
	}
	return len;
}

static bool
says_nothing(const char *stem)
{
	for (int i = 0; nothing[i]; i++)
		if (strcmp(nothing[i], stem) == 0)
			return true;
	return false;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* As many as fit; a capture of a pattern is no word. */
void
words_of(struct arena *mem, const char *name, struct words *out)
{
	const char *at = text_fold(mem, name);

	out->count = 0;
	while (*at && out->count < WORDS_MOST) {
		size_t len = 0, bare_len;
		const char *said, *bare;
		char *stem;

		if (*at == '{') {
			at += strcspn(at, "}");
			continue;
		}
		while (is_letter(at[len]))
			len++;
		if (len >= 2) {
			said = arena_copy(mem, at, len);
			bare = text_bare(mem, said);
			bare_len = strlen(bare);
			stem = arena_copy(mem, bare, stem_len(bare, bare_len));
			if (bare_len >= 2 && !says_nothing(stem)) {
				out->said[out->count] = said;
				out->list[out->count++] = stem;
			}
		}
		at += len ? len : 1;
	}
	out->own = out->count;
}

/* Folders "Personal" and in it "Akter" say "personalakter". */
void
words_join(struct arena *mem, const struct words *above, struct words *own)
{
	for (int i = 0; i < 2 && above->count && own->count && own->count < WORDS_MOST; i++) {
		const char *first = above->list[above->count - 1], *joint = i ? "s" : "";

		own->said[own->count] = arena_print(mem, "%s%s%s", above->said[above->count - 1], joint, own->said[0]);
		own->list[own->count++] = arena_print(mem, "%s%s%s", first, joint, own->list[0]);
	}
}

static bool
ends_with(const char *word, size_t len, const char *end, size_t n)
{
	return len > n && n >= COMPOUND_LEAST && strcmp(word + len - n, end) == 0;
}

static bool
begins_with(size_t len, const char *word, size_t n, const char *start)
{
	return len > n && n >= BEGINNING_LEAST && strncmp(word, start, n) == 0;
}

int
words_alike(const char *word, const char *kind)
{
	size_t len = strlen(word), n = strlen(kind);

	if (strcmp(word, kind) == 0)
		return 100;
	if (ends_with(word, len, kind, n))
		return 70;
	if (begins_with(len, word, n, kind))
		return 50;
	return ends_with(kind, n, word, len) ? 40 : begins_with(n, kind, len, word) ? 30 : 0;
}

/* ------------------------------------------------------------------ what names often mean */

const char *const precious_shown[PRECIOUS] = { "protokoll", "avtal", "bygglov", "personakt", "personalakt", "betyg", "detaljplan",
					       "årsredovisning", "bokslut", "delegationsbeslut", "adoption", "faderskap", "journal",
					       "fastighetsakt", "elevakt" };

void
words_of_precious(struct arena *mem, const char *stems[PRECIOUS])
{
	for (int i = 0; i < PRECIOUS; i++) {
		struct words w;

		words_of(mem, precious_shown[i], &w);
		stems[i] = w.list[0];
	}
}

/* The word itself, or one that it ends: "hyresavtal". */
unsigned
words_precious(const struct words *w, const char *const stems[PRECIOUS])
{
	unsigned found = 0;

	for (int i = 0; i < w->count; i++)
		for (int k = 0; k < PRECIOUS; k++)
			if (words_alike(w->list[i], stems[k]) >= 70)
				found |= 1u << k;
	return found;
}

const char *const fleeting_shown[FLEETING] = { "tillfälliga filer (tmp, temp, ~$, .part)", "säkerhetskopior (.bak, .old)",
				       "filer som datorn själv har skapat (Thumbs.db, desktop.ini, .DS_Store)",
				       "namn som säger att det är en kopia" };

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && strcmp(name + len - n, end) == 0;
}

/* "x (2).pdf" is what a browser, and "x - kopia.pdf" what a file manager makes of a name that is there already. */
static bool
is_copy(const char *low)
{
	const char *dot = strrchr(low, '.');
	size_t len = dot ? (size_t)(dot - low) : strlen(low);

	return strncmp(low, "kopia av ", 9) == 0 || strncmp(low, "copy of ", 8) == 0 || strstr(low, " - kopia") || strstr(low, " - copy") ||
	       (len > 4 && low[len - 1] == ')' && low[len - 2] >= '1' && low[len - 2] <= '9' && low[len - 3] == '(' && low[len - 4] == ' ');
}

int
name_fleeting(const char *low)
{
	static const char *const temporary[] = { ".tmp", ".temp", ".part", ".crdownload", NULL };

	for (int i = 0; temporary[i]; i++)
		if (ends_in(low, temporary[i]))
			return 0;
	if (strncmp(low, "~$", 2) == 0 || strncmp(low, ".~lock.", 7) == 0)
		return 0;
	if (ends_in(low, ".bak") || ends_in(low, ".old") || ends_in(low, "~"))
		return 1;
	if (strcmp(low, "thumbs.db") == 0 || strcmp(low, "desktop.ini") == 0 || strcmp(low, ".ds_store") == 0 || strncmp(low, "._", 2) == 0)
		return 2;
	return is_copy(low) ? 3 : -1;
}

/* Known endings alone are told: what else a name ends in is its writer's to choose. */
const char *const types_shown[TYPES] = { "pdf", "docx", "doc", "odt", "rtf", "txt", "xlsx", "xls", "ods", "csv", "pptx", "ppt", "msg", "eml",
					 "pst", "jpg", "jpeg", "png", "tif", "tiff", "gif", "bmp", "heic", "dwg", "dxf", "shp", "xml", "json",
					 "html", "htm", "zip", "7z", "rar", "mp3", "wav", "m4a", "mp4", "mov", "avi", "mdb", "accdb", "sql",
					 "log", "exe", "msi", "one", "vsd", "vsdx", "gml", "asice", "p7m", "bak", "tmp", "utan ändelse", "andra" };

int
name_type(const char *low)
{
	const char *dot = strrchr(low, '.');

	if (!dot || dot == low || !dot[1])
		return TYPES - 2;
	for (int i = 0; i < TYPES - 2; i++)
		if (strcmp(dot + 1, types_shown[i]) == 0)
			return i;
	return TYPES - 1;
}
