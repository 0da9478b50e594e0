/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step.h - a named moment after an outward effect.
 *
 * In the program this does nothing but look whether we were asked to stop.  tests/crash/step.c is linked in its place
 * in build/behov-steps: there BEHOV_DIE_AT=n ends the process with exit code 100 at the n:th step, BEHOV_HALT_AT=n (or each)
 * stops it there until it gets SIGCONT, and BEHOV_STEPS=FILE gets a line for each.
 */
#ifndef BEHOV_STEP_H
#define BEHOV_STEP_H

#include "banned.h"
#include <stdbool.h>

void step(const char *name);

/* SIGTERM and SIGINT set a flag; long loops look at it and return ERROR_STOPPED. */
void stop_listen(void);
bool stop_asked(void);

#endif
