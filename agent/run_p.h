/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_p.h - what the files that know the order of the phases share. */
#ifndef RUN_P_H
#define RUN_P_H

#include <behov/reconcile.h>
#include <behov/index.h>
#include <behov/run.h>
#include <behov/scan.h>

/* What was decided earlier and bears on tonight: holds in force, what has happened, cuts under way, exceptions. */
struct earlier {
	LIST(struct hold) holds;
	LIST(struct event) events;
	LIST(struct cut) cuts;
	LIST(struct exception) exceptions;
	LIST(struct received) received;         /* what e-archives have; sorted by share and path */
	const char *secret;             /* SECRET_VALUE of the store, or NULL */
};

/* Where the store keeps as what a share with identity = "filesystem" was adopted: and its id. */
#define FILESYSTEM_VALUE "filesystem:"
/* Of each share that was probed, as JSON: { "seen", "good", "at" }. */
#define PROBE_VALUE "probe:"
/* Tells the shares of `rules` as what they were adopted, too.  store NULL: there is none yet; then the holds of the rules are all there is. */
int earlier_load(struct arena *mem, const struct rules *rules, struct store *store, bool decisions, int64_t now,
		 struct earlier *out, struct error *err);
/* The store to look at: *out NULL when none has been made. */
int store_look(const struct rules *rules, struct store **out, struct error *err);

/* Marks the snapshot as a gap where it has lost too much since the last complete night: see shrink.c. */
int shrink_check(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct snapshot *snapshot,
		 struct error *err);
/* The brake on the directory stands. */
int shrink_stands(struct arena *mem, struct store *store, bool *out, struct error *err);
/* `behov decide release directory`, in a transaction.  *released: it did stand. */
int shrink_release(struct arena *mem, struct store *store, const char *by, const char *reason, int64_t now, bool *released,
		   struct error *err);

/* An administrator has said that what the share looks like is so. */
int vanish_released(struct arena *mem, const struct share *share, struct store *store, bool *out, struct error *err);
/* *why: the share has lost so much since the last complete night that it is not believed, see vanish.c; else NULL.  keep: the
 * brake is stored.  store NULL: there is none yet. */
int vanish_check(struct arena *mem, const struct share *share, struct store *store, bool keep, const struct index *index,
		 const struct scan_result *seen, const char **why, struct error *err);
/* It was read without a gap and believed: what the next nights are compared with. */
int vanish_seen(struct arena *mem, const struct share *share, struct store *store, long long files, int64_t now, struct error *err);
/* How many shares are braked. */
int vanish_count(struct arena *mem, const struct rules *rules, struct store *store, long long *out, struct error *err);
/* `behov decide release share:ID`, in a transaction. */
int vanish_release(struct arena *mem, struct store *store, const char *share, const char *by, const char *reason, int64_t now,
		   bool *released, struct error *err);

/* What lies on a work list and is not proposed tonight: is it gone? */
struct handled_list { LIST(struct handled) list; };
int handled_look(struct arena *mem, const struct rules *rules, struct store *store, const struct plan *plan, struct handled_list *out,
		 struct error *err);

/* What e-archives have given receipts of, of series whose originals go after that; sorted. */
int received_load(struct arena *mem, const struct rules *rules, struct store *store, struct earlier *out, struct error *err);

/* What behov itself keeps, told as the files of a share (store.h).  store NULL: there is none yet, and so nothing. */
int own_scan(struct arena *mem, struct store *store, const struct visitor *visitor, struct scan_result *out, struct error *err);

/* People with protected identity are called "Skyddad person N" from here on.  `known` is SECRET_VALUE of the store; what is
 * new is kept in `store` unless that is NULL. */
int secret_hide(struct arena *mem, const char *known, struct store *store, struct snapshot *snapshot, struct error *err);

/* Who may look at /status, for the page: of a snapshot that is complete. */
int administrators_keep(struct arena *mem, const struct rules *rules, struct store *store, const struct snapshot *snapshot,
			struct error *err);
/* Who had which duty that night, as a report may name them: [ { "duty", "who" } ].  Caller owns *out. */
int administrators_duties(struct arena *mem, const struct rules *rules, struct store *store, json_t **out, struct error *err);

/* What the quarterly review wants to know of tonight, for its summary; the last published night is the one before.  Caller owns *out. */
int review_json(struct arena *mem, const struct rules *rules, struct store *store, const struct plan *plan, json_t **out, struct error *err);
/* conf.metrics.file, where it is set; what goes wrong is told, and undoes nothing. */
void write_metrics(struct arena *mem, const struct rules *rules, struct store *store, int64_t now);

/* Gallringsprotokoll that are due are issued, and their files put in place; *why: one could not be written, else NULL. */
int run_protocols(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, const char *actor, const char **why,
		  struct error *err);

/* Shows retain what lies in the folder of a file, as it is now. */
struct retain;
int run_see_folder(struct arena *mem, struct retain *retain, const struct share *share, const char *path, struct error *err);

/* Fills the access half and the files half of a plan.  The snapshot's certificate is the caller's to free. */
int plan_access(struct arena *mem, const struct rules *rules, const struct earlier *earlier, struct store *store,
		int64_t now, struct snapshot *snapshot, struct plan *plan, struct error *err);
/* keep: what the folders are now is remembered for the next night, and what is braked stands in the store. */
int plan_files(struct arena *mem, const struct rules *rules, const struct earlier *earlier, struct store *store,
	       const struct run_options *how, bool keep, struct plan *plan, struct error *err);

#endif
