/* SPDX-License-Identifier: GPL-3.0-or-later */
/* look.c - one folder of a share, without what lies below it. */
#include "scan_p.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
keep(struct arena *mem, const struct folder *f, struct seen_folder *out)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct listed *l = &f->list[i];
		struct entry *e;

		if (l->error)
			out->complete = false;
		if (l->error || l->entry.type != DT_REG)
			continue;
		e = arena_push(mem, &out->list);
		*e = l->entry;
		e->name = arena_text(mem, f->names + l->name);
	}
}

static int
read_all(struct arena *mem, struct beneath *b, const char *path, struct seen_folder *out, struct error *err)
{
	struct folder *f = calloc(1, sizeof(*f));
	int rc = 0;

	if (!f || !(f->path = strdup(path)))
		abort();
	f->fd = -1;
	f->stat_all = true;
	do {
		folder_read(b, f);
		keep(mem, f, out);
	} while (!f->last);
	errno = f->open_error ? f->open_error : f->list_error;
	out->missing = f->open_error == ENOENT;
	if (errno && f->why)
		rc = error_set(err, ERROR_SOURCE, "cannot read the folder '%s': %s", path, f->why);
	else if (errno)
		rc = error_sys(err, ERROR_SOURCE, "cannot read the folder '%s'", path);
	folder_close(f);
	return rc;
}

static int
read_smb(struct arena *mem, const struct share *share, const char *path, struct seen_folder *out, struct error *err)
{
	bool marked;
	struct beneath b = { .smb = smb_open(mem, share, &marked, err) };
	int rc = b.smb ? read_all(mem, &b, path, out, err) : -1;

	smb_close(b.smb);
	return rc;
}

int
scan_folder(struct arena *mem, const struct share *share, const char *path, struct seen_folder *out, struct error *err)
{
	struct beneath b = { 0 };
	struct stat st;
	int rc = -1;

	*out = (struct seen_folder){ .complete = true };
	if (share->smb)
		return read_smb(mem, share, path, out, err);
	b.root = scan_open_root(share, err);
	if (b.root < 0)
		return -1;
	if (fstat(b.root, &st) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot stat the root of share '%s'", share->id);
		goto out;
	}
	b.dev = st.st_dev;
	rc = read_all(mem, &b, path, out, err);
out:
	close(b.root);
	return rc;
}
