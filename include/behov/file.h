/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - whole files in and out, and secrets that others may not read.
 */
#ifndef BEHOV_FILE_H
#define BEHOV_FILE_H

#include "arena.h"
#include "error.h"

#include <stdbool.h>

/* A regular file for reading; gives its descriptor, or -1.  Never waits for a FIFO. */
int file_open(const char *path, struct error *err);
/* The bytes of a regular file and a NUL after them.  Longer than max is an error that says so. */
int file_read(struct arena *mem, const char *path, size_t max, char **out, size_t *len, struct error *err);

/* A secret (password, key): as file_read() at most 4096 bytes, one trailing newline cut; refused when the file is not
 * a regular file, is a link, belongs to somebody else than us or root, or can be read by group or others.  The error
 * names the file and the chmod that mends it, never its content. */
int file_secret(struct arena *mem, const char *path, char **out, size_t *len, struct error *err);

/* A key of our own: random hex digits, made with mode 0600 when it is not there, read as by file_secret(). */
int file_key(struct arena *mem, const char *path, char **out, size_t *len, struct error *err);

/* Several accounts share what lies in a folder that hands its group on (setgid).  A new file there, opened as fd, is given the
 * rights to read and write that group and others have to the folder, whatever the umask; writers: none to who may only read.
 * Elsewhere, and to a file that is not empty or is somebody else's, nothing is done. */
int file_share(int fd, const char *path, bool writers, struct error *err);

/* Written to a temporary beside it, synced, renamed over path, folder synced; mode 0640 & ~umask. */
int file_write(const char *path, const void *bytes, size_t len, struct error *err);
/* The same, for all to read (0644), whatever the umask. */
int file_write_public(const char *path, const void *bytes, size_t len, struct error *err);
/* The same, for nobody else to read. */
int file_write_private(const char *path, const void *bytes, size_t len, struct error *err);

/* The same, piece by piece: what is written to `out` is at path when it is closed with keep, and nothing changed when not.  path is
 * borrowed. */
struct file_draft { FILE *out; const char *path; char temporary[4096]; };
int file_draft_open(struct file_draft *draft, const char *path, struct error *err);
int file_draft_close(struct file_draft *draft, bool keep, struct error *err);
/* Drafts in a folder that is ours alone, left by a program of this account that was ended: those that nobody writes now are removed. */
void file_drafts_sweep(const char *folder);

/* All of the bytes, and synced.  These two give -1 with errno. */
int file_put(int fd, const void *bytes, size_t len);
/* What lies beside path keeps its name through a loss of power, from here on. */
int file_sync_folder(const char *path);

/* path as it is when absolute, else below the folder that `beside` (a file) lies in; a path that begins with "../" without them, where
 * `beside` is absolute and that folder is there. */
char *file_beside(struct arena *mem, const char *beside, const char *path);

/* ROOM/NAME, and the room, made when they are not there. */
int file_folder(struct arena *mem, const char *room, const char *name, const char **out, struct error *err);

#endif
