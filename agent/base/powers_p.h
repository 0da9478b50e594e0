/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers_p.h - what one verb wishes to keep, and those that give up the rest. */
#ifndef POWERS_P_H
#define POWERS_P_H

#include <behov/powers.h>

/* Landlock's rights to files, as <linux/landlock.h> of a newer kernel has them. */
#define EXECUTE         (1ull << 0)
#define WRITE_FILE      (1ull << 1)
#define READ_FILE       (1ull << 2)
#define READ_DIR        (1ull << 3)
#define REMOVE_DIR      (1ull << 4)
#define REMOVE_FILE     (1ull << 5)
#define MAKE_DIR        (1ull << 7)
#define MAKE_REG        (1ull << 8)
#define MAKE_SOCK       (1ull << 9)
#define REFER           (1ull << 13)    /* ABI 2: before that, nothing could be moved from one folder to another */
#define TRUNCATE        (1ull << 14)    /* ABI 3 */
#define SEE (READ_FILE | READ_DIR)
#define KEEP (SEE | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE)

struct wish { const char *path; uint64_t how; };

struct giving {
	struct arena *mem;
	const struct rules *rules;
	const struct conf *conf;
	const struct powers_how *how;
	struct powers *out;
	LIST(struct wish) wishes;
	int listens;                    /* -1 = on no port */
};

/* Each returns 0 when the kernel has no such thing, and *out does not say that it is in force. */
int powers_files(struct giving *g, struct error *err);
int powers_calls(struct powers *out, bool starts, struct error *err);
void powers_memory(struct powers *out);

#endif
