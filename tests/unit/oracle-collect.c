/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oracle-collect.c - collects as a night or as anybody else, and prints the digest of what it saw: oracle-collect CONF night|whole */
#include <behov/collect.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>

#include <string.h>

int main(int argc, char **argv)
{
	struct arena *mem = arena_open();
	struct snapshot seen = { 0 };
	struct error err = { 0 };
	struct rules rules;
	const json_t *first;

	if (argc != 3)
		return 2;
	log_open(LOG_LEVEL_WARN);
	clock_freeze(1795572000);
	if (register_load(mem, argv[1], &rules, &err) < 0 ||
	    collect_all(mem, &rules, strcmp(argv[2], "night") == 0, &seen, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	first = json_array_get(json_object_get(seen.certificate, "sources"), 0);
	printf("%s people=%lld groups=%lld memberships=%lld gaps=%zu changes=%d\n", json_text(seen.certificate, "digest"),
	       seen.seen.people, seen.seen.groups, seen.seen.memberships, seen.gaps.count,
	       json_is_true(json_object_get(first, "changes")));
	json_decref(seen.certificate);
	arena_close(mem);
	return 0;
}
