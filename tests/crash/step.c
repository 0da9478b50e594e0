/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step.c - ends the process at the step a test asks for, or stops it there until the test lets it go on; linked before the
 * library in build/behov-steps.
 */
#include <behov/step.h>

#include <signal.h>
#include <unistd.h>

/* Opened before the program gives up what it does not need. */
static FILE *list;
__attribute__((constructor)) static void
open_list(void)
{
	const char *path = getenv("BEHOV_STEPS");

	list = path ? fopen(path, "ae") : NULL;
}

void step(const char *name)
{
	static _Atomic long taken;               /* serve has many hands */
	long number = ++taken;
	const char *die = getenv("BEHOV_DIE_AT"), *halt = getenv("BEHOV_HALT_AT");

	if (list) {
		fprintf(list, "%ld %s\n", number, name);
		fflush(list);
	}
	if (die && strtol(die, NULL, 10) == number)
		_exit(100);
	if (halt && (strcmp(halt, "each") == 0 || strtol(halt, NULL, 10) == number))
		raise(SIGSTOP);
}
