/* SPDX-License-Identifier: Apache-2.0 */
/* Access to exports by address, port and security, and the squashing of identities. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/arena.h"
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

bool export_is_for(const struct export *export, const struct sockaddr *peer)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < (unsigned)SECURITY_FLAVOR_COUNT * XPRTSEC_COUNT; i++)
        bits |= export_caller_bit((enum security_flavor)(i % SECURITY_FLAVOR_COUNT),
                                  (enum export_xprtsec)(i / SECURITY_FLAVOR_COUNT),
                                  port_is_reserved(peer));
    return export_allows(export, peer) && (export->takes & bits) != 0;
}

void export_caller_init(struct export_caller *caller, const struct sockaddr *peer,
                        const struct tls_peer *tls, enum security_flavor flavor,
                        enum export_xprtsec xprtsec)
{
    *caller = (struct export_caller){
        .peer = peer,
        .tls = tls,
        .flavor = flavor,
        .xprtsec = xprtsec,
        .bit = export_caller_bit(flavor, xprtsec, port_is_reserved(peer)),
    };
}

/* Is this a caller whose certificate is asked for? */
static bool is_strange(const struct export *export, const struct export_caller *caller)
{
    return export->asks_certificate &&
           !export_certificates_admit(export->certificates, caller->tls);
}

/* The caller's bit is not among those that the export takes. */
static enum export_admission refusal(const struct export *export,
                                     const struct export_caller *caller)
{
    if (caller->xprtsec < export_security_weakest(&export->security))
        return EXPORT_WRONG_TRANSPORT;
    if (is_strange(export, caller))
        return EXPORT_WRONG_CERTIFICATE;
    if (!export_security_has_flavor(&export->security, caller->flavor))
        return EXPORT_WRONG_FLAVOR;
    return EXPORT_WRONG_PORT;
}

enum export_admission export_admit(const struct export *export, const struct export_caller *caller)
{
    if (!export_allows(export, caller->peer))
        return EXPORT_WRONG_ADDRESS;
    if (__builtin_expect((export->takes & caller->bit) == 0, 0))
        return refusal(export, caller);
    return __builtin_expect(is_strange(export, caller), 0) ? EXPORT_WRONG_CERTIFICATE
                                                           : EXPORT_ADMITTED;
}

static bool has_group(const uint32_t *gids, uint32_t gid_count, uint32_t gid)
{
    for (uint32_t i = 0; i < gid_count; i++) {
        if (gids[i] == gid)
            return true;
    }
    return false;
}

/* NULL without memory. */
static uint32_t *groups_replaced(const uint32_t *gids, uint32_t gid_count, uint32_t from,
                                 uint32_t to, struct arena *arena)
{
    uint32_t *copy = arena_alloc(arena, gid_count * sizeof(*copy));

    for (uint32_t i = 0; copy && i < gid_count; i++)
        copy[i] = gids[i] == from ? to : gids[i];
    return copy;
}

static void squash_root(const struct export *export, struct arena *arena, struct vfs_cred *cred)
{
    if (cred->uid == 0)
        cred->uid = export->anon_uid;
    if (cred->gid == 0)
        cred->gid = export->anon_gid;
    if (!has_group(cred->gids, cred->gid_count, 0))
        return;
    cred->gids = groups_replaced(cred->gids, cred->gid_count, 0, export->anon_gid, arena);
    if (!cred->gids)
        cred->gid_count = 0;
}

void export_squash_cred(const struct export *export, struct arena *arena, struct vfs_cred *cred)
{
    if (cred->gid_count > LIMIT_CALLER_GIDS)
        cred->gid_count = LIMIT_CALLER_GIDS;
    switch (export->squash) {
    case EXPORT_NO_ROOT_SQUASH:
        break;
    case EXPORT_ROOT_SQUASH:
        squash_root(export, arena, cred);
        break;
    case EXPORT_ALL_SQUASH:
        cred->uid = export->anon_uid;
        cred->gid = export->anon_gid;
        cred->gid_count = 0;
        break;
    }
}
