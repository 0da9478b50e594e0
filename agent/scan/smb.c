/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smb.c - folders of a share on an SMB server, listed by helpers: one process for each hand, with a connection of its own.
 *
 * A helper (behov-smb) is asked for one folder at a time and told nothing that it does not need.  What it says is not believed:
 * it may have been told so by anybody.  One that ends, is silent for too long or cannot be understood costs the folder that it
 * was asked about, and another is started; after a number of them the share is given up, and the rest of it are gaps.
 */
#include "scan_p.h"
#include "behov/file.h"
#include "behov/step.h"
#include "behov/text.h"
#include "behov/wire.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDED_MOST 10                   /* helpers of a share that may end when they should not */
#define LOST_MOST 16                    /* connections in a row that may be lost */
#define PATIENCE 10                     /* so many times what one question to the server may take, for a whole folder */
#define LOOKING 3                       /* requests that a look takes: opened, asked, closed */
#define LISTING 4                       /* and a listing: opened, listed, heard that there is no more, closed */
#define FOLDER_MOST ((size_t)1 << 31)   /* bytes that may be told of one folder */
#define YEAR_1601 (-11644473600LL)      /* where SMB begins to count */
#define YEAR_10000 253402300800LL

struct helper {
	pid_t pid;
	int fd;
	struct wire wire;
	struct helper *next;
};

/* What may be said of a failure: `why` is ours, and NULL when errno's word will do. */
struct trouble { int error; const char *why; };

struct smb {
	const struct share *share;
	const char *program, *password;
	char *env[4];
	pthread_mutex_t lock;
	struct helper *idle;
	int ended, lost;
	bool given_up;
};

static const char helper_ended[] = "the helper behov-smb has ended", silent[] = "the server does not answer in time",
	strange[] = "what the helper behov-smb says cannot be understood", stopped[] = "we were asked to stop",
	given_up[] = "the server has been given up: it, or our helper for it, has failed too often";

/* ------------------------------------------------------------------ helpers */

static bool
not_stopped(void)
{
	return !stop_asked();
}

/* Between fork() and execve() in a program with threads: calls of the kernel, and nothing else. */
_Noreturn static void
become_helper(const struct smb *smb, int fd)
{
	char *argv[] = { (char *)smb->program, NULL };
	int nowhere = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);                  /* what a terminal sends is for the scan, which ends us */
	if (dup2(fd, 0) == 0 && dup2(nowhere, 1) == 1 && dup2(nowhere, 2) == 2 && fcntl(0, F_SETFD, 0) == 0 &&
	    syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		execve(smb->program, argv, (char *const *)smb->env);
	_exit(127);
}

static struct helper *
start(const struct smb *smb)
{
	struct helper *h = calloc(1, sizeof(*h));
	int pair[2];

	if (!h)
		abort();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		goto out;
	h->fd = pair[0];
	h->pid = fork();
	if (h->pid == 0)
		become_helper(smb, pair[1]);
	close(pair[1]);
	if (h->pid > 0)
		return h;
	close(pair[0]);
out:
	free(h);
	return NULL;
}

static void
end(struct helper *h)
{
	if (!h)
		return;
	close(h->fd);
	kill(h->pid, SIGKILL);
	while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
		;
	wire_free(&h->wire);
	free(h);
}

/* What a helper that answered "no" has said. */
static struct trouble
refusal(struct wire *w)
{
	static const char *const why[] = {
		[WIRE_UNKNOWN] = "there is no server of that name",
		[WIRE_OLD] = "the server broke off before it let us in: does it speak SMB3?",
		[WIRE_LOGIN] = "the server does not let us in: user, password or ticket is wrong, or has no right to the share",
		[WIRE_CLEAR] = "the server does not encrypt, and encrypt = \"required\"",
		[WIRE_ELSEWHERE] = "the server sends us to another one (DFS), where we do not go: name that one",
		[WIRE_NAME] = "a name in it is too long",
	};
	size_t how = wire_get(w, 1);
	int error = (int)wire_get(w, 4);

	if (!wire_ended(w) || how >= sizeof(why) / sizeof(*why) || error <= 0)
		return (struct trouble){ .error = EIO, .why = strange };
	return (struct trouble){ .error = error, .why = why[how] };
}

