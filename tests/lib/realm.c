/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/realm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/directory.h"

enum {
    REALM_ARGS = 24
};

static void exec_script(const struct test_realm *realm, const char *const *options, int out)
{
    const char *argv[REALM_ARGS] = {"python3", MAINSTAY_REALM, realm->dir};

    for (unsigned i = 0; options && options[i] && i < REALM_ARGS - 4; i++)
        argv[i + 3] = options[i];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    (void)execvp(argv[0], (char *const *)argv);
    perror(argv[0]);
    _exit(127);
}

/* Take the environment that the script prints; "ready" is its end. */
static bool take_environment(FILE *lines)
{
    char line[4200];
    char *value;

    while (fgets(line, sizeof(line), lines)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "ready") == 0)
            return true;
        value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = '\0';
        (void)setenv(line, value, 1);
    }
    return false;
}

bool test_realm_start(struct test_realm *realm, const char *const *options)
{
    bool ready = false;
    int out[2];
    FILE *lines;

    (void)snprintf(realm->dir, sizeof(realm->dir), "/tmp/mainstay-realm.XXXXXX");
    realm->pid = 0;
    if (!mkdtemp(realm->dir) || pipe2(out, O_CLOEXEC) != 0)
        return false;
    (void)fflush(stdout);
    realm->pid = fork();
    if (realm->pid == 0)
        exec_script(realm, options, out[1]);
    (void)close(out[1]);
    lines = fdopen(out[0], "r");
    if (lines) {
        ready = take_environment(lines);
        (void)fclose(lines);
    }
    if (!ready)
        test_realm_fini(realm);
    return ready;
}

const char *test_realm_path(const struct test_realm *realm, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", realm->dir, name);
    return path;
}

bool test_realm_admin(const struct test_realm *realm, const char *command)
{
    int status = -1;
    pid_t pid;

    (void)realm;
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stdout); /* errors go to stderr */
        (void)setenv("PATH", "/usr/bin:/bin:/usr/sbin:/sbin", 1);
        (void)execlp("kadmin.local", "kadmin.local", "-q", command, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void test_realm_stop(struct test_realm *realm)
{
    if (realm->pid > 0) {
        (void)kill(realm->pid, SIGKILL);
        (void)waitpid(realm->pid, NULL, 0);
    }
    realm->pid = 0;
}

void test_realm_fini(struct test_realm *realm)
{
    test_realm_stop(realm);
    (void)directory_remove(realm->dir);
}
