/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_excluded.h"

#include <netinet/in.h>
#include <string.h>

#include "admin/api/api_peer.h"
#include "base/clock.h"
#include "base/log.h"
#include "export/export_path.h"
#include "state/client/client_info.h"
#include "state/session/session_info.h"

struct search {
    struct state *state;
    const struct export *export;
    bool kerberos_only;
    enum export_xprtsec weakest;
    uint64_t client; /* the last one, and what is known of it */
    bool excluded;
    bool may_close;
};

static const struct sockaddr *sockaddr_fill(const struct client_peer *peer, uint16_t port,
                                            struct sockaddr_storage *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    out->ss_family = peer->family;
    if (peer->family == AF_INET)
        memcpy(&in->sin_addr, peer->bytes, sizeof(in->sin_addr));
    else if (peer->family == AF_INET6)
        memcpy(&in6->sin6_addr, peer->bytes, sizeof(in6->sin6_addr));
    in->sin_port = htons(port); /* same offset as sin6_port */
    return (const struct sockaddr *)out;
}

/* Is one of them admitted? */
static bool connections_admit(const struct search *search, const struct session_info *info)
{
    struct sockaddr_storage address;

    for (uint32_t i = 0; i < info->connection_count; i++) {
        const struct session_peer *peer = &info->connections[i].peer;

        if (export_is_for(search->export, sockaddr_fill(&peer->address, peer->port, &address)))
            return true;
    }
    return false;
}

/* *connected: a session has a connection. */
static bool sessions_admit(const struct search *search, uint64_t client, bool *connected)
{
    uint8_t ids[LIMIT_SESSIONS_PER_CLIENT][NFS4_SESSIONID_SIZE];
    uint32_t count = session_info_ids(search->state, client, ids);
    struct session_info info;

    *connected = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!session_info_get(search->state, ids[i], clock_now_ns(), api_peer_of, &info))
            continue;
        *connected |= info.connection_count > 0;
        if (connections_admit(search, &info))
            return true;
    }
    return false;
}

static bool client_excluded(const struct search *search, uint64_t client)
{
    struct sockaddr_storage address;
    struct client_info info;
    bool connected;

    if (sessions_admit(search, client, &connected))
        return false;
    if (connected)
        return true;
    return client_info_get(search->state, client, clock_now_ns(), &info) &&
           !export_allows(search->export, sockaddr_fill(&info.peer, 0, &address));
}

/* May it close by its machine's credential what its users have opened without Kerberos?  Who has
 * that credential, and has not asked for this, closes with what it opened. */
static bool client_may_close(const struct search *search, uint64_t client)
{
    struct client_info info;

    return client_info_get(search->state, client, clock_now_ns(), &info) &&
           info.protection.machine && (info.protection.allowed >> OP_CLOSE & 1) != 0;
}

/* A delegation remains: it is recalled when somebody wants the file, and then revoked. */
static bool wrong_flavor(const struct search *search, const struct open_fs_opener *opener)
{
    return search->kerberos_only && opener && !client_principal_is_gss(opener->principal) &&
           !search->may_close;
}

/* Whatever the credential is. */
static bool wrong_transport(const struct search *search, const struct open_fs_opener *opener)
{
    return opener && opener->transport < (uint8_t)search->weakest;
}

static bool loses(void *context, uint64_t client, const struct open_fs_opener *opener)
{
    struct search *search = context;

    if (client != search->client) {
        search->excluded = client_excluded(search, client);
        search->may_close = client_may_close(search, client);
        search->client = client;
    }
    return search->excluded || wrong_flavor(search, opener) || wrong_transport(search, opener);
}

static bool is_kerberos_only(const struct export *export)
{
    return !export_security_has_flavor(&export->security, SECURITY_NONE) &&
           !export_security_has_flavor(&export->security, SECURITY_SYS);
}

static void revoke(struct exports *exports, const struct vfs *fs, const struct export *export)
{
    struct search search = {.state = exports->config.state,
                            .export = export,
                            .kerberos_only = is_kerberos_only(export),
                            .weakest = export_security_weakest(&export->security)};
    uint32_t left, revoked;

    revoked = open_fs_revoke_of(exports->config.state, fs, loses, &search, &left);
    if (revoked + left > 0)
        log_info("export.revoke", LOG_U64("revoked", revoked), LOG_U64("left", left));
}

/* Would it refuse anybody? */
static bool is_choosy(const struct export *export)
{
    return export->client_count > 0 || export->secure || is_kerberos_only(export) ||
           export_security_weakest(&export->security) > XPRTSEC_NONE;
}

void export_excluded_revoke(struct exports *exports, const struct vfs *fs)
{
    unsigned phase = export_enter(exports->config.table);
    const struct export *export = export_of_fs(exports->config.table, fs);

    if (export && is_choosy(export))
        revoke(exports, fs, export);
    export_leave(exports->config.table, phase);
}