/* A message of one of two kinds: which; or 0 with `out`. */
static enum wire_kind
hear_either(const struct smb *smb, struct helper *h, enum wire_kind one, enum wire_kind other, struct trouble *out)
{
	int rc = wire_receive(h->fd, &h->wire, (int64_t)smb->share->smb->timeout * 1000 * PATIENCE, not_stopped), error = errno;
	enum wire_kind kind = rc == 1 ? wire_kind(&h->wire) : 0;

	if (kind && (kind == one || kind == other))
		return kind;
	*out = (struct trouble){ .error = EIO, .why = strange };
	if (kind == WIRE_FAILED)
		*out = refusal(&h->wire);
	else if (rc < 0 && error == ETIMEDOUT)
		*out = (struct trouble){ .error = error, .why = silent };
	else if (rc < 0 && error == ECANCELED)
		out->why = stopped;
	else if (rc == 0 || (rc < 0 && error != EBADMSG))
		out->why = helper_ended;
	return 0;
}

static bool
hear(const struct smb *smb, struct helper *h, enum wire_kind wanted, struct trouble *out)
{
	return hear_either(smb, h, wanted, wanted, out) == wanted;
}

/* How a failure leaves the helper: it may be asked again, its connection is gone, or it is no helper any more. */
static bool
is_lost(const struct trouble *t)
{
	switch (t->error) {
	case ETIMEDOUT: case ECONNREFUSED: case ECONNRESET: case ECONNABORTED: case EPIPE: case ENOTCONN: case EHOSTUNREACH:
	case ENETUNREACH: case ENETRESET: case EHOSTDOWN: case ESHUTDOWN:
		return true;
	default:
		return false;
	}
}

static bool
is_broken(const struct trouble *t)
{
	return t->why == helper_ended || t->why == strange || t->why == silent || t->why == stopped;
}

static void
put_text(struct wire *w, const char *text)
{
	wire_put_text(w, text, strlen(text));
}

static bool
say_hello(const struct smb *smb, struct helper *h, struct trouble *out)
{
	const struct smb_place *p = smb->share->smb;
	struct wire w = { 0 };
	bool good;

	wire_begin(&w, WIRE_HELLO);
	wire_put(&w, WIRE_VERSION, 1);
	put_text(&w, p->server);
	wire_put(&w, (uint64_t)p->port, 2);
	put_text(&w, p->share);
	put_text(&w, p->folder);
	put_text(&w, p->domain);
	put_text(&w, p->user);
	put_text(&w, smb->password);
	wire_put(&w, (p->kerberos ? 1 : 0) | (p->encrypted ? 2 : 0), 1);
	wire_put(&w, (uint64_t)p->timeout * 1000, 4);
	good = wire_send(h->fd, &w) == 0;
	*out = (struct trouble){ .error = EIO, .why = helper_ended };
	wire_free(&w);
	return good && hear(smb, h, WIRE_READY, out) && wire_ended(&h->wire);
}

/* What came of one use of a helper is remembered: a success forgives what was lost. */
static void
count(struct smb *smb, const struct trouble *t)
{
	pthread_mutex_lock(&smb->lock);
	if (!t)
		smb->lost = 0;
	else if (t->why == helper_ended || t->why == strange)
		smb->ended++;
	else if (is_lost(t))
		smb->lost++;
	smb->given_up = smb->given_up || smb->ended > ENDED_MOST || smb->lost > LOST_MOST;
	pthread_mutex_unlock(&smb->lock);
}

/* One that is idle, or a new one that has been let in.  NULL with `out`. */
static struct helper *
take(struct smb *smb, bool fresh, struct trouble *out)
{
	struct helper *h = NULL;
	bool gone;

	pthread_mutex_lock(&smb->lock);
	gone = smb->given_up;
	if (!gone && !fresh && smb->idle) {
		h = smb->idle;
		smb->idle = h->next;
	}
	pthread_mutex_unlock(&smb->lock);
	*out = (struct trouble){ .error = EIO, .why = gone ? given_up : helper_ended };
	if (h || gone)
		return h;
	h = start(smb);
	if (h && say_hello(smb, h, out))
		return h;
	end(h);
	count(smb, out);
	return NULL;
}

static void
give_back(struct smb *smb, struct helper *h, const struct trouble *t)
{
	count(smb, t);
	if (t && (is_broken(t) || is_lost(t))) {
		end(h);
		return;
	}
	pthread_mutex_lock(&smb->lock);
	h->next = smb->idle;
	smb->idle = h;
	pthread_mutex_unlock(&smb->lock);
}

/* ------------------------------------------------------------------ what it says */

/*
 * What the attributes make of a name.  A folder that is a reparse point (junction, mount point, DFS) leads elsewhere, as does an
 * empty file that is one; a file with content that is one is stored in another way (deduplicated, or in an archive), and is there.
 */
static unsigned char
type_of(const struct wire_entry *e)
{
	if (e->attributes & WIRE_REPARSE && (e->attributes & WIRE_DIRECTORY || !e->size))
		return DT_LNK;
	return e->attributes & WIRE_DIRECTORY ? DT_DIR : DT_REG;
}

