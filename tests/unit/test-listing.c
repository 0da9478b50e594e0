/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-listing.c - folders, pages and searches tell of a batch what counting its files one by one tells. */
#include "check.h"
#include "../../agent/decide/listing.c"

#include <unistd.h>

static char folder[] = "/tmp/behov-listing-XXXXXX";
static struct arena *mem;
static struct store *store;
static struct listing l;
static struct record *records;
static size_t total;
static struct error err;

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

/* Folders beside files whose names sort around them, and several frames of them. */
static void
begin(void)
{
	static const char *const tops[] = { "A", "A-", "A.b", "A0", "Å", "z\xe4" };
	LIST(struct record) list = { 0 };
	const char *digest;

	mem = arena_open();
	for (unsigned i = 0; i < 3 * MANIFEST_LINES; i++) {
		unsigned top = i % 6, year = 2000 + i / 6 % 90;
		*arena_push(mem, &list) = (struct record){ .size = i, .anchor = i % 5 ? (day_t)(10000 + i) : DAY_NONE,
			.path = arena_print(mem, "%s/%u/Ärende %u/fil %u.PDF", tops[top], year, i % 7, i) };
	}
	for (unsigned i = 0; i < 6; i++)
		*arena_push(mem, &list) = (struct record){ .size = 1, .anchor = 5, .path = arena_print(mem, "%s!", tops[i]) };
	*arena_push(mem, &list) = (struct record){ .size = 1, .anchor = 5, .path = "A/2000!" };
	records = list.items;
	total = list.count;
	qsort(records, total, sizeof(*records), by_path);
	CHECK(store_open(arena_print(mem, "%s/s.db", folder), STORE_WRITE, &store, &err) == 0);
	digest = manifest_digest(mem, records, total);
	CHECK(store_manifest_put(store, digest, records, total, &err) == 0);
	CHECK(listing_open(store, digest, &l, &err) == 0 && l.manifest.count == 4);
}

static void
end(void)
{
	listing_close(&l);
	store_close(store);
	unlink(arena_print(mem, "%s/s.db", folder));
	unlink(arena_print(mem, "%s/s.db-wal", folder));
	unlink(arena_print(mem, "%s/s.db-shm", folder));
	arena_close(mem);
}

static bool
is_in(const char *path, const char *in)
{
	size_t len = strlen(in);

	return !len || (strncmp(path, in, len) == 0 && path[len] == '/');
}

static struct amount
counted(const char *in)
{
	struct amount a = { .oldest = DAY_NONE, .newest = DAY_NONE };

	for (size_t i = 0; i < total; i++) {
		const struct record *r = &records[i];
		if (!is_in(r->path, in) && strcmp(r->path, in) != 0)
			continue;
		a.files++;
		a.bytes += (long long)r->size;
		if (r->anchor == DAY_NONE)
			continue;
		a.oldest = a.oldest == DAY_NONE || r->anchor < a.oldest ? r->anchor : a.oldest;
		a.newest = a.newest == DAY_NONE || r->anchor > a.newest ? r->anchor : a.newest;
	}
	return a;
}

static bool
same(struct amount a, struct amount b)
{
	return a.files == b.files && a.bytes == b.bytes && a.oldest == b.oldest && a.newest == b.newest;
}

/* Every folder, page by page, down to its files; back again from each page to the one before. */
static long long
walk(const char *path, struct stretch s)
{
	static struct things things;
	long long files = 0, before = s.from, back;

	for (long long row = s.from; row < s.to; row = things.next) {
		struct things *mine = arena_new(mem, struct things);
		CHECK(listing_before(&l, path, s, row, &back, &err) == 0 && back == before);
		CHECK(listing_things(mem, &l, path, s, row, mine, &err) == 0 && mine->count);
		before = row;
		for (size_t i = 0; i < mine->count; i++) {
			const struct thing *t = &mine->items[i];
			CHECK(same(t->amount, counted(t->path)) && is_in(t->path, path));
			CHECK(strcmp(t->name, t->path + (*path ? strlen(path) + 1 : 0)) == 0 && !strchr(t->name, '/'));
			if (t->folder)
				files += walk(t->path, (struct stretch){ t->row, t->row + t->amount.files });
			else
				files++;
		}
		things.next = mine->next;
	}
	return files;
}

