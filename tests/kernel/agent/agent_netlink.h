/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's side of a handshake: the generic netlink family `handshake`. The kernel tells a
 * group of listeners that one is wanted. Who accepts it gets the connection as a descriptor, and
 * says at last how the handshake ended.
 */
#ifndef MAINSTAY_TESTS_KERNEL_AGENT_NETLINK_H
#define MAINSTAY_TESTS_KERNEL_AGENT_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AGENT_PEER_NAME_MAX = 255,
};

/* A connection on which the kernel wants a handshake. */
struct agent_request {
    int socket;                         /* does not block */
    bool certificate;                   /* the peer is to see this side's certificate */
    uint32_t timeout_ms;                /* 0: the kernel names no limit */
    char peer[AGENT_PEER_NAME_MAX + 1]; /* host name or address; empty: the kernel knows none */
};

struct agent_netlink {
    int socket;
    uint32_t sequence;
    uint16_t family;
    uint32_t group;
};

/* False, with a message on stderr: there is no such family, or this process may not use it. */
bool agent_netlink_open(struct agent_netlink *netlink);
void agent_netlink_close(struct agent_netlink *netlink);

/* Hear of handshakes from now on. */
bool agent_netlink_join(struct agent_netlink *netlink);

/* Wait until a handshake is wanted. False: the socket has failed. */
bool agent_netlink_wait(struct agent_netlink *netlink);

/* Take over a wanted handshake. False: there is none. The caller closes request->socket. */
bool agent_netlink_accept(struct agent_netlink *netlink, struct agent_request *request);

/* Say how it ended: 0, or a value of errno. */
void agent_netlink_done(struct agent_netlink *netlink, int socket, int error);

#endif
