/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-manifest.c - what is written of a batch's files is read again, and nothing else is. */
#include "check.h"
#include <behov/manifest.h>

static struct arena *mem;
static struct error err;

#define HEAD "behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path\n"
#define LINE "7 5.000000001 6.000000002 -9223372036854775808.000000000 8 9 1 100 -2147483648 V/r%E4k%0Aning\n"

static bool
reads(const char *text)
{
	struct record *records;
	size_t count;

	return manifest_read(mem, text, strlen(text), &records, &count, &err) == 0;
}

static void
a_line_is_read_as_it_was_written(void)
{
	struct record *r;
	size_t count;

	CHECK(manifest_read(mem, HEAD LINE, strlen(HEAD LINE), &r, &count, &err) == 0 && count == 1);
	CHECK_TEXT(r->path, "V/r\xe4k\nning");
	CHECK(r->size == 7 && r->mtime_s == 5 && r->mtime_ns == 1 && r->ctime_s == 6 && r->ctime_ns == 2 && r->btime_s == INT64_MIN &&
	      r->btime_ns == 0 && r->dev == 8 && r->ino == 9 && r->nlink == 1 && r->anchor == 100 && r->due == DAY_NONE);
	CHECK_TEXT(manifest_digest(mem, r, 1), arena_print(mem, "sha256:%s", digest_text(mem, HEAD LINE)));
	CHECK_TEXT(manifest_digest(mem, r, 0), arena_print(mem, "sha256:%s", digest_text(mem, HEAD)));
}

#define TIMES "5.000000001 6.000000002 7.000000003"

static void
what_we_would_not_write_is_refused(void)
{
	static const char *const bad[] = {
		"", "behov-manifest 2: \n", HEAD "\n", HEAD "7", HEAD "7 " TIMES " 8 9 1 100 200 V/a",
		HEAD "07 " TIMES " 8 9 1 100 200 V/a\n", HEAD "+7 " TIMES " 8 9 1 100 200 V/a\n",
		HEAD "-7 " TIMES " 8 9 1 100 200 V/a\n", HEAD " 7 " TIMES " 8 9 1 100 200 V/a\n",
		HEAD "7  " TIMES " 8 9 1 100 200 V/a\n", HEAD "7 " TIMES " 8 9 1 100 200 \n",
		HEAD "7 " TIMES " 8 9 1 100 200\n", HEAD "18446744073709551616 " TIMES " 8 9 1 100 200 V/a\n",
		HEAD "7 " TIMES " 8 9 4294967296 100 200 V/a\n", HEAD "7 " TIMES " 8 9 1 2147483648 200 V/a\n",
		HEAD "7 " TIMES " 8 9 1 -2147483649 200 V/a\n", HEAD "7 " TIMES " 8 9 1 -0 200 V/a\n",
		HEAD "7 5.00000001 6.000000002 7.000000003 8 9 1 100 200 V/a\n",
		HEAD "7 5.0000000001 6.000000002 7.000000003 8 9 1 100 200 V/a\n",
		HEAD "7 5.-00000001 6.000000002 7.000000003 8 9 1 100 200 V/a\n",
		HEAD "7 9223372036854775808.000000001 6.000000002 7.000000003 8 9 1 100 200 V/a\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/%41\n", HEAD "7 " TIMES " 8 9 1 100 200 V/%4\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/%00\n", HEAD "7 " TIMES " 8 9 1 100 200 V/\xe4\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/\t\n", HEAD "7 " TIMES " 8 9 1 100 200 V/%e4\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/a\r\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/b\n7 " TIMES " 8 9 1 100 200 V/a\n",
		HEAD "7 " TIMES " 8 9 1 100 200 V/a\n7 " TIMES " 8 9 1 100 200 V/a\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_TEXT(reads(bad[i]) ? bad[i] : "refused", "refused");
	CHECK(reads(HEAD) && reads(HEAD "7 " TIMES " 8 9 1 100 200 V/a\n7 " TIMES " 8 9 1 100 200 V/b\n"));
	CHECK(manifest_read(mem, HEAD "7 " TIMES " 8 9 1 100 200 V/\0a\n", sizeof(HEAD "7 " TIMES " 8 9 1 100 200 V/\0a\n") - 1,
			    &(struct record *){ NULL }, &(size_t){ 0 }, &err) < 0);
}

/* ------------------------------------------------------------------ frames */

struct shelf { struct manifest_frame frames[8]; size_t count; };

static int
keep(void *self, const struct manifest_frame *f, struct error *e)
{
	struct shelf *s = self;

	(void)e;
	s->frames[s->count] = *f;
	s->frames[s->count].path = arena_text(mem, f->path);
	s->frames[s->count++].packed = arena_copy(mem, f->packed, f->packed_size);
	return 0;
}

static int
refuse(void *self, const struct manifest_frame *f, struct error *e)
{
	(void)f;
	++*(int *)self;
	return error_set(e, ERROR_STORE, "full");
}

static struct record *
many(size_t count, size_t name)
{
	struct record *records = arena_array(mem, struct record, count);
	char *stuff = arena_take(mem, name + 1);

	memset(stuff, 'x', name);
	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){ .path = arena_print(mem, "%06zu/%s", i, stuff), .size = 1, .anchor = i % 2 ? 5 : DAY_NONE };
	return records;
}

