/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-base.c - errors keep their cause, arenas grow, text is quoted for its place, digests are the known ones. */
#include "check.h"

#include <behov/csv.h>
#include <behov/digest.h>
#include <behov/file.h>
#include <behov/json.h>
#include <behov/keyed.h>
#include <behov/late.h>
#include <behov/nouns.h>
#include <behov/sign.h>
#include <behov/text.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utf8proc.h>

static struct arena *mem;

static void the_first_cause_is_kept_and_the_place_stands_before_it(void)
{
	struct error err = { 0 };

	errno = ENOENT;
	CHECK(error_sys(&err, ERROR_SOURCE, "cannot open '%s'", "x") == -1);
	CHECK(error_in(&err, "collecting from '%s'", "dc1") == -1);
	CHECK_TEXT(err.text, "collecting from 'dc1': cannot open 'x': No such file or directory");
	CHECK(err.kind == ERROR_SOURCE && error_exit(&err) == 1);
	CHECK(error_set(NULL, ERROR_USAGE, "nobody listens") == -1);
}

static void a_long_place_never_pushes_out_the_cause(void)
{
	struct error err = { 0 };
	char long_place[3000];

	memset(long_place, 'p', sizeof(long_place) - 1);
	long_place[sizeof(long_place) - 1] = '\0';
	error_set(&err, ERROR_CONFIG, "the cause");
	error_in(&err, "%s", long_place);
	CHECK(strlen(err.text) < sizeof(err.text));
	CHECK(strstr(err.text, ": the cause") != NULL);
	CHECK(error_exit(&err) == 2);
}

static void an_arena_gives_zeroed_memory_of_any_size(void)
{
	struct arena *own = arena_open();
	LIST(int) list = { 0 };
	int wrong = 0;

	for (size_t size = 1; size < 5000000; size = size * 3 + 1) {
		unsigned char *p = arena_take(own, size);

		for (size_t i = 0; i < size; i++)
			wrong += p[i] != 0;
		memset(p, 0xff, size);
	}
	CHECK(wrong == 0);
	for (int i = 0; i < 10000; i++)
		*(int *)arena_push(own, &list) = i;
	for (int i = 0; i < 10000; i++)
		wrong += list.items[i] != i;
	CHECK(list.count == 10000 && wrong == 0);
	CHECK_TEXT(arena_print(own, "%s-%d", "a", 7), "a-7");
	CHECK(arena_text(own, NULL) == NULL);
	arena_close(own);
}

/* In the kernel's place: what comes at once is counted, and may be refused, as by a kernel before 5.14. */
static size_t fetched;
static bool refusing;

int madvise(void *at, size_t len, int what)
{
	fetched += what == MADV_POPULATE_WRITE ? len : 0;
	if (!refusing)
		return (int)syscall(SYS_madvise, at, len, what);
	errno = EINVAL;
	return -1;
}

/* A message about what failed before is often made with memory that is taken after it. */
static void memory_that_may_not_come_at_once_comes_and_leaves_errno_alone(void)
{
	struct arena *own = arena_open();
	int wrong = 0;

	fetched = 0;
	refusing = true;
	errno = ENOENT;
	for (int i = 0; i < 3000; i++) {
		const size_t size = i < 2999 ? 1000 : 1000000;  /* a sanitizer's ordinary blocks come at once in any case */
		const unsigned char *p = arena_take(own, size);

		for (size_t k = 0; k < size; k++)
			wrong += p[k] != 0;
	}
#ifdef SANITIZED
	CHECK(fetched > 0);
#else
	CHECK(fetched > 1000000);
#endif
	CHECK(errno == ENOENT && wrong == 0);
	refusing = false;
	arena_close(own);
}

/* utf8proc reads a character at a time, and no eight bytes at once. */
static bool is_utf8_slowly(const char *bytes, size_t len)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	for (size_t at = 0; at < len; at += (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)bytes + at, (utf8proc_ssize_t)(len - at), &c);
		if (n <= 0 || c == 0)
			return false;
	}
	return true;
}

static void text_of_each_length_is_utf8_when_each_of_its_characters_is(void)
{
	static const char *const parts[] = { "a", "abcdefgh", "å", "€", "\U0001f600", "\x80", "\xc3", "\xed\xa0\x80", "\xff", "" };
	unsigned draw = 3;
	int wrong = 0, good = 0;

	for (int turn = 0; turn < 200000; turn++) {
		char text[80];
		size_t len = 0;
		int most = turn % 8;            /* mostly text; now and then what is none, or a NUL */

		for (int i = 0; i < most; i++) {
			size_t part = (draw = draw * 1103515245u + 12345u) >> 16;
			const char *add = parts[part % 3 ? part / 3 % 5 : part / 3 % 10];
			size_t n = *add ? strlen(add) : 1;

			memcpy(text + len, add, n);
			len += n;
		}
		wrong += text_is_utf8(text, len) != is_utf8_slowly(text, len);
		good += is_utf8_slowly(text, len);
	}
	CHECK(wrong == 0 && good > 50000 && good < 190000);
}

