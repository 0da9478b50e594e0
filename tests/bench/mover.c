/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mover.c - the least that moving files aside can cost: renameat of each file in each folder of FROM to a number in TO. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static long
move_all(int above, const char *name, int to, long number)
{
	int from = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = from < 0 ? NULL : fdopendir(from);
	struct dirent *d;
	char target[32];

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(target, sizeof target, "%08ld", ++number);
		if (renameat(from, d->d_name, to, target) < 0)
			perror(d->d_name);
	}
	if (dir)
		closedir(dir);
	return number;
}

int
main(int argc, char **argv)
{
	int from = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1, to;
	DIR *dir = from < 0 ? NULL : fdopendir(dup(from));
	struct dirent *d;
	long number = 0;

	if (!dir || mkdir(argv[2], 0700) < 0 || (to = open(argv[2], O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			number = move_all(from, d->d_name, to, number);
	fsync(to);
	closedir(dir);
	printf("%ld\n", number);
	return 0;
}
