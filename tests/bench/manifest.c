/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manifest.c - what the list of a large batch costs: written into a store, read a page at a time, searched.
 *
 *     manifest FILES KIND STORE       KIND: made (all three times of a file the same), copied (from NTFS), wild (all of them differ)
 *
 * Prints the price as JSON.  The memory is what writing, and then reading, took above what was there before.
 */
#include "../../agent/decide/listing.c"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 88172645463325252u;

static uint32_t
draw(uint32_t below_it)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % below_it);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
peak(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_maxrss / 1024;
}

static void
must(int rc, const struct error *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "manifest: %s\n", err->text);
	exit(1);
}

/* Sizes are as sizes are: most small, some large. */
static void
dress(struct record *r, const char *kind, size_t i)
{
	uint32_t ns = draw(1000000000), wild = strcmp(kind, "wild") == 0, copied = strcmp(kind, "copied") == 0;

	r->size = (uint64_t)draw(1000) * (1 + draw(1u << draw(20)));
	r->dev = 2049;
	r->ino = 131072 + i + (draw(10) ? 0 : draw(300));
	r->nlink = 1;
	r->mtime_s = r->ctime_s = r->btime_s = 1262304000 + (int64_t)i * 30 + draw(60);
	r->mtime_ns = r->ctime_ns = r->btime_ns = copied ? ns / 100 * 100 : ns;
	if (copied || wild) {
		r->ctime_s = r->btime_s = 1700000000 + (int64_t)i / 300;
		r->btime_ns = wild ? draw(1000000000) : draw(10000000) * 100;
		r->ctime_ns = wild ? draw(1000000000) : r->btime_ns + (draw(2) ? 0 : 100);
	}
	r->anchor = 15339;
	r->due = 18262;
}

static struct record *
make(struct arena *mem, size_t files, const char *kind)
{
	struct record *records = arena_array(mem, struct record, files);
	unsigned folder = 0, left = 0, paper = 0;

	for (size_t i = 0; i < files; i++, left--, paper++) {
		if (!left) {
			folder++;
			left = 20 + draw(180);
			paper = 0;
		}
		records[i].path = arena_print(mem, "Verifikationer/%u/Ärende %06u/Verifikation %04u %s", 2000 + folder / 400, folder, paper,
					      draw(5) ? "faktura.pdf" : "underlag.xlsx");
		dress(&records[i], kind, i);
	}
	return records;
}

static int
by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define PAGES 400
struct price { double middle, most; };

static struct price
price(double *took, size_t count)
{
	qsort(took, count, sizeof(*took), by_time);
	return (struct price){ took[count / 2] * 1000, took[count - 1] * 1000 };
}

/* Any page: opened anew each time, as for each request. */
static struct price
pages(struct store *store, const char *digest, size_t files, bool folders)
{
	double took[PAGES], began;
	struct error err = { 0 };

	for (int i = 0; i < PAGES; i++) {
		struct arena *mem = arena_open();
		struct listing l;
		struct found found;
		struct things things;
		const char *path;
		struct stretch s;
		bool is;

		began = now();
		must(listing_open(store, digest, &l, &err), &err);
		must(listing_folder(mem, &l, draw((uint32_t)files), folders ? 1 + draw(2) : 0, &path, &s, &is, &err), &err);
		if (folders)
			must(listing_things(mem, &l, path, s, s.from, &things, &err), &err);
		else
			must(listing_find(mem, &l, s, draw((uint32_t)files), "", &found, &err), &err);
		listing_close(&l);
		took[i] = now() - began;
		arena_close(mem);
	}
	return price(took, PAGES);
}

static double
search(struct store *store, const char *digest, const char *word)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct listing l;
	struct found found;
	double began = now();

	must(listing_open(store, digest, &l, &err), &err);
	must(listing_find(mem, &l, (struct stretch){ 0, l.manifest.files }, 0, word, &found, &err), &err);
	began = now() - began;
	if (found.count)
		exit(1);
	listing_close(&l);
	arena_close(mem);
	return began;
}

int
main(int argc, char **argv)
{
	size_t files = argc == 4 ? strtoul(argv[1], NULL, 10) : 0, count;
	struct arena *mem = arena_open(), *all;
	struct store *store = NULL;
	struct record *records, *again;
	struct error err = { 0 };
	struct price rows, folders;
	const char *digest;
	double began, wrote, read, sought;
	long before, writing, reading;
	struct stat st;

	if (!files)
		return 2;
	records = make(mem, files, argv[2]);
	must(store_create(argv[3], true, &err), &err);
	must(store_open(argv[3], STORE_WRITE, &store, &err), &err);
	before = peak();
	began = now();
	digest = manifest_digest(mem, records, files);
	must(store_begin(store, &err), &err);
	must(store_manifest_put(store, digest, records, files, &err), &err);
	must(store_commit(store, &err), &err);
	wrote = now() - began;
	writing = peak() - before;
	store_close(store);
	must(stat(argv[3], &st), &err);
	must(store_open(argv[3], STORE_READ, &store, &err), &err);
	rows = pages(store, digest, files, false);
	folders = pages(store, digest, files, true);
	sought = search(store, digest, "finns inte någonstans");
	reading = peak() - before;
	all = arena_open();
	began = now();
	must(store_manifest(all, store, digest, &again, &count, &err), &err);
	read = now() - began;
	if (count != files)
		return 1;
	store_close(store);
	printf("{\"wrote\": %.3f, \"bytes\": %lld, \"page\": %.3f, \"page_most\": %.3f, \"folder\": %.3f, \"folder_most\": %.3f, "
	       "\"search\": %.3f, \"read\": %.3f, \"writing_mb\": %ld, \"reading_mb\": %ld}\n", wrote, (long long)st.st_size, rows.middle,
	       rows.most, folders.middle, folders.most, sought, read, writing, reading);
	arena_close(all);
	arena_close(mem);
	return 0;
}
