/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_recall.h"

#include "admin/api/api_id.h"
#include "admin/api/api_path.h"
#include "base/clock.h"
#include "export/export_path.h"
#include "proto/compound.h"
#include "state/delegation/delegation_view.h"

static json_t *recall_json(const struct server *server, const struct delegation_view *view)
{
    int64_t age_ns = clock_now_ns() - view->recalled_ns;
    char id[2 * NFS4_OTHER_SIZE + 1];

    api_id_print(view->state.other, NFS4_OTHER_SIZE, id);
    return json_pack("{s:s, s:o, s:f}", "delegation", id, "path", api_path(server, view->state.obj),
                     "age_s", (double)(age_ns > 0 ? age_ns : 0) / NSEC_PER_SEC);
}

json_t *api_recalls(const struct server *server, uint64_t clientid)
{
    const struct state_filter filter = {.clientid = clientid};
    json_t *recalls = json_array();
    struct delegation_view view;
    unsigned phase = export_enter(server->exports);
    struct state_cursor cursor = {.at = 0};

    while (json_array_size(recalls) < API_RECALLS &&
           delegation_view_next(server->state, &filter, &cursor, &view)) {
        if (view.phase == DELEGATION_RECALLED)
            (void)json_array_append_new(recalls, recall_json(server, &view));
        vfs_object_put(view.state.obj);
    }
    export_leave(server->exports, phase);
    return recalls;
}
