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

static json_t *text_json(const char *text)
{
    return text[0] ? api_text(text, strlen(text)) : json_null();
}

static json_t *principal_json(const struct client_info *client)
{
    bool sys = client_principal_flavor(client->principal) == AUTH_SYS;

    return json_pack("{s:s, s:o, s:o}", "flavor", client->flavor, "uid",
                     sys ? json_integer(client_principal_uid(client->principal)) : json_null(),
                     "name", text_json(client->name));
}

static json_t *transport_json(const struct client_info *client)
{
    return json_pack("{s:s, s:o}", "security", client->transport, "certificate",
                     text_json(client->certificate));
}

static json_t *security_json(const struct client_info *client)
{
    const struct client_caller caller = {.flavor = client->flavor,
                                         .name = client->name[0] ? client->name : NULL,
                                         .transport = client->transport,
                                         .certificate =
                                             client->certificate[0] ? client->certificate : NULL};
    char text[CLIENT_CALLER_TEXT_BYTES];

    (void)client_caller_format(&caller, text);
    return api_text(text, strlen(text));
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
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "id",
                     api_clientid(client->id), "owner", api_text(client->owner, client->owner_len),
                     "kind", client->kind == CLIENT_V40 ? "4.0" : "4.1", "address",
                     api_peer_address(&client->peer), "implementation", implementation_json(client),
                     "security", security_json(client), "principal", principal_json(client),
                     "transport", transport_json(client), "protection",
                     client->protection.machine ? "machine" : "none");
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
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "sessions",
                     (json_int_t)client->sessions, "opens", (json_int_t)client->opens, "locks",
                     (json_int_t)client->locks, "delegations", (json_int_t)client->delegations,
                     "revoked", (json_int_t)client->revoked, "lock_waiters",
                     (json_int_t)client->lock_waiters, "parked", (json_int_t)client->parked,
                     "callback_path", callback_path_name(callback_path_of(callback, client)));
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
    return client->owner_len + strlen(client->impl_name) + strlen(client->impl_domain) +
           strlen(client->name) + strlen(client->certificate);
}
