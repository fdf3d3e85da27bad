/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/test.h"

enum {
    START_MS = 60000,
    STOP_MS = 60000,
    POLL_MS = 5
};

static int held_program = -1; /* of test_server_hold_program() */

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static const char *program_path(void)
{
    static char path[4096];
    const char *bin = getenv("MAINSTAY_BIN");

    (void)snprintf(path, sizeof(path), "%s/mainstayd", bin ? bin : ".");
    return path;
}

bool test_server_hold_program(void)
{
    if (held_program < 0)
        held_program = open(program_path(), O_PATH | O_CLOEXEC);
    return held_program >= 0;
}

bool test_server_init(struct test_server *server)
{
    memset(server, 0, sizeof(*server));
    (void)snprintf(server->dir, sizeof(server->dir), "/tmp/mainstay-test.XXXXXX");
    if (!mkdtemp(server->dir))
        return false;
    (void)snprintf(server->state, sizeof(server->state), "%s/state", server->dir);
    (void)snprintf(server->data, sizeof(server->data), "%s/data", server->dir);
    (void)snprintf(server->log, sizeof(server->log), "%s/log", server->dir);
    return mkdir(server->data, 0755) == 0 && chmod(server->dir, 0755) == 0;
}

/* Append the words of MAINSTAY_SERVER_OPTIONS, which run a whole test program in another mode. */
static unsigned more_options(const char **argv, unsigned n)
{
    static char text[256];
    const char *more = getenv("MAINSTAY_SERVER_OPTIONS");
    char *rest = text;

    (void)snprintf(text, sizeof(text), "%s", more ? more : "");
    for (char *word; n < TEST_SERVER_OPTIONS + 11 && (word = strsep(&rest, " "));) {
        if (*word)
            argv[n++] = word;
    }
    return n;
}

/* Exports accept any port: there are too few reserved ports for all connections, and only root can
 * use them. */
static const char *open_ports(const struct test_server *server, const char *option)
{
    static char rooms[TEST_SERVER_OPTIONS][512];
    static unsigned used;

    if (server->usual_ports || !strstr(option, "=local:") || strstr(option, "secure"))
        return option;
    (void)snprintf(rooms[used], sizeof(rooms[used]), "%s,insecure", option);
    return rooms[used++];
}

/* The child's part. */
static void exec_server(const struct test_server *server, pid_t parent)
{
    const char *path = program_path(), *argv[TEST_SERVER_OPTIONS + 12];
    char listen[64];
    unsigned n = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !freopen(server->log, "w", stderr))
        _exit(126);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    (void)snprintf(listen, sizeof(listen), "127.0.0.1:%u", server->port);
    argv[n++] = path;
    argv[n++] = "--listen";
    argv[n++] = listen;
    argv[n++] = "--state";
    argv[n++] = server->state;
    /* As many on every machine: they take from the descriptors that are left for connections. */
    argv[n++] = "--threads";
    argv[n++] = "2";
    /* The log line of a request is written before its reply. */
    argv[n++] = "--log-queue";
    argv[n++] = "0";
    for (unsigned i = 0; server->options[i]; i++)
        argv[n++] = open_ports(server, server->options[i]);
    n = more_options(argv, n);
    argv[n] = NULL;
    if (held_program >= 0)
        (void)fexecve(held_program, (char *const *)argv, environ);
    else
        (void)execv(path, (char *const *)argv);
    (void)fprintf(stderr, "%s cannot be started: %s\n", path, strerror(errno));
    _exit(127);
}

/* Recognizes a text line or a JSON line; one that is being written has half a port. */
static bool is_ready(const char *line, unsigned *port)
{
    static const char event[] = "\"event\":\"daemon.ready\"";

    if (!strchr(line, '\n'))
        return false;
    if (*line != '{')
        return sscanf(line, "mainstayd: ready on 127.0.0.1:%u", port) == 1;
    line = strstr(line, event);
    return line && sscanf(line + sizeof(event) - 1, ",\"address\":\"127.0.0.1:%u", port) == 1;
}