/* Whatever the order of large and small: what was given lies apart, is aligned, and stays as it was written. */
static void what_an_arena_gives_never_overlaps(void)
{
	static const size_t sizes[] = { 1, 100, 70000, 300000, 524287, 524288, 600000, 1048576, 1100000, 2097088, 2097152, 2097153, 3200000, 4194304 };
	enum { MANY = 60, KINDS = sizeof(sizes) / sizeof(*sizes) };
	struct arena *own = arena_open();
	unsigned char *given[MANY];
	size_t len[MANY], taken = 0;
	unsigned draw = 7;
	int wrong = 0;

	for (int i = 0; i < MANY; i++) {
		draw = draw * 1103515245u + 12345u;
		len[i] = sizes[(draw >> 16) % KINDS];
		given[i] = arena_take(own, len[i]);
		wrong += (uintptr_t)given[i] % alignof(max_align_t) != 0;
		wrong += given[i][0] != 0 || given[i][len[i] / 2] != 0 || given[i][len[i] - 1] != 0;
		memset(given[i], i + 1, len[i]);
		taken += len[i];
	}
	for (int i = 0; i < MANY; i++)
		for (size_t k = 0; k < len[i]; k++)
			wrong += given[i][k] != (unsigned char)(i + 1);
	CHECK(wrong == 0);
	CHECK(arena_used(own) >= taken);
	arena_close(own);
}

/* Text lies without gaps, and what follows it is aligned all the same; blocks end wherever they end. */
static void text_and_what_is_aligned_lie_in_one_arena(void)
{
	enum { MANY = 30000 };
	struct arena *own = arena_open();
	char *given[MANY];
	unsigned draw = 11;
	int wrong = 0;

	for (int i = 0; i < MANY; i++) {
		int len = (int)((draw = draw * 1103515245u + 12345u) >> 16) % (i % 100 ? 40 : 3000);

		if (i % 3 == 0) {
			given[i] = arena_print(own, "%0*d", len + 6, i);
			continue;
		}
		given[i] = i % 3 == 1 ? arena_bytes(own, (size_t)len + 7) : arena_take(own, (size_t)len + 7);
		wrong += i % 3 == 2 && (uintptr_t)given[i] % alignof(max_align_t) != 0;
		for (int k = 0; k < len + 7; k++)
			wrong += given[i][k] != 0;
		snprintf(given[i], (size_t)len + 7, "%0*d", len + 6, i);
	}
	for (int i = 0; i < MANY; i++)
		wrong += atoi(given[i]) != i || strspn(given[i], "0123456789") != strlen(given[i]);
	CHECK(wrong == 0);
	arena_close(own);
}

/* How often so much is to be had before more memory is asked for. */
static int takes_until_more(struct arena *own, size_t size)
{
	size_t used = arena_used(own);
	int takes = 0;

	for (; arena_used(own) == used; takes++)
		arena_take(own, size);
	return takes;
}

static void what_was_given_back_is_given_before_more_is_asked_for(void)
{
	struct arena *kept = arena_open(), *back = arena_open();

	arena_take(kept, 1000000);
	arena_back(back, arena_take(back, 1000000), 1000000);
	CHECK(takes_until_more(back, 10000) - takes_until_more(kept, 10000) == 100);
	arena_close(kept);
	arena_close(back);
}

/* What was given back is given again, zeroed as all is, and never while somebody has it. */
static void what_was_given_back_is_given_again(void)
{
	enum { MANY = 200, ROUNDS = 20000 };
	struct arena *own = arena_open();
	struct { unsigned char *at, mark; size_t len; } held[MANY] = { 0 };
	unsigned draw = 3;
	int wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int k = (int)((draw = draw * 1103515245u + 12345u) >> 16) % MANY;

		for (size_t b = 0; b < held[k].len; b++)
			wrong += held[k].at[b] != held[k].mark;
		if (held[k].at)
			arena_back(own, held[k].at, held[k].len);
		held[k].len = ((draw = draw * 1103515245u + 12345u) >> 16) % 30000 + 1;
		held[k].mark = (unsigned char)(i % 255 + 1);
		held[k].at = arena_take(own, held[k].len);
		wrong += (uintptr_t)held[k].at % alignof(max_align_t) != 0;
		for (size_t b = 0; b < held[k].len; b++)
			wrong += held[k].at[b] != 0;
		memset(held[k].at, held[k].mark, held[k].len);
	}
	for (int k = 0; k < MANY / 2; k++)
		arena_back(own, held[k].at, held[k].len);
	arena_wipe(own);                        /* of that, too */
	for (int k = 0; k < MANY; k++)
		for (size_t b = 0; b < held[k].len; b++)
			wrong += held[k].at[b] != 0;
	CHECK(wrong == 0);
	arena_close(own);
}

/* A list that was doubled may never be filled: where memory is limited, what nobody uses would be what we are killed for. */
static void of_a_very_large_block_only_the_beginning_comes_at_once(void)
{
	struct arena *own = arena_open();

	fetched = 0;
	arena_take(own, (size_t)256 << 20);
	CHECK(fetched > 0 && fetched <= 1 << 20);
	arena_close(own);
}

static const char *quoted(void (*quote)(struct text *, const char *), const char *raw)
{
	struct text t;
	char *out;

	text_open(&t, 1000);
	quote(&t, raw);
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}

