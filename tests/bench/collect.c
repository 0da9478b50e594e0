/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect.c - what collecting costs: collects once, as a night would, and prints the price as JSON.
 *
 *     collect [-d] CONF [SOURCE [BASE]]
 *
 * -d: the digest is made once more, to know how much of it that was; what the process takes is then more than collecting.
 * SOURCE and BASE stand in for those of CONF, so that one world can be read in several ways and in part.
 */
#include "../../agent/collect/collect_p.h"
#include <behov/log.h>
#include <behov/register.h>

#include <sys/resource.h>

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
processor(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/* What was read and what it took, on one line; the certificate says what was asked. */
static void
print(const struct snapshot *s, double wall, double cpu, size_t bytes, double digest)
{
	json_t *out = json_pack("{s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:O}", "edge", (json_int_t)sizeof(struct edge), "seconds", wall, "cpu", cpu, "digest", digest, "bytes",
				(json_int_t)bytes, "accounts", (json_int_t)s->account_count, "people",
				(json_int_t)s->seen.people, "groups", (json_int_t)s->group_count, "edges",
				(json_int_t)s->edge_count, "complete", s->complete, "gaps", (json_int_t)s->gaps.count,
				"certificate", s->certificate);

	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

static int
collect(bool again, int argc, char **argv, struct error *err)
{
	struct arena *conf = arena_open(), *mem = arena_open();
	struct rules rules = { 0 };
	struct snapshot seen = { 0 };
	double began, cpu;
	int rc = register_load(conf, argv[1], &rules, err);

	if (rc < 0)
		goto out;
	if (argc > 2)
		rules.conf.directories[0].source = argv[2];
	if (argc > 3)
		rules.conf.directories[0].base = argv[3];
	began = clock_spent();
	cpu = processor();
	rc = collect_all(mem, &rules, false, &seen, err);
	if (rc == 0) {
		double wall = clock_spent() - began, used = processor() - cpu;
		size_t bytes = arena_used(mem);

		began = clock_spent();
		if (again)
			snapshot_digest(mem, &rules, &seen);
		print(&seen, wall, used, bytes, clock_spent() - began);
	}
out:
	json_decref(seen.certificate);
	arena_close(mem);
	arena_close(conf);
	return rc;
}

int
main(int argc, char **argv)
{
	struct error err = { 0 };
	bool again = argc > 1 && strcmp(argv[1], "-d") == 0;

	if (again) {
		argv++;
		argc--;
	}
	if (argc < 2 || argc > 4) {
		fputs("usage: collect [-d] CONF [SOURCE [BASE]]\n", stderr);
		return 2;
	}
	log_open(LOG_LEVEL_WARN);
	if (collect(again, argc, argv, &err) == 0)
		return 0;
	fprintf(stderr, "collect: %s\n", err.text);
	return 1;
}
