/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lists of opens, locks and delegations have in common: the filters `client` and `path`,
 * the first members of an item, pages, and revocation by the ID of a stateid.
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
    bool nothing; /* the file has no state */
    json_t *items;
    size_t bytes; /* of the reply, about */
    struct api_state_name names[API_STATE_NAMES];
};

/* Begin a list for the request.  False: the reply is a problem. */
bool api_state_list_begin(struct api_state_list *list, struct http_request *request,
                          struct endpoint *endpoint) MUST_USE;

/* Has the page all that it may have? */
bool api_state_list_full(const struct api_state_list *list);

/* A new item with the members id, client, client_owner, owner (unless it is NULL), export and path.
 * Puts view->obj.  May block. */
json_t *api_state_item(struct api_state_list *list, const struct state_view *view,
                       const struct owner_view *owner);

/* Add an item, which is given away. */
void api_state_list_add(struct api_state_list *list, json_t *item);

/* The reply is the list, or the problem that the cursor is none; afterwards it has nothing. */
void api_state_list_reply(struct api_state_list *list, struct http_request *request,
                          const char *next);
void api_state_list_refuse(struct api_state_list *list, struct http_request *request);

/* Read and print the cursor of a list that has only a place (stateid_next()). */
bool api_state_cursor_read(const struct api_page *page, uint32_t *at) MUST_USE;
void api_state_cursor_print(uint32_t at, char text[API_CURSOR_BYTES]);

/* The state that the path of the request names, with a reference, or NULL: the reply is a
 * problem. */
struct stateid *api_state_find(struct http_request *request, struct endpoint *endpoint,
                               enum stateid_kind kind);

/* The end of revoking the state for which the caller had that reference, which is put.  `status`:
 * that of the revocation. */
void api_state_revoked(struct http_request *request, struct stateid *sid, struct vfs_object *obj,
                       enum nfsstat4 status);