static void each_place_has_its_quoting(void)
{
	struct text t;

	CHECK_TEXT(quoted(html_text, "<å & \"b\" 'c'>\x01"), "&lt;å &amp; &quot;b&quot; &#39;c&#39;&gt;\xef\xbf\xbd");
	CHECK_TEXT(quoted(csv_cell, "åäö"), "åäö");
	CHECK_TEXT(quoted(csv_cell, "a\"b;c"), "\"a\"\"b;c\"");
	CHECK_TEXT(quoted(csv_cell, "=1+1"), "\"'=1+1\"");
	CHECK_TEXT(quoted(csv_cell, "@x"), "\"'@x\"");
	text_open(&t, 100);
	ldap_value(&t, "a*(\0\\", 5);
	CHECK_TEXT(t.data, "a\\2a\\28\\00\\5c");
	text_close(&t);
}

static void a_text_stops_at_its_maximum_and_says_so(void)
{
	struct text t;

	text_open(&t, 10);
	text_add(&t, "12345678");
	text_add(&t, "9012");
	CHECK_TEXT(t.data, "12345678");
	CHECK(t.full);
	text_add(&t, "9");
	CHECK_TEXT(t.data, "12345678");
	text_close(&t);
}

static void a_file_name_survives_being_shown(void)
{
	static const char *const names[] = { "plain.txt", "r\xe4ksm\xf6rg\xe5s", "räksmörgås", "100 % klart", "a\nb", "\x01\x7f",
					     "\xed\xa0\x80", "\xc0\xaf", "\xe2\x80\xae.exe", "\xff", "%41", "\xc2\x85" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *shown = name_show(mem, names[i]);

		CHECK(text_is_utf8(shown, strlen(shown)));
		CHECK(strpbrk(shown, "\n\x01\x7f") == NULL);
		CHECK_TEXT(name_read(mem, shown), names[i]);
		CHECK(name_is_plain(names[i], strlen(names[i])) == (strcmp(shown, names[i]) == 0));
	}
	CHECK_TEXT(name_show(mem, "r\xe4ka"), "r%E4ka");
	CHECK_TEXT(name_show(mem, "100 %"), "100 %25");
	CHECK(name_read(mem, "%4") == NULL);
	CHECK(name_read(mem, "%00") == NULL);
	CHECK(name_read(mem, "%zz") == NULL);
}

static void names_fold_by_case_but_not_by_diacritics(void)
{
	CHECK_TEXT(text_fold(mem, "ÅSA Öberg"), "åsa öberg");
	CHECK_TEXT(text_fold(mem, "A\xcc\x8a"), "å");
	CHECK_TEXT(text_fold(mem, "R\xe4KA"), "r\xe4ka");
	CHECK(strcmp(text_fold(mem, "björn"), text_fold(mem, "bjorn")) != 0);
}

/* A hold or a preserve rule would otherwise not see that such a name is one of theirs. */
static void one_stray_byte_does_not_keep_a_name_from_being_folded(void)
{
	CHECK_TEXT(text_fold(mem, "ÅRSBOK-\xff.PDF"), "årsbok-\xff.pdf");
	CHECK_TEXT(text_fold(mem, "\xe4Ö\xe4"), "\xe4ö\xe4");
	CHECK_TEXT(text_fold(mem, "\xff"), "\xff");
	CHECK_TEXT(text_fold(mem, "A\xcc\x8a\xff"), "å\xff");
}

