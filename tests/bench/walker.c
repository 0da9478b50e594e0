/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walker.c - the least that a walk of a tree can be: two threads, getdents64, statx of each file, and nothing said of any.
 *
 *     walker FOLDER           prints how many files and folders there are, and how many bytes in all
 *
 * Folders wait in one pile.  It is a measure beside which the others are put; it would be no scan: it follows no rules, tells
 * of no gaps, and goes wherever the pile leads.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 2

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static char **pile;
static size_t piled, room;
static int busy;                        /* threads that may put something on the pile yet */

struct counted { long long files, folders, bytes; };

static void
put(char *path)
{
	pthread_mutex_lock(&lock);
	if (piled == room) {
		room = room ? room * 2 : 64;
		pile = realloc(pile, room * sizeof(*pile));
		if (!pile)
			abort();
	}
	pile[piled++] = path;
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
}

/* NULL: nothing is left, and nobody is looking. */
static char *
take(void)
{
	char *path = NULL;

	pthread_mutex_lock(&lock);
	busy--;
	while (!piled && busy)
		pthread_cond_wait(&more, &lock);
	if (piled) {
		path = pile[--piled];
		busy++;
	} else {
		pthread_cond_broadcast(&more);
	}
	pthread_mutex_unlock(&lock);
	return path;
}

static void
look(int fd, const char *path, const struct dirent64 *d, struct counted *n)
{
	struct statx x;
	char *whole;

	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return;
	if (d->d_type == DT_DIR) {
		if (asprintf(&whole, "%s/%s", path, d->d_name) < 0)
			abort();
		put(whole);
	} else if (d->d_type == DT_REG && statx(fd, d->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &x) == 0) {
		n->files++;
		n->bytes += (long long)x.stx_size;
	}
}

static void
list(const char *path, struct counted *n)
{
	_Alignas(struct dirent64) char buffer[64 * 1024];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	long len;

	if (fd < 0)
		exit(1);
	n->folders++;
	while ((len = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < len;) {
			const struct dirent64 *d = (const void *)(buffer + at);
			look(fd, path, d, n);
			at += d->d_reclen;
		}
	close(fd);
}

static void *
walk(void *self)
{
	char *path;

	while ((path = take())) {
		list(path, self);
		free(path);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	struct counted n[THREADS] = { { 0, 0, 0 } }, all = { 0, 0, 0 };
	pthread_t thread[THREADS];

	if (argc != 2)
		return 2;
	put(strdup(argv[1]));
	busy = THREADS;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, walk, &n[i]) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		all.files += n[i].files;
		all.folders += n[i].folders;
		all.bytes += n[i].bytes;
	}
	printf("%lld files in %lld folders, %lld bytes\n", all.files, all.folders, all.bytes);
	return 0;
}
