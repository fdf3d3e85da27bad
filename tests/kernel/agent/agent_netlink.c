/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the kernel's Documentation/netlink/specs/handshake.yaml; Debian 12 has no header of it. */
#define HANDSHAKE_FAMILY "handshake"
#define HANDSHAKE_GROUP "tlshd"

enum {
    HANDSHAKE_VERSION = 1,
    HANDSHAKE_HANDLER_TLSHD = 1,

    HANDSHAKE_READY = 1,
    HANDSHAKE_ACCEPT = 2,
    HANDSHAKE_DONE = 3,

    HANDSHAKE_ACCEPT_SOCKET = 1,
    HANDSHAKE_ACCEPT_HANDLER = 2,
    HANDSHAKE_ACCEPT_TIMEOUT = 4,
    HANDSHAKE_ACCEPT_AUTH = 5,
    HANDSHAKE_ACCEPT_PEER = 8,

    HANDSHAKE_DONE_STATUS = 1,
    HANDSHAKE_DONE_SOCKET = 2,

    HANDSHAKE_AUTH_X509 = 3,
};

/* Of the header's macros these are signed. */
enum {
    MESSAGE_BYTES = 16384, /* the kernel's messages here have a few hundred */
    ATTRIBUTE_HEADER_BYTES = sizeof(struct nlattr),
    ATTRIBUTE_ALIGN = 4,
    ATTRIBUTE_TYPE_MASK = 0x3FFF,
};

struct message {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    unsigned char attributes[MESSAGE_BYTES];
};

/* ---- attributes */

static size_t aligned(size_t size)
{
    return (size + ATTRIBUTE_ALIGN - 1) / ATTRIBUTE_ALIGN * ATTRIBUTE_ALIGN;
}

static void message_begin(struct message *message, uint16_t family, uint8_t command)
{
    memset(&message->header, 0, sizeof(message->header));
    message->header.nlmsg_len = sizeof(message->header) + sizeof(message->generic);
    message->header.nlmsg_type = family;
    message->header.nlmsg_flags = NLM_F_REQUEST;
    message->generic = (struct genlmsghdr){.cmd = command, .version = HANDSHAKE_VERSION};
}

static void message_add(struct message *message, uint16_t type, const void *data, size_t size)
{
    const struct nlattr attribute = {.nla_len = (uint16_t)(sizeof(attribute) + size),
                                     .nla_type = type};
    const size_t end = aligned(message->header.nlmsg_len);
    unsigned char *at = (unsigned char *)message + end;

    memcpy(at, &attribute, sizeof(attribute));
    memcpy(at + sizeof(attribute), data, size);
    message->header.nlmsg_len = (uint32_t)aligned(end + sizeof(attribute) + size);
}

static void message_add_number(struct message *message, uint16_t type, uint32_t number)
{
    message_add(message, type, &number, sizeof(number));
}

/* The next attribute of a list, or NULL at its end. */
static const struct nlattr *attribute_next(const unsigned char **at, const unsigned char *end)
{
    const struct nlattr *found = (const struct nlattr *)(const void *)*at;

    if (*at >= end || (size_t)(end - *at) < ATTRIBUTE_HEADER_BYTES ||
        found->nla_len < ATTRIBUTE_HEADER_BYTES || found->nla_len > end - *at)
        return NULL;
    *at += aligned(found->nla_len);
    return found;
}

static const unsigned char *attribute_data(const struct nlattr *attribute)
{
    return (const unsigned char *)attribute + ATTRIBUTE_HEADER_BYTES;
}

/* A number of 16 or 32 bits. */
static uint32_t attribute_number(const struct nlattr *attribute)
{
    const size_t size = attribute->nla_len - sizeof(*attribute);
    uint32_t number = 0;
    uint16_t small = 0;

    if (size >= sizeof(number)) {
        memcpy(&number, attribute_data(attribute), sizeof(number));
        return number;
    }
    if (size >= sizeof(small))
        memcpy(&small, attribute_data(attribute), sizeof(small));
    return small;
}

static uint16_t attribute_type(const struct nlattr *attribute)
{
    return attribute->nla_type & ATTRIBUTE_TYPE_MASK;
}

static const unsigned char *message_end(const struct message *message)
{
    return (const unsigned char *)message + message->header.nlmsg_len;
}

/* ---- calls */

static bool netlink_receive(struct agent_netlink *netlink, struct message *message)
{
    ssize_t size;

    do {
        size = recv(netlink->socket, message, sizeof(*message), 0);
    } while (size < 0 && errno == EINTR);
    if (size < (ssize_t)sizeof(message->header) || message->header.nlmsg_len > (size_t)size)
        return false;
    return true;
}

