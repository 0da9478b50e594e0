/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - one event a line on stderr, and one progress line that comes and goes. */
#include <behov/clock.h>
#include <behov/log.h>
#include <behov/text.h>

#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static enum log_level most = LOG_LEVEL_INFO;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static bool shown;                      /* a progress line stands on the terminal */
static char shown_what[80];
static double shown_since, shown_last;

void log_open(enum log_level level)
{
	most = level;
}

/* sd-daemon(3): JOURNAL_STREAM is "device:inode" of the stream that the journal reads. */
static bool to_journal(void)
{
	static int known = -1;
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char ours[64];

	if (known < 0) {
		known = 0;
		if (stream && fstat(STDERR_FILENO, &st) == 0) {
			snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
			known = strcmp(ours, stream) == 0;
		}
	}
	return known;
}

static void wipe(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

static void say(enum log_level level, const char *format, va_list args)
{
	static const char *const priority[] = { "<3>", "<4>", "<6>", "<7>" };
	char line[4096];

	if (level > most)
		return;
	vsnprintf(line, sizeof(line), format, args);
	text_plain(line);
	pthread_mutex_lock(&guard);
	wipe();
	fprintf(stderr, "%sbehov: %s\n", to_journal() ? priority[level] : "", line);
	pthread_mutex_unlock(&guard);
}

#define LEVEL(name, level)                                                                         \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		say(level, format, args);                                                          \
		va_end(args);                                                                      \
	}
LEVEL(log_error, LOG_LEVEL_ERROR)
LEVEL(log_warn, LOG_LEVEL_WARN)
LEVEL(log_info, LOG_LEVEL_INFO)
LEVEL(log_debug, LOG_LEVEL_DEBUG)

void progress(const char *what, long long done, long long total)
{
	double now;
	int spent;

	if (most < LOG_LEVEL_INFO || !isatty(STDERR_FILENO))
		return;
	now = clock_spent();
	pthread_mutex_lock(&guard);
	if (strcmp(shown_what, what) != 0) {
		snprintf(shown_what, sizeof(shown_what), "%s", what);
		text_plain(shown_what);
		shown_since = now;
		shown_last = 0;
	}
	if (now - shown_last >= 0.1) {
		shown_last = now;
		spent = (int)(now - shown_since);
		fprintf(stderr, "\r\033[K%s: %lld", shown_what, done);
		if (total > 0)
			fprintf(stderr, " of %lld", total);
		fprintf(stderr, ", %d:%02d", spent / 60, spent % 60);
		shown = true;
	}
	pthread_mutex_unlock(&guard);
}

void progress_end(void)
{
	pthread_mutex_lock(&guard);
	wipe();
	shown_what[0] = '\0';
	pthread_mutex_unlock(&guard);
}
