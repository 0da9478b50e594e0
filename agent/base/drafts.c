/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drafts.c - what a program that was ended left of drafts: files that nobody writes any more. */
#include <behov/file.h>
#include <behov/log.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "2026Q3.pdf.new-1f": as file_draft_open() names them. */
static bool
is_draft(const char *name)
{
	const char *mark = strstr(name, ".new-"), *digits = mark ? mark + 5 : "";
	size_t len = strspn(digits, "0123456789abcdef");

	return mark && mark > name && len && len <= 16 && !digits[len];
}

/* A file of this account's, under one name, that no program has locked. */
static void
sweep_one(int folder, const char *draft)
{
	int fd = openat(folder, draft, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    unlinkat(folder, draft, 0) < 0)
		log_warn("cannot remove the draft '%s': %s", draft, strerror(errno));
	close(fd);
}

void
file_drafts_sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (is_draft(e->d_name))
			sweep_one(dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
}
