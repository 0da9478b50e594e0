/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-wire.c - whatever a helper for SMB answers, a folder is refused, or holds names that are names and times that are times. */
#include "../../agent/scan/smb.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_entry(const struct folder *f, const struct listed *l)
{
	const char *name = f->names + l->name;

	if (l->name >= f->names_len || !*name || strlen(name) > WIRE_NAME_MOST || strpbrk(name, "/\\") || strcmp(name, "..") == 0 ||
	    strcmp(name, ".") == 0)
		abort();
	if (l->entry.mtime_ns >= 1000000000 || l->entry.mtime_s < YEAR_1601 || l->entry.mtime_s >= YEAR_10000)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct smb_place place = { .timeout = 1 };
	const struct share share = { .id = "s", .smb = &place };
	const struct smb smb = { .share = &share };
	struct helper helper = { 0 };
	struct folder *f;
	struct trouble t = { 0 };
	int pair[2];

	if (len > 65536)
		return 0;               /* what a socket holds */
	f = calloc(1, sizeof(*f));
	if (!f || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		abort();
	f->fd = -1;
	f->path = strdup("a");
	helper.fd = pair[0];
	if (send(pair[1], bytes, len, 0) != (ssize_t)len || shutdown(pair[1], SHUT_WR) < 0)
		abort();
	if (list(&smb, &helper, f, &t)) {
		for (size_t i = 0; i < f->count; i++)
			check_entry(f, &f->list[i]);
	} else if (!t.error) {
		abort();
	}
	close(pair[0]);
	close(pair[1]);
	wire_free(&helper.wire);
	folder_close(f);
	return 0;
}
