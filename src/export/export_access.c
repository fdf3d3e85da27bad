/* SPDX-License-Identifier: Apache-2.0 */
/* Access to exports by address and port, and the squashing of identities. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "export/export.h"

/* The peer's address bytes; an IPv4 address that came in by IPv6 counts as IPv4. */
static sa_family_t peer_address(const struct sockaddr *peer, uint8_t addr[16])
{
    if (peer->sa_family == AF_INET) {
        memcpy(addr, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
        return AF_INET;
    }
    if (peer->sa_family == AF_INET6) {
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(in6)) {
            memcpy(addr, in6->s6_addr + 12, 4);
            return AF_INET;
        }
        memcpy(addr, in6->s6_addr, 16);
        return AF_INET6;
    }
    return AF_UNSPEC;
}

/* Reserved ports are below 1024: on the peer's system only root may bind one. */
static bool port_is_reserved(const struct sockaddr *peer)
{
    in_port_t port = 0;

    if (peer->sa_family == AF_INET)
        port = ((const struct sockaddr_in *)(const void *)peer)->sin_port;
    else if (peer->sa_family == AF_INET6)
        port = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_port;
    return port != 0 && ntohs(port) < IPPORT_RESERVED;
}

static bool prefix_matches(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

    if (memcmp(a, b, bytes) != 0)
        return false;
    return bits % 8 == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0;
}

bool export_allows(const struct export *export, const struct sockaddr *peer)
{
    uint8_t addr[16] = {0};
    sa_family_t family;

    if (export->client_count == 0)
        return true;
    family = peer_address(peer, addr);
    for (uint32_t i = 0; i < export->client_count; i++) {
        const struct export_client *client = &export->clients[i];

        if (client->family == family && prefix_matches(client->addr, addr, client->prefix_bits))
            return true;
    }
    return false;
}

enum export_admission export_admit(const struct export *export, const struct sockaddr *peer)
{
    if (!export_allows(export, peer))
        return EXPORT_WRONG_ADDRESS;
    return export->secure && !port_is_reserved(peer) ? EXPORT_WRONG_PORT : EXPORT_ADMITTED;
}

void export_squash_cred(const struct export *export, uint32_t uid, uint32_t gid, uint32_t gid_count,
                        const uint32_t *gids, struct vfs_cred *out)
{
    bool squash_root = export->squash == EXPORT_ROOT_SQUASH;

    if (export->squash == EXPORT_ALL_SQUASH) {
        *out = (struct vfs_cred){.uid = export->anon_uid, .gid = export->anon_gid};
        return;
    }
    out->uid = squash_root && uid == 0 ? export->anon_uid : uid;
    out->gid = squash_root && gid == 0 ? export->anon_gid : gid;
    out->gid_count = gid_count < VFS_GIDS_MAX ? gid_count : VFS_GIDS_MAX;
    for (uint32_t i = 0; i < out->gid_count; i++)
        out->gids[i] = squash_root && gids[i] == 0 ? export->anon_gid : gids[i];
}
