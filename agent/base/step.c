/* SPDX-License-Identifier: GPL-3.0-or-later */
/* step.c - in the program a step is only a name; tests/crash/step.c takes its place in build/behov-steps. */
#include <behov/step.h>

void step(const char *name)
{
	(void)name;
}
