/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_client.h"

#include <string.h>
#include <time.h>

#include "admin/api/api_clientid.h"
#include "admin/api/api_peer.h"
#include "admin/api/api_text.h"
#include "base/clock.h"
#include "callback/callback_info.h"
#include "state/client/client_info.h"
#include "state/recovery/recovery_grace.h"
#include "state/state.h"
#include "wire/rpc_msg.h"

static const int64_t year_10000_s = 253402300800;

/* The client says what it likes; null for what is no date. */
static json_t *date_json(int64_t date_s)
{
    time_t time = date_s;
    char text[24];
    struct tm tm;

    if (date_s <= 0 || date_s >= year_10000_s || !gmtime_r(&time, &tm) ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return json_null();
    return json_string(text);
}

static json_t *implementation_json(const struct client_info *client)
{
    if (client->impl_name[0] == '\0' && client->impl_domain[0] == '\0')
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "name",
                     api_text(client->impl_name, strlen(client->impl_name)), "domain",
                     api_text(client->impl_domain, strlen(client->impl_domain)), "date",
                     date_json(client->impl_date_s));
}

static json_t *principal_json(const struct client_principal *principal)
{
    switch (principal->flavor) {
    case AUTH_NONE:
        return json_pack("{s:s, s:n}", "flavor", "none", "uid");
    case AUTH_SYS:
        return json_pack("{s:s, s:I}", "flavor", "sys", "uid", (json_int_t)principal->uid);
    default:
        return json_pack("{s:o, s:n}", "flavor", json_sprintf("%u", principal->flavor), "uid");
    }
}

static const char *state_name(const struct client_info *client)
{
    if (!client->confirmed)
        return "unconfirmed";
    return client->courtesy ? "courtesy" : "active";
}

static json_t *flags_json(uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {SEQ4_STATUS_CB_PATH_DOWN, "cb_path_down"},
        {SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED, "expired_some_state_revoked"},
        {SEQ4_STATUS_ADMIN_STATE_REVOKED, "admin_state_revoked"},
        {SEQ4_STATUS_RECALLABLE_STATE_REVOKED, "recallable_state_revoked"},
        {SEQ4_STATUS_RESTART_RECLAIM_NEEDED, "restart_reclaim_needed"},
        {SEQ4_STATUS_CB_PATH_DOWN_SESSION, "cb_path_down_session"},
        {SEQ4_STATUS_BACKCHANNEL_FAULT, "backchannel_fault"},
    };
    json_t *words = json_array();

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (flags & names[i].flag)
            (void)json_array_append_new(words, json_string(names[i].name));
    }
    return words;
}

/* What it is. */
static json_t *identity_json(const struct client_info *client)
{
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "id", api_clientid(client->id), "owner",
                     api_text(client->owner, client->owner_len), "kind",
                     client->kind == CLIENT_V40 ? "4.0" : "4.1", "address",
                     api_peer_address(&client->peer), "implementation", implementation_json(client),
                     "principal", principal_json(&client->principal));
}

static bool reclaims_now(const struct state *state, const struct client_info *client)
{
    return client->may_reclaim && !client->reclaim_complete && recovery_in_grace(state->recovery);
}

static json_t *lease_json(const struct state *state, const struct client_info *client)
{
    return json_pack("{s:s, s:f, s:I, s:b, s:b, s:o}", "state", state_name(client), "lease_age_s",
                     (double)(client->silent_ns > 0 ? client->silent_ns : 0) / NSEC_PER_SEC,
                     "lease_s", (json_int_t)state->lease_s, "reclaims_now",
                     reclaims_now(state, client), "reclaim_complete", client->reclaim_complete,
                     "flags", flags_json(client->flags));
}

static json_t *holdings_json(const struct callback *callback, const struct client_info *client)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "sessions", (json_int_t)client->sessions,
                     "opens", (json_int_t)client->opens, "locks", (json_int_t)client->locks,
                     "delegations", (json_int_t)client->delegations, "revoked",
                     (json_int_t)client->revoked, "callback_path",
                     callback_path_name(callback_path_of(callback, client)));
}

json_t *api_client(const struct state *state, const struct callback *callback,
                   const struct client_info *client)
{
    json_t *item = identity_json(client), *lease = lease_json(state, client),
           *holdings = holdings_json(callback, client);

    (void)json_object_update(item, lease);
    (void)json_object_update(item, holdings);
    json_decref(lease);
    json_decref(holdings);
    return item;
}

size_t api_client_texts(const struct client_info *client)
{
    return client->owner_len + strlen(client->impl_name) + strlen(client->impl_domain);
}
