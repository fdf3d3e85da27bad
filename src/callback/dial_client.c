/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/dial_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "callback/dial_out_internal.h"
#include "state/client/client_info.h"
#include "wire/rpc_msg.h"

#define NOBODY 65534u /* also the gid of all calls, and the uid of a client that uses AUTH_NONE */

static void unusable_log(struct dial_out *out, const struct client *client,
                         const struct client_callback *callback, enum netaddr_status status)
{
    enum log_level level = status == NETADDR_NONE ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;

    if (!log_enabled(LOG_PART_callback, level) ||
        !log_limit_take(&out->log_limit, clock_now_ns(), LIMIT_LOG_CALLBACKS_PER_S))
        return;
    LOG_TAKEN(NULL, level, "callback.none", LOG_ID("client", client->id),
              LOG_STR("netid", callback->netid), LOG_STR("addr", callback->addr),
              LOG_STR("why", netaddr_status_text(status)));
}

bool dial_client_set(struct dial_out *out, const struct client *client,
                     const struct client_callback *callback, const struct sockaddr *peer,
                     uint32_t serial)
{
    struct dial_target target = {.program = callback->program,
                                 .ident = callback->ident,
                                 .cred = {.flavor = AUTH_SYS, .uid = NOBODY, .gid = NOBODY}};
    enum netaddr_status status = netaddr_parse(callback->netid, callback->addr, &target.address);

    if (status == NETADDR_OK && dial_out_own_address(out) &&
        !netaddr_same_host(&target.address, peer))
        status = NETADDR_FOREIGN;
    if (client_principal_flavor(client->caller.principal) == AUTH_SYS)
        target.cred.uid = client_principal_uid(client->caller.principal);
    if (status == NETADDR_OK && dial_out_set(out, client->id, &target, serial)) {
        /* The client was removed after it was confirmed: nothing else would close its path. */
        if (client_dead(client))
            dial_out_forget(out, client->id);
        return true;
    }
    dial_out_forget(out, client->id);
    if (status == NETADDR_OK)
        return !dial_out_has_room(out);
    unusable_log(out, client, callback, status);
    return true;
}

void dial_client_gone(struct client *client, void *context)
{
    dial_out_forget(context, client->id);
}