static bool find_ready(struct test_server *server)
{
    FILE *log = fopen(server->log, "r");
    char line[512];
    bool found = false;

    while (log && !found && fgets(line, sizeof(line), log))
        found = is_ready(line, &server->port);
    if (log)
        (void)fclose(log);
    (void)snprintf(server->target, sizeof(server->target), "127.0.0.1:%u", server->port);
    return found;
}

static void print_log(const struct test_server *server)
{
    FILE *log = fopen(server->log, "r");
    char line[512];

    while (log && fgets(line, sizeof(line), log))
        (void)fputs(line, stdout);
    if (log)
        (void)fclose(log);
}

/* Of a `local` export that cannot be served here, as in a user namespace that denies setgroups, the
 * reason, which ends with the line; false: that is not why it did not start. */
static bool find_obstacle(const struct test_server *server, char *reason, size_t size)
{
    static const char said[] = "cannot act as its callers: ";
    FILE *log = fopen(server->log, "r");
    char line[512];
    const char *at = NULL;

    while (log && !at && fgets(line, sizeof(line), log))
        at = strstr(line, said);
    if (at)
        (void)snprintf(reason, size, "%s", at);
    if (log)
        (void)fclose(log);
    return at != NULL;
}

/* None of the program's tests can run then. */
static void skip_program(struct test_server *server)
{
    char reason[512];

    if (!find_obstacle(server, reason, sizeof(reason)))
        return;
    (void)printf("skipped: the server %s", reason);
    test_server_fini(server);
    exit(TEST_EXIT_SKIPPED);
}

/* Has the server ended within that time? */
static bool wait_end(struct test_server *server, long wait_ms, int *status)
{
    for (long waited = 0; waited < wait_ms; waited += POLL_MS) {
        if (waitpid(server->pid, status, WNOHANG) == server->pid) {
            server->pid = 0;
            return true;
        }
        pause_ms(POLL_MS);
    }
    return false;
}

bool test_server_start(struct test_server *server, const char *const *options)
{
    pid_t parent = getpid();
    int status;

    for (unsigned i = 0; options && i < TEST_SERVER_OPTIONS - 1; i++) {
        server->options[i] = options[i];
        if (!options[i])
            break;
    }
    (void)unlink(server->log);
    server->pid = fork();
    if (server->pid == 0)
        exec_server(server, parent);
    for (long waited = 0; server->pid > 0 && waited < START_MS; waited += POLL_MS) {
        if (find_ready(server))
            return true;
        if (wait_end(server, POLL_MS, &status))
            break;
    }
    skip_program(server);
    print_log(server);
    test_server_kill(server);
    return false;
}

bool test_server_end(struct test_server *server, int *exit_status)
{
    int status = 0;

    if (server->pid <= 0)
        return false;
    (void)kill(server->pid, SIGTERM);
    if (!wait_end(server, STOP_MS, &status)) {
        (void)printf("mainstayd does not end\n");
        print_log(server);
        test_server_kill(server);
        return false;
    }
    if (WIFEXITED(status)) {
        *exit_status = WEXITSTATUS(status);
        return true;
    }
    (void)printf("mainstayd ended with signal %d\n", WTERMSIG(status));
    print_log(server);
    return false;
}

bool test_server_stop(struct test_server *server)
{
    int exit_status;

    if (!test_server_end(server, &exit_status))
        return false;
    if (exit_status == 0)
        return true;
    (void)printf("mainstayd ended with status %d\n", exit_status);
    print_log(server);
    return false;
}

void test_server_kill(struct test_server *server)
{
    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
}

unsigned test_server_sockets(const struct test_server *server)
{
    char path[64], target[16];
    unsigned count = 0;
    struct dirent *entry;
    DIR *fds;

    (void)snprintf(path, sizeof(path), "/proc/%d/fd", server->pid);
    fds = opendir(path);
    while (fds && (entry = readdir(fds)))
        count += readlinkat(dirfd(fds), entry->d_name, target, sizeof(target)) > 7 &&
                 strncmp(target, "socket:", 7) == 0;
    if (fds)
        (void)closedir(fds);
    return count;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void test_server_fini(struct test_server *server)
{
    test_server_kill(server);
    (void)nftw(server->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
