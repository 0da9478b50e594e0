/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-heads.c - no list of heads and no export of a chain crashes; what is not signed by its own key is not read. */
#include <behov/audit.h>
#include <behov/file.h>
#include <behov/sign.h>

#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	const char *path = arena_print(mem, "/tmp/behov-fuzz-heads.%d", (int)getpid());
	struct audit_result chain;
	struct error err = { 0 };
	struct seals seals;

	if (file_write_private(path, bytes, len, &err) < 0)
		abort();
	if (seals_read(mem, path, NULL, &seals, &err) == 0) {
		for (size_t i = 0; i < seals.list.count; i++)
			if (strlen(seals.list.items[i].key) != SIGN_KEY || seals.list.items[i].number != (long long)i + 1)
				abort();
		if (seals.list.count && (!seals.key || seals.epoch < 1))
			abort();
	} else {
		seals = (struct seals){ 0 };
	}
	if (audit_verify_export(mem, path, &seals, &chain, &err) < 0 || (!chain.broken && chain.rows && !chain.head))
		abort();
	unlink(path);
	arena_close(mem);
	return 0;
}
