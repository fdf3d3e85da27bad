/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses at which NFS is served: the service manager's sockets, or those configured. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "admin/config/config.h"
#include "base/check.h"
#include "daemon/service_manager.h"
#include "transport/transport.h"

/* How many there will be. */
uint32_t listening_count(const struct config *config,
                         const struct service_manager_sockets *sockets);

/* Needs one of them CAP_NET_BIND_SERVICE? */
bool listening_is_privileged(const struct config *config,
                             const struct service_manager_sockets *sockets);

/* See who has a port that is wanted, for the message of listening_open(): before the process gives
 * up the rights that this takes. */
void listening_foresee(const struct config *config, const struct service_manager_sockets *sockets);

/* Open them, or take over the manager's.  False after an error message. */
bool listening_open(struct transport *transport, const struct config *config,
                    const struct service_manager_sockets *sockets) MUST_USE;

/* Where clients come in: a socket of the service manager serves both families, usually; those that
 * the server opens serve one. */
struct listening_addresses {
    uint32_t count;
    struct sockaddr_storage of[LIMIT_LISTENERS * 2];
};

/* Those of the first `count` listeners; `given`: the manager's. */
void listening_addresses(const struct transport *transport, uint32_t count, bool given,
                         struct listening_addresses *out);

/* Tell people, and the manager, that the server is ready, and where. */
void listening_tell(const struct transport *transport, uint32_t count);
