/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_manager.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "daemon/console.h"

enum {
    PENDING_BYTES = SERVICE_MANAGER_STATE_BYTES * 2 /* READY=1 and STOPPING=1 */
};

_Static_assert(SERVICE_MANAGER_SOCKETS == LIMIT_LISTENERS, "one listener for each socket");

/* One that listens; of either family. */
static bool is_usable(int fd)
{
    return sd_is_socket_inet(fd, AF_INET, SOCK_STREAM, 1, 0) > 0 ||
           sd_is_socket_inet(fd, AF_INET6, SOCK_STREAM, 1, 0) > 0;
}

bool service_manager_take_sockets(struct service_manager_sockets *sockets)
{
    int given = sd_listen_fds(1);

    *sockets = (struct service_manager_sockets){0};
    if (given < 0) {
        console_error("cannot take the sockets of the service manager: %s", strerror(-given));
        return false;
    }
    if (given > SERVICE_MANAGER_SOCKETS) {
        console_error("the service manager gives %d sockets, more than %d", given,
                      SERVICE_MANAGER_SOCKETS);
        return false;
    }
    for (int i = 0; i < given; i++) {
        if (!is_usable(SD_LISTEN_FDS_START + i)) {
            console_error("socket %d of the service manager does not listen for TCP: write "
                          "ListenStream=2049 into its socket unit, and not Accept=yes",
                          i + 1);
            return false;
        }
        sockets->fds[sockets->count++] = SD_LISTEN_FDS_START + i;
    }
    return true;
}

/* What the manager has not taken yet.  For the main thread. */
static char pending[PENDING_BYTES];

/* The manager's socket; false: not one that sendto() reaches, or there is none. */
static bool notify_address(struct sockaddr_un *address, socklen_t *len)
{
    const char *path = getenv("NOTIFY_SOCKET");
    const size_t bytes = path ? strlen(path) : 0;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (bytes < 2 || bytes >= sizeof(address->sun_path) || (*path != '/' && *path != '@'))
        return false;
    memcpy(address->sun_path, path, bytes);
    if (*path == '@')
        address->sun_path[0] = '\0'; /* an abstract one */
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    return true;
}

/* False: the manager does not read.  sd_notify() would wait until it does. */
static bool notify(const char *state)
{
    struct sockaddr_un address;
    socklen_t len;
    bool told;
    int fd;

    if (!notify_address(&address, &len)) {
        (void)sd_notify(0, state); /* which knows the other kinds of sockets */
        return true;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    told = sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
                  (const struct sockaddr *)&address, len) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM); /* else it is gone */
    close(fd);
    return told;
}

void service_manager_tick(void)
{
    if (*pending && notify(pending))
        *pending = '\0';
}

/* What waits comes first.  The state that is said last is the one that counts. */
void service_manager_tell(const char *state)
{
    const size_t used = strlen(pending);

    CHECK((size_t)snprintf(pending + used, sizeof(pending) - used, "%s%s", used > 0 ? "\n" : "",
                           state) < sizeof(pending) - used);
    service_manager_tick();
}

void service_manager_feed(void)
{
    (void)notify("WATCHDOG=1"); /* if it is not taken, the next one may be */
}

uint32_t service_manager_watch_ms(void)
{
    uint64_t us = 0;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    return us < 2000 ? 1 : us / 2000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(us / 2000);
}
