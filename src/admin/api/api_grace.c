/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_grace.h"

#include "admin/api/api_body.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "base/clock.h"
#include "proto/compound.h"
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
    http_reply_json(&request->reply, grace);
}

void api_grace_end(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct recovery *recovery = endpoint->server->state->recovery;

    if (!http_query_check(request, NULL, 0) || !api_body_none(request))
        return;
    if (!recovery_in_grace(recovery)) {
        http_reply_problem(&request->reply, 409, "there is no grace period to end", NULL);
        return;
    }
    http_reply_done(&request->reply);
    if (!recovery_grace_end_early(recovery))
        request->reply.status = 202; /* the timer goes on trying */
}
