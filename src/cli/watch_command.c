/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory is delegated, read, and watched until something is lost: the delegation, the
 * session, the server.  Then all begins again, until interrupted.
 */
#include "cli/watch_command.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/complaint.h"
#include "cli/security_option.h"
#include "cli/watch_print.h"
#include "client/client_dir_holder.h"
#include "client/client_file.h"
#include "client/client_target.h"

enum {
    TIMEOUT_MS = 10000,
    WAIT_MS = 500,
    OWNER_BYTES = 64,
    SAID_BYTES = 160,
};

struct watcher {
    const char *argument, *path;
    struct client_security security;
    char target[CLIENT_TARGET_BYTES];
    struct watch_print print;
    struct client_callbacks *callbacks;
    struct client_mount mount;
    char owner[OWNER_BYTES]; /* of all its sessions: so a restarted server waits for none of them */
    bool begun;              /* once: from then on errors are not the end */
    char said[SAID_BYTES];   /* last, about what makes it wait */
};

enum outcome {
    AGAIN, /* after a while */
    FAILED,
    ENDED, /* interrupted, or nobody reads the output any more */
};

static sigset_t interrupts(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    return set;
}

/* Interrupts wait until the delegation is returned: the server would keep it, and with it the next
 * change of the directory, until the lease is over. */
static bool interrupted(void)
{
    sigset_t set;

    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1);
}

static bool goes_on(void)
{
    return fflush(stdout) == 0 && !interrupted();
}

static enum outcome fail(struct watcher *w, const char *what)
{
    if (strncmp(w->said, what, sizeof(w->said) - 1) != 0)
        complaint_print("watch %s: %s%s", w->argument, what, w->begun ? "; trying again" : "");
    (void)snprintf(w->said, sizeof(w->said), "%s", what);
    return w->begun ? AGAIN : FAILED;
}

static void told(struct client_dir *dir, const struct notify_event *event, void *context)
{
    struct watcher *w = context;

    (void)dir;
    watch_print_event(&w->print, event);
}

static enum outcome wait_told(struct watcher *w, struct client_dir_holder *holder,
                              struct client_dir *dir)
{
    bool connected = true;

    w->begun = true;
    w->said[0] = '\0';
    watch_print_begin(&w->print, dir);
    while (connected && dir->state == CLIENT_DIR_VALID && goes_on())
        connected = client_dir_holder_serve(holder, WAIT_MS);
    if (dir->state != CLIENT_DIR_LOST)
        return ENDED;
    watch_print_lost(&w->print, dir->loss);
    return goes_on() ? AGAIN : ENDED;
}

/* One delegation after the other, as long as there is the session. */
static enum outcome watch_session(struct watcher *w, struct client_dir_holder *holder,
                                  struct client_dir *dir)
{
    enum outcome outcome = AGAIN;

    while (outcome == AGAIN) {
        switch (client_dir_holder_acquire(holder, dir, false)) {
        case CLIENT_DIR_GRANTED:
            outcome = wait_told(w, holder, dir);
            break;
        case CLIENT_DIR_UNAVAILABLE:
            w->begun = true;
            (void)fail(w, "the server does not delegate the directory now");
            if (!client_dir_holder_serve(holder, WAIT_MS))
                return AGAIN;
            outcome = interrupted() ? ENDED : AGAIN;
            break;
        case CLIENT_DIR_REFUSED:
            return fail(w, holder->status == NFS4ERR_NOTSUPP
                               ? "the server does not delegate directories"
                               : status_name(holder->status));
        case CLIENT_DIR_GONE:
            return AGAIN;
        }
    }
    return outcome;
}

static enum outcome watch_mounted(struct watcher *w)
{
    struct client_dir_holder holder;
    enum nfsstat4 status;
    enum outcome outcome;
    struct client_dir dir;
    struct client_fh fh;

    status = client_file_lookup(&w->mount, w->path, &fh);
    if (status != NFS4_OK)
        return fail(w, client_mount_failure(&w->mount, status));
    client_dir_holder_init(&holder, &w->mount, w->target, TIMEOUT_MS);
    client_dir_init(&dir, &fh);
    dir.watch = told;
    dir.context = w;
    outcome = watch_session(w, &holder, &dir);
    client_dir_holder_return(&holder, &dir);
    client_dir_holder_fini(&holder);
    client_dir_fini(&dir);
    return outcome;
}

static enum outcome watch_once(struct watcher *w)
{
    const struct client_cred cred = {.uid = geteuid(), .gid = getegid(), .security = &w->security};
    struct client_session_wish wish = client_session_wish_default(w->owner);
    enum outcome outcome;
    enum nfsstat4 status;

    memset(w->callbacks, 0, sizeof(*w->callbacks));
    wish.callbacks = w->callbacks;
    status = client_mount_open(&w->mount, w->target, TIMEOUT_MS, &cred, &wish);
    if (status != NFS4_OK)
        return fail(w, client_mount_failure(&w->mount, status));
    outcome = watch_mounted(w);
    client_mount_close(&w->mount);
    return outcome;
}

static int run(struct watcher *w)
{
    const char *complaint = client_target_lookup(w->target);
    enum outcome outcome = AGAIN;

    if (complaint)
        (void)fail(w, complaint);
    else
        outcome = watch_once(w);
    while (!complaint && outcome == AGAIN && !interrupted()) {
        (void)poll(NULL, 0, WAIT_MS);
        outcome = watch_once(w);
    }
    return complaint || outcome == FAILED ? COMMAND_FAILED : COMMAND_OK;
}

/* HOST[:PORT]:/PATH.  NULL, or what is wrong with it. */
static const char *argument_parse(struct watcher *w)
{
    const char *colon = strstr(w->argument, ":/");
    const char *mistake;
    char *host;

    if (!colon)
        return "a directory is HOST:/PATH, for example 127.0.0.1:/data";
    host = must_strdup(w->argument);
    host[colon - w->argument] = '\0';
    mistake = client_target_parse(host, true, w->target);
    free(host);
    w->path = colon + 1;
    return mistake;
}

int watch_command(const struct invocation *call)
{
    struct watcher *w = must_calloc(1, sizeof(*w));
    const char *mistake;
    int code = COMMAND_USAGE;

    w->argument = call->arguments[0];
    (void)snprintf(w->owner, sizeof(w->owner), "%s", client_session_wish_default(NULL).owner);
    w->print.json = call->globals[GLOBAL_JSON] != NULL;
    w->callbacks = must_calloc(1, sizeof(*w->callbacks));
    mistake = argument_parse(w);
    if (mistake) {
        complaint_print("watch: '%s': %s", w->argument, mistake);
    } else if (security_option_take(call, &w->security)) {
        const sigset_t set = interrupts();

        client_conn_reserve_ports();
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        code = run(w);
        (void)fflush(stdout);
        (void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* one that waited ends the program */
    }
    free(w->callbacks);
    free(w);
    return code;
}