/* Every byte of ASCII at every place of names around the length of a machine's word. */
static void capitals_of_ascii_fold_wherever_they_stand(void)
{
	char name[30], small[30];

	for (size_t len = 0; len < 20; len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 1; c < 128; c++) {
				struct arena *own = arena_open();

				memset(name, 'Z', len);
				name[len] = '\0';
				name[at] = (char)c;
				for (size_t i = 0; i <= len; i++)
					small[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
				CHECK_TEXT(text_fold(own, name), small);
				arena_close(own);
			}
}

/* Each letter after each, as the library of Unicode folds them. */
static void letters_of_latin_1_fold_as_unicode_says(void)
{
	for (utf8proc_int32_t a = 0x21; a < 0x180; a++)
		for (utf8proc_int32_t b = 0x21; b <= 0x310; b++) {
			struct arena *own = arena_open();
			utf8proc_uint8_t name[9] = { 0 }, *folded = NULL;
			utf8proc_ssize_t len = utf8proc_encode_char(a, name);

			utf8proc_encode_char(b, name + len);
			CHECK(utf8proc_map(name, 0, &folded, UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD) >= 0);
			CHECK_TEXT(text_fold(own, (char *)name), (char *)folded);
			free(folded);
			arena_close(own);
		}
}

/* As it is said: '*' is any number of whole characters, '?' is one. */
static bool glob_slowly(const char *pattern, const char *value)
{
	size_t n = 1;

	if (!*pattern)
		return !*value;
	if (*pattern == '*' && glob_slowly(pattern + 1, value))
		return true;
	if (!*value)
		return false;
	while (n < 4 && value[n] && !text_is_utf8(value, n))
		n++;
	n = text_is_utf8(value, n) ? n : 1;
	if (*pattern == '*')
		return glob_slowly(pattern, value + n);
	return *pattern == '?' ? glob_slowly(pattern + 1, value + n) : *pattern == *value && glob_slowly(pattern + 1, value + 1);
}

/* All names of up to three pieces against all patterns of up to four.  Names may be broken in any way. */
static void a_glob_is_what_every_way_to_read_it_says(void)
{
	static const char *const piece[] = { "", "a", "b", "\xc3\xa5", "\xc3\xa4", "\xa5", "*", "?" };
	static const char *const in_name[] = { "", "a", "b", "\xc3\xa5", "\xc3\xa4", "\xa5", "\xc3" };
	char pattern[20], value[20];

	for (int p = 0; p < 8 * 8 * 8 * 8; p++)
		for (int v = 0; v < 7 * 7 * 7; v++) {
			snprintf(pattern, sizeof pattern, "%s%s%s%s", piece[p % 8], piece[p / 8 % 8], piece[p / 64 % 8], piece[p / 512]);
			snprintf(value, sizeof value, "%s%s%s", in_name[v % 7], in_name[v / 7 % 7], in_name[v / 49]);
			size_t ending = text_glob_ending(pattern), len = strlen(value);
			bool holds = glob_slowly(pattern, value);
			bool ends = len >= ending && strcmp(value + len - ending, pattern + strlen(pattern) - ending) == 0;

			if (text_glob(pattern, value) != holds || (ending && ends != holds)) {
				CHECK_TEXT(pattern, value);
				return;
			}
		}
}

static void a_glob_matches_whole_values(void)
{
	CHECK(text_glob("enhetschef*", "enhetschef barn"));
	CHECK(text_glob("*chef", "enhetschef"));
	CHECK(!text_glob("chef", "enhetschef"));
	CHECK(text_glob("?ke", "åke"));
	CHECK(!text_glob("?ke", "aake"));
	CHECK(text_glob("*", ""));
	CHECK(!text_glob("?", ""));
	CHECK(text_glob("a*b*c", "aXbXbXc"));
	CHECK(!text_glob("a*b*c", "aXbXbX"));
	CHECK(!text_glob("*??.pdf", "\xe2\x82\xac.pdf"));      /* one character of three bytes is not two */
	CHECK(text_glob("*?.pdf", "\xe2\x82\xac.pdf"));
	CHECK(text_glob_ending("*.pdf") == 4 && !text_glob_ending("a*.pdf") && !text_glob_ending("*.?df") && !text_glob_ending("*"));
	CHECK(text_glob("*\xff*?", "a\xff\xe4"));
	CHECK(!text_glob("*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void
what_was_written_on_lines_stands_on_one(void)
{
	static const char *const cases[][2] = {
		{ "en rad", "en rad" }, { "en\r\ntvå", "en / två" }, { "en \t\n \n\r\n\ttvå\r", "en / två" }, { "\n\nen  två\n", "en  två" }, { "\r\n", "" },
		{ "a\nb\nc", "a / b / c" }, { " \t", " \t" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(text_line(mem, cases[i][0]), cases[i][1]);
}

static void nothing_from_outside_steers_a_terminal(void)
{
	char line[] = "a\n\x1b[2J\xc2\x9b" "b\x9b\xe2\x80\xae 100 % å";

	text_plain(line);
	CHECK_TEXT(line, "a??[2J?b?? 100 % å");
}

static void a_list_that_is_filled_again_starts_zeroed(void)
{
	struct arena *own = arena_open();
	LIST(int) list = { 0 };

	*(int *)arena_push(own, &list) = 7;
	list.count = 0;
	CHECK(*(int *)arena_push(own, &list) == 0);
	list.items[0] = 9;
	arena_room(own, &list, 1000);
	CHECK(list.room >= 1001 && list.count == 1 && list.items[0] == 9);
	for (int i = 0; i < 1000; i++) {
		int *before = list.items;

		CHECK(*(int *)arena_push(own, &list) == 0 && list.items == before);
	}
	arena_close(own);
}

/* Of any length: in the block in use, in the next one, and in one of its own. */
static void what_is_printed_leaves_the_rest_zeroed(void)
{
	char text[9001] = "";

	for (int len = 0; len < 9000; len++) {
		struct arena *own = arena_open();
		const char *first = arena_print(own, "%d", 7), *out = arena_print(own, "%s%d", text, 8);
		const unsigned char *rest = arena_take(own, 1000);
		bool zeroed = true;

		for (int i = 0; i < 1000; i++)
			zeroed &= rest[i] == 0;
		CHECK(zeroed && strcmp(first, "7") == 0 && (int)strlen(out) == len + 1 && out[len] == '8' && memcmp(out, text, (size_t)len) == 0);
		arena_close(own);
		text[len] = 'x';
	}
}

static void room_for_a_little_more_a_thousand_times_costs_no_thousand_copies(void)
{
	struct arena *own = arena_open();
	LIST(int) list = { 0 };

	for (int i = 0; i < 1000; i++) {
		arena_room(own, &list, 100);
		for (int k = 0; k < 100; k++)
			*(int *)arena_push(own, &list) = i;
	}
	CHECK(list.count == 100000 && list.items[99999] == 999 && arena_used(own) < 10 * list.count * sizeof(int));
	arena_close(own);
}

static const char *fields(const char *a, const char *b, const char *c)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, a);
	digest_field(d, b);
	digest_field(d, c);
	digest_close(d, sum);
	return digest_hex(mem, sum, sizeof(sum));
}

static void no_two_lists_of_fields_have_one_digest(void)
{
	static const char *const values[] = { NULL, "", "a", "\1", "\1\1", "\1a", "a\1" };
	enum { N = sizeof(values) / sizeof(*values) };
	const char *seen[N * N * N];
	int count = 0, same = 0;

	for (int i = 0; i < N * N * N; i++) {
		seen[count] = fields(values[i / N / N], values[i / N % N], values[i % N]);
		for (int k = 0; k < count; k++)
			same += strcmp(seen[k], seen[count]) == 0;
		count++;
	}
	CHECK(same == 0);
}

static void numbers_read_as_swedish(void)
{
	CHECK_TEXT(text_count(mem, 1234567), "1\xc2\xa0" "234\xc2\xa0" "567");
	CHECK_TEXT(text_count(mem, -999), "-999");
	CHECK(text_count(mem, LLONG_MIN)[0] == '-');
	CHECK_TEXT(text_size(mem, 999), "999\xc2\xa0" "byte");
	CHECK_TEXT(text_size(mem, 1250), "1,2\xc2\xa0kB");
	CHECK_TEXT(text_size(mem, 3400000000), "3,4\xc2\xa0GB");
}

/* RFC 8032, 7.1, the second; and that a signature has one form: with the group's order added to its second half it is another text. */
static void a_signature_is_the_published_one_and_no_other_holds(void)
{
	static const char secret[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
	static const char public[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
	static const char first[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da";
	static const char second[] = "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
	static const char longer[] = "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10";
	const char *signature = arena_print(mem, "%s%s", first, second);

	CHECK_TEXT(sign_public(mem, secret), public);
	CHECK_TEXT(sign_text(mem, secret, "r"), signature);
	CHECK(sign_holds(public, "r", signature));
	CHECK(!sign_holds(public, "s", signature) && !sign_holds(secret, "r", signature));
	CHECK(!sign_holds(public, "r", arena_print(mem, "%s%s", first, longer)));
	CHECK(!sign_holds(public, "r", first) && !sign_holds(public, "r", NULL) && !sign_holds(NULL, "r", signature));
	for (size_t i = 0; i < SIGN_SIZE; i++) {
		char *other = arena_text(mem, signature);

		other[i] = other[i] == '0' ? '1' : '0';
		CHECK(!sign_holds(public, "r", other));
	}
	CHECK(sign_text(mem, "4ccd", "r") == NULL && sign_public(mem, "4ccd") == NULL);
}

static void digests_are_the_published_ones(void)
{
	unsigned char sum[DIGEST_SIZE], key[131];
	struct digest *d;

	CHECK_TEXT(digest_text(mem, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_hmac("Jefe", 4, "what do ya want for nothing?", 28, sum);        /* RFC 4231, case 2 */
	CHECK_TEXT(digest_hex(mem, sum, 32), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	digest_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, sum);       /* case 6 */
	CHECK_TEXT(digest_hex(mem, sum, 32), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	CHECK_TEXT(digest_base64url(mem, "\xfb\xff\xfe", 3), "-__-");
	CHECK_TEXT(digest_base64url(mem, "f", 1), "Zg");
	CHECK_TEXT(digest_base64url(mem, "fo", 2), "Zm8");
	d = digest_open();
	digest_field(d, "ab");
	digest_field(d, "c");
	digest_close(d, sum);
	CHECK(strcmp(digest_hex(mem, sum, 32), digest_text(mem, "abc")) != 0);
	CHECK(digest_equal("x", "x") && !digest_equal("x", "y") && !digest_equal("x", "xx") && !digest_equal(NULL, NULL));
}

/* ------------------------------------------------------------------ CSV */

static int rows(const char *bytes, struct csv *csv, struct error *err)
{
	return csv_read(mem, "hr.csv", bytes, strlen(bytes), csv, err);
}

static void csv_is_read_as_real_exports_write_it(void)
{
	struct error err = { 0 };
	struct csv csv;

	CHECK(rows("\xef\xbb\xbfNr;Namn\r\n1;\"Berg; Anna\"\r\n2;\"a \"\"b\"\"\nc\"\r\n3;\r\n", &csv, &err) == 0);
	CHECK(csv.rows.count == 4);
	CHECK_TEXT(csv.rows.items[0].cells[0], "Nr");
	CHECK_TEXT(csv.rows.items[1].cells[1], "Berg; Anna");
	CHECK_TEXT(csv.rows.items[2].cells[1], "a \"b\"\nc");
	CHECK_TEXT(csv.rows.items[3].cells[1], "");
	CHECK(csv.rows.items[3].line == 5);
	CHECK(csv_column(&csv, "NAMN") == 1 && csv_column(&csv, "x") == -1);
	CHECK(rows("a,b\nR\xe4ka,\x80\n", &csv, &err) == 0);
	CHECK_TEXT(csv.rows.items[1].cells[0], "Räka");
	CHECK_TEXT(csv.rows.items[1].cells[1], "€");
}

static void half_a_csv_is_never_a_whole_one(void)
{
	static const struct { const char *bytes, *says; } bad[] = {
		{ "a;b\n1;2", "does not end in a newline" },
		{ "a;b\n1;\"2\n", "hr.csv:2: a quote that is never closed" },
		{ "a;b\n1;\"2\"x\n", "hr.csv:2: text after a closing quote" },
		{ "a;b\n1\n", "hr.csv:2: 1 cells, but the header has 2" },
		{ "a;b\n1;2;3\n", "hr.csv:2: 3 cells, but the header has 2" },
		{ "", "is empty" },
		{ "\n\n", "has no header" },
		{ "\xff\xfe\x61", "UTF-16" },
		{ "a;b\n\x81;1\n", "hr.csv:2: a byte that is neither" },
	};
	struct csv csv;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { 0 };

		CHECK(rows(bad[i].bytes, &csv, &err) < 0);
		CHECK(strstr(err.text, bad[i].says) != NULL);
	}
	CHECK(csv_read(mem, "x", "a\0b\n", 4, &csv, NULL) < 0);
}

/* ------------------------------------------------------------------ files and JSON */

static void a_secret_that_others_can_read_is_refused(void)
{
	char folder[] = "/tmp/behov-base-XXXXXX", *path, *link_path, *out = NULL;
	struct error err = { 0 };
	size_t len = 0;

	if (!mkdtemp(folder)) {
		CHECK(false);
		return;
	}
	path = arena_print(mem, "%s/secret", folder);
	link_path = arena_print(mem, "%s/link", folder);
	CHECK(file_write(path, "hemligt\n", 8, &err) == 0);
	CHECK(file_secret(mem, path, &out, &len, &err) < 0);
	CHECK(strstr(err.text, "chmod 600") && !strstr(err.text, "hemligt"));
	CHECK(chmod(path, 0600) == 0);
	CHECK(file_secret(mem, path, &out, &len, &err) == 0 && len == 7);
	CHECK_TEXT(out, "hemligt");
	CHECK(symlink(path, link_path) == 0);
	CHECK(file_secret(mem, link_path, &out, &len, &err) < 0);
	CHECK(file_read(mem, path, 4, &out, &len, &err) < 0);
	CHECK(file_read(mem, folder, 400, &out, &len, &err) < 0);
	unlink(link_path);
	unlink(path);
	rmdir(folder);
}

/* systemd shows it to its unit by an ACL, whose mask looks like a right of the group. */
static void a_credential_may_look_as_if_the_group_read_it(void)
{
	char folder[] = "/tmp/behov-base-XXXXXX", *path, *out = NULL;
	struct error err = { 0 };
	size_t len = 0;
	int ours = getuid() == 0 ? 0 : -1;              /* only root's are taken so */

	if (!mkdtemp(folder)) {
		CHECK(false);
		return;
	}
	path = arena_print(mem, "%s/secret", folder);
	CHECK(file_write_private(path, "hemligt\n", 8, &err) == 0 && chmod(path, 0440) == 0);
	CHECK(file_secret(mem, path, &out, &len, &err) < 0);
	setenv("CREDENTIALS_DIRECTORY", arena_print(mem, "%s-not", folder), 1);
	CHECK(file_secret(mem, path, &out, &len, &err) < 0);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	CHECK(file_secret(mem, path, &out, &len, &err) == ours);
	CHECK(chmod(path, 0444) == 0 && file_secret(mem, path, &out, &len, &err) < 0);
	unsetenv("CREDENTIALS_DIRECTORY");
	unlink(path);
	rmdir(folder);
}

/* Whatever the umask: who made the store may be another than who needs it. */
static void a_folder_that_hands_its_group_on_says_who_shares_a_file(void)
{
	static const struct { mode_t folder; bool writers; mode_t file; } cases[] = {
		{ 0750, false, 0600 }, { 0775, false, 0600 }, { 02750, false, 0640 }, { 02770, false, 0660 }, { 02775, false, 0664 },
		{ 02755, false, 0644 }, { 02750, true, 0600 }, { 02775, true, 0660 }, { 02755, true, 0600 }, { 0775, true, 0600 } };
	char folder[] = "/tmp/behov-base-XXXXXX";
	mode_t before = umask(077);
	struct error err = { 0 };
	struct stat st;

	CHECK(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *path = arena_print(mem, "%s/%zu", folder, i);
		int fd;

		CHECK(chmod(folder, cases[i].folder) == 0);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
		CHECK(fd >= 0 && file_share(fd, path, cases[i].writers, &err) == 0);
		CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == cases[i].file);
		CHECK(chmod(folder, 02775) == 0 && write(fd, "x", 1) == 1 && file_share(fd, path, false, &err) == 0);
		CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == cases[i].file);     /* what holds something is left as it is */
		close(fd);
		unlink(path);
	}
	umask(before);
	rmdir(folder);
}

static void
what_is_made_in_a_shared_folder_is_shared(void)
{
	static const struct { mode_t of, wanted; } cases[] = { { 02770, 02770 }, { 02750, 02750 }, { 0770, 0770 }, { 0700, 0750 } };
	mode_t mask = umask(027);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char folder[] = "/tmp/behov-shared-XXXXXX";
		struct error err = { 0 };
		const char *made;
		struct stat st;

		CHECK(mkdtemp(folder) != NULL && chmod(folder, cases[i].of) == 0);
		CHECK(file_folder(mem, folder, "rapport", &made, &err) == 0 && stat(made, &st) == 0 && (st.st_mode & 07777) == cases[i].wanted);
		CHECK(file_folder(mem, folder, "rapport", &made, &err) == 0);
		rmdir(made);
		rmdir(folder);
	}
	CHECK(umask(mask) == 027);
}

static void
a_fifo_is_refused_and_never_waited_for(void)
{
	char folder[] = "/tmp/behov-base-XXXXXX", *path, *out = NULL;
	struct error err = { 0 };
	size_t len = 0;

	if (!mkdtemp(folder)) {
		CHECK(false);
		return;
	}
	path = arena_print(mem, "%s/fifo", folder);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(file_read(mem, path, 100, &out, &len, &err) < 0 && strstr(err.text, "not a file"));
	unlink(path);
	rmdir(folder);
}

static void a_file_is_written_whole_under_the_umask(void)
{
	char folder[] = "/tmp/behov-base-XXXXXX", *path, *out = NULL;
	struct error err = { 0 };
	struct stat st = { 0 };
	mode_t before = umask(077);
	size_t len = 0;

	if (!mkdtemp(folder)) {
		CHECK(false);
		return;
	}
	path = arena_print(mem, "%s/out", folder);
	CHECK(file_write(path, "first", 5, &err) == 0);
	CHECK(file_write(path, "then", 4, &err) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(file_read(mem, path, 100, &out, &len, &err) == 0 && len == 4);
	CHECK(file_write(arena_print(mem, "%s/no/out", folder), "x", 1, &err) < 0);
	CHECK(unlink(path) == 0);
	CHECK(rmdir(folder) == 0);              /* nothing temporary is left in it */
	umask(before);
}

static void a_path_stands_beside_the_file_that_names_it(void)
{
	CHECK_TEXT(file_beside(mem, "conf/behov.cfg", "rules"), "conf/rules");
	CHECK_TEXT(file_beside(mem, "behov.cfg", "rules"), "rules");
	CHECK_TEXT(file_beside(mem, "conf/behov.cfg", "/srv"), "/srv");
	CHECK_TEXT(file_beside(mem, "conf/behov.cfg", "../srv"), "conf/../srv");
	CHECK_TEXT(file_beside(mem, "/usr/lib/behov.cfg", "../share/x/../y"), "/usr/share/x/../y");
	CHECK_TEXT(file_beside(mem, "/usr/lib/behov.cfg", "../../../../srv"), "/srv");
	CHECK_TEXT(file_beside(mem, "/usr/behov.cfg", "../srv"), "/srv");
	CHECK_TEXT(file_beside(mem, "/proc/self/behov.cfg", "../x"), "/proc/x");       /* a link: up from where it leads */
	CHECK_TEXT(file_beside(mem, "/nowhere-at-all/behov.cfg", "../srv"), "/nowhere-at-all/../srv");
}

static void json_is_canonical_and_refuses_what_is_ambiguous(void)
{
	struct error err = { 0 };
	const char *raw = "{\"b\":1,\"a\":[null,\"å\"]}";
	json_t *value = NULL;

	CHECK(json_read(raw, strlen(raw), &value, &err) == 0);
	CHECK_TEXT(json_canonical(mem, value), "{\"a\":[null,\"å\"],\"b\":1}");
	CHECK(json_number(value, "b", 7) == 1 && json_number(value, "c", 7) == 7 && json_text(value, "b") == NULL);
	json_decref(value);
	CHECK(json_read("{\"a\":1,\"a\":2}", 13, &value, &err) < 0);
}

static void json_is_canonical_as_rfc_8785_says(void)
{
	json_t *o = json_pack("{s:s, s:i, s:i, s:b}", "c", "\x1f\n\"\\/\x7f", "\xf0\x90\x80\x80", 1, "\xef\xbf\xbd", -2, "a", 1);

	CHECK_TEXT(json_canonical(mem, o),
		   "{\"a\":true,\"c\":\"\\u001f\\n\\\"\\\\/\x7f\",\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbd\":-2}");
	json_decref(o);
	o = json_object();
	CHECK_TEXT(json_canonical(mem, o), "{}");
	json_put(o, "name", "r\xe4ka");         /* bytes from outside are shown, and never end us */
	json_put(o, "none", NULL);
	CHECK_TEXT(json_text(o, "name"), "r%E4ka");
	CHECK(json_is_null(json_object_get(o, "none")));
	json_decref(o);
}

static enum event_fault told(const char *path, const char *why)
{
	static struct where there = { .share = "e", .path = "Avtal/**" };
	static struct series series = { .id = "s", .clock = CLOCK_EVENT, .action = ACTION_DESTROY, .where = &there, .where_count = 1 };
	static struct share share = { .id = "e" };
	const struct rules rules = { .series = &series, .series_count = 1, .shares = &share, .share_count = 1 };

	return event_check(&rules, &(struct event){ .series = "s", .share = "e", .path = path, .date = day_make(2024, 6, 30), .why = why },
			   day_make(2026, 1, 1), true);
}

static const char *times(const char *word, int count)
{
	struct text t;
	const char *out;

	text_open(&t, 10000);
	while (count-- > 0)
		text_add(&t, word);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

static void an_event_may_be_of_any_folder_and_is_said_in_a_thousand_letters(void)
{
	CHECK(told(times("a", EVENT_PATH_MOST), "slut") == EVENT_FINE && told(times("a", EVENT_PATH_MOST + 1), "slut") == EVENT_PATH);
	CHECK(told(times("Avtal/Bolaget/", 200), "slut") == EVENT_PATH && told("Avtal/Bolaget", "slut") == EVENT_FINE);
	CHECK(told("Avtal", times("å", 1000)) == EVENT_FINE && told("Avtal", times("å", 1001)) == EVENT_WHY);
	CHECK(told("Avtal", "slut\r\noch klart") == EVENT_FINE && told("Avtal", "slut\x1b[2J") == EVENT_WHY && told("Avtal", "\xc2\x9b") == EVENT_WHY);
	CHECK(told("Avtal", NULL) == EVENT_WHY && told("Avtal", " \r\n") == EVENT_WHY && told("Avtal", "\xff") == EVENT_WHY);
	CHECK(strstr(event_fault_text[EVENT_PATH], "4000") && strstr(event_fault_text[EVENT_WHY], "1000 characters"));
}

static void each_key_is_found_and_no_other(void)
{
	struct keyed keyed = { 0 };
	size_t at = 7, wrong = 0;

	CHECK(!keyed_find(&keyed, "", &at) && !keyed_find(&keyed, "a", &at) && at == 7);
	for (size_t i = 0; i < 100000; i++)
		keyed_put(mem, &keyed, arena_print(mem, "%zu", i), i);
	for (size_t i = 0; i < 100000; i++)
		wrong += !keyed_find(&keyed, arena_print(mem, "%zu", i), &at) || at != i || keyed_find(&keyed, arena_print(mem, "%zu ", i), &at);
	CHECK(wrong == 0 && keyed.count == 100000 && !keyed_find(&keyed, "", &at) && !keyed_find(&keyed, "100000", &at));
	keyed_put(mem, &keyed, "", 3);
	CHECK(keyed_find(&keyed, "", &at) && at == 3);
}

static void a_library_is_opened_with_all_that_is_asked_of_it_or_not_at_all(void)
{
	double (*root)(double) = NULL;
	void (*none)(void) = NULL;
	const struct late_call one[] = { { "sqrt", &root } }, two[] = { { "sqrt", &root }, { "no_such_call", &none } };

	bool opened = false, open = false;

	CHECK(late_open("libm.so.6", one, 1, &opened) && opened && root && root(9) == 3);
	CHECK(!late_open("libm.so.6", two, 2, &open) && !open && !none);
	CHECK(!late_open("libnone.so.9", one, 1, &open) && !open);
}

static void a_library_that_could_not_be_opened_is_opened_when_it_can_be(void)
{
	struct rlimit files, none;
	CURL *curl = NULL;

	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
	none = (struct rlimit){ 0, files.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0 && !curl_easy_init());
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0 && (curl = curl_easy_init()));
	if (curl)
		curl_easy_cleanup(curl);
}

int main(void)
{
	mem = arena_open();
	TEST(the_first_cause_is_kept_and_the_place_stands_before_it);
	TEST(a_long_place_never_pushes_out_the_cause);
	TEST(an_arena_gives_zeroed_memory_of_any_size);
	TEST(memory_that_may_not_come_at_once_comes_and_leaves_errno_alone);
	TEST(text_of_each_length_is_utf8_when_each_of_its_characters_is);
	TEST(what_an_arena_gives_never_overlaps);
	TEST(text_and_what_is_aligned_lie_in_one_arena);
	TEST(what_was_given_back_is_given_again);
	TEST(what_was_given_back_is_given_before_more_is_asked_for);
	TEST(of_a_very_large_block_only_the_beginning_comes_at_once);
	TEST(each_place_has_its_quoting);
	TEST(a_text_stops_at_its_maximum_and_says_so);
	TEST(a_file_name_survives_being_shown);
	TEST(names_fold_by_case_but_not_by_diacritics);
	TEST(one_stray_byte_does_not_keep_a_name_from_being_folded);
	TEST(a_glob_matches_whole_values);
	TEST(a_glob_is_what_every_way_to_read_it_says);
	TEST(capitals_of_ascii_fold_wherever_they_stand);
	TEST(letters_of_latin_1_fold_as_unicode_says);
	TEST(nothing_from_outside_steers_a_terminal);
	TEST(what_was_written_on_lines_stands_on_one);
	TEST(a_list_that_is_filled_again_starts_zeroed);
	TEST(what_is_printed_leaves_the_rest_zeroed);
	TEST(room_for_a_little_more_a_thousand_times_costs_no_thousand_copies);
	TEST(no_two_lists_of_fields_have_one_digest);
	TEST(numbers_read_as_swedish);
	TEST(a_signature_is_the_published_one_and_no_other_holds);
	TEST(digests_are_the_published_ones);
	TEST(csv_is_read_as_real_exports_write_it);
	TEST(half_a_csv_is_never_a_whole_one);
	TEST(a_secret_that_others_can_read_is_refused);
	TEST(a_credential_may_look_as_if_the_group_read_it);
	TEST(a_folder_that_hands_its_group_on_says_who_shares_a_file);
	TEST(what_is_made_in_a_shared_folder_is_shared);
	TEST(a_fifo_is_refused_and_never_waited_for);
	TEST(a_file_is_written_whole_under_the_umask);
	TEST(a_path_stands_beside_the_file_that_names_it);
	TEST(json_is_canonical_and_refuses_what_is_ambiguous);
	TEST(json_is_canonical_as_rfc_8785_says);
	TEST(each_key_is_found_and_no_other);
	TEST(a_library_is_opened_with_all_that_is_asked_of_it_or_not_at_all);
	TEST(a_library_that_could_not_be_opened_is_opened_when_it_can_be);
	TEST(an_event_may_be_of_any_folder_and_is_said_in_a_thousand_letters);
	arena_close(mem);
	return check_done();
}
