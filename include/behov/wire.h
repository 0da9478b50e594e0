/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - what the scan and its helper for SMB, behov-smb, say to each other over a socket.
 *
 * A message is its length (4 bytes, of what follows), its kind (1 byte) and its body; numbers are little-endian, a text is
 * its length (2 bytes) and its bytes.  The scan asks, and the helper answers each question before the next is asked:
 *
 *   WIRE_HELLO   who, where and how            -> WIRE_READY
 *   WIRE_LIST    a folder below the share's    -> WIRE_ENTRIES … WIRE_ENTRIES, WIRE_END (with the folder itself)
 *   WIRE_LOOK    a file or folder              -> WIRE_END (with it)
 *   WIRE_MARKER                                -> WIRE_TEXT (what .behov-share in the root holds)
 *
 * or WIRE_FAILED, with one of enum wire_failure and an errno.
 *
 * Promise: whatever the bytes are, reading stays within them; a name that could lead to another place ("..", one with a
 *          slash of either kind) is no name.
 */
#ifndef BEHOV_WIRE_H
#define BEHOV_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_kind {
	WIRE_HELLO = 1, WIRE_LIST, WIRE_LOOK, WIRE_MARKER,
	WIRE_READY = 64, WIRE_ENTRIES, WIRE_END, WIRE_TEXT, WIRE_FAILED,
};

enum wire_failure {
	WIRE_SERVER,                    /* the server said no, as errno says */
	WIRE_UNKNOWN,                   /* there is no server of that name */
	WIRE_OLD,                       /* it broke off before it let us in, as one does that speaks no SMB3 */
	WIRE_LOGIN,                     /* it did not let us in: user, password, ticket, or no right to what is shared */
	WIRE_CLEAR,                     /* it does not encrypt, which was required */
	WIRE_ELSEWHERE,                 /* it sent us to another server (DFS), where we do not go */
	WIRE_NAME,                      /* it gave a name that is none */
};

#define WIRE_VERSION 1
#define WIRE_MOST (256 * 1024)          /* bytes of a message */
#define WIRE_NAME_MOST 1024             /* bytes of a name: 255 letters of UTF-16, in UTF-8 */
#define WIRE_TEXT_MOST 8192             /* bytes of any text */
#define WIRE_MARKER_MOST 512

/* A message that is written or read.  All zero is none; its memory is reused, and freed by wire_free(). */
struct wire {
	unsigned char *bytes;
	size_t len, room, at;
	bool broken;                    /* more was read from it than is there, or it held what it may not hold */
};

/* One file or folder. */
struct wire_entry {
	const char *name;               /* in the message: not ended with a NUL; of WIRE_END: none */
	size_t name_len;
	uint32_t attributes;            /* FILE_ATTRIBUTE_… */
	uint64_t size, ino;             /* ino: of WIRE_END only; else 0 */
	int64_t mtime_s, ctime_s, btime_s;      /* as the library gives them: 0 when the server had none */
	uint32_t mtime_ns, ctime_ns, btime_ns;
};

#define WIRE_DIRECTORY 0x10u
#define WIRE_REPARSE 0x400u             /* a link, a junction, a mount point; or a file that is stored otherwise */
#define WIRE_OFFLINE 0x1000u            /* on tape, or in a cloud */

void wire_begin(struct wire *w, enum wire_kind kind);
void wire_put(struct wire *w, uint64_t number, int bytes);
void wire_put_text(struct wire *w, const char *text, size_t len);       /* longer than WIRE_TEXT_MOST: w->broken */
void wire_put_entry(struct wire *w, const struct wire_entry *entry);

/* Of a message that was received: its kind, and then one thing after the other.  0 and "" once it is broken. */
enum wire_kind wire_kind(struct wire *w);
uint64_t wire_get(struct wire *w, int bytes);
const char *wire_get_text(struct wire *w, size_t *len);
bool wire_get_entry(struct wire *w, bool named, struct wire_entry *out);        /* false: none is left, or it is broken */
bool wire_ended(const struct wire *w);  /* all of it was read, and nothing was wrong */

/* 0 when it has gone; -1 with errno. */
int wire_send(int fd, struct wire *w);
/*
 * 1 when a message came, 0 at the end of all, -1 with errno: ETIMEDOUT after so many milliseconds (-1: never), ECANCELED
 * when may_wait() no longer says yes (NULL: always), EBADMSG when it is longer than WIRE_MOST.
 */
int wire_receive(int fd, struct wire *w, int64_t milliseconds, bool (*may_wait)(void));
void wire_free(struct wire *w);

#endif