/* A server without that time says nothing, or the year when SMB begins to count. */
static bool
is_time(int64_t seconds, uint32_t ns)
{
	return (seconds || ns) && seconds > YEAR_1601 && seconds < YEAR_10000;
}

static void
fill(struct entry *out, const struct wire_entry *e)
{
	bool born = is_time(e->btime_s, e->btime_ns), written = is_time(e->mtime_s, e->mtime_ns), changed = is_time(e->ctime_s, e->ctime_ns);

	out->type = type_of(e);
	out->stated = true;
	out->size = e->size;
	out->dev = out->ino = 0;        /* nothing there has an identity that lasts */
	out->nlink = 1;
	out->mtime_s = written ? e->mtime_s : YEAR_1601;        /* too old to be believed: see `oldest` in retain */
	out->mtime_ns = written ? e->mtime_ns : 0;
	out->ctime_s = changed ? e->ctime_s : YEAR_1601;
	out->ctime_ns = changed ? e->ctime_ns : 0;
	out->btime_s = born ? e->btime_s : INT64_MIN;
	out->btime_ns = born ? e->btime_ns : 0;
}

static void
add(struct folder *f, const struct wire_entry *e)
{
	struct listed *l = folder_add(f, e->name, e->name_len, DT_REG);

	fill(&l->entry, e);
	f->folders |= l->entry.type == DT_DIR;
	if (l->entry.type == DT_DIR && e->attributes & WIRE_OFFLINE) {
		l->entry.type = DT_UNKNOWN;     /* listing it would fetch it from where it lies */
		l->error = EREMOTE;
	}
}

/* A server that does not list a folder in itself has not said what it was before it was listed: nothing is as it was. */
static struct mark
mark_of(const struct wire_entry *e)
{
	if (!e->ino || !is_time(e->ctime_s, e->ctime_ns))
		return (struct mark){ .ctime_s = INT64_MAX };
	return (struct mark){ e->ino, e->mtime_s, e->ctime_s, e->mtime_ns, e->ctime_ns };
}

/* The last message: the thing itself. */
static bool
read_end(struct helper *h, struct wire_entry *out, struct trouble *t)
{
	if (wire_get_entry(&h->wire, false, out) && wire_ended(&h->wire))
		return true;
	*t = (struct trouble){ .error = EIO, .why = strange };
	return false;
}

static bool
ask(struct helper *h, enum wire_kind what, const char *path, struct trouble *t)
{
	wire_begin(&h->wire, what);
	if (path)
		put_text(&h->wire, path);
	*t = (struct trouble){ .error = EIO, .why = helper_ended };
	return wire_send(h->fd, &h->wire) == 0;
}

static bool
list(const struct smb *smb, struct helper *h, struct folder *f, struct trouble *t)
{
	struct wire_entry e;
	enum wire_kind kind;
	size_t told = 0;

	f->count = f->names_len = 0;
	f->folders = false;
	if (!ask(h, WIRE_LIST, f->path, t))
		return false;
	while ((kind = hear_either(smb, h, WIRE_ENTRIES, WIRE_END, t)) == WIRE_ENTRIES) {
		told += h->wire.len;
		while (wire_get_entry(&h->wire, true, &e))
			add(f, &e);
		if (!wire_ended(&h->wire) || told > FOLDER_MOST) {
			*t = (struct trouble){ .error = EIO, .why = strange };
			return false;
		}
	}
	if (kind != WIRE_END || !read_end(h, &e, t))
		return false;
	f->mark = mark_of(&e);
	return true;
}

/* One question, instead of a listing. */
static bool
is_same(const struct smb *smb, struct helper *h, const struct folder *f, struct trouble *t)
{
	struct wire_entry e;
	struct mark mark;

	if (!ask(h, WIRE_LOOK, f->path, t) || !hear(smb, h, WIRE_END, t) || !read_end(h, &e, t))
		return false;
	*t = (struct trouble){ 0 };
	mark = mark_of(&e);
	return e.attributes & WIRE_DIRECTORY && mark.ctime_s != INT64_MAX && mark_same(&mark, &f->was);
}

/* ------------------------------------------------------------------ a folder */

/* The helper makes its requests one after the other: each has its turn before they begin. */
static void
wait_turns(struct folder *f, int count)
{
	while (count-- > 0)
		folder_turn(f);
}

/* Once.  False with `t`. */
static bool
try_folder(struct smb *smb, struct folder *f, bool fresh, struct trouble *t)
{
	struct helper *h = take(smb, fresh, t);
	bool good;

	if (!h)
		return false;
	if (f->known) {
		wait_turns(f, LOOKING);
		f->same = is_same(smb, h, f, t);
		if (f->same || is_broken(t) || is_lost(t)) {
			give_back(smb, h, t->error ? t : NULL);
			return f->same;
		}
	}
	wait_turns(f, LISTING);
	good = list(smb, h, f, t);
	give_back(smb, h, good ? NULL : t);
	return good;
}

