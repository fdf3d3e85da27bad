/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/privilege.h"

#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "daemon/console.h"

/* To run each request as its caller, with the rights of uid 0 if that is the caller.  Without
 * CAP_SYS_RESOURCE, which would let all callers use reserved blocks and exceed quotas. */
static const cap_value_t for_identities[] = {CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE, CAP_FOWNER,
                                             CAP_FSETID, CAP_CHOWN,  CAP_MKNOD};

/* To open files by handle, and to take leases on files of other users. */
static const cap_value_t for_files[] = {CAP_DAC_READ_SEARCH, CAP_LEASE};

/* To set security labels, and to be told of changes by others.  It permits much else, so it stays
 * without effect until one of these is done (backend/local/raise.h). */
static const cap_value_t on_occasion = CAP_SYS_ADMIN;

/* Keep those of the `count` wanted capabilities that the process has. */
static void keep(cap_t to, cap_t from, const cap_value_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cap_flag_value_t have = CAP_CLEAR;

        if (cap_get_flag(from, wanted[i], CAP_PERMITTED, &have) != 0 || have != CAP_SET)
            continue;
        CHECK(cap_set_flag(to, CAP_PERMITTED, 1, &wanted[i], CAP_SET) == 0);
        CHECK(cap_set_flag(to, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET) == 0);
    }
}

/* Where SELinux is in force, its policy permits labels, and no capability does. */
static bool selinux_decides(void)
{
    return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static void choose(cap_t to, cap_t from, const struct privilege_needs *needs)
{
    static const cap_value_t bind = CAP_NET_BIND_SERVICE;

    if (needs->low_port)
        keep(to, from, &bind, 1);
    if (!needs->machine)
        return;
    keep(to, from, for_files, ARRAY_SIZE(for_files));
    if (geteuid() == 0)
        keep(to, from, for_identities, ARRAY_SIZE(for_identities));
    if (needs->watches || (needs->labels && geteuid() == 0 && !selinux_decides())) {
        keep(to, from, &on_occasion, 1);
        CHECK(cap_set_flag(to, CAP_EFFECTIVE, 1, &on_occasion, CAP_CLEAR) == 0);
    }
}

static void say(cap_t caps)
{
    char *text = cap_to_text(caps, NULL);

    log_info("daemon.capabilities", LOG_STR("kept", text ? text : "?"));
    (void)cap_free(text);
}

bool privilege_reduce(const struct privilege_needs *needs)
{
    cap_t from = cap_get_proc(), to = cap_init();
    bool done = from && to;

    if (done) {
        choose(to, from, needs);
        /* Who has nothing to give up may not be permitted to ask for it. */
        done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               (cap_compare(from, to) == 0 || cap_set_proc(to) == 0);
    }
    if (done)
        say(to);
    else
        console_error("cannot give up capabilities: %s", strerror(errno));
    (void)cap_free(from);
    (void)cap_free(to);
    return done;
}
