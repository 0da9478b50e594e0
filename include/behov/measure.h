/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.h - how it goes: what an operator is alarmed by, and what an administrator looks at, counted in one place.
 *
 * In:      the store, the rules, and what a night keeps of itself in its summary.
 * Out:     numbers and moments; OpenMetrics 1.0; goals, each with its target and its last nights.
 * Owner:   texts live in the arena given or are the rules'; measure_free() frees the json_t.
 * Errors:  0 or -1 with err.
 * Promise: nobody is named; what is not known is no number: NAN, -1, null or nothing at all, and never 0.
 *          Nothing here reads the whole audit chain: that is what the last night found (`behov status` looks anew).
 */
#ifndef BEHOV_MEASURE_H
#define BEHOV_MEASURE_H

#include "audit.h"
#include "speak.h"
#include "text.h"

struct measure_input { const struct rules *rules; struct store *store; int64_t now; };

/* ------------------------------------------------------------------ brakes */

/* The directory, a share, new proposals of a scope: until somebody releases it.  Apply's: until its next run. */
enum braked { BRAKED_DIRECTORY, BRAKED_SHARE, BRAKED_PROPOSALS, BRAKED_APPLY };
#define BRAKED_KINDS (BRAKED_APPLY + 1)
extern const char *const braked_word[];         /* "directory", "share", "proposals", "apply" */
/* What apply says of what its brake has left begins with this (apply/brake.c). */
#define BRAKED_NOTE "bromsen: "
struct standing {
	enum braked kind;
	const char *scope;              /* as `behov decide release` takes it: "directory", "share:ID", "system:ID", "series:ID@SHARE" */
	long long proposals;            /* that wait for it; 0 where it is a directory or a share */
};
struct standings { LIST(struct standing) list; };
/* Those that stand now, sorted by kind and scope. */
int measure_brakes(struct arena *mem, const struct measure_input *in, struct standings *out, struct error *err);

/* "series:x@ekonomi, 14 förslag: behov decide release series:x@ekonomi --by NAMN --reason TEXT", for a terminal. */
const char *measure_brake_text(struct arena *mem, const char *scope, const char *kind, long long proposals);

/* ------------------------------------------------------------------ what a night keeps */

/*
 * For the night's summary: { "sources": [ { "kind", "id", "complete" } ], "systems", "with_needs", "groups", "registered",
 * "brakes", "oldest" (seconds), "chain": { "rows", "broken", "sealed", "compared" } }; null what it has not seen.
 * chain NULL: it could not be read.  *out is the caller's.
 */
int measure_night(struct arena *mem, const struct measure_input *in, const struct plan *plan, const struct audit_result *chain,
		  json_t **out, struct error *err);
/* In the store, as JSON: { "at", "runs": [ when the last ones were ], "good", "removed", … }, what the last run of apply did. */
#define APPLIED_VALUE "applied"
#define APPLIED_RUNS 9                  /* a week of two a day, from Monday to Thursday */

/* ------------------------------------------------------------------ how it is now */

struct gap_kind { const char *what; long long count; };
struct pile { long long count; int64_t oldest; };       /* oldest: INT64_MAX when there is none */
struct measured {
	struct night night;             /* the last that was published, or id 0 */
	json_t *summary;                /* of it, or NULL */
	long long failed;               /* that failed or were ended since then */
	struct { long long published, failed, interrupted; } week;      /* nights that began in the last seven days */
	struct standings brakes;
	struct { LIST(struct gap_kind) list; long long all; } gaps;
	long long findings;
	struct pile queues[STATE_SUPERSEDED + 1];       /* by state, those that are not over; oldest: since when it is in it */
	struct pile unsent;             /* letters */
	struct pile unreviewed;         /* lists of the last quarter that nobody has reviewed as they are; oldest: since when one is asked for */
	struct { struct pile batches; long long files, due; } quarantine;       /* due: files whose time there is over */
	/* What apply may carry out now; runs: so many it takes, as its brake is; stuck: proposals that are more than one run may. */
	struct { long long memberships, files, runs, stuck; int64_t seconds; } backlog; /* seconds: until it is done; -1 = not known */
	json_t *applied;                /* APPLIED_VALUE, or NULL */
};
int measure_read(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err);
void measure_free(struct measured *measured);

/* ------------------------------------------------------------------ goals */

enum measure_unit { MEASURE_COUNT, MEASURE_HOURS, MEASURE_DAYS, MEASURE_PART };
struct goal {
	const char *id, *name;          /* name: a text for speak() */
	enum measure_unit unit;
	bool floor;                     /* the target is the least, else the most */
	double target, value;           /* NAN = not known */
	bool met;                       /* what is not known is not */
	double *nights;                 /* one for each of goals.nights; NAN = that night does not say */
};
#define GOALS 8
struct goals { struct goal list[GOALS]; LIST(struct night) nights; };
void measure_goals(const struct measure_input *in, const struct measured *measured, struct goals *out);
/* The last sixty nights of four months, those that failed, too, and what each says: for who draws them, as all is read again. */
int measure_nights(struct arena *mem, const struct measure_input *in, struct goals *goals, struct error *err);
/* "81,2 %", "26 timmar", "1 dag"; NAN is "okänt".  A part is rounded down, so that 100 % is all. */
const char *measure_word(struct arena *mem, const struct language *language, enum measure_unit unit, double value);

/* ------------------------------------------------------------------ OpenMetrics */

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
/*
 * All of it as OpenMetrics 1.0 up to "# EOF".  Nothing but gauges: what stands here is also Prometheus' older text format,
 * which the node exporter's textfile collector reads, and which knows no info, stateset or unknown.
 */
void measure_metrics(const struct measure_input *in, const struct measured *measured, const struct goals *goals, struct text *out);
/* Read, written to a temporary beside conf.metrics.file and renamed, for all to read; nothing where it is not written. */
int measure_write(struct arena *mem, const struct measure_input *in, struct error *err);

#endif