/* All of it at once: the helper has it all.  A connection that a server has closed meanwhile is made anew, once. */
void
smb_read(struct smb *smb, struct folder *f)
{
	struct trouble t;

	f->last = true;
	f->same = false;
	f->open_error = 0;
	f->why = NULL;
	if (try_folder(smb, f, false, &t))
		return;
	if (is_lost(&t) && t.error != ETIMEDOUT && try_folder(smb, f, true, &t))
		return;
	f->count = f->names_len = 0;
	f->folders = false;
	f->same = false;
	f->open_error = t.error ? t.error : EIO;
	f->why = t.why;
}

/* ------------------------------------------------------------------ a share */

static char *
environment(struct arena *mem, const char *name)
{
	const char *value = getenv(name);

	return value ? arena_print(mem, "%s=%s", name, value) : NULL;
}

/* Beside the program, in ../libexec/behov beside it, or where a package puts it. */
const char *
scan_helper(struct arena *mem)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	self[len < 0 ? 0 : len] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		const char *beside = arena_print(mem, "%.*s/behov-smb", (int)(slash - self), self);
		const char *libexec = arena_print(mem, "%.*s/../libexec/behov/behov-smb", (int)(slash - self), self);

		if (access(beside, X_OK) == 0)
			return beside;
		if (access(libexec, X_OK) == 0)
			return libexec;
	}
	return access("/usr/libexec/behov/behov-smb", X_OK) == 0 ? "/usr/libexec/behov/behov-smb" : NULL;
}

static int
prepare(struct arena *mem, struct smb *smb, struct error *err)
{
	const char *file = smb->share->smb->password_file;
	char *password = "";
	size_t len = 0;
	int n = 0;

	smb->program = scan_helper(mem);
	if (!smb->program)
		return error_set(err, ERROR_SOURCE, "cannot read share '%s': the helper behov-smb is not beside behov", smb->share->id);
	if (file && file_secret(mem, file, &password, &len, err) < 0)
		return -1;
	if (file && !len)
		return error_set(err, ERROR_CONFIG, "the password of share '%s' is empty", smb->share->id);
	smb->password = password;
	smb->env[n++] = "HOME=/nonexistent";            /* no smb.conf of anybody's */
	if (smb->share->smb->kerberos)
		for (int i = 0; i < 2; i++) {
			char *one = environment(mem, i ? "KRB5_CONFIG" : "KRB5CCNAME");

			if (one)
				smb->env[n++] = one;
		}
	return 0;
}

static enum marker
read_marker(struct smb *smb, struct trouble *t)
{
	struct helper *h = take(smb, false, t);
	enum marker found = MARKER_WRONG;
	char text[WIRE_MARKER_MOST + 1];
	const char *bytes;
	size_t len;

	if (!h)
		return MARKER_WRONG;
	if (ask(h, WIRE_MARKER, NULL, t) && hear(smb, h, WIRE_TEXT, t)) {
		bytes = wire_get_text(&h->wire, &len);
		*t = (struct trouble){ 0 };
		if (wire_ended(&h->wire) && len <= WIRE_MARKER_MOST) {
			memcpy(text, bytes, len);
			text[len] = '\0';
			found = marker_names(text, smb->share->id) ? MARKER_OURS : MARKER_WRONG;
		}
	} else if (!t->why && !is_lost(t)) {
		found = t->error == ENOENT ? MARKER_MISSING : MARKER_WRONG;
		*t = (struct trouble){ 0 };
	}
	give_back(smb, h, t->error ? t : NULL);
	return found;
}

struct smb *
smb_open(struct arena *mem, const struct share *share, bool *marked, struct error *err)
{
	struct smb *smb = arena_new(mem, struct smb);
	struct trouble t;
	enum marker found;

	*marked = false;
	smb->share = share;
	pthread_mutex_init(&smb->lock, NULL);
	if (prepare(mem, smb, err) < 0)
		goto failed;
	found = read_marker(smb, &t);
	if (t.error) {
		error_set(err, ERROR_SOURCE, "cannot open share '%s' at '%s': %s", share->id, share->path, t.why ? t.why : strerror(t.error));
		goto failed;
	}
	if (marker_allows(share, found, err) < 0)
		goto failed;
	*marked = found == MARKER_OURS;
	return smb;
failed:
	smb_close(smb);
	return NULL;
}

void
smb_close(struct smb *smb)
{
	while (smb && smb->idle) {
		struct helper *h = smb->idle;

		smb->idle = h->next;
		end(h);
	}
	if (smb)
		pthread_mutex_destroy(&smb->lock);
}
