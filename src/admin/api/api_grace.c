/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_grace.h"

#include "admin/api/api_body.h"
#include "admin/api/api_text.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "base/memory.h"
#include "proto/compound.h"
#include "state/client/client.h"
#include "state/recovery/recovery_grace.h"
#include "state/state.h"

static json_t *info_json(const struct recovery_grace_info *info)
{
    json_t *left =
        info->active ? json_real((double)info->left_ns / (double)NSEC_PER_SEC) : json_null();

    return json_pack("{s:b, s:o}", "active", info->active, "ends_in_s", left);
}

json_t *api_grace_json(struct state *state)
{
    struct recovery_grace_info info;

    recovery_grace_read(state->recovery, clock_now_ns(), &info);
    return info_json(&info);
}

/* NULL: there is no memory. */
static json_t *awaited_json(struct recovery *recovery)
{
    struct recovery_awaited *awaited =
        memory_alloc(MEMORY_clients, LIMIT_ADMIN_AWAITED * sizeof(*awaited));
    json_t *list;
    uint32_t count;

    if (!awaited)
        return NULL;
    list = json_array();
    count = recovery_grace_awaited(recovery, awaited, LIMIT_ADMIN_AWAITED);
    for (uint32_t i = 0; i < count; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:s, s:b}", "owner",
                                              api_text(awaited[i].owner, awaited[i].owner_len),
                                              "kind", awaited[i].kind == CLIENT_V40 ? "4.0" : "4.1",
                                              "returned", awaited[i].returned));
    memory_free(MEMORY_clients, awaited);
    return list;
}

void api_grace_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct recovery_grace_info info;
    json_t *grace;

    if (!http_query_check(request, NULL, 0))
        return;
    recovery_grace_read(endpoint->server->state->recovery, clock_now_ns(), &info);
    grace = info_json(&info);
    (void)json_object_set_new(grace, "clients_to_reclaim", json_integer(info.awaited));
    (void)json_object_set_new(grace, "awaited", awaited_json(endpoint->server->state->recovery));
    http_reply_json(&request->reply, grace);
}

static json_t *ended_json(bool over, size_t missing)
{
    json_t *changes = json_array();

    (void)json_array_append_new(
        changes, json_string(over ? "the grace period is over"
                                  : "the grace period ends as soon as it can be recorded and the "
                                    "reclaims in progress are done"));
    if (missing > 0)
        (void)json_array_append_new(
            changes, json_sprintf("%zu %s not reclaimed, and %s", missing,
                                  missing == 1 ? "client had" : "clients had",
                                  missing == 1 ? "loses what it held" : "lose what they held"));
    return changes;
}

void api_grace_end(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct recovery *recovery = endpoint->server->state->recovery;
    size_t missing;
    bool over;

    if (!http_query_check(request, NULL, 0) || !api_body_none(request))
        return;
    if (!recovery_in_grace(recovery)) {
        http_reply_problem(&request->reply, 409, "there is no grace period to end", NULL);
        return;
    }
    over = recovery_grace_end_early(recovery, &missing);
    http_reply_json(&request->reply, json_pack("{s:o, s:I}", "changes", ended_json(over, missing),
                                               "missing", (json_int_t)missing));
    if (!over)
        request->reply.status = 202; /* the timer goes on trying */
}
