/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/service_manager.h"
#include "transport/transport.h"

enum {
    LOOK_MS_MAX = 1000 /* the loops are looked at as often as /healthz does it */
};

struct watchdog {
    struct transport *transport;
    pthread_t thread;
    int stop_fd;
    int look_ms;
};

static void *watch(void *arg)
{
    const struct watchdog *watchdog = arg;
    struct pollfd stop = {.fd = watchdog->stop_fd, .events = POLLIN};

    (void)pthread_setname_np(pthread_self(), "watchdog");
    while (poll(&stop, 1, watchdog->look_ms) <= 0) {
        if (transport_turns(watchdog->transport))
            service_manager_feed();
    }
    return NULL;
}

bool watchdog_start(struct watchdog **started, struct transport *transport)
{
    const uint32_t interval_ms = service_manager_watch_ms();
    struct watchdog *watchdog;

    *started = NULL;
    if (interval_ms == 0)
        return true;
    watchdog = must_calloc(1, sizeof(*watchdog));
    watchdog->transport = transport;
    watchdog->look_ms = interval_ms < LOOK_MS_MAX ? (int)interval_ms : LOOK_MS_MAX;
    watchdog->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (watchdog->stop_fd >= 0) {
        errno = pthread_create(&watchdog->thread, NULL, watch, watchdog);
        if (errno == 0) {
            *started = watchdog;
            return true;
        }
        close(watchdog->stop_fd);
    }
    free(watchdog);
    return false;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (!watchdog)
        return;
    CHECK(eventfd_write(watchdog->stop_fd, 1) == 0);
    CHECK(pthread_join(watchdog->thread, NULL) == 0);
    close(watchdog->stop_fd);
    free(watchdog);
}
