/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stop.c - the wish to stop: a flag that long loops look at. */
#include <behov/step.h>

#include <signal.h>
#include <stdatomic.h>

static atomic_bool asked;              /* hands look at it, too; without a lock, and so a handler may set it */

static void on_signal(int signal_number)
{
	(void)signal_number;
	asked = true;
}

void stop_listen(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);       /* a file that may not grow is an error like a full disk, with its place told */
}

bool stop_asked(void)
{
	return asked;
}
