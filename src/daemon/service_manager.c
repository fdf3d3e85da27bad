/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_manager.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/limits.h"
#include "base/log.h"
#include "daemon/console.h"

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

void service_manager_tell(const char *state)
{
    (void)sd_notify(0, state); /* if the manager is gone, there is nothing to do */
}

uint32_t service_manager_watch_ms(void)
{
    uint64_t us = 0;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return 0;
    return us < 2000 ? 1 : us / 2000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(us / 2000);
}
