/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listing_p.h - the files of a batch as somebody walks through them: a page of rows, a folder, a search.
 *
 * A manifest is sorted by path, so a folder is a stretch of rows, and what it holds is told by the frames' own sums: a
 * page unpacks the frames it stands in and those where a folder begins or ends, however many files there are.
 */
#ifndef BEHOV_LISTING_P_H
#define BEHOV_LISTING_P_H

#include <behov/store.h>

#define PAGE_ROWS 50
#define WORD_MOST 400                   /* bytes of what is searched for */

struct listing {
	struct store *store;
	struct manifest manifest;       /* count 0: there is none */
	struct arena *mem;              /* of the index */
	/* The two frames that were unpacked last, the later one first: where a folder begins and where it ends. */
	struct unpacked { struct arena *mem; size_t frame; struct record *records; } last[2];
};

struct stretch { long long from, to; }; /* rows [from, to) */
struct amount { long long files, bytes; day_t oldest, newest; };        /* of anchors; DAY_NONE: none is known */

/* What stands in a folder: a folder with all below it, or a file. */
struct thing {
	bool folder;
	const char *path;               /* bytes, whole */
	const char *name;               /* its last component */
	long long row;                  /* its first file */
	struct amount amount;
};
struct things { struct thing items[PAGE_ROWS]; size_t count; long long next; }; /* next: the row after the last */

struct found { struct record items[PAGE_ROWS]; long long rows[PAGE_ROWS]; size_t count; long long next; };

int listing_open(struct store *store, const char *digest, struct listing *out, struct error *err);
void listing_close(struct listing *l);

/* The folder that is the first `depth` components of the path of a row; 0: all of it.  *path "" then.  *is false when
 * that path has no so many folders. */
int listing_folder(struct arena *mem, struct listing *l, long long row, long long depth, const char **path,
		   struct stretch *out, bool *is, struct error *err);
/* In how many folders all of it lies. */
int listing_common(struct listing *l, long long *depth, struct error *err);
int listing_sum(struct listing *l, struct stretch s, struct amount *out, struct error *err);
/* What stands in the folder `path` from a row of it on: the first has that row in it. */
int listing_things(struct arena *mem, struct listing *l, const char *path, struct stretch s, long long row,
		   struct things *out, struct error *err);
/* The row from which the page before that one is shown. */
int listing_before(struct listing *l, const char *path, struct stretch s, long long row, long long *out, struct error *err);
/* From a row on, those whose path has the word in it, case-folded; "" = all.  A frame at a time. */
int listing_find(struct arena *mem, struct listing *l, struct stretch s, long long row, const char *word,
		 struct found *out, struct error *err);

#endif