static void
a_frame_ends_by_lines_or_by_length(void)
{
	struct shelf s = { .count = 0 };
	struct digest *sum = manifest_sum_open();
	struct record *in = many(MANIFEST_LINES + 1, 3), *out;
	int calls = 0;

	CHECK(manifest_pack(in, MANIFEST_LINES + 1, sum, keep, &s, &err) == 0 && s.count == 2);
	CHECK_TEXT(manifest_sum_close(mem, sum), manifest_digest(mem, in, MANIFEST_LINES + 1));
	CHECK(s.frames[0].files == MANIFEST_LINES && s.frames[1].files == 1 && s.frames[1].first == MANIFEST_LINES);
	CHECK(s.frames[0].oldest == 5 && s.frames[0].newest == 5 && s.frames[1].oldest == DAY_NONE);
	CHECK(manifest_unpack(mem, &s.frames[1], NULL, &out, &err) == 0 && strcmp(out->path, in[MANIFEST_LINES].path) == 0);
	s.count = 0;
	sum = manifest_sum_open();
	in = many(6, 600000);
	CHECK(manifest_pack(in, 6, sum, keep, &s, &err) == 0 && s.count == 3 && s.frames[2].files == 2);
	manifest_sum_close(mem, sum);
	sum = manifest_sum_open();
	CHECK(manifest_pack(in, 6, sum, refuse, &calls, &err) < 0 && calls == 1 && strcmp(err.text, "full") == 0);
	manifest_sum_close(mem, sum);
	sum = manifest_sum_open();
	CHECK(manifest_pack(many(1, 5000000), 1, sum, keep, &s, &err) < 0 && strstr(err.text, "too long"));
	manifest_sum_close(mem, sum);
}

/* Every byte of what is packed counts: none can be another without being seen. */
static void
no_bit_of_a_frame_can_be_another(void)
{
	struct shelf s = { .count = 0 };
	struct digest *sum = manifest_sum_open();
	struct record *out;
	struct manifest_frame bent;
	unsigned char *bytes;

	CHECK(manifest_pack(many(20, 3), 20, sum, keep, &s, &err) == 0);
	manifest_sum_close(mem, sum);
	bent = s.frames[0];
	bent.packed = bytes = arena_copy(mem, bent.packed, bent.packed_size);
	for (size_t i = 0; i < bent.packed_size * 8; i++) {
		struct arena *own = arena_open();

		bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		if (manifest_unpack(own, &bent, NULL, &out, &err) == 0)         /* one that zstd does not look at */
			CHECK(strcmp(out[19].path, "000019/xxx") == 0 && out[0].size == 1);
		bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		arena_close(own);
	}
	for (; bent.packed_size; bent.packed_size--) {
		struct manifest_frame cut = s.frames[0];
		cut.packed_size = bent.packed_size - 1;
		CHECK(manifest_unpack(mem, &cut, NULL, &out, &err) < 0);
	}
}

int
main(void)
{
	mem = arena_open();
	TEST(a_line_is_read_as_it_was_written);
	TEST(what_we_would_not_write_is_refused);
	TEST(a_frame_ends_by_lines_or_by_length);
	TEST(no_bit_of_a_frame_can_be_another);
	arena_close(mem);
	return check_done();
}
