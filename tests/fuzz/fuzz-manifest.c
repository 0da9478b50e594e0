/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-manifest.c - no bytes make the reader of manifests do anything but refuse, or give what writes the same bytes again.
 *
 * What begins as a text is read as one.  All else is a frame, behind what an index says of it on one line:
 * "files bytes oldest newest size path".  A text that is good is packed, and unpacked again.
 */
#include <behov/manifest.h>

static void
sure(bool holds)
{
	if (!holds)
		abort();
}

struct seen { struct arena *mem; long long files; };

static int
look(void *self, const struct manifest_frame *f, struct error *err)
{
	struct seen *seen = self;
	struct record *records;

	sure(f->first == seen->files && manifest_unpack(seen->mem, f, NULL, &records, err) == 0);
	seen->files += f->files;
	return 0;
}

static void
text(struct arena *mem, const char *bytes, size_t len)
{
	struct seen seen = { .mem = mem };
	unsigned char sum[DIGEST_SIZE];
	struct record *records;
	struct error err = { 0 };
	struct digest *again;
	const char *digest;
	size_t count;

	if (manifest_read(mem, bytes, len, &records, &count, &err) < 0) {
		sure(err.text[0]);
		return;
	}
	digest_of(bytes, len, sum);
	digest = arena_print(mem, "sha256:%s", digest_hex(mem, sum, sizeof sum));
	sure(strcmp(manifest_digest(mem, records, count), digest) == 0);
	again = manifest_sum_open();
	sure(manifest_pack(records, count, again, look, &seen, &err) == 0 && seen.files == (long long)count);
	sure(strcmp(manifest_sum_close(mem, again), digest) == 0);
}

static void
frame(struct arena *mem, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	char *line = arena_copy(mem, bytes, end ? (size_t)(end - bytes) : 0);
	struct manifest_frame f = { 0 };
	struct error err = { 0 };
	struct record *records;
	int at = 0;

	if (sscanf(line, "%19lld %19lld %11d %11d %19zu %n", &f.files, &f.bytes, &f.oldest, &f.newest, &f.size, &at) != 5 || !at)
		return;
	f.path = line + at;
	f.packed = end + 1;
	f.packed_size = len - (size_t)(end + 1 - bytes);
	if (manifest_unpack(mem, &f, NULL, &records, &err) < 0) {
		sure(err.text[0]);
		return;
	}
	sure(f.files > 0 && f.files <= MANIFEST_LINES && strcmp(records[0].path, f.path) == 0);
	for (long long i = 1; i < f.files; i++)
		sure(strcmp(records[i - 1].path, records[i].path) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	static const char head[] = "behov-manifest";

	if (len >= sizeof head - 1 && memcmp(bytes, head, sizeof head - 1) == 0)
		text(mem, (const char *)bytes, len);
	else
		frame(mem, (const char *)bytes, len);
	arena_close(mem);
	return 0;
}
