/* SPDX-License-Identifier: Apache-2.0 */
#include "allocation/faults.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/wait.h"

enum {
    STEPS_MOST = 2000,
    TRIES_MOST = 2000, /* of a step in one pass */
    PASSES_MOST = 60,
};

/* Steps are identified by their number within a pass. */
struct progress {
    uint64_t next; /* the next allocation to fail */
    bool complete; /* it ran through with no failure left to meet */
};

static struct progress progress[STEPS_MOST];
static unsigned at, pass, incomplete, fault_count;
static int listener = -1, server = -1;
static char path[96];

void faults_install(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(path, sizeof(path), "%s/faults", dir);
    memcpy(address.sun_path, path, strlen(path));
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(setenv("ALLOCATION_FAULTS", path, 1), 0);
}

void faults_remove(void)
{
    close(server);
    close(listener);
    (void)unlink(path);
}

void faults_meet(void)
{
    if (server >= 0)
        close(server);
    server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
}

/* Have allocation `n` fail. Returns whether the failure ordered before has happened. */
static bool order(uint64_t n)
{
    uint64_t fired;

    assert_int_equal(write(server, &n, sizeof(n)), sizeof(n));
    assert_int_equal(read(server, &fired, sizeof(fired)), sizeof(fired));
    fault_count += fired != 0;
    return fired != 0;
}

void faults_begin(void)
{
    memset(progress, 0, sizeof(progress));
    pass = fault_count = 0;
}

void faults_pass_begin(void)
{
    at = incomplete = 0;
    assert_true(pass++ < PASSES_MOST);
}

bool faults_pass_end(void)
{
    return incomplete == 0;
}

unsigned faults_count(void)
{
    return fault_count;
}

static struct progress *progress_next(void)
{
    struct progress *p = &progress[at++];

    assert_true(at <= STEPS_MOST);
    if (p->next == 0)
        p->next = 1;
    return p;
}

void faults_arm(void)
{
    struct progress *p = progress_next();

    if (!p->complete)
        (void)order(p->next);
}

bool faults_disarm(void)
{
    struct progress *p = &progress[at - 1];
    bool fired = !p->complete && order(0);

    p->next += fired;
    p->complete = !fired;
    incomplete += fired;
    return fired;
}

/* The connection was closed: make another one, and repeat the same call. */
static enum client_status again(struct client_mount *mount,
                                enum client_status (*call)(enum nfsstat4 *status),
                                enum nfsstat4 *status)
{
    struct client_callbacks *callbacks = mount->conn.callbacks;
    struct client_cred cred = mount->conn.cred;
    uint32_t xid = mount->conn.xid;
    enum client_status got;

    client_conn_close(&mount->conn);
    assert_int_equal(client_conn_open(&mount->conn, script_server.target, SCRIPT_TIMEOUT_MS),
                     CLIENT_OK);
    mount->conn.cred = cred;
    mount->conn.callbacks = callbacks;
    mount->conn.xid = xid;
    if (call)
        return call(status);
    client_result_free(R);
    memset(R, 0, sizeof(*R));
    got = client_compound_send_again(&mount->conn, C, xid);
    if (got == CLIENT_OK)
        got = client_compound_receive(&mount->conn, C, xid, R);
    *status = R->status;
    return got;
}

static enum client_status once(struct client_mount *mount, void (*build)(void),
                               enum client_status (*call)(enum nfsstat4 *status),
                               enum nfsstat4 *status)
{
    enum client_status got;

    *status = NFS4ERR_SERVERFAULT;
    if (call)
        return call(status);
    build();
    got = client_compound_call(&mount->conn, C, R);
    *status = R->status;
    return got;
}

/* What a request that met a failure may return: retry later. */
static bool means_later(enum nfsstat4 status)
{
    return status == NFS4ERR_DELAY || status == NFS4ERR_RESOURCE || status == NFS4ERR_NOSPC;
}

void faults_step(const char *name, struct client_mount *mount, void (*build)(void),
                 enum client_status (*call)(enum nfsstat4 *status), enum nfsstat4 want)
{
    struct progress *p = progress_next();

    for (unsigned tries = 0; tries < TRIES_MOST; tries++) {
        bool armed = !p->complete, fired;
        enum client_status got;
        enum nfsstat4 status;

        if (armed)
            (void)order(p->next);
        got = once(mount, build, call, &status);
        fired = armed && order(0);
        p->next += fired;
        if (got == CLIENT_CLOSED || got == CLIENT_FAILED)
            got = again(mount, call, &status);
        if (got == CLIENT_OK && status == want) {
            p->complete = p->complete || !fired;
            incomplete += !p->complete;
            return;
        }
        if (got != CLIENT_OK || !means_later(status))
            fail_msg("%s, step %u of pass %u, allocation %llu%s: %s, %s instead of %s", name, at,
                     pass, (unsigned long long)p->next, fired ? " failed before" : "",
                     client_status_name(got), status_name(status), status_name(want));
        if (!fired)
            wait_ms(2);
    }
    fail_msg("%s, step %u of pass %u does not end", name, at, pass);
}