static void
folders_tell_what_is_in_them(void)
{
	begin();
	CHECK(walk("", (struct stretch){ 0, (long long)total }) == (long long)total);
	CHECK(err.text[0] == '\0');
	end();
}

static void
a_folder_is_found_by_a_row_and_a_depth(void)
{
	const char *path;
	struct stretch s;
	bool is;

	begin();
	for (long long row = 0; row < (long long)total; row += 997) {
		CHECK(listing_folder(mem, &l, row, 2, &path, &s, &is, &err) == 0);
		CHECK(is == (strchr(records[row].path, '/') && strchr(strchr(records[row].path, '/') + 1, '/')));
		if (is)
			CHECK(s.from <= row && row < s.to && s.to - s.from == counted(path).files && is_in(records[row].path, path));
	}
	CHECK(listing_folder(mem, &l, 0, 0, &path, &s, &is, &err) == 0 && is && s.to == (long long)total && !*path);
	CHECK(listing_folder(mem, &l, 5000, 9, &path, &s, &is, &err) == 0 && !is);
	CHECK(listing_folder(mem, &l, -1, 1, &path, &s, &is, &err) < 0);
	CHECK(listing_folder(mem, &l, (long long)total, 1, &path, &s, &is, &err) < 0);
	end();
}

static void
a_search_folds_and_goes_on_where_it_stopped(void)
{
	struct stretch all = { 0, 0 };
	struct found found;
	size_t hits = 0, wanted = 0;

	begin();
	all.to = (long long)total;
	for (size_t i = 0; i < total; i++)
		wanted += strstr(records[i].path, "rende 3/") != NULL;
	for (long long row = 0; row < all.to; row = found.next) {
		CHECK(listing_find(mem, &l, all, row, "äRENDE 3/FIL", &found, &err) == 0);
		for (size_t i = 0; i < found.count; i++)
			CHECK(strcmp(found.items[i].path, records[found.rows[i]].path) == 0);
		hits += found.count;
	}
	CHECK(hits == wanted && wanted > 500);
	CHECK(listing_find(mem, &l, all, 0, "A\xcc\x8a/2001", &found, &err) == 0 && found.count > 5);           /* Å, decomposed */
	CHECK(strncmp(found.items[0].path, "Å/2001/", 8) == 0);
	CHECK(listing_find(mem, &l, all, 0, "z%E4!", &found, &err) == 0 && found.count == 1 && found.next == all.to);
	CHECK(listing_find(mem, &l, all, 0, "z\xe4!", &found, &err) == 0 && found.count == 1);
	CHECK(listing_find(mem, &l, all, 0, "finns inte", &found, &err) == 0 && found.count == 0 && found.next == all.to);
	CHECK(listing_find(mem, &l, (struct stretch){ 10, 20 }, 12, "", &found, &err) == 0 && found.count == 8 && found.rows[0] == 12);
	end();
}

static void
the_quick_way_to_fold_is_the_way_to_fold(void)
{
	char raw[8] = "aBc", quick[8];
	size_t n = 0;

	mem = arena_open();
	for (unsigned c = 1; c < 0x300; c++) {
		if (c < 0x80) {
			raw[1] = (char)c;
			raw[2] = '\0';
		} else {
			raw[1] = (char)(0xc0 | c >> 6);
			raw[2] = (char)(0x80 | (c & 63));
			raw[3] = '\0';
		}
		if (!fold_plain(raw, quick))
			continue;
		n++;
		CHECK_TEXT(quick, text_fold(mem, raw));
	}
	CHECK(n == 127 + 63);
	CHECK(!fold_plain("a\xcc\x8a", quick) && !fold_plain("\xe4", quick) && !fold_plain("\xc3", quick));
	arena_close(mem);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(folders_tell_what_is_in_them);
	TEST(a_folder_is_found_by_a_row_and_a_depth);
	TEST(a_search_folds_and_goes_on_where_it_stopped);
	TEST(the_quick_way_to_fold_is_the_way_to_fold);
	rmdir(folder);
	return check_done();
}
