/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates_p.h - what the files of the duplicates room share: reading a file without being led astray. */
#ifndef DUPLICATES_P_H
#define DUPLICATES_P_H

#include "behov/digest.h"
#include "behov/duplicates.h"

enum reading { READ_WELL, READ_NOT, READ_CHANGED, READ_OFFLINE, READ_TRACED, READ_BEYOND };

/* A file to be read: wholly, or how it begins. */
struct job {
	const char *path;               /* bytes below the root */
	uint64_t size, ino, dev;        /* as the walk saw it */
	uint64_t length, read;          /* so much of it; what was read, well or not */
	size_t candidate;
	enum reading came;
	int error;                      /* of READ_NOT */
	unsigned char sum[DIGEST_SIZE];
};

struct reading_from {
	int root;
	bool untraced;                  /* the file system keeps no times of reading */
	bool (*turn)(void *self);
	void *turns;
};

struct reading_from reading_open(int root, const struct duplicates_input *in);
/* self is a struct reading_from, job a struct job; for any thread. */
void reading_do(void *self, void *job);

#endif
