/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's half of faults.h: linked into a mainstayd for tests only, it takes orders from the
 * test over a socket, on a thread of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

static int orders;

/* Each order is the number of the allocation that is to fail, counted from now on; the answer says
 * whether the failure ordered before has happened. */
static void *obey(void *unused)
{
    uint64_t n, fired;

    (void)unused;
    while (read(orders, &n, sizeof(n)) == (ssize_t)sizeof(n)) {
        fired = memory_fail_done();
        memory_fail_nth(n);
        if (write(orders, &fired, sizeof(fired)) != (ssize_t)sizeof(fired))
            break;
    }
    return NULL;
}

static __attribute__((constructor)) void obey_start(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("ALLOCATION_FAULTS");
    sigset_t all, before;
    pthread_t thread;

    orders = path ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) : -1;
    if (orders < 0)
        return;
    CHECK(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    CHECK(connect(orders, (struct sockaddr *)&address, sizeof(address)) == 0);
    (void)sigfillset(&all); /* leave the server's signals to its main thread */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&thread, NULL, obey, NULL) == 0);
    CHECK(pthread_detach(thread) == 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}
