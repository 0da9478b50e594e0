/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manifest.h - the list of a batch's files: one line each, sorted by path, in frames that can be read one at a time.
 *
 *     behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path
 *     7 1330470000.000000042 … Verifikationer/2012/r%E4kning 1.pdf
 *
 * What names a manifest is the SHA-256 of that text, whatever it is packed with.  A frame is some thousand of the lines,
 * packed by themselves; the header is the same for all and stands in none.
 *
 * Promise: what is read is exactly what would be written, each path once and in order, or it is refused.  Writing and
 *          reading take memory for one frame, however many there are.
 */
#ifndef BEHOV_MANIFEST_H
#define BEHOV_MANIFEST_H

#include "digest.h"
#include "error.h"
#include "nouns.h"

#define MANIFEST_LINES 2048                     /* in a frame, at most */
#define MANIFEST_TEXT ((size_t)1 << 20)         /* bytes of text after which a frame ends */
#define MANIFEST_TEXT_MOST ((size_t)4 << 20)    /* no frame has more: one line beyond that end, at most */

/* One frame, and what is known of it without unpacking it. */
struct manifest_frame {
	long long first, files, bytes;  /* the number of its first file in the manifest, from 0; how many; their sizes */
	day_t oldest, newest;           /* their anchors; DAY_NONE: none has one */
	const char *path;               /* of its first file */
	size_t size, packed_size;       /* of its text, unpacked and packed */
	const void *packed;
};

/* The sum under way, with the header in it; "sha256:…" when it is closed. */
struct digest *manifest_sum_open(void);
const char *manifest_sum_close(struct arena *mem, struct digest *sum);
/* Of the text that these records make. */
const char *manifest_digest(struct arena *mem, const struct record *records, size_t count);

/* A whole one, in order. */
struct manifest {
	const char *digest;
	long long files, bytes;
	struct manifest_frame *frames;  /* packed is NULL when it is in the store */
	size_t count;                   /* 0: there is no such manifest */
};
/* Of sorted records, packed.  Lives in mem. */
int manifest_make(struct arena *mem, const struct record *records, size_t count, const struct manifest **out, struct error *err);
/* The same as they come: record after record, of one manifest after another.  What is added is borrowed until the call is over. */
struct manifest_packer;
struct manifest_packer *manifest_packer_open(void);
void manifest_packer_start(struct manifest_packer *packer, struct arena *mem);
int manifest_packer_add(struct manifest_packer *packer, const struct record *record, struct error *err);
int manifest_packer_end(struct manifest_packer *packer, const struct manifest **out, struct error *err);
void manifest_packer_close(struct manifest_packer *packer);     /* NULL is allowed */
/* Adds its text to the sum. */
int manifest_sum_frame(struct digest *sum, const struct manifest_frame *frame, struct error *err);

/* Frame after frame to put(), which borrows it; -1 from put() ends it.  The text is added to sum.  Records are sorted. */
int manifest_pack(const struct record *records, size_t count, struct digest *sum,
		  int (*put)(void *self, const struct manifest_frame *frame, struct error *err), void *self,
		  struct error *err);
/* frame->files records.  All that the frame says of itself is held against what is in it.  sum NULL: none. */
int manifest_unpack(struct arena *mem, const struct manifest_frame *frame, struct digest *sum, struct record **records,
		    struct error *err);
/* A whole text, with its header. */
int manifest_read(struct arena *mem, const char *text, size_t len, struct record **records, size_t *count,
		  struct error *err);

#endif
