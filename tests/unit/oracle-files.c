/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-files.c - nights over shares, twice each: as the memory of folders allows, and with everything listed.
 *
 *     oracle-files CONF, with lines "NOW DIE" on its input (seconds; a commit at which a first try is killed, or 0)
 *
 * Prints two lines for each: the plan of a night that remembers, with how many folders it listed, and the plan of a night
 * that lists all.
 */
#define BATCH 3                         /* folders between two commits, so that there is something to be killed between */
#include "../../agent/store/index.c"

#include "../../agent/run_p.h"
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <sys/wait.h>

static long die, taken;

void
step(const char *name)
{
	if (strcmp(name, "folders") == 0 && ++taken == die)
		_exit(100);
}

static int
night(const char *conf, int64_t now, bool full, bool keep, bool print)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct earlier earlier = { 0 };
	struct plan plan = { 0 };
	struct rules rules;
	json_t *json = NULL;
	int rc = -1;
	static unsigned nights;
	const int hands = nights++ % 4 < 2 ? 2 : 8;     /* both of one night: of many hands all ask about what lies in one folder */

	if (register_load(mem, conf, &rules, &err) < 0)
		goto out;
	for (size_t i = 0; i < rules.hold_count; i++)
		*arena_push(mem, &earlier.holds) = rules.holds[i];
	for (size_t i = 0; i < rules.event_count; i++)
		*arena_push(mem, &earlier.events) = rules.events[i];
	if (plan_files(mem, &rules, &earlier, NULL, &(struct run_options){ .hands = hands, .full = full, .now = now }, keep,
		       &plan, &err) < 0)
		goto out;
	plan_sort(&plan);
	json = plan_json(&plan, now, true);
	json_object_set_new(json, "sums", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"files", (json_int_t)plan.filed.files, "folders", (json_int_t)plan.filed.folders,
		"ungoverned", (json_int_t)plan.filed.ungoverned, "held", (json_int_t)plan.filed.held,
		"inert", (json_int_t)plan.filed.inert, "no_anchor", (json_int_t)plan.filed.no_anchor,
		"due_files", (json_int_t)plan.filed.due_files, "due_bytes", (json_int_t)plan.filed.due_bytes));
	for (size_t i = 0; i < plan.sizes.count; i++)
		json_object_set_new(json, plan.sizes.items[i].scope, json_integer(plan.sizes.items[i].of));
	if (print)
		puts(json_canonical(mem, json));
	rc = 0;
out:
	if (rc < 0)
		fprintf(stderr, "oracle-files: %s\n", err.text);
	json_decref(json);
	plan_free(&plan);
	arena_close(mem);
	return rc;
}

int
main(int argc, char **argv)
{
	long long now;
	long at;
	char line[100];

	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open(LOG_LEVEL_INFO);
	while (fgets(line, sizeof line, stdin) && sscanf(line, "%lld %ld", &now, &at) == 2) {
		if (at) {
			pid_t child = fork();

			if (child == 0) {
				die = at;
				taken = 0;
				_exit(night(argv[1], now, false, true, false) < 0);
			}
			waitpid(child, NULL, 0);
		}
		if (night(argv[1], now, false, true, true) < 0 || night(argv[1], now, true, false, true) < 0)
			return 1;
	}
	return 0;
}