/* Send a message and take the answer to it. False, with errno set: the kernel refuses. */
static bool netlink_call(struct agent_netlink *netlink, struct message *message)
{
    struct nlmsgerr error;

    message->header.nlmsg_seq = ++netlink->sequence;
    if (send(netlink->socket, message, message->header.nlmsg_len, 0) < 0)
        return false;
    do {
        if (!netlink_receive(netlink, message))
            return false;
    } while (message->header.nlmsg_seq != netlink->sequence);
    if (message->header.nlmsg_type != NLMSG_ERROR)
        return true;
    memcpy(&error, &message->generic, sizeof(error));
    errno = -error.error;
    return error.error == 0;
}

/* The number of the group of this name, among the groups of the family. */
static uint32_t group_number(const struct nlattr *groups)
{
    const unsigned char *at = attribute_data(groups);
    const unsigned char *end = at + groups->nla_len - ATTRIBUTE_HEADER_BYTES;
    const struct nlattr *group;

    while ((group = attribute_next(&at, end)) != NULL) {
        const unsigned char *in = attribute_data(group);
        const unsigned char *in_end = in + group->nla_len - ATTRIBUTE_HEADER_BYTES;
        const struct nlattr *part;
        uint32_t number = 0;
        bool ours = false;

        while ((part = attribute_next(&in, in_end)) != NULL) {
            if (attribute_type(part) == CTRL_ATTR_MCAST_GRP_ID)
                number = attribute_number(part);
            if (attribute_type(part) == CTRL_ATTR_MCAST_GRP_NAME)
                ours = strcmp((const char *)attribute_data(part), HANDSHAKE_GROUP) == 0;
        }
        if (ours)
            return number;
    }
    return 0;
}

static bool netlink_find_family(struct agent_netlink *netlink)
{
    struct message message;
    const unsigned char *at = message.attributes;
    const struct nlattr *attribute;

    message_begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    message_add(&message, CTRL_ATTR_FAMILY_NAME, HANDSHAKE_FAMILY, sizeof(HANDSHAKE_FAMILY));
    if (!netlink_call(netlink, &message))
        return false;
    while ((attribute = attribute_next(&at, message_end(&message))) != NULL) {
        if (attribute_type(attribute) == CTRL_ATTR_FAMILY_ID)
            netlink->family = (uint16_t)attribute_number(attribute);
        if (attribute_type(attribute) == CTRL_ATTR_MCAST_GROUPS)
            netlink->group = group_number(attribute);
    }
    return netlink->family != 0 && netlink->group != 0;
}

bool agent_netlink_open(struct agent_netlink *netlink)
{
    *netlink = (struct agent_netlink){
        .socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC)};
    if (netlink->socket >= 0 && netlink_find_family(netlink))
        return true;
    perror("handshake-agent: the netlink family `handshake`");
    agent_netlink_close(netlink);
    return false;
}

void agent_netlink_close(struct agent_netlink *netlink)
{
    if (netlink->socket >= 0)
        close(netlink->socket);
}

bool agent_netlink_join(struct agent_netlink *netlink)
{
    return setsockopt(netlink->socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &netlink->group,
                      sizeof(netlink->group)) == 0;
}

bool agent_netlink_wait(struct agent_netlink *netlink)
{
    struct message message;

    do {
        if (!netlink_receive(netlink, &message))
            return false;
    } while (message.header.nlmsg_type != netlink->family ||
             message.generic.cmd != HANDSHAKE_READY);
    return true;
}

bool agent_netlink_accept(struct agent_netlink *netlink, struct agent_request *request)
{
    struct message message;
    const unsigned char *at = message.attributes;
    const struct nlattr *attribute;

    message_begin(&message, netlink->family, HANDSHAKE_ACCEPT);
    message_add_number(&message, HANDSHAKE_ACCEPT_HANDLER, HANDSHAKE_HANDLER_TLSHD);
    if (!netlink_call(netlink, &message))
        return false;
    *request = (struct agent_request){.socket = -1};
    while ((attribute = attribute_next(&at, message_end(&message))) != NULL) {
        const uint16_t type = attribute_type(attribute);

        if (type == HANDSHAKE_ACCEPT_SOCKET)
            request->socket = (int)attribute_number(attribute);
        else if (type == HANDSHAKE_ACCEPT_TIMEOUT)
            request->timeout_ms = attribute_number(attribute);
        else if (type == HANDSHAKE_ACCEPT_AUTH)
            request->certificate = attribute_number(attribute) == HANDSHAKE_AUTH_X509;
        else if (type == HANDSHAKE_ACCEPT_PEER)
            snprintf(request->peer, sizeof(request->peer), "%s",
                     (const char *)attribute_data(attribute));
    }
    return request->socket >= 0;
}

void agent_netlink_done(struct agent_netlink *netlink, int socket, int error)
{
    struct message message;

    message_begin(&message, netlink->family, HANDSHAKE_DONE);
    message.header.nlmsg_flags |= NLM_F_ACK;
    message_add_number(&message, HANDSHAKE_DONE_STATUS, (uint32_t)error);
    message_add_number(&message, HANDSHAKE_DONE_SOCKET, (uint32_t)socket);
    if (!netlink_call(netlink, &message))
        perror("handshake-agent: the kernel does not take the result");
}
