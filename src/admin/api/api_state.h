/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lists of opens, locks and delegations have in common: the filters `client`, `path` and
 * `export`, the first members of an item, pages, and revocation by the ID of a stateid.
 */
#pragma once

#include <jansson.h>

#include "admin/api/api_page.h"
#include "admin/endpoint.h"
#include "state/file/state_view.h"

struct http_request;

enum {
    API_STATE_NAMES = 256 /* a power of two */
};

/* Owner strings of clients, by a part of their ID, so that client_table.lock is not taken for each
 * item. */
struct api_state_name {
    uint64_t clientid;
    uint32_t len;
    json_t *text; /* NULL: not known yet */
};

struct api_state_list {
    struct endpoint *endpoint;
    unsigned exports_phase; /* for export_leave() */
    struct api_page page;
    struct state_filter filter;
    bool nothing;   /* the file has no state */
    bool is_full;   /* the page has all that it may have, and there is more */
    int64_t now_ns; /* for ages */
    json_t *items;  /* NULL: there is no memory */
    size_t bytes;   /* of the reply, about */
    struct api_state_name names[API_STATE_NAMES];
};

/* GET of a list.  `next` looks for its next state, moves the cursor behind it and adds it.  False:
 * there are no more, or api_state_list_add() has refused it. */
void api_state_list_reply(struct http_request *request, struct endpoint *endpoint,
                          bool (*next)(struct api_state_list *list, struct state_cursor *cursor));

/* Add an item with the members id, client, client_owner, owner (unless it is NULL), export, path.
 * Returns it, borrowed, for the caller to add more; NULL: the page is full, or there is no memory.
 * Puts view->obj.  May block. */
json_t *api_state_list_add(struct api_state_list *list, const struct state_view *view,
                           const struct owner_view *owner) MUST_USE;

/* The state that the path of the request names, with a reference, or NULL: the reply is a
 * problem. */
struct stateid *api_state_find(struct http_request *request, struct endpoint *endpoint,
                               enum stateid_kind kind);

/* The end of revoking the state for which the caller had that reference, which is put.  `status`:
 * that of the revocation. */
void api_state_revoked(struct http_request *request, struct stateid *sid, struct vfs_object *obj,
                       enum nfsstat4 status);
