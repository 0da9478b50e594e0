/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay.c - runs a fuzzer's function over files, and over every cut and some bent copies of each: a test without libFuzzer. */
#include <behov/file.h>

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A copy of the exact size, so that a sanitizer sees a read beyond the end. */
static void one(const char *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void bent(char *bytes, size_t len)
{
	static const char odd[] = { 0, '\n', '"', ':', '%', '{', (char)0x80, (char)0xff };

	for (size_t i = 0; i < len && i < 4000; i++) {
		char kept = bytes[i];

		one(bytes, i);
		bytes[i] = odd[i % sizeof(odd)];
		one(bytes, len);
		bytes[i] = kept;
	}
	one(bytes, len);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena *mem = arena_open();
		struct error err = { 0 };
		char *bytes = NULL;
		size_t len = 0;

		if (file_read(mem, argv[i], (size_t)1 << 24, &bytes, &len, &err) < 0) {
			printf("not ok %s: %s\n", argv[i], err.text);
			return 1;
		}
		bent(bytes, len);
		printf("ok replay of %s\n", strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i]);
		arena_close(mem);
	}
	return 0;
}
